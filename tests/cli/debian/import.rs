//! A source package as a git repository, and as dpkg's tools build it.

use std::fs;
use std::path::{Path, PathBuf};

use super::fetch::Pristine;
use crate::world::{Listing, World, listing, tool};

/// Commits the package's tree with patches unapplied, below it upstream's, and
/// tags both; returns the package's tag.
pub fn import(world: &World, pristine: &Pristine) -> String {
    let project = world.project();
    // Bytes go into git as they are, whatever upstream's attributes say.
    let info = project.join(".git/info");
    fs::create_dir_all(&info).expect("a repository");
    fs::write(info.join("attributes"), "* -text -filter -ident\n").expect("a repository");
    let tree = world.path("imported");
    extract(world, &pristine.dsc, &tree, &["--skip-patches"]);
    let version = changelog_field(world, &tree, "Version");
    let (_, upstream) = version.split_once(':').unwrap_or(("", &version));
    if let Some(orig) = &pristine.orig {
        let upstream = upstream
            .rsplit_once('-')
            .map_or(upstream, |(upstream, _)| upstream);
        let mut tar = tool("tar", "tar");
        tar.arg("--extract").arg("--file").arg(orig);
        tar.args(["--strip-components=1", "--directory"])
            .arg(&project);
        world.judge(tar).code(0);
        commit(world, &format!("upstream/{}", dep14(upstream)));
        world.git(&["rm", "-r", "--force", "--quiet", "."]);
    }
    for entry in fs::read_dir(&tree).expect("it was unpacked") {
        let path = entry.expect("listed").path();
        let to = project.join(path.file_name().expect("a name"));
        if to.is_dir() {
            fs::remove_dir_all(&to).expect("what git leaves is empty");
        }
        fs::rename(&path, to).expect("it is on the same disk");
    }
    let tag = format!("debian/{}", dep14(&version));
    commit(world, &tag);
    tag
}

/// Writes a version as DEP-14 has it in tags.
fn dep14(version: &str) -> String {
    version
        .replace('~', "_")
        .replace(':', "%")
        .replace("..", ".#.")
}

fn commit(world: &World, tag: &str) {
    world.git(&["add", "--all", "--force"]);
    world.git(&["commit", "--quiet", "--message", tag]);
    world.tag(tag);
}

/// Unpacks a source package.
pub fn extract(world: &World, dsc: &Path, to: &Path, options: &[&str]) {
    let mut unpack = tool("dpkg-source", "dpkg-dev");
    unpack.args(["--no-check", "--no-copy"]).args(options);
    unpack.arg("--extract").arg(dsc).arg(to);
    world.judge(unpack).code(0);
}

fn changelog_field(world: &World, tree: &Path, name: &str) -> String {
    let mut parse = tool("dpkg-parsechangelog", "dpkg-dev");
    parse.arg("--show-field").arg(name).arg("--file");
    parse.arg(tree.join("debian/changelog"));
    world.judge(parse).code(0).stdout.trim().to_owned()
}

/// Checks that a source package holds the work tree's files and no others.
pub fn assert_source_is_the_tree(world: &World, dsc: &Path) {
    let to = world.path("unpacked");
    extract(world, dsc, &to, &["--skip-patches"]);
    let files = |top: &Path| -> Listing {
        let mut found = listing(top);
        // Directories are git's and tar's own affair, and their modes too.
        found.retain(|path, is| !path.starts_with(".git") && !is.ends_with(' '));
        found.values_mut().for_each(|is| {
            let executable = u32::from_str_radix(&is[3..6], 8).expect("a mode") & 0o100 != 0;
            *is = format!("{executable} {}", &is[7..]);
        });
        found
    };
    assert_eq!(files(&to), files(&world.project()));
    fs::remove_dir_all(&to).expect("it was unpacked");
}

/// Builds the pristine source with dpkg-buildpackage; returns where.
pub fn built_by_dpkg(world: &World, pristine: &Pristine) -> PathBuf {
    let directory = world.path("reference");
    fs::create_dir(&directory).expect("a directory");
    let tree = directory.join("tree");
    extract(world, &pristine.dsc, &tree, &[]);
    if let Some(orig) = &pristine.orig {
        let name = orig.file_name().expect("a name");
        fs::copy(orig, directory.join(name)).expect("a copy");
    }
    let mut build = tool("dpkg-buildpackage", "dpkg-dev");
    build
        .args(["--unsigned-source", "--unsigned-changes"])
        .current_dir(&tree);
    world.judge(build).code(0);
    directory
}
