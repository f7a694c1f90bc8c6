use super::*;
use crate::config::Project;
use crate::model::PackageName;
use crate::release::{TagPattern, VersionFile};

#[test]
fn the_copyright_is_a_file_or_a_known_licence() {
    let cases = [
        (Some("COPYING"), Some("MIT"), "copyright = \"COPYING\""),
        (Some("COPYING"), None, "copyright = \"COPYING\""),
        (Some("COPYING"), Some("Own-1"), "copyright = \"COPYING\""),
        (
            None,
            Some("MIT OR Apache-2.0"),
            "license = \"MIT OR Apache-2.0\"",
        ),
        (
            None,
            Some("Own-1"),
            "copyright = \"LICENSE\"   # correct this",
        ),
        (None, None, "copyright = \"LICENSE\"   # correct this"),
    ];
    for (file, license, want) in cases {
        let line = copyright(file, license);
        assert!(line.starts_with(want), "{line}");
        toml::from_str::<toml::Table>(&line).expect(&line);
    }
}

#[test]
fn the_default_tags_are_the_default() {
    let package = DetectedPackage {
        name: PackageName::new("aa").expect("name"),
        path: String::new(),
        version_files: Vec::new(),
        include: Vec::new(),
        depends_on: Vec::new(),
        changes_file: None,
        tag: None,
        license_file: None,
        kind: DetectedKind::Debian,
    };
    let packages = vec![package];
    let groups = Vec::new();
    let text = render(
        &Detected {
            packages,
            groups,
            license_file: None,
        },
        None,
    );
    let said = text.replace("# tag = ", "tag = ");
    let tags = |text: &str| {
        let read = Project::parse("debcut.toml", text).expect(text);
        read.packages[0].tags.clone()
    };
    assert_ne!(said, text);
    assert_eq!(tags(&said), tags(&text));
}

#[test]
fn every_key_that_is_only_shown_can_be_read() {
    let mut text = "[[package]]\nname = \"aa\"\n".to_owned();
    declared(&mut text, "aa", "A B <a@b.example>", None);
    let (table, keys) = text.split_at(text.find(KEYS).expect("it ends the table"));
    let shown: String = keys
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let read = Project::parse("debcut.toml", &format!("{table}{shown}")).expect(&shown);
    let crate::build::package::Kind::Declared(read) = &read.packages[0].kind else {
        panic!("{read:?}")
    };
    assert_eq!(read.homepage.as_deref(), Some("https://example.org/tool"));
    assert_eq!((read.contents.len(), read.scripts.len()), (5, 1));
    assert_eq!((read.units.len(), read.alternatives.len()), (1, 1));
    for key in [
        "pre-depends",
        "recommends",
        "suggests",
        "breaks",
        "conflicts",
        "replaces",
        "provides",
    ] {
        assert!(KEYS.contains(key), "{key}");
        let one = format!("{table}{key} = [\"xx\"]\n");
        Project::parse("debcut.toml", &one).expect(&one);
    }
}

#[test]
fn what_is_written_can_be_read() {
    let package = |name: &str, kind| DetectedPackage {
        name: PackageName::new(name).expect(name),
        path: "sub".into(),
        version_files: vec![(VersionFile::new("sub/Cargo.toml"), "1.0".into())],
        include: vec!["lib dir".into()],
        depends_on: Vec::new(),
        changes_file: Some("sub/NEWS.md".into()),
        tag: TagPattern::new("v{version}").ok(),
        license_file: None,
        kind,
    };
    let cargo = |binaries| DetectedKind::Cargo {
        summary: Some("does \"it\"".into()),
        license: Some("MIT".into()),
        binaries,
    };
    let packages = vec![
        package("aa", DetectedKind::Debian),
        package("bb", cargo(vec!["bb".into()])),
        package("cc", cargo(Vec::new())),
        package(
            "dd",
            DetectedKind::Other {
                summary: None,
                license: None,
                programs: Some("bin/*"),
            },
        ),
    ];
    let edges = [
        (None, None),
        (None, Some("sub/Cargo.toml")),
        (Some("a_a"), Some("sub/Cargo.toml")),
    ];
    let edges = edges.map(|(dependency, requirement)| DetectedEdge {
        package: PackageName::new("aa").expect("name"),
        dependency: dependency.map(str::to_owned),
        requirement: requirement.map(str::to_owned),
    });
    let group = DetectedGroup {
        name: "all".into(),
        packages: ["aa", "bb", "dd"]
            .map(|n| PackageName::new(n).expect(n))
            .into(),
        kind: GroupKind::Together,
    };
    for (at, edge) in edges.into_iter().enumerate() {
        let mut packages = packages.clone();
        packages[1].depends_on = vec![edge];
        let groups = vec![group.clone()];
        let text = render(
            &Detected {
                packages,
                groups,
                license_file: None,
            },
            None,
        );
        let read = Project::parse("debcut.toml", &text).expect(&text).release;
        let bb = &read.units[1];
        assert_eq!(
            (bb.depends_on[0].on, bb.depends_on[0].requirements.len()),
            (0, at.min(1))
        );
        assert_eq!(bb.include, ["lib dir"]);
        assert_eq!(bb.changes_file.as_deref(), Some("sub/NEWS.md"));
        assert_eq!(read.groups[0].units, [0, 1, 2]);
    }
    for packages in [packages, Vec::new()] {
        let (count, groups) = (
            packages.len(),
            match packages.len() {
                0 => Vec::new(),
                _ => vec![group.clone()],
            },
        );
        let text = render(
            &Detected {
                packages,
                groups,
                license_file: None,
            },
            Some("A B <a@b.example>"),
        );
        let read = Project::parse("debcut.toml", &text).expect(&text);
        // The library is only a comment.
        assert_eq!(read.packages.len(), count.saturating_sub(1), "{text}");
        // What is commented out is valid as well.
        let tail: String = TAIL
            .lines()
            .map(|line| format!("{}\n", line.trim_start_matches("# ")))
            .collect();
        let tail = tail.replace("FINGERPRINT", &"A".repeat(40));
        Project::parse("debcut.toml", &tail).expect(&tail);
    }
}
