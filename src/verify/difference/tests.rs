use std::path::Path;
use std::process::Command;

use super::*;

fn shown(found: &[Difference]) -> Vec<String> {
    let lines = found.iter().map(|difference| {
        let how = match &difference.what {
            What::Content { spots, omitted } => format!("content {}+{omitted}", spots.len()),
            What::Reordered { .. } => "reordered".to_owned(),
            What::Aspect {
                aspect,
                first,
                second,
            } => format!("{aspect} {first} {second}"),
            What::Entries { first, second } => format!("entries {first} {second}"),
            What::OnlyIn { side } => format!("only in {side:?}"),
            What::Compression => "compression".to_owned(),
            What::Digest { .. } => "digest".to_owned(),
            What::TooLarge { offset } => format!("too large at {offset}"),
        };
        format!("{}: {how}", difference.place)
    });
    lines.collect()
}

fn spots(difference: &Difference) -> &[Spot] {
    match &difference.what {
        What::Content { spots, .. } => spots,
        other => panic!("{other:?}"),
    }
}

/// Runs a shell script in a directory; real packers make what is compared.
fn sh(dir: &Path, script: &str) {
    let mut sh = Command::new("sh");
    sh.args(["-ec", script]).current_dir(dir);
    let ran = sh.output().expect("sh runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}: {said}");
}

/// Compares what two scripts leave in `out`.
fn compared(name: &str, first: &str, second: &str) -> Vec<Difference> {
    let made = [first, second].map(|script| {
        let dir = tempfile::tempdir().expect("a directory");
        sh(dir.path(), script);
        std::fs::read(dir.path().join("out")).expect("it was made")
    });
    differences(name, &made[0], &made[1])
}

#[test]
fn the_same_bytes_differ_nowhere() {
    assert_eq!(differences("a", b"x", b"x"), []);
    assert_eq!(differences("a", b"", b""), []);
}

#[test]
fn lines_are_told_with_their_numbers() {
    let found = differences("a", b"one\ntwo 2026\nthree\n", b"one\ntwo 2027\nthree\n");
    let [spot] = spots(&found[0]) else {
        panic!("{found:?}");
    };
    assert_eq!((spot.line, spot.offset), (Some(2), 11));
    assert_eq!(spot.first.differing(), b"6");
    assert_eq!(spot.first.shown(), "two 2026");
    assert_eq!(spot.second.shown(), "two 2027");
    let found = differences("a", b"b\na\nc\n", b"a\nb\nc\n");
    assert_eq!(shown(&found), ["a: reordered"]);
    let found = differences("a", b"x = {b, a}\n", b"x = {a, b}\n");
    assert_eq!(shown(&found), ["a: reordered"]);
    let found = differences("a", b"", b"more\n");
    assert_eq!(spots(&found[0])[0].second.shown(), "more");
    // A line's end is a difference, too.
    assert_eq!(shown(&differences("a", b"x", b"x\n")), ["a: content 1+0"]);
}

#[test]
fn bytes_are_told_with_their_offsets() {
    let mut first: Vec<u8> = (0..=255).cycle().take(4000).collect();
    let mut second = first.clone();
    second[100] ^= 0xff;
    second[103] ^= 0xff;
    second[3000] ^= 0xff;
    let found = differences("a", &first, &second);
    let offsets: Vec<_> = spots(&found[0]).iter().map(|spot| spot.offset).collect();
    assert_eq!(offsets, [100, 3000]);
    assert!(spots(&found[0])[0].first.text().is_none());
    for byte in (0..4000).step_by(20) {
        second[byte] ^= 0xff;
    }
    let found = differences("a", &first, &second);
    let What::Content { spots, omitted } = &found[0].what else {
        panic!("{found:?}");
    };
    assert_eq!((spots.len(), *omitted > 100), (8, true));
    // What is shifted is found again as words.
    first.splice(50..50, *b"\0/build/one/path\0");
    let mut second: Vec<u8> = (0..=255).cycle().take(4000).collect();
    second.splice(50..50, *b"\0/build/another/path\0");
    let found = differences("a", &first, &second);
    let words: Vec<_> = super::tests::spots(&found[0])
        .iter()
        .map(|s| s.second.shown())
        .collect();
    assert!(
        words.contains(&"/build/another/path".to_owned()),
        "{words:?}"
    );
}

