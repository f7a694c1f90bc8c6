use super::*;

const RECORD: &[u8] = include_bytes!("../../../../fixtures/debian/hello_2.10-3_amd64.buildinfo");

fn record(text: &str) -> Buildinfo {
    parse(Path::new("x.buildinfo"), text.as_bytes()).expect("a record")
}

#[test]
fn a_record_says_where_and_what_was_built() {
    let text = String::from_utf8_lossy(RECORD);
    let found = record(&text);
    assert_eq!(binaries(&found), Binaries::Any);
    assert_eq!(entry(&found), None);
    let elsewhere = Buildinfo {
        build_path: Some("/home/ana/src/hello-2.10".to_owned()),
        ..found.clone()
    };
    let tree = BuildTree::of(Path::new("/x/y.buildinfo"), &elsewhere);
    assert_eq!(
        (tree.above.as_str(), tree.name.as_str()),
        ("/home/ana/src", "hello-2.10")
    );
    let nowhere = Buildinfo {
        build_path: None,
        ..found.clone()
    };
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("hello.buildinfo");
    let tree = BuildTree::of(&file, &nowhere);
    assert_eq!(tree.name, "hello-2.10");
    assert_eq!(
        Path::new(&tree.above),
        dir.path().canonicalize().expect("there")
    );
    let checkout = dir.path().join("checkout/debian");
    std::fs::create_dir_all(&checkout).expect("a directory");
    let changelog = "hello (2.10-3) unstable; urgency=medium\n";
    std::fs::write(checkout.join("changelog"), changelog).expect("a file");
    assert_eq!(BuildTree::of(&file, &nowhere).name, "checkout");
    let cases: [(&[&str], Binaries); 5] = [
        (&["all"], Binaries::All),
        (&["all", "source"], Binaries::All),
        (&["amd64", "all"], Binaries::Both),
        (&["amd64", "all", "source"], Binaries::Both),
        (&["source", "amd64"], Binaries::Any),
    ];
    for (words, want) in cases {
        let parsed = words
            .iter()
            .map(|word| word.parse().expect("an architecture"));
        let some = Buildinfo {
            architectures: parsed.collect(),
            ..found.clone()
        };
        assert_eq!(binaries(&some), want, "{words:?}");
    }
}

#[test]
fn a_binary_only_rebuild_brings_its_entry() {
    let text = String::from_utf8_lossy(RECORD);
    let changed = text.replace("Version: 2.10-3\n", "Version: 2.10-3+b1\n");
    let changed = changed.replace("Source: hello\n", "Source: hello (2.10-3)\n");
    let changed = changed.replace(
        "Checksums-Md5:",
        "Binary-Only-Changes:\n hello (2.10-3+b1) sid; urgency=low, binary-only=yes\n .\n   \
         * Binary-only non-maintainer upload for amd64.\n .\n  -- Ada <a@example.org>  \
         Thu, 01 May 2025 10:00:00 +0000\nChecksums-Md5:",
    );
    let found = record(&changed);
    assert_eq!(found.source_version.as_str(), "2.10-3");
    let want = "hello (2.10-3+b1) sid; urgency=low, binary-only=yes\n\n  \
                * Binary-only non-maintainer upload for amd64.\n\n -- Ada <a@example.org>  \
                Thu, 01 May 2025 10:00:00 +0000\n\n";
    assert_eq!(entry(&found).as_deref(), Some(want));
}

#[test]
fn variables_that_name_programs_are_left_out() {
    for (name, want) in [
        ("CFLAGS", true),
        ("DEB_CFLAGS_APPEND", true),
        ("DEB_BUILD_MAINT_OPTIONS", true),
        ("DEB_CFLAGSX", false),
        ("CC", false),
        ("MAKEFLAGS", false),
        ("LD_PRELOAD", false),
        ("PATH", false),
    ] {
        assert_eq!(is_safe(name), want, "{name}");
    }
}
