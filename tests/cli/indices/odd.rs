//! Random sets of packages with every odd field and version there is, published
//! in random order: `Packages` are what apt-ftparchive says of the same files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use debcut::model::Architecture;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::{ftparchive, paragraphs, plain, world};
use crate::world::{World, tool};

const VERSIONS: [&str; 9] = [
    "1.0",
    "1.0~rc1-1",
    "1.0+b2",
    "1:0.1-1",
    "1:0.1-1+deb12u1",
    "0~0",
    "2.0-1.1~bpo12+1",
    "10",
    "9a",
];
const NAMES: [&str; 6] = ["ant", "b++", "c.1", "d-e", "libf1", "0ad"];
const FIELDS: [&str; 12] = [
    "Depends: libc6 (>= 2.36),\n  perl:any | python3:any (>= 3.9~),\n ucf\n",
    "Pre-Depends: dpkg (>= 1.17.14)\n",
    "Recommends: aa,\n bb ,\n\tcc\n",
    "Multi-Arch: foreign\n",
    "Built-Using: gcc-12 (= 12.2.0-14), binutils (= 2.40-2)\n",
    "Static-Built-Using: rustc (= 1.63.0+dfsg1-2)\n",
    "Essential: no\n",
    "Homepage: https://example.org/?a=b:c#d\n",
    "Tag: role::program,\n use::testing, works-with::text\n",
    "X-Unknown: ☃ ünï\n",
    "Provides: virtual (= 1:2.0~3), other\nConflicts: old (<< 1.0~)\nReplaces: old\n",
    "Enhances: xx\nSuggests: yy\nBreaks: zz (<= 3)\n",
];
const DESCRIPTIONS: [&str; 4] = [
    "one line",
    "two paragraphs\n The first.\n .\n The second, with a: colon.",
    "a list\n  * indented\n    - further\n .\n .\n After two empty lines.",
    "ünï ☃\n Überall.",
];

/// Makes a package with fields by chance.
fn make(world: &World, name: &str, version: &str, chance: &mut StdRng) -> PathBuf {
    let tree = world.path("odd");
    let _ = std::fs::remove_dir_all(&tree);
    std::fs::create_dir_all(tree.join("DEBIAN")).expect("a directory");
    let here = Architecture::of_this_machine();
    let architecture = if chance.gen_bool(0.5) {
        "all"
    } else {
        here.as_str()
    };
    let count = chance.gen_range(0..6);
    let fields: String = FIELDS.choose_multiple(chance, count).copied().collect();
    let source = match chance.gen_range(0..3) {
        0 => "Source: origin\n",
        1 => "Source: origin (3:1.0-1~x)\n",
        _ => "",
    };
    let description = DESCRIPTIONS.choose(chance).expect("some");
    let control = format!(
        "Package: {name}\n{source}Version: {version}\nArchitecture: {architecture}\n\
         Maintainer: \"Ada, E.\" <ada@example.org>\nInstalled-Size: 1{count}\n{fields}\
         Section: misc\nPriority: optional\nDescription: {description}\n"
    );
    std::fs::write(tree.join("DEBIAN/control"), control).expect("a file");
    let package = world.path(&format!("{name}_{}.deb", version.replace(':', "%3a")));
    let mut build = tool("dpkg-deb", "dpkg");
    build.args(["--root-owner-group", "-Zgzip", "--build"]);
    build.arg(&tree).arg(&package);
    world.judge(build).code(0);
    package
}

#[test]
fn odd_packages_in_any_order_are_those_of_apt_ftparchive() {
    let seed: u64 = rand::random();
    let mut chance = StdRng::seed_from_u64(seed);
    let world = world(&["--compress", "xz,gz,zst", "--no-contents"]);
    let mut all = Vec::new();
    for name in NAMES {
        let count = chance.gen_range(1..5);
        for version in VERSIONS.choose_multiple(&mut chance, count) {
            all.push((name, *version));
        }
    }
    all.shuffle(&mut chance);
    let all: Vec<_> = all
        .into_iter()
        .map(|(name, version)| (name, version, make(&world, name, version, &mut chance)))
        .collect();
    for some in all.chunks(4) {
        let files: Vec<_> = some.iter().map(|(_, _, file)| file).collect();
        world.add(&files, &["--allow-older"]).code(0);
    }
    // One package goes, another loses a version; their files stay in the pool.
    let (name, version, _) = all[0];
    let gone = format!("{name}={version}");
    world.archive(["remove", &gone, "--from", "stable"]).code(0);
    let wanted: BTreeSet<_> = all[1..]
        .iter()
        .map(|(name, version, _)| (*name, *version))
        .collect();

    let theirs = paragraphs(&ftparchive(&world, &["packages", "pool/main"]));
    let here = Architecture::of_this_machine();
    for encoding in ["xz", "gz", "zst"] {
        let name = format!("main/binary-{here}/Packages.{encoding}");
        let ours = paragraphs(&plain(&world, &name));
        let listed = |fields: &BTreeMap<String, String>| {
            (fields["Package"].clone(), fields["Version"].clone())
        };
        let found: BTreeSet<_> = ours.values().map(listed).collect();
        let found: BTreeSet<_> = found
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(found, wanted, "seed {seed}");
        for (file, fields) in &ours {
            for (field, value) in fields {
                if let Some(other) = theirs[file].get(field) {
                    assert_eq!(value, other, "seed {seed}: {file}: {field}");
                }
            }
            // What they have and we have not are digests of no worth.
            let ours: BTreeSet<_> = fields.keys().map(String::as_str).collect();
            let more = theirs[file]
                .keys()
                .map(String::as_str)
                .filter(|f| !ours.contains(f));
            let more: Vec<_> = more.collect();
            assert_eq!(more, ["MD5sum", "SHA1", "SHA512"], "seed {seed}: {file}");
        }
    }
    assert!(world.deep_check(0).is_empty(), "seed {seed}");
}
