use proptest::prelude::*;

use super::*;

fn release() -> Release {
    let file = |bytes: &[u8]| IndexFile {
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    Release {
        origin: Some("Example".to_owned()),
        label: Some("Example packages".to_owned()),
        suite: Some("stable".parse().expect("a suite")),
        codename: Some("bookworm".to_owned()),
        version: None,
        date: Timestamp::from_unix(1_795_253_400),
        valid_until: Some(Timestamp::from_unix(1_795_253_400 + 7 * 86_400)),
        upgrades: Upgrades::OfWhatWasAsked,
        acquire_by_hash: true,
        all_in_every_architecture: true,
        architectures: vec![
            "amd64".parse().expect("a name"),
            "arm64".parse().expect("a name"),
        ],
        components: vec!["main".parse().expect("a name")],
        description: Some("What we ship".to_owned()),
        snapshots: Some("https://apt.example.org/@SNAPSHOTID@/".to_owned()),
        files: BTreeMap::from([
            ("main/source/Sources.xz".to_owned(), file(b"")),
            ("main/binary-amd64/Packages.xz".to_owned(), file(b"abc")),
        ]),
    }
}

const TEXT: &str = "\
Origin: Example
Label: Example packages
Suite: stable
Codename: bookworm
Date: Sat, 21 Nov 2026 09:30:00 UTC
Valid-Until: Sat, 28 Nov 2026 09:30:00 UTC
NotAutomatic: yes
ButAutomaticUpgrades: yes
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: amd64 arm64
Components: main
Description: What we ship
Snapshots: https://apt.example.org/@SNAPSHOTID@/
SHA256:
 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad                3 main/binary-amd64/Packages.xz
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855                0 main/source/Sources.xz
";

#[test]
fn the_text_is_apt_ftparchives_form() {
    assert_eq!(release().text().expect("text"), TEXT);
    assert_eq!(
        Release::parse(TEXT.as_bytes()).expect("what we wrote"),
        release()
    );
    let small = Release {
        upgrades: Upgrades::Automatic,
        acquire_by_hash: false,
        all_in_every_architecture: false,
        files: BTreeMap::new(),
        valid_until: None,
        ..release()
    };
    let text = small.text().expect("text");
    assert!(
        !text.contains("yes") && text.ends_with("\nSHA256:\n"),
        "{text}"
    );
    assert_eq!(
        Release::parse(text.as_bytes()).expect("what we wrote"),
        small
    );
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (from, to, want) in [
        (
            "Date: Sat, 21 Nov 2026 09:30:00 UTC\n",
            "",
            "line 1: the paragraph has no value for field Date",
        ),
        (
            "Suite: stable",
            "Suite: ../x",
            "line 3: field Suite: “../x” is not valid",
        ),
        (
            "Date: Sat",
            "Date: Sun",
            "line 5: field Date: “Sun, 21 Nov 2026 09:30:00 UTC” is not valid",
        ),
        (
            "Acquire-By-Hash: yes",
            "Acquire-By-Hash: maybe",
            "line 9: field Acquire-By-Hash: “maybe” is not valid",
        ),
        (
            "SHA256:",
            "SHA1:",
            "line 1: the paragraph has no value for field SHA256",
        ),
        (
            " main/source/",
            " ../source/",
            "line 17: field SHA256: “e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855                0 ../source/Sources.xz” is not valid",
        ),
        (
            " main/source/Sources.xz",
            " main/binary-amd64/Packages.xz",
            "line 17: field SHA256: “e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855                0 main/binary-amd64/Packages.xz” is not valid",
        ),
        (
            "Origin",
            "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin",
            "line 1: the text is still wrapped in an OpenPGP signature",
        ),
    ] {
        let error = Release::parse(TEXT.replacen(from, to, 1).as_bytes()).expect_err(to);
        assert_eq!(error.to_string(), want);
    }
    for path in ["", "/x", "x/", "../x", "a/../b", "a b", "a\nb"] {
        let mut release = release();
        let file = release.files["main/source/Sources.xz"];
        release.files.insert(path.to_owned(), file);
        assert!(release.text().is_err(), "{path:?}");
    }
    let forged = Release {
        origin: Some("x\nSuite: y".to_owned()),
        ..release()
    };
    assert!(forged.text().is_err());
}

/// apt-ftparchive writes the same list for the same files, in its own order.
#[test]
fn apt_ftparchive_writes_the_same_list() {
    let dir = tempfile::tempdir().expect("a directory");
    for (path, bytes) in [
        ("main/binary-amd64/Packages.xz", &b"abc"[..]),
        ("main/source/Sources.xz", b""),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, bytes).expect("a file");
    }
    let output = std::process::Command::new("apt-ftparchive")
        .args([
            "-o",
            "APT::FTPArchive::Release::Suite=stable",
            "release",
            ".",
        ])
        .current_dir(dir.path())
        .output()
        .expect("cannot run apt-ftparchive: install the package apt-utils");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let found = Release::parse(text.as_bytes()).expect(&text);
    assert_eq!(found.files, release().files);
    for line in TEXT.lines().filter(|line| line.starts_with(' ')) {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[test]
fn a_broken_line_is_read_as_one() {
    let text = TEXT.replace("What we ship", "What \n ship");
    let found = Release::parse(text.as_bytes()).expect("readable");
    assert_eq!(found.description.as_deref(), Some("What ship"));
}

proptest! {
    #[test]
    fn any_change_is_refused_or_read(at in 0..TEXT.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
        let end = (at + len).min(TEXT.len());
        let text = format!("{}{with}{}", &TEXT[..at], &TEXT[end..]);
        if let Ok(found) = Release::parse(text.as_bytes()) {
            let written = found.text().expect("what was read can be written");
            let blank = |line: &str| line.ends_with([' ', '\t']);
            prop_assert!(!written.lines().any(blank), "{}", written);
            prop_assert_eq!(Release::parse(written.as_bytes()).expect("what we wrote"), found);
        }
    }
}

#[test]
fn a_release_is_of_the_suite_that_it_says() {
    let mut release = release();
    for (path, is_of) in [
        ("stable", true),
        ("bookworm", true),
        ("stable/updates", true),
        ("testing", false),
        ("stable/other", false),
    ] {
        let path: Suite = path.parse().expect("a suite");
        assert_eq!(release.is_of(&path), is_of, "{path}");
    }
    (release.suite, release.codename) = (None, None);
    assert!(release.is_of(&"testing".parse().expect("a suite")));
}
