use super::*;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("dir");
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("dirs");
        std::fs::write(path, text).expect("writes");
    }
    dir
}

#[test]
fn packages_of_every_kind_are_found() {
    let dir = tree(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        (
            "crates/a/Cargo.toml",
            "[package]\nname = \"tool_a\"\nversion = \"1.0.0\"\n",
        ),
        ("crates/a/src/main.rs", ""),
        (
            "crates/b/Cargo.toml",
            "[package]\nname = \"lib-b\"\nversion = \"0.1.0\"\n",
        ),
        (
            "web/package.json",
            "{\"name\": \"@x/Web\", \"version\": \"2.0.0\"}",
        ),
        (
            "py/pyproject.toml",
            "[project]\nname = \"pytool\"\nversion = \"3\"\n",
        ),
        ("deb/debian/control", "Source: real\n"),
    ]);
    let found = detect(dir.path(), &[]).expect("reads").packages;
    let shown: Vec<_> = found
        .iter()
        .map(|p| (p.path.as_str(), p.name.as_str(), p.version_files.len()))
        .collect();
    let want = [
        ("crates/a", "tool-a", 1),
        ("crates/b", "lib-b", 1),
        ("deb", "real", 0),
        ("py", "pytool", 1),
        ("web", "web", 1),
    ];
    assert_eq!(shown, want);
    let DetectedKind::Cargo { binaries, .. } = &found[0].kind else {
        panic!("{found:?}")
    };
    assert_eq!(binaries, &["tool_a"]);
}

#[test]
fn source_packages_are_found_in_broken_files_too() {
    let cases: &[(&str, Option<&str>)] = &[
        (
            "Source: hello\nSection: devel\n\nPackage: hello\n",
            Some("hello"),
        ),
        ("# first\n\n# second\nSource: hello\n", Some("hello")),
        ("source:   hello  \n", Some("hello")),
        ("\u{feff}Source: hello\n", Some("hello")),
        ("Source: hello\r\nSection: devel\r\n", Some("hello")),
        ("\n\nSource: hello", Some("hello")),
        ("Section: devel\nSource:\n hello\n", Some("hello")),
        (
            "Source: hello\n<<<<<<< ours\nSection: a\n=======\nSection: b\n>>>>>>> theirs\n",
            Some("hello"),
        ),
        ("a line of its own\nSource: hello\n", Some("hello")),
        ("Package: hello\nDescription: x\n Source: no\n", None),
        ("", None),
    ];
    for (text, want) in cases {
        assert_eq!(source_name(text).as_deref(), *want, "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_control_file_is_survived(text in "([Ss]ource:|[a: \t\r\n#é<]|Package: a){0,20}") {
        let _ = source_name(&text);
    }
}

#[test]
fn members_of_a_workspace_inherit() {
    let member = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion.workspace = true\n\
                 license.workspace = true\ndescription = {{ workspace = true }}\n"
        )
    };
    let (a, b, lib) = (member("aa"), member("bb"), member("lib"));
    let dir = tree(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"*\"]\n[workspace.package]\nversion = \"1.2.0\"\n\
                 license = \"MIT\"\ndescription = \"does it\"\n",
        ),
        ("aa/Cargo.toml", &a),
        ("aa/src/main.rs", ""),
        ("bb/Cargo.toml", &b),
        ("bb/src/main.rs", ""),
        ("lib/Cargo.toml", &lib),
    ]);
    let found = detect(dir.path(), &[]).expect("reads").packages;
    let shown: Vec<_> = found
        .iter()
        .map(|p| (p.name.as_str(), p.tag.clone()))
        .collect();
    let own = |name: &str| TagPattern::new(&format!("{name}-v{{version}}")).ok();
    assert_eq!(
        shown,
        [("aa", own("aa")), ("bb", own("bb")), ("lib", own("lib"))]
    );
    for package in &found {
        let want = (VersionFile::new("Cargo.toml"), "1.2.0".to_owned());
        assert_eq!(package.version_files, [want]);
        let DetectedKind::Cargo {
            summary, license, ..
        } = &package.kind
        else {
            panic!("{package:?}")
        };
        assert_eq!(summary.as_deref(), Some("does it"));
        assert_eq!(license.as_deref(), Some("MIT"));
    }
    // One that is installed, with its library: the tags are its own.
    std::fs::remove_dir_all(dir.path().join("bb")).expect("removes");
    let tags = [TagName::new("v1.0").expect("tag")];
    let found = detect(dir.path(), &tags).expect("reads").packages;
    assert_eq!(found[0].tag, TagPattern::new("v{version}").ok());
}

#[test]
fn a_debian_package_lists_files_of_its_release() {
    let changelog = |version: &str| {
        format!(
            "pp ({version}) stable; urgency=medium\n\n  * x\n\n \
                 -- A B <a@b.example>  Thu, 01 May 2025 10:00:00 +0000\n"
        )
    };
    let cases = [
        (changelog("1.2.0-1"), 1),
        (changelog("1.2.0+dfsg1-1"), 1),
        (changelog("1.3.0-1"), 0),
        ("broken\n".to_owned(), 0),
    ];
    for (changelog, want) in cases {
        let dir = tree(&[
            ("debian/control", "Source: pp\n"),
            ("debian/changelog", &changelog),
            (
                "Cargo.toml",
                "[package]\nname = \"pp\"\nversion = \"1.2.0\"\n",
            ),
        ]);
        let found = detect(dir.path(), &[]).expect("reads").packages;
        assert_eq!(found[0].version_files.len(), want, "{changelog}");
    }
}

#[test]
fn one_file_is_the_licence() {
    let cases: [(&[&str], Option<&str>); 5] = [
        (&["LICENSE"], Some("LICENSE")),
        (&["LICENSE.md", "README"], Some("LICENSE.md")),
        (&["COPYING"], Some("COPYING")),
        (&["LICENSE-MIT", "LICENSE-APACHE"], None),
        (&["README"], None),
    ];
    for (names, want) in cases {
        let texts: Vec<_> = names.iter().map(|name| (*name, "")).collect();
        let found = license_file(tree(&texts).path()).expect("reads");
        assert_eq!(found.as_deref(), want, "{names:?}");
    }
}

#[test]
fn the_tag_style_in_use_wins() {
    let cases: &[(bool, &[&str], Option<&str>)] = &[
        (false, &["v1.0", "v1.1", "1.2"], Some("v{version}")),
        (
            false,
            &["debian/1.0-1", "upstream/1.0"],
            Some("debian/{version}"),
        ),
        (true, &["v1.0", "x-v1.0"], Some("x-v{version}")),
        (true, &["v1.0"], None),
        (false, &[], None),
    ];
    for (several, tags, want) in cases {
        let names: Vec<_> = tags
            .iter()
            .map(|t| TagName::new(*t).expect("tag"))
            .collect();
        let found = tag_style("x", *several, &names).map(|p| p.to_string());
        assert_eq!(found.as_deref(), *want, "{tags:?}");
    }
}
