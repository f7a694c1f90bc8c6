//! Packages packed and compared by the small tools, on files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::world::{World, finished, tool};

const CONTROL: &str = "Package: zoo\nVersion: 1.0\nArchitecture: all\n\
    Maintainer: Keeper <keeper@example.org>\nDescription: animals\n";

/// Packs a tree with these files, each mode 0644 and from the same second.
fn packed(world: &World, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let tree = world.path(name);
    for (path, bytes) in [("DEBIAN/control", CONTROL.as_bytes())].iter().chain(files) {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().expect("below")).expect("directories");
        fs::write(&path, bytes).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("own");
    }
    let deb = world.path(&format!("{name}.deb"));
    let arguments = ["deb", "pack", "--out"].map(Path::new);
    let call = world.debcut(arguments.into_iter().chain([&*deb, &*tree]));
    call.env("SOURCE_DATE_EPOCH", "86400").run().code(0);
    deb
}

#[test]
fn deb_diff_shows_the_bytes_that_differ() {
    let world = World::new();
    let a = packed(
        &world,
        "a",
        &[("usr/t", b"one\nbuilt at 10:00\n"), ("usr/x", b"\0\x01")],
    );
    let b = packed(
        &world,
        "b",
        &[("usr/t", b"one\nbuilt at 11:00\n"), ("usr/x", b"\0\xff")],
    );
    let diff = |more: &[&str], a: &Path, b: &Path| {
        let words = ["deb", "diff"].iter().chain(more).map(Path::new);
        world.run(words.chain([a, b]))
    };
    let text = diff(&[], &a, &b).code(1).stdout;
    for line in [
        "      byte 14, line 2: 1 byte\n        - “one\\nbuilt at 10:00\\n”\n        \
         + “one\\nbuilt at 11:00\\n”\n",
        "      byte 1, line 1: 1 byte\n        - 00 01\n        + 00 ff\n",
    ] {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
    let document = diff(&["--json"], &a, &b)
        .code(1)
        .document("debcut/deb-diff/1");
    let differences = document["differences"].as_array().expect("a list");
    let found = differences
        .iter()
        .find(|one| one["name"] == "usr/x")
        .expect("it differs");
    assert_eq!(found["aspect"], "content");
    assert_eq!(
        found["bytes"],
        serde_json::json!({
            "first": 1,
            "differing": 1,
            "spans": [{
                "offset": 1,
                "length": 1,
                "line": 1,
                "from": {"offset": 0, "hex": "0001", "text": null},
                "to": {"offset": 0, "hex": "00ff", "text": null},
            }],
            "further": 0,
        })
    );
    assert!(
        diff(&[], &a, &a)
            .code(0)
            .stdout
            .starts_with("the same bytes: ")
    );
}

#[test]
fn deb_diff_reads_pipes() {
    let world = World::new();
    let a = packed(&world, "a", &[("usr/t", b"one")]);
    let b = packed(&world, "b", &[("usr/t", b"two")]);
    let script = format!("\"$0\" deb diff <(cat {}) {}", a.display(), b.display());
    let ran = world.debcut([""; 0]).under(["bash", "-c", &script]).run();
    let said = ran.code(1).stdout;
    assert!(said.contains("byte 0, line 1: 3 bytes"), "{said}");
}

/// What `deb pack` and dpkg-deb are asked for alike.
const ALIKE: [(&[&str], &[&str]); 5] = [
    (&[], &["-Zxz"]),
    (&["--compress", "none"], &["-Znone"]),
    (&["--compress", "gzip", "--level", "1"], &["-Zgzip", "-z1"]),
    (
        &["--level", "9", "--strategy", "extreme", "--threads", "3"],
        &["-Zxz", "-z9", "-Sextreme"],
    ),
    (
        &["--no-uniform-compression", "--strategy", "none"],
        &["-Zxz", "--no-uniform-compression"],
    ),
];

#[test]
fn deb_pack_writes_dpkg_debs_bytes() {
    let world = World::new();
    packed(
        &world,
        "t",
        &[("usr/t", b"one\n"), ("DEBIAN/triggers", b"")],
    );
    let at = |name: &str| world.path(name).display().to_string();
    let [tree, ours, theirs] = ["t", "ours.deb", "theirs.deb"].map(at);
    for (flags, options) in ALIKE {
        let words = [&["deb", "pack", &tree, "--out", &ours], flags].concat();
        let call = world.debcut(words).env("SOURCE_DATE_EPOCH", "86400");
        call.run().code(0);
        let mut dpkg = tool("dpkg-deb", "dpkg");
        dpkg.args(options)
            .args(["--root-owner-group", "-b", &tree, &theirs]);
        dpkg.env("SOURCE_DATE_EPOCH", "86400");
        let ran = finished(dpkg.output().expect("it runs"));
        ran.code(0);
        let [ours, theirs] = [&ours, &theirs].map(|path| fs::read(path).expect("written"));
        assert!(ours == theirs, "{flags:?}");
    }
}

#[test]
fn strategies_that_a_compressor_has_not_are_refused() {
    let world = World::new();
    packed(&world, "t", &[]);
    let tree = world.path("t").display().to_string();
    for (flags, why) in [
        (
            &["--compress", "gzip", "--strategy", "extreme"][..],
            "gzip has no strategy",
        ),
        (
            &["--compress", "none", "--strategy", "extreme"],
            "none has no strategy",
        ),
        (
            &["--compress", "gzip", "--strategy", "huffman"],
            "invalid value 'huffman'",
        ),
    ] {
        let words = [&["deb", "pack", &tree, "--out", "x.deb"], flags].concat();
        world.run(words).code(2).says(&[why]);
        assert!(!world.project().join("x.deb").exists());
    }
}