#[test]
fn gzip_headers_are_told_apart_from_what_they_hold() {
    let at =
        |day: &str, text: &str| format!("printf '{text}' > f; touch -d {day} f; gzip -c f > out");
    let found = compared("f.gz", &at("2020-01-02Z", "x"), &at("2021-01-02Z", "x"));
    let time = "f.gz → gzip header: time 2020-01-02T00:00:00Z 2021-01-02T00:00:00Z";
    assert_eq!(shown(&found), [time]);
    let found = compared("f.gz", &at("2020-01-02Z", "x"), &at("2020-01-02Z", "y"));
    assert_eq!(shown(&found), ["f.gz → f: content 1+0"]);
    let found = compared(
        "f.gz",
        "printf x | gzip > out",
        "printf x > g; gzip -c g > out",
    );
    assert!(
        shown(&found)[0].starts_with("f.gz → gzip header: "),
        "{found:?}"
    );
}

#[test]
fn compressors_that_disagree_are_named() {
    let make = |options: &str| format!("seq 100000 | xz {options} > out");
    let found = compared("f.xz", &make("-1"), &make("-6"));
    assert_eq!(shown(&found), ["f.xz: compression"]);
}

#[test]
fn archives_are_opened_to_the_file_that_differs() {
    let make = |word: &str, mode: &str| {
        format!(
            "mkdir -p usr/share; printf {word} > usr/share/f; gzip -n usr/share/f; \
             chmod {mode} usr/share/f.gz; touch -d 2020-01-01Z usr/share/f.gz usr/share usr; \
             tar --sort=name --owner=0 --group=0 -cf - usr | gzip -n > out"
        )
    };
    let found = compared("x.tar.gz", &make("one", "644"), &make("two", "664"));
    let want = [
        "x.tar.gz → x.tar → usr/share/f.gz: mode 0644 0664",
        "x.tar.gz → x.tar → usr/share/f.gz → f: content 1+0",
    ];
    assert_eq!(shown(&found), want);
    let order = |files: &str| format!("touch -d 2020-01-01Z a b c; tar -cf out {files}");
    let found = compared("x.tar", &order("a b c"), &order("a c b"));
    assert_eq!(shown(&found), ["x.tar: entries b c"]);
    let found = compared("x.tar", &order("a b"), &order("a c"));
    assert_eq!(
        shown(&found),
        ["x.tar → b: only in First", "x.tar → c: only in Second"]
    );
}

#[test]
fn packages_are_called_by_their_members() {
    let make = |word: &str, compression: &str| {
        format!(
            "mkdir -p t/DEBIAN t/usr; printf {word} > t/usr/f; touch -d 2020-01-01Z t/usr/f t/usr t
             printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: A <a@b.c>\\n\
             Description: p\\n' > t/DEBIAN/control
             SOURCE_DATE_EPOCH=1600000000 dpkg-deb --root-owner-group -Z{compression} \
             -b t out.deb; mv out.deb out"
        )
    };
    let found = compared("p_1_all.deb", &make("one", "xz"), &make("two", "xz"));
    assert_eq!(
        shown(&found),
        ["p_1_all.deb → data.tar → usr/f: content 1+0"]
    );
    assert_eq!(found[0].place.file(), "usr/f");
    let found = compared("p_1_all.deb", &make("one", "xz"), &make("one", "gzip"));
    let want = "p_1_all.deb → control.tar: compression xz gzip";
    assert!(
        shown(&found).contains(&want.to_owned()),
        "{:?}",
        shown(&found)
    );
}

