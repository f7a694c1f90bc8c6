//! Source packages of Debian's own, packed again from git: the upstream
//! tarballs and signatures are Debian's to the byte, and the unpacked source is
//! the same.

use std::fs;
use std::path::{Path, PathBuf};

use super::fetch::{self, Pristine};
use super::import::extract;
use super::{files, only};
use crate::world::{Listing, World, listing, tool};

/// Commits a source package's tree as `dpkg-source` unpacks it, and tags it.
fn commit(world: &World, pristine: &Pristine, options: &[&str]) {
    let project = world.project();
    let info = project.join(".git/info");
    fs::create_dir_all(&info).expect("a repository");
    fs::write(info.join("attributes"), "* -text -filter -ident\n").expect("a repository");
    let tree = world.path("imported");
    extract(world, &pristine.dsc, &tree, options);
    let mut copy = tool("cp", "coreutils");
    copy.arg("--archive").arg(tree.join(".")).arg(&project);
    world.judge(copy).code(0);
    // What quilt notes is no part of a repository.
    let _ = fs::remove_dir_all(project.join(".pc"));
    world.git(&["add", "--all", "--force"]);
    world.git(&["commit", "--quiet", "--message", "import"]);
    world.tag("debian/imported");
}

/// Lists what a source package unpacks to: contents, links and executable bits.
fn contents(world: &World, dsc: &Path, name: &str) -> Listing {
    let to = world.path(name);
    extract(world, dsc, &to, &[]);
    let mut found = listing(&to);
    found.retain(|path, is| !path.starts_with(".pc") && !is.ends_with(' '));
    found.values_mut().for_each(|is| {
        let executable = u32::from_str_radix(&is[3..6], 8).expect("a mode") & 0o100 != 0;
        *is = format!("{executable} {}", &is[7..]);
    });
    found
}

fn assert_upstreams(ours: &Path, pristine: &Pristine) {
    let theirs = pristine.dsc.parent().expect("it is in a directory");
    let upstream = |path: &PathBuf| path.to_string_lossy().contains(".orig");
    let mut found = files(theirs, &[".gz", ".xz", ".bz2", ".asc"]);
    found.retain(upstream);
    assert!(!found.is_empty(), "{}", pristine.name);
    for path in found {
        let name = path.file_name().expect("a name");
        let bytes = |path: &Path| fs::read(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        assert!(bytes(&ours.join(name)) == bytes(&path), "{name:?}");
    }
}

/// Packs a package again from its tree and its published tarballs.
fn packed_again(name: &str, options: &[&str], has: &str) {
    let Some(pristine) = fetch::source_or_skip(name) else {
        return;
    };
    let world = World::new();
    commit(&world, &pristine, options);
    let at = pristine.dsc.parent().expect("it is in a directory");
    let at = at.to_str().expect("text");
    let words = ["build", "--commit", "debian/imported", "--source-only"];
    let words = words
        .into_iter()
        .chain(["--no-sign", "--orig", at, "--out", "../out"]);
    world.run(words).code(0);
    let out = world.path("out");
    assert_upstreams(&out, &pristine);
    let dsc = only(&out, ".dsc");
    let said = fs::read_to_string(&dsc).expect("readable");
    assert!(said.contains(has), "{name}: {has} in\n{said}");
    let ours = contents(&world, &dsc, "ours");
    assert_eq!(ours, contents(&world, &pristine.dsc, "theirs"), "{name}");
}

#[test]
fn mbw_format_1_with_a_diff() {
    packed_again("mbw", &[], "Format: 1.0\n");
}

#[test]
fn node_boolbase_with_a_component() {
    packed_again("node-boolbase", &["--skip-patches"], ".orig-");
}

#[test]
fn ethstats_signed_by_upstream() {
    packed_again("ethstats", &["--skip-patches"], ".asc\n");
}

#[test]
fn chaos_marmosets_with_patches_applied() {
    packed_again("chaos-marmosets", &[], ".asc\n");
}

#[test]
fn libestr_by_pristine_tar() {
    let Some(pristine) = fetch::source_or_skip("libestr") else {
        return;
    };
    let world = World::new();
    let tag = super::import::import(&world, &pristine);
    let orig = pristine.orig.as_ref().expect("it has one");
    let upstream = world.git(&["tag", "--list", "upstream/*"]);
    let mut commit = tool("pristine-tar", "pristine-tar");
    commit.current_dir(world.project());
    commit.arg("commit").arg(orig).arg(upstream);
    world.judge(commit).code(0);
    let words = [
        "build",
        &tag,
        "--source-only",
        "--no-sign",
        "--out",
        "../out",
    ];
    world.run(words).code(0);
    assert_upstreams(&world.path("out"), &pristine);
}
