//! Packages of Debian's own through the whole build: imported into git as
//! their maintainers would (DEP-14), built from the tag, and compared with what
//! dpkg-buildpackage makes of the same source.

pub mod fetch;
pub mod import;
mod sources;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::bytes::payload;
use crate::world::{World, tool};
use fetch::Pristine;

/// Finds files by their ending.
fn files(directory: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("listed").path());
    let wanted = |path: &PathBuf| {
        let name = path.to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let found: BTreeSet<_> = paths.filter(wanted).collect();
    Vec::from_iter(found)
}

fn only(directory: &Path, ending: &str) -> PathBuf {
    let found = files(directory, &[ending]);
    assert_eq!(
        found.len(),
        1,
        "{ending} in {}: {found:?}",
        directory.display()
    );
    found[0].clone()
}

/// Builds the imported tag and has Debian's tools check what came of it.
fn build(world: &World, pristine: &Pristine, arguments: &[&str], out: &str) -> PathBuf {
    let words = ["build", "--out", out].into_iter();
    let words = words.chain(arguments.iter().copied());
    world.run(words).code(0);
    let out = world.project().join(out);
    let keyring = world.keyring();
    let (dsc, changes) = (only(&out, ".dsc"), only(&out, ".changes"));
    let mut gpgv = tool("gpgv", "gpgv");
    gpgv.arg("--keyring").arg(&keyring).arg(&dsc);
    world.judge(gpgv).code(0);
    let mut dscverify = tool("dscverify", "devscripts");
    dscverify.args(["--no-default-keyrings", "--keyring"]);
    dscverify.arg(&keyring).arg(&changes);
    world.judge(dscverify).code(0);
    import::assert_source_is_the_tree(world, &dsc);
    let record = std::fs::read_to_string(only(&out, ".buildinfo")).expect("readable");
    for file in files(&out, &[".deb", ".udeb", ".dsc"]) {
        let digest = debcut::model::Sha256::of(&std::fs::read(&file).expect("readable")).hex();
        let name = file.file_name().expect("a name").to_string_lossy();
        let listed = |line: &str| line.contains(&digest) && line.ends_with(&*name);
        assert!(
            record.lines().any(listed),
            "{}: {name} in\n{record}",
            pristine.name
        );
    }
    out
}

/// What lintian calls an error in an upload.
fn lintian_errors(world: &World, changes: &Path) -> BTreeSet<String> {
    let mut lintian = tool("lintian", "lintian");
    lintian.args([
        "--fail-on",
        "none",
        "--allow-root",
        "--tag-display-limit",
        "0",
    ]);
    lintian.arg(changes);
    let said = world.judge(lintian).code(0).stdout;
    let errors = said.lines().filter(|line| line.starts_with("E: "));
    errors.map(str::to_owned).collect()
}

/// Says of a package what must be as dpkg-buildpackage makes it: control
/// fields, and each file's mode, owner and path.
fn essence(world: &World, deb: &Path) -> Vec<String> {
    let run = |argument: &str| {
        let mut dpkg = tool("dpkg-deb", "dpkg");
        dpkg.arg(argument).arg(deb);
        world.judge(dpkg).code(0).stdout
    };
    // Sizes and times of compiled files vary with paths and dates.
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let is_identity = words
            .iter()
            .any(|word| word.starts_with("./usr/lib/debug/.build-id"));
        let rest = words.get(5..).unwrap_or_default().join(" ");
        (!is_identity).then(|| format!("{} {} {rest}", words[0], words[1]))
    };
    let vary = ["Installed-Size:", "Build-Ids:"];
    let fields = run("--field");
    let fields = fields
        .lines()
        .filter(|line| !vary.iter().any(|name| line.starts_with(name)));
    let contents = run("--contents");
    let rows = contents.lines().filter_map(row);
    fields.map(str::to_owned).chain(rows).collect()
}

fn assert_as_debian_builds_it(world: &World, pristine: &Pristine, built: &Path) {
    let reference = import::built_by_dpkg(world, pristine);
    let ours = files(built, &[".deb", ".udeb"]);
    let theirs = files(&reference, &[".deb", ".udeb"]);
    assert!(!ours.is_empty());
    let names = |files: &[PathBuf]| {
        Vec::from_iter(files.iter().map(|f| f.file_name().map(ToOwned::to_owned)))
    };
    assert_eq!(names(&ours), names(&theirs), "{}", pristine.name);
    for (our, their) in ours.iter().zip(&theirs) {
        assert_eq!(
            essence(world, our),
            essence(world, their),
            "{}",
            our.display()
        );
    }
    let allowed = lintian_errors(world, &only(&reference, ".changes"));
    let found = lintian_errors(world, &only(built, ".changes"));
    let new: Vec<_> = found.difference(&allowed).collect();
    assert!(new.is_empty(), "{}: new errors: {new:?}", pristine.name);
}

/// Imports, builds twice under different circumstances, compares.
fn whole_way(name: &str) {
    let pristine = fetch::source(name);
    let (world, other) = (World::new(), World::new());
    let tag = import::import(&world, &pristine);
    assert_eq!(import::import(&other, &pristine), tag);
    for world in [&world, &other] {
        world.key();
    }
    let built = build(&world, &pristine, &[&tag], "../out");
    assert_as_debian_builds_it(&world, &pristine, &built);
    let again = other.debcut(["build", &tag, "--out", "../somewhere/else"]);
    let again = again.env("DEBCUT_NOW", "2033-01-01T00:00:00Z").umask("077");
    again.env("LANG", "de_DE.UTF-8").run().code(0);
    let again = payload(&other.path("somewhere/else"));
    assert_eq!(payload(&built), again, "{name}: the same bytes");
    if let Some(orig) = &pristine.orig {
        let file = orig.to_str().expect("text");
        let given = build(&world, &pristine, &[&tag, "--orig", file], "../given");
        let kept = given.join(orig.file_name().expect("a name"));
        let bytes = |path: &Path| std::fs::read(path).expect("readable");
        assert!(
            bytes(&kept) == bytes(orig),
            "{name}: the given tarball as it is"
        );
    }
}

#[test]
fn hostname_native() {
    whole_way("hostname");
}

#[test]
fn hello_quilt_with_documentation() {
    whole_way("hello");
}

#[test]
fn numad_unit_and_conffile() {
    whole_way("numad");
}

#[test]
fn libestr_shared_library() {
    whole_way("libestr");
}
