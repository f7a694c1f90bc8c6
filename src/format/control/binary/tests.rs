use std::error::Error;
use std::process::Command;

use super::*;

#[test]
fn a_control_file_is_seen_and_kept() {
    let text = "Package: hello\nSource: hello-src (1:2.10-3)\nVersion: 1:2.10-3+b1\n\
                    Architecture: amd64\nMaintainer: A <a@b>\nSection: devel\n\
                    Description: greets\n the world\n";
    let found = BinaryControl::parse(text.as_bytes()).expect("a control file");
    assert_eq!(found.text(), text);
    assert_eq!(found.package.as_str(), "hello");
    assert_eq!(found.source.as_str(), "hello-src");
    assert_eq!(found.source_version.as_str(), "1:2.10-3");
    assert_eq!(found.version.as_str(), "1:2.10-3+b1");
    assert_eq!(found.file_name(), "hello_2.10-3+b1_amd64.deb");
    assert_eq!(found.section.as_deref(), Some("devel"));
    assert_eq!(found.priority, None);
    assert_eq!(found.synopsis, "greets");
    assert_eq!(found.paragraph().fields().len(), 7);

    let plain = text.replace("Source: hello-src (1:2.10-3)\n", "");
    let found = BinaryControl::parse(plain.as_bytes()).expect("without Source");
    assert_eq!(
        (found.source, found.source_version),
        (found.package, found.version)
    );

    for (from, to, want) in [
        (
            "(1:2.10-3)",
            "1:2.10-3",
            "line 2: field Source: “hello-src 1:2.10-3” is not valid",
        ),
        (
            "(1:2.10-3)",
            "(1-)",
            "line 2: field Source: “hello-src (1-)” is not valid",
        ),
        (
            "amd64",
            "any",
            "line 4: field Architecture: “any” is not valid",
        ),
        (
            "amd64",
            "linux-any",
            "line 4: field Architecture: “linux-any” is not valid",
        ),
        (
            "2.10-3+b1",
            "2.10_3",
            "line 3: field Version: “1:2.10_3” is not valid",
        ),
        (
            "Package: hello",
            "package: h/ello",
            "line 1: field package: “h/ello” is not valid",
        ),
        (
            " the world\n",
            " the world\n\nPackage: x\n",
            "line 10: a second paragraph, expected one",
        ),
    ] {
        let error = BinaryControl::parse(text.replace(from, to).as_bytes()).expect_err(to);
        assert_eq!(error.to_string(), want);
    }
}

fn declared() -> DeclaredControl {
    DeclaredControl {
        package: "hello".parse().expect("a name"),
        version: "1.0-1".parse().expect("a version"),
        architecture: Architecture::all(),
        maintainer: "Ada Lovelace <ada@example.org>".to_owned(),
        relations: BTreeMap::from([
            (RelationField::Breaks, "hello-old (<< 1)".to_owned()),
            (
                RelationField::Depends,
                "dash|bash,\n libc6 (>=2.36)".to_owned(),
            ),
            (RelationField::Suggests, String::new()),
        ]),
        section: Some("devel".to_owned()),
        priority: Some("optional".to_owned()),
        multi_arch: Some(MultiArch::Foreign),
        debug_symbols: None,
        homepage: None,
        synopsis: "greets the world".to_owned(),
        description: "Says hello.\n\n  verbatim\n..\nThat is all.\n".to_owned(),
    }
}

#[test]
fn a_declared_package_is_written_in_dpkgs_order() {
    let text = declared().text(12).expect("a control file");
    assert_eq!(
        text,
        "Package: hello\nVersion: 1.0-1\nArchitecture: all\n\
             Maintainer: Ada Lovelace <ada@example.org>\nInstalled-Size: 12\n\
             Depends: dash | bash, libc6 (>= 2.36)\nBreaks: hello-old (<< 1)\n\
             Section: devel\nPriority: optional\nMulti-Arch: foreign\n\
             Description: greets the world\n Says hello.\n .\n   verbatim\n ...\n That is all.\n"
    );
    BinaryControl::parse(text.as_bytes()).expect("what we wrote");
    let short = DeclaredControl {
        description: "\n \n".to_owned(),
        ..declared()
    };
    let text = short.text(12).expect("a control file");
    assert!(text.ends_with("Description: greets the world\n"), "{text}");
}

#[test]
fn dpkg_builds_and_reads_what_is_declared() {
    let dir = tempfile::tempdir().expect("a directory");
    let control = dir.path().join("tree/DEBIAN/control");
    std::fs::create_dir_all(control.parent().expect("DEBIAN")).expect("a directory");
    std::fs::write(&control, declared().text(12).expect("text")).expect("a file");
    let deb = dir.path().join("x.deb");
    let built = Command::new("dpkg-deb")
        .args(["--root-owner-group", "--build"])
        .args([dir.path().join("tree"), deb.clone()])
        .output()
        .expect("cannot run dpkg-deb: install the package dpkg");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && said.is_empty(), "{said}");
    let field = Command::new("dpkg-deb")
        .arg("--field")
        .args([deb.as_os_str(), "Depends".as_ref()])
        .output()
        .expect("dpkg-deb");
    let depends = String::from_utf8_lossy(&field.stdout);
    assert_eq!(depends, "dash | bash, libc6 (>= 2.36)\n");
}

#[test]
fn what_would_break_the_file_is_refused() {
    let refuse = |change: fn(&mut DeclaredControl)| {
        let mut control = declared();
        change(&mut control);
        let error = control.text(12).expect_err("must be refused");
        let source = error.source().map_or(String::new(), ToString::to_string);
        (error.to_string(), source)
    };
    for (found, want, cause) in [
        (
            refuse(|c| c.maintainer = "Ada".to_owned()),
            "the maintainer is “Ada”, expected Name <mail@example.org>",
            "",
        ),
        (
            refuse(|c| c.maintainer = "A\nEssential: yes\nX: <a@b>".to_owned()),
            "the maintainer is “A\nEssential: yes\nX: <a@b>”, expected Name <mail@example.org>",
            "",
        ),
        (
            refuse(|c| c.synopsis = "a\nb".to_owned()),
            "Description is \"a\\nb\", expected one line of text",
            "",
        ),
        (
            refuse(|c| c.synopsis = " ".to_owned()),
            "Description is \" \", expected one line of text",
            "",
        ),
        (
            refuse(|c| c.section = Some("x\n y".to_owned())),
            "Section is \"x\\n y\", expected one line of text",
            "",
        ),
        (
            refuse(|c| c.homepage = Some("https://x\ry".to_owned())),
            "cannot write the control file",
            "field Homepage: \"https://x\\ry\" cannot stand in a value: carriage returns and NUL are not allowed",
        ),
        (
            refuse(|c| c.architecture = "any".parse().expect("a name")),
            "the architecture is any, expected one architecture or all",
            "",
        ),
        (
            refuse(|c| {
                drop(
                    c.relations
                        .insert(RelationField::Depends, "${shlibs:Depends}".to_owned()),
                )
            }),
            "Depends is not a list of relations",
            "found “${shlibs:Depends}”, expected a package name",
        ),
    ] {
        assert_eq!((found.0.as_str(), found.1.as_str()), (want, cause));
    }
}
