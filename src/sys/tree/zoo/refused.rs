//! Trees that dpkg-deb does not build, and neither do we.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::format::deb::BuildTree;
use crate::sys::tree::read;

use super::{control_file, file, tree};

#[test]
fn what_dpkg_deb_does_not_build_we_refuse() {
    type Spoil = fn(&Path);
    let cases: &[(&str, Spoil, &str)] = &[
        (
            "a DEBIAN that others may write to",
            |root| chmod(root, "DEBIAN", 0o777),
            "DEBIAN/. has mode 0777, expected 0755 or 0775",
        ),
        (
            "a script that cannot run",
            |root| control_file(root, "postinst", b"#!/bin/sh\n", 0o644),
            "DEBIAN/postinst has mode 0644, expected 0555 to 0775",
        ),
        (
            "a script that is a directory",
            |root| fs::create_dir(root.join("DEBIAN/prerm")).expect("new"),
            "DEBIAN/prerm is no regular file or symbolic link",
        ),
        (
            "no control file",
            |root| fs::remove_file(root.join("DEBIAN/control")).expect("made by tree()"),
            "DEBIAN/control is missing",
        ),
        (
            "a control file without a version",
            |root| control_file(root, "control", b"Package: zoo\nArchitecture: all\n", 0o644),
            "DEBIAN/control is not valid",
        ),
        (
            "a version without a revision after its hyphen",
            |root| {
                let control = "Package: zoo\nVersion: 1.0-\nArchitecture: all\n\
                    Maintainer: K <k@example.org>\nDescription: animals\n";
                control_file(root, "control", control.as_bytes(), 0o644);
            },
            "DEBIAN/control has no valid version",
        ),
        (
            "a conffile that is not there",
            |root| control_file(root, "conffiles", b"/etc/zoo\n", 0o644),
            "DEBIAN/conffiles line 1: “/etc/zoo” is not in the package",
        ),
        (
            "conffiles without a newline at the end",
            |root| {
                file(root, "etc/zoo", b"", 0o644);
                control_file(root, "conffiles", b"/etc/zoo", 0o644);
            },
            "DEBIAN/conffiles line 1: “/etc/zoo” has no newline at its end",
        ),
        (
            "no DEBIAN",
            |root| fs::remove_dir_all(root.join("DEBIAN")).expect("made by tree()"),
            "no directory DEBIAN in the tree",
        ),
    ];
    for (case, spoil, want) in cases {
        let root = tree(&("good", |_| {}));
        spoil(root.path());
        let tree = read(root.path()).expect("a readable tree");
        let found = BuildTree::new(&tree).map(drop).map_err(|e| e.to_string());
        assert_eq!(found, Err((*want).to_owned()), "{case}");

        let deb = TempDir::new().expect("a temporary directory");
        let judge = Command::new("dpkg-deb")
            .arg("--build")
            .args([root.path(), &deb.path().join("x.deb")])
            .stdin(Stdio::null())
            .output();
        let judge =
            judge.unwrap_or_else(|e| panic!("cannot run dpkg-deb ({e}): apt-get install dpkg"));
        assert!(!judge.status.success(), "dpkg-deb builds {case}");
    }
}

fn chmod(root: &Path, name: &str, mode: u32) {
    fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).expect(name);
}
