use super::*;

fn opinion(first: &[(&str, Piece)], second: &[(&str, Piece)]) -> SecondOpinion {
    let named = |pieces: &[(&str, Piece)]| {
        let pieces = pieces.iter();
        pieces
            .map(|(name, piece)| ((*name).to_owned(), piece.clone()))
            .collect()
    };
    let known = Known::default();
    compare(
        &named(first),
        &named(second),
        (&known, &known),
        &BTreeSet::new(),
    )
}

fn piece(text: &str) -> Piece {
    Piece::read(text.into())
}

const DSC: &str = "Format: 3.0 (native)\nSource: hello\n";

fn signed(text: &str, signature: &str) -> String {
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}\
         -----BEGIN PGP SIGNATURE-----\n\n{signature}\n-----END PGP SIGNATURE-----\n"
    )
}

fn record(date: &str, digest: char) -> String {
    let of = |n: usize| digest.to_string().repeat(n);
    format!(
        "Format: 1.0\nSource: hello\nBinary: hello\nArchitecture: all source\nVersion: 1\n\
         Checksums-Md5:\n {m} 1 hello_1.dsc\n {m} 1 hello_1_all.deb\n\
         Checksums-Sha1:\n {s} 1 hello_1.dsc\n {s} 1 hello_1_all.deb\n\
         Checksums-Sha256:\n {dsc} 1 hello_1.dsc\n {d} 1 hello_1_all.deb\n\
         Build-Origin: Debian\nBuild-Architecture: amd64\nBuild-Date: {date}\n\
         Installed-Build-Depends:\n dpkg (= 1)\nEnvironment:\n LC_ALL=\"C\"\n",
        m = of(32),
        s = of(40),
        d = of(64),
        dsc = match date.starts_with("Mon") {
            true => "0".repeat(64),
            false => "9".repeat(64),
        },
    )
}

const DATES: [&str; 2] = [
    "Mon, 02 Jun 2025 12:00:00 +0000",
    "Tue, 03 Jun 2025 12:00:00 +0000",
];

#[test]
fn the_same_is_reproduced_and_says_how_far() {
    let cases = [
        ("a.deb", piece("x"), piece("x"), Extent::Bytes),
        (
            "a.deb",
            Piece::listed(Sha256::of(b"x")),
            piece("x"),
            Extent::Bytes,
        ),
        (
            "a.dsc",
            piece(&signed(DSC, "one")),
            piece(DSC),
            Extent::Text,
        ),
        (
            "a.dsc",
            piece(&signed(DSC, "one")),
            piece(&signed(DSC, "two")),
            Extent::Text,
        ),
        (
            "a.buildinfo",
            piece(&signed(&record(DATES[0], 'a'), "one")),
            piece(&record(DATES[1], 'a')),
            Extent::Checksums,
        ),
    ];
    for (name, a, b, want) in cases {
        let found = opinion(&[(name, a)], &[(name, b)]);
        let [judged] = found.artifacts.as_slice() else {
            panic!("{found:?}");
        };
        let Assurance::Reproduced(proof) = &judged.assurance else {
            panic!("{name}: {found:?}");
        };
        assert_eq!(proof.extent(), want, "{name}");
        assert!(found.is_equal() && found.findings().is_empty());
    }
}

#[test]
fn what_differs_is_no() {
    let cases = [
        ("a.deb", piece("x"), piece("y")),
        ("a.deb", Piece::listed(Sha256::of(b"x")), piece("y")),
        ("a.dsc", piece(&signed(DSC, "one")), piece("Format: 1.0\n")),
        (
            "a.buildinfo",
            piece(&record(DATES[0], 'a')),
            piece(&record(DATES[1], 'b')),
        ),
    ];
    for (name, a, b) in cases {
        let found = opinion(&[(name, a)], &[(name, b)]);
        assert!(!found.is_equal(), "{name}");
        let findings = found.findings();
        assert_eq!(findings.len(), 1, "{name}");
        assert_eq!(findings[0].subject, name);
        assert!(findings[0].is_error());
    }
}

#[test]
fn what_only_one_build_made_is_a_difference() {
    let found = opinion(&[("a.deb", piece("x"))], &[("b.deb", piece("x"))]);
    assert!(!found.is_equal());
    assert_eq!(found.findings().len(), 2);
}

#[test]
fn records_of_one_build_are_not_compared_and_prove_nothing() {
    let name = "a_1.intoto.jsonl";
    let found = opinion(&[(name, piece("x"))], &[(name, piece("y"))]);
    assert!(matches!(
        found.artifacts[0].assurance,
        Assurance::NotTried { .. }
    ));
    assert!(!found.is_equal(), "nothing was compared");
    assert_eq!(found.findings()[0].rule, "nothing-compared");
    assert!(!opinion(&[], &[]).is_equal());
}