#[test]
fn static_libraries_tell_of_their_maker() {
    let make = |day: &str, flags: &str| {
        format!(
            "printf a > one-with-a-very-long-name.o; printf b > b.o; touch -d {day} *.o
             ar {flags} out one-with-a-very-long-name.o b.o"
        )
    };
    let found = compared(
        "l.a",
        &make("2020-01-01Z", "rcU"),
        &make("2021-01-01Z", "rcU"),
    );
    let want = "l.a → one-with-a-very-long-name.o: time 2020-01-01T00:00:00Z 2021-01-01T00:00:00Z";
    assert!(
        shown(&found).contains(&want.to_owned()),
        "{:?}",
        shown(&found)
    );
    let found = compared(
        "l.a",
        &make("2020-01-01Z", "rcD"),
        &make("2021-01-01Z", "rcD"),
    );
    assert_eq!(shown(&found), Vec::<String>::new());
}

#[test]
fn zips_are_read_by_their_directory() {
    // Python's is a packer that is always there.
    let make = |hour: u32, word: &str, order: &str| {
        format!(
            "python3 - <<'E'\nimport zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\n\
             for n in '{order}':\n    z.writestr(zipfile.ZipInfo(n, (2020, 1, 2, {hour}, 4, 6)), \
             '{word}' * 50)\nz.close()\nE\n"
        )
    };
    let found = compared("x.jar", &make(3, "w", "ab"), &make(17, "w", "ab"));
    let want = [
        "x.jar → a: time 2020-01-02T03:04:06 2020-01-02T17:04:06",
        "x.jar → b: time 2020-01-02T03:04:06 2020-01-02T17:04:06",
    ];
    assert_eq!(shown(&found), want);
    let found = compared("x.jar", &make(3, "v", "ab"), &make(3, "w", "ab"));
    assert_eq!(
        shown(&found),
        ["x.jar → a: content 1+0", "x.jar → b: content 1+0"]
    );
    let found = compared("x.jar", &make(3, "w", "ab"), &make(3, "w", "ba"));
    assert_eq!(shown(&found), ["x.jar: entries a b"]);
}

#[test]
fn programs_are_told_by_section() {
    let make = |word: &str| {
        format!(
            "printf 'const char *f(void) {{ return \"{word}\"; }}\\n' > f.c; \
             cc -shared -fPIC -Wl,--build-id -o out f.c"
        )
    };
    let found = compared("f.so", &make("of the year 2026"), &make("of the year 2027"));
    let found = shown(&found);
    assert!(
        found.contains(&"f.so → section .rodata: content 1+0".to_owned()),
        "{found:?}"
    );
    assert!(
        found.iter().any(|line| line.contains(".note.gnu.build-id")),
        "{found:?}"
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn damaged_containers_are_compared_as_bytes() {
    let dir = tempfile::tempdir().expect("a directory");
    sh(
        dir.path(),
        "printf x > f; tar -cf t f; ar rc a f; gzip -c f > g; cp /bin/true e; \
         python3 -c 'import zipfile; zipfile.ZipFile(\"z\", \"w\").writestr(\"f\", \"x\")'",
    );
    for name in ["t", "a", "g", "e", "z"] {
        let whole = std::fs::read(dir.path().join(name)).expect("it was made");
        for cut in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            let found = differences(name, &whole, &whole[..cut]);
            assert!(!found.is_empty(), "{name} cut at {cut}");
            let mut other = whole.clone();
            other[cut] ^= 0x55;
            assert!(
                !differences(name, &whole, &other).is_empty(),
                "{name} changed at {cut}"
            );
        }
    }
}

mod properties {
    use proptest::prelude::*;

    use super::super::*;

    proptest! {
        #[test]
        fn other_bytes_always_differ_somewhere(
            first in proptest::collection::vec(any::<u8>(), 0..300),
            second in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let found = differences("a", &first, &second);
            prop_assert_eq!(found.is_empty(), first == second);
        }

        #[test]
        fn other_texts_always_differ_somewhere(
            first in "([ab ]{0,3}\n){0,6}[ab]{0,2}",
            second in "([ab ]{0,3}\n){0,6}[ab]{0,2}",
        ) {
            let found = differences("a", first.as_bytes(), second.as_bytes());
            prop_assert_eq!(found.is_empty(), first == second);
        }
    }
}
