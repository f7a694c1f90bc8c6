use super::*;
use crate::config::detect;
use crate::format::changelog::Entry;
use crate::format::control::SourceControl;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let outer = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = outer.path().join("greet").join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("directories");
        std::fs::write(path, text).expect("writes");
    }
    outer
}

fn written(files: &[(&str, &str)], tags: &[&str]) -> Vec<NewFile> {
    let outer = tree(files);
    let top = outer.path().join("greet");
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| TagName::new(*tag).expect("tag"))
        .collect();
    let found = detect(&top, &tags).expect("reads");
    let packaging = Packaging {
        maintainer: "Ada Example <ada@example.org>",
        date: "2025-05-01T10:00:00Z".parse().expect("a time"),
        remote: Some("git@github.com:o/greet.git"),
        tags: &tags,
    };
    debianize(&top, &found.packages[0], &packaging).expect("writes")
}

fn text<'a>(files: &'a [NewFile], name: &str) -> &'a str {
    let found = files
        .iter()
        .find(|file| file.path == format!("debian/{name}"));
    &found.unwrap_or_else(|| panic!("{name}")).text
}

const CARGO: &str = "[package]\nname = \"greet\"\nversion = \"1.2.0-rc.1\"\n\
    license = \"MIT OR Apache-2.0\"\ndescription = \"A tool that greets.\"\n";

#[test]
fn every_toolkit_has_its_own_files() {
    type Case<'a> = (
        &'a [(&'a str, &'a str)],
        &'a str,
        &'a [&'a str],
        &'a [&'a str],
    );
    let cases: &[Case<'_>] = &[
        (
            &[("Cargo.toml", CARGO), ("src/main.rs", "")],
            "1.2.0~rc1",
            &[
                "cargo:native",
                "Architecture: any",
                "Description: tool that greets\n",
            ],
            &[
                "cargo build --release --locked",
                "debian/greet/usr/bin/greet",
            ],
        ),
        (
            &[(
                "pyproject.toml",
                "[project]\nname = \"greet\"\nversion = \"2.0\"\n[build-system]\nbuild-backend = \"hatchling.build\"\n",
            )],
            "2.0",
            &[
                "python3-hatchling",
                "${python3:Depends}",
                "Architecture: all",
            ],
            &["dh $@ --buildsystem=pybuild", "PYBUILD_NAME = greet"],
        ),
        (
            &[(
                "package.json",
                "{\"name\": \"greet\", \"version\": \"3.1.4\"}",
            )],
            "3.1.4",
            &["dh-sequence-nodejs", " nodejs,"],
            &["\tdh $@\n"],
        ),
        (
            &[("VERSION", "1.0\n"), ("Makefile", "install:\n\ttrue\n")],
            "1.0",
            &["${shlibs:Depends}", "Architecture: any"],
            &["\tdh $@\n"],
        ),
        (
            &[("bin/greet", "#!/bin/sh\n")],
            "0.1.0",
            &["Architecture: all"],
            &["\tdh $@\n"],
        ),
    ];
    for (files, version, control, rules) in cases {
        let found = written(files, &[]);
        let entry = Entry::newest(text(&found, "changelog").as_bytes()).expect("an entry");
        assert_eq!(entry.version.as_str(), *version);
        assert!(entry.is_unreleased());
        let read =
            SourceControl::parse(text(&found, "control").as_bytes()).expect("a control file");
        assert_eq!(read.source.as_str(), "greet");
        for (name, wants) in [("control", control), ("rules", rules)] {
            for want in *wants {
                assert!(
                    text(&found, name).contains(want),
                    "{want:?} in\n{}",
                    text(&found, name)
                );
            }
        }
        assert_eq!(text(&found, "source/format"), "3.0 (native)\n");
        for file in &found {
            let run = file.access == Access::Program;
            assert_eq!(run, file.path == "debian/rules", "{}", file.path);
            let loose = file.text.lines().find(|line| line.ends_with([' ', '\t']));
            assert_eq!(loose, None, "{}:\n{}", file.path, file.text);
            assert!(
                file.text.ends_with('\n') && !file.text.ends_with("\n\n"),
                "{}",
                file.path
            );
        }
    }
}

#[test]
fn an_upstreams_tags_make_a_quilt_package() {
    let found = written(
        &[("bin/greet", "")],
        &["upstream/1.0", "upstream/1.10", "upstream/1.9"],
    );
    assert_eq!(text(&found, "source/format"), "3.0 (quilt)\n");
    assert!(text(&found, "changelog").starts_with("greet (1.10-1) UNRELEASED"));
    assert!(text(&found, "watch").contains("https://github.com/o/greet.git refs/tags/upstream/"));
    let native = written(&[("bin/greet", "")], &["v1.0", "v1.1"]);
    assert!(text(&native, "changelog").starts_with("greet (1.1) "));
    assert!(!native.iter().any(|file| file.path.ends_with("/watch")));
}

#[test]
fn the_licence_is_told_by_name_or_by_its_file() {
    let two = written(&[("Cargo.toml", CARGO), ("src/main.rs", "")], &[]);
    let copyright = text(&two, "copyright");
    for want in [
        "License: Expat or Apache-2.0\n\nLicense: Expat\n Permission",
        "\n\nLicense: Apache-2.0\n On Debian systems",
        "Copyright: 2025 Ada Example <ada@example.org>\n",
    ] {
        assert!(copyright.contains(want), "{want:?} in\n{copyright}");
    }
    let own = written(&[("bin/x", ""), ("LICENSE", "Do it.\n\nOr not.\n\n")], &[]);
    let want = "License: greet-license\n Do it.\n .\n Or not.\n";
    assert!(
        text(&own, "copyright").ends_with(want),
        "{}",
        text(&own, "copyright")
    );
    let none = written(&[("bin/x", "")], &[]);
    assert!(text(&none, "copyright").contains("No licence was found"));
}
