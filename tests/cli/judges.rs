//! What a build leaves, judged by Debian's own tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Ran, World, is_root, tool};

fn built(world: &World) -> PathBuf {
    world.key();
    world.run(["build", "--out", "../out"]).code(0);
    world.path("out")
}

fn only(directory: &Path, ending: &str) -> PathBuf {
    let entries = std::fs::read_dir(directory).expect("the artifacts are there");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let found: Vec<_> = paths
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    assert_eq!(found.len(), 1, "{ending}: {found:?}");
    found[0].clone()
}

fn lintian(world: &World, file: &Path) -> Ran {
    let mut lintian = tool("lintian", "lintian");
    lintian.args([
        "--fail-on",
        "error",
        "--allow-root",
        "--tag-display-limit",
        "0",
    ]);
    lintian.arg(file);
    world.judge(lintian)
}

#[test]
fn lintian_finds_no_error() {
    for world in [World::declared(), World::native(), World::quilt()] {
        let out = built(&world);
        for ending in [".deb", ".changes"] {
            let ran = lintian(&world, &only(&out, ending)).code(0);
            assert!(!ran.stdout.contains("E: "), "{}", ran.stdout);
        }
    }
}

#[test]
fn lintian_would_find_one() {
    let world = World::declared();
    world.edit("debcut.toml", "/usr/bin/tally\"", "/usr/local/bin/tally\"");
    world.commit("build: break policy");
    world.git(&["tag", "--delete", "v1.2.0"]);
    world.tag("v1.2.0");
    let out = built(&world);
    let ran = lintian(&world, &only(&out, ".deb"));
    assert!(ran.stdout.contains("E: tally: "), "{}", ran.stdout);
}

fn dpkg_deb(arguments: &[&str], deb: &Path) -> Command {
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.args(arguments).arg(deb);
    dpkg
}

#[test]
fn dpkg_reads_and_unpacks_the_package() {
    let world = World::declared();
    let deb = only(&built(&world), ".deb");
    let fields = world.judge(dpkg_deb(&["--field"], &deb)).code(0).stdout;
    for line in [
        "Package: tally",
        "Version: 1.2.0",
        "Architecture: all",
        "Maintainer: Ada Example <ada@example.org>",
        "Section: utils",
        "Description: counts the lines on its standard input",
        " Reads lines until there are no more",
        " .",
    ] {
        assert!(
            fields.lines().any(|found| found.starts_with(line)),
            "{line}:\n{fields}"
        );
    }
    let info = world.judge(dpkg_deb(&["--info"], &deb)).code(0).stdout;
    assert!(
        info.contains("conffiles") && info.contains("md5sums"),
        "{info}"
    );
    let contents = world.judge(dpkg_deb(&["--contents"], &deb)).code(0).stdout;
    let rows = [
        "-rwxr-xr-x root/root",
        "./usr/bin/tally",
        "./usr/bin/count-lines -> tally",
        "-rw-r--r-- root/root",
        "./etc/tally.conf",
        "./usr/share/man/man1/tally.1.gz",
        "./usr/share/doc/tally/copyright",
        "./usr/share/doc/tally/changelog.gz",
        "2025-05-01 10:00",
    ];
    for row in rows {
        assert!(contents.contains(row), "{row}:\n{contents}");
    }
    let tree = world.path("tree");
    let mut unpack = dpkg_deb(&["--extract"], &deb);
    unpack.arg(&tree);
    world.judge(unpack).code(0);
    let script = std::fs::read_to_string(tree.join("usr/bin/tally")).expect("it is in it");
    assert!(script.starts_with("#!/bin/sh\n# tally 1.2.0\n"), "{script}");
}

/// Installs into a root of its own; as another user than root through fakeroot.
fn dpkg(root: &Path, arguments: &[&str]) -> Command {
    let mut dpkg = if is_root() {
        tool("dpkg", "dpkg")
    } else {
        let mut fakeroot = tool("fakeroot", "fakeroot");
        fakeroot.arg("dpkg");
        fakeroot
    };
    dpkg.arg(format!("--root={}", root.display()));
    dpkg.args(["--force-script-chrootless", "--force-not-root"]);
    dpkg.args(arguments);
    dpkg
}

#[test]
fn dpkg_installs_and_removes_the_package() {
    let world = World::declared();
    let deb = only(&built(&world), ".deb");
    let root = world.path("root");
    for below in ["var/lib/dpkg/updates", "var/lib/dpkg/info"] {
        std::fs::create_dir_all(root.join(below)).expect("a directory");
    }
    std::fs::write(root.join("var/lib/dpkg/status"), "").expect("a file");
    let deb = deb.to_str().expect("text");
    world.judge(dpkg(&root, &["--install", deb])).code(0);
    assert!(root.join("usr/bin/count-lines").is_symlink());
    let mut query = tool("dpkg-query", "dpkg");
    query.arg(format!("--admindir={}/var/lib/dpkg", root.display()));
    query.args([
        "--show",
        "--showformat",
        "${Version} ${db:Status-Status} ${Conffiles}",
        "tally",
    ]);
    let said = world.judge(query).code(0).stdout;
    assert!(said.starts_with("1.2.0 installed"), "{said}");
    assert!(said.contains("/etc/tally.conf"), "{said}");
    world.judge(dpkg(&root, &["--verify", "tally"])).code(0);
    world.judge(dpkg(&root, &["--purge", "tally"])).code(0);
    assert!(!root.join("usr/bin/tally").exists() && !root.join("etc/tally.conf").exists());
}

fn dscverify(world: &World, keyring: &Path, file: &Path) -> Ran {
    let mut dscverify = tool("dscverify", "devscripts");
    dscverify
        .args(["--no-default-keyrings", "--keyring"])
        .arg(keyring)
        .arg(file);
    world.judge(dscverify)
}

#[test]
fn dscverify_accepts_what_was_signed_and_nothing_else() {
    for world in [World::declared(), World::quilt()] {
        let out = built(&world);
        let keyring = world.keyring();
        let changes = only(&out, ".changes");
        dscverify(&world, &keyring, &changes).code(0);
        let stranger = World::new();
        stranger.key();
        let ran = dscverify(&world, &stranger.keyring(), &changes);
        assert_ne!(ran.code, 0, "a stranger's key: {}", ran.stdout);
        let deb = only(&out, ".deb");
        let mut bytes = std::fs::read(&deb).expect("readable");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&deb, bytes).expect("writable");
        let ran = dscverify(&world, &keyring, &changes);
        assert_ne!(ran.code, 0, "a changed package: {}", ran.stdout);
    }
}
