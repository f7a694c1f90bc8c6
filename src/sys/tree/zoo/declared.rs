//! Declared packages have what debhelper would have made.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::format::compress;
use crate::format::control::DeclaredControl;
use crate::format::deb::Declared;
use crate::format::tar::{Kind, TreePath};
use crate::model::{Architecture, Timestamp};
use crate::sys::tree::read;

use super::{EPOCH, ZOO, assert_same, control_file, file, tool, tree};

/// A source package around a tree, for tools that look at `debian/`.
fn source(root: &Path) -> TempDir {
    let source = TempDir::new().expect("a temporary directory");
    let control = "Source: zoo\nMaintainer: Keeper <keeper@example.org>\n\n\
        Package: zoo\nArchitecture: all\nDescription: animals\n";
    let changelog = "zoo (1.0) unstable; urgency=low\n\n  * New.\n\n \
        -- Keeper <keeper@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n";
    file(source.path(), "debian/control", control.as_bytes(), 0o644);
    file(
        source.path(),
        "debian/changelog",
        changelog.as_bytes(),
        0o644,
    );
    file(source.path(), "debian/compat", b"13\n", 0o644);
    fs::rename(root, source.path().join("debian/zoo")).expect("same file system");
    source
}

fn in_source(source: &Path, name: &str, package: &str, arguments: &[&str]) -> String {
    let output = Command::new(name)
        .args(arguments)
        .current_dir(source)
        .env("LC_ALL", "C.UTF-8")
        .env("DEB_RULES_REQUIRES_ROOT", "no")
        .stdin(Stdio::null())
        .output();
    let output =
        output.unwrap_or_else(|e| panic!("cannot run {name} ({e}): apt-get install {package}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn declared_packages_are_debhelpers() {
    for animal in ZOO.iter().filter(|a| a.0 != "control files") {
        let root = tree(animal);
        file(root.path(), "etc/zoo.conf", b"a=1\n", 0o644);
        fs::remove_file(root.path().join("DEBIAN/control")).expect("made by tree()");
        control_file(root.path(), "conffiles", b"/etc/zoo.conf\n", 0o644);
        control_file(root.path(), "postinst", b"#!/bin/sh\nexit 0\n", 0o755);
        // dh_md5sums hands names to md5sum as they are: this one is an option
        // to it, and the whole file stays empty.
        if animal.0 == "odd names" {
            fs::remove_file(root.path().join("-dash")).expect("an odd name");
        }
        let mut data = read(root.path()).expect("a readable tree");
        data.retain(|path| {
            !path.as_bytes().starts_with(b"DEBIAN/") && path.as_bytes() != b"DEBIAN"
        });
        let declared = Declared {
            control: DeclaredControl {
                package: "zoo".parse().expect("a name"),
                version: "1.0".parse().expect("a version"),
                architecture: Architecture::all(),
                maintainer: "A <a@x.org>".to_owned(),
                relations: BTreeMap::new(),
                section: None,
                priority: None,
                multi_arch: None,
                debug_symbols: None,
                homepage: None,
                synopsis: "animals".to_owned(),
                description: String::new(),
            },
            files: [("postinst".to_owned(), b"#!/bin/sh\nexit 0\n".to_vec())].into(),
            conffiles: vec![TreePath::new("etc/zoo.conf").expect("plain")],
            data,
        };
        let tree = declared
            .control_tree(Timestamp::from_unix(EPOCH))
            .expect(animal.0);
        let made = |name: &str| {
            let path = TreePath::new(name).expect("plain");
            let Some(Kind::File(content)) = tree.get(&path).map(|node| &node.kind) else {
                return Vec::new();
            };
            let mut bytes = Vec::new();
            content
                .open()
                .and_then(|mut open| open.read_to_end(&mut bytes))
                .expect("memory");
            bytes
        };
        assert_eq!(made("conffiles"), b"/etc/zoo.conf\n");

        let source = source(root.path());
        let arguments = ["-Pdebian/zoo", "-O", "-v1.0"];
        let control = in_source(source.path(), "dpkg-gencontrol", "dpkg-dev", &arguments);
        let size = |text: &str| {
            let line = text
                .lines()
                .find(|line| line.starts_with("Installed-Size:"));
            line.map(str::to_owned)
        };
        let ours = String::from_utf8(made("control")).expect("UTF-8");
        assert_eq!(size(&ours), size(&control), "{}: {control}", animal.0);

        in_source(source.path(), "dh_md5sums", "debhelper", &[]);
        let md5sums = source.path().join("debian/zoo/DEBIAN/md5sums");
        let theirs = fs::read(md5sums).expect("dh_md5sums wrote it");
        assert_same(&made("md5sums"), &theirs, animal.0);
        fs::rename(source.path().join("debian/zoo"), root.path()).expect("same file system");
    }
}

#[test]
fn short_changelogs_are_gzips() {
    let out = TempDir::new().expect("a temporary directory");
    let plain = out.path().join("changelog");
    let entry = "zoo (1.0-1) unstable; urgency=medium\n\n  * Feed the animals (Closes: #1).\n\n";
    for len in [0, 1, 100, 2_000, 10_000] {
        let text: String = entry.chars().cycle().take(len).collect();
        fs::write(&plain, &text).expect("new");
        let arguments = [OsStr::new("-9nc"), plain.as_os_str()];
        let theirs = tool("gzip", "gzip", &arguments);
        assert_same(&compress::gzip(text.as_bytes()), &theirs, &len.to_string());
    }
}
