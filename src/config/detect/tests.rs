use super::package::source_name;
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
fn revisions_raise_no_version_file() {
    let cases = [
        ("1.2.0-1", "debian/1.2.0-1", 0),
        ("1.2.0-1", "v1.2.0", 1),
        ("1.2.0", "debian/1.2.0", 1),
    ];
    for (version, tag, want) in cases {
        let changelog = format!(
            "pp ({version}) stable; urgency=medium\n\n  * x\n\n \
                 -- A B <a@b.example>  Thu, 01 May 2025 10:00:00 +0000\n"
        );
        let dir = tree(&[
            ("debian/control", "Source: pp\n"),
            ("debian/changelog", &changelog),
            (
                "Cargo.toml",
                "[package]\nname = \"pp\"\nversion = \"1.2.0\"\n",
            ),
        ]);
        let tags = [TagName::new(tag).expect("tag")];
        let found = detect(dir.path(), &tags).expect("reads").packages;
        assert_eq!(found[0].version_files.len(), want, "{version} {tag}");
    }
}

#[test]
fn a_makefile_that_installs_is_used() {
    for (text, want) in [
        (
            "all:\n\tcc a.c\ninstall: all\n\tcp a $(DESTDIR)/usr/bin\n",
            true,
        ),
        ("install := cp\nall:\n\ttrue\n", false),
        ("all install:\n\ttrue\n", true),
    ] {
        let directory = tree(&[("Makefile", text)]);
        assert_eq!(
            installs(directory.path()).expect("readable"),
            want,
            "{text}"
        );
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

#[test]
fn a_workspace_tells_what_belongs_together() {
    let member = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion.workspace = true\n{rest}")
    };
    let app = member(
        "app_one",
        "[dependencies]\nserde = \"1\"\ncore = { path = \"../core\" }\n\
         tool = { path = \"../tool\", version = \"1.2.0\" }\n\
         [dev-dependencies]\nother = { path = \"../other\" }\n",
    );
    let tool = member("tool", "[dependencies]\napp.workspace = true\n");
    let core = member(
        "core",
        "[target.'cfg(unix)'.dependencies]\nbase = { path = \"../base/.\" }\n",
    );
    let dir = tree(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"*\"]\nexclude = [\"left\"]\n[workspace.package]\nversion = \"1.2.0\"\n\
             [workspace.dependencies]\napp = { path = \"app\", package = \"app_one\", version = \"1\" }\n",
        ),
        ("app/Cargo.toml", &app),
        ("app/src/main.rs", ""),
        ("app/Changes.md", "# Changes\n"),
        ("tool/Cargo.toml", &tool),
        ("tool/src/main.rs", ""),
        ("core/Cargo.toml", &core),
        ("base/Cargo.toml", &member("base", "")),
    ]);
    let found = detect(dir.path(), &[]).expect("reads");
    let named = |name: &str| {
        let found = found.packages.iter().find(|p| p.name.as_str() == name);
        found.expect(name)
    };
    let app = named("app-one");
    assert_eq!(app.include, ["base", "core"]);
    assert_eq!(app.changes_file.as_deref(), Some("app/Changes.md"));
    let [edge] = app.depends_on.as_slice() else {
        panic!("{app:?}")
    };
    assert_eq!(
        (
            edge.package.as_str(),
            edge.requirement.as_deref(),
            &edge.dependency
        ),
        ("tool", Some("app/Cargo.toml"), &None)
    );
    // It would close a circle.
    assert!(named("tool").depends_on.is_empty());
    assert_eq!(found.groups.len(), 1);
    let group: Vec<_> = found.groups[0]
        .packages
        .iter()
        .map(PackageName::as_str)
        .collect();
    assert_eq!(group, ["app-one", "tool"]);
    let text = crate::config::render(&found, None);
    let read = crate::config::Project::parse("debcut.toml", &text)
        .expect(&text)
        .release;
    assert_eq!(
        (read.units.len(), read.groups[0].units.len()),
        (2, 2),
        "{text}"
    );
    // One tag for all where the tags are so.
    let names = |tags: &[&str]| {
        tags.iter()
            .map(|t| TagName::new(*t).expect("tag"))
            .collect::<Vec<_>>()
    };
    for (tags, want) in [
        (names(&["v1.0", "v1.1"]), "v{version}"),
        (names(&["v1.0", "tool-v1.0"]), "tool-v{version}"),
    ] {
        let found = detect(dir.path(), &tags).expect("reads");
        let tool = found
            .packages
            .iter()
            .find(|p| p.name.as_str() == "tool")
            .expect("tool");
        assert_eq!(
            tool.tag.as_ref().map(ToString::to_string).as_deref(),
            Some(want),
            "{tags:?}"
        );
        let text = crate::config::render(&found, None);
        crate::config::Project::parse("debcut.toml", &text).expect(&text);
    }
}

#[test]
fn npm_workspaces_depend_by_name() {
    let dir = tree(&[
        (
            "package.json",
            "{\"name\": \"top\", \"workspaces\": [\"packages/*\"], \"private\": true}",
        ),
        (
            "packages/web/package.json",
            "{\"name\": \"@x/web\", \"version\": \"2.0.0\", \"dependencies\": {\"@x/base\": \"^1.1.0\"}}",
        ),
        (
            "packages/base/package.json",
            "{\"name\": \"@x/base\", \"version\": \"1.1.0\"}",
        ),
    ]);
    let found = detect(dir.path(), &[]).expect("reads").packages;
    let shown: Vec<_> = found
        .iter()
        .map(|p| (p.name.as_str(), p.version_files.len()))
        .collect();
    assert_eq!(shown, [("base", 1), ("web", 1)]);
    let edge = &found[1].depends_on[0];
    assert_eq!(
        (
            edge.package.as_str(),
            edge.dependency.as_deref(),
            edge.requirement.as_deref()
        ),
        ("base", Some("@x/base"), Some("packages/web/package.json"))
    );
}

#[test]
fn version_files_that_disagree_are_another_things() {
    let cargo = "[package]\nname = \"pp\"\nversion = \"1.2.0\"\n";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (
            &[("Cargo.toml", cargo), ("VERSION", "1.2.0\n")],
            &["Cargo.toml", "VERSION"],
        ),
        (
            &[("Cargo.toml", cargo), ("VERSION", "0.9\n")],
            &["Cargo.toml"],
        ),
        (
            &[
                ("version.txt", "3.1\n"),
                ("setup.cfg", "[metadata]\nname = x\n"),
            ],
            &["version.txt"],
        ),
        (&[("VERSION", "unknown\n")], &[]),
    ];
    for (files, want) in cases {
        let dir = tree(files);
        let found = version_files::version_files(dir.path(), "").expect("reads");
        let found: Vec<_> = found.iter().map(|(file, _)| file.path.as_str()).collect();
        assert_eq!(found, *want, "{files:?}");
    }
}
