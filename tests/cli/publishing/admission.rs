//! What is not let in: each with its exit code and reason, and without a trace
//! in the archive.

use std::path::{Path, PathBuf};

use crate::archive::packages::{Deb, changes, deb, source};
use crate::world::World;

/// Something that is offered to a suite that has apple 1.5.
struct Case {
    name: &'static str,
    offer: fn(&World) -> Vec<PathBuf>,
    rule: &'static str,
    says: &'static [&'static str],
}

fn upload(world: &World, distribution: &str) -> (PathBuf, PathBuf) {
    let package = deb("cherry", "1.0").make(world, "upload");
    let changes = changes(distribution, &[&package]);
    (package, changes)
}

fn spoil(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("it was made");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("a file");
}

const REFUSED: &[Case] = &[
    Case {
        name: "the same version with other content",
        offer: |world| {
            vec![
                Deb {
                    content: b"other\n",
                    ..deb("apple", "1.5")
                }
                .make(world, "offer"),
            ]
        },
        rule: "same-version-other-content",
        says: &["apple 1.5", "new version"],
    },
    Case {
        name: "a lower version",
        offer: |world| vec![deb("apple", "1.4").make(world, "offer")],
        rule: "older-version",
        says: &["stable has 1.5", "higher version"],
    },
    Case {
        name: "an architecture that the suite lacks",
        offer: |world| {
            vec![
                Deb {
                    architecture: Some("s390x"),
                    ..deb("cherry", "1")
                }
                .make(world, "offer"),
            ]
        },
        rule: "unknown-architecture",
        says: &["s390x", "not in stable"],
    },
    Case {
        name: "a truncated package beside a good one",
        offer: |world| {
            let whole = deb("cherry", "1.0").make(world, "offer");
            let cut = deb("damson", "1.0").make(world, "offer");
            spoil(&cut, |bytes| bytes.truncate(bytes.len() - 40));
            vec![whole, cut]
        },
        rule: "unreadable-package",
        says: &["damson_1.0_all.deb"],
    },
    Case {
        name: "a package with a path that leads out",
        offer: |world| vec![deb("cherry", "1.0").make_escaping(world)],
        rule: "unreadable-package",
        says: &["../../etc/evil"],
    },
    Case {
        name: "an unfinished upload",
        offer: |world| vec![upload(world, "UNRELEASED").1],
        rule: "unreleased",
        says: &["UNRELEASED", "debian/changelog"],
    },
    Case {
        name: "an upload with a file missing",
        offer: |world| {
            let (package, changes) = upload(world, "stable");
            std::fs::remove_file(package).expect("it was made");
            vec![changes]
        },
        rule: "upload-incomplete",
        says: &["cherry_1.0_all.deb", "not beside it"],
    },
    Case {
        name: "an upload with a file that differs",
        offer: |world| {
            let (package, changes) = upload(world, "stable");
            spoil(&package, |bytes| *bytes.last_mut().expect("a byte") ^= 1);
            vec![changes]
        },
        rule: "upload-differs",
        says: &["cherry_1.0_all.deb", "sha256"],
    },
    Case {
        name: "a source package without its tarball",
        offer: |world| {
            let dsc = source(world);
            std::fs::remove_file(dsc.with_file_name("plum_1.0.orig.tar.gz")).expect("it was made");
            vec![dsc]
        },
        rule: "source-file-missing",
        says: &["plum_1.0.orig.tar.gz", "beside the .dsc"],
    },
    Case {
        name: "a file that is no package",
        offer: |world| vec![world.project().join(".git/HEAD")],
        rule: "unknown-file",
        says: &[".git/HEAD"],
    },
];

#[test]
fn what_would_break_the_archive_is_refused_whole() {
    let world = World::with_archive();
    world
        .add(&[deb("apple", "1.5").make(&world, "debs")], &[])
        .code(0);
    let before = world.archive_listing();
    for Case {
        name,
        offer,
        rule,
        says,
    } in REFUSED
    {
        for below in ["offer", "upload", "source"] {
            let _ = std::fs::remove_dir_all(world.path(below));
        }
        let files = offer(&world);
        let ran = world.add(&files, &["--json"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.stdout, ran.stderr);
        let document = ran.document("debcut/archive-add/1");
        assert_eq!(document["changed"], false, "{name}");
        let findings = document["findings"].as_array().expect("a list");
        let found = findings.iter().find(|finding| finding["rule"] == *rule);
        let found = found.unwrap_or_else(|| panic!("{name}: {document}"));
        for field in ["severity", "subject", "message", "fix"] {
            assert!(found[field].is_string(), "{name}: {field} in {found}");
        }
        let text = found.to_string();
        for part in *says {
            assert!(text.contains(part), "{name}: {part:?} in {text}");
        }
        let text = world.add(&files, &[]).code(1).stdout;
        assert!(text.contains(&format!("[{rule}]")), "{name}: {text}");
        assert_eq!(world.archive_listing(), before, "{name}");
    }
}

#[test]
fn older_versions_are_taken_when_asked_for() {
    let world = World::with_archive();
    world
        .add(&[deb("apple", "1.5").make(&world, "debs")], &[])
        .code(0);
    let older = deb("apple", "1.4").make(&world, "debs");
    world.add(&[older], &["--allow-older"]).code(0);
    assert_eq!(world.packages_of("stable"), ["apple 1.4", "apple 1.5"]);
}

#[test]
fn upload_meant_for_another_suite_goes_where_it_is_sent() {
    let world = World::with_archive();
    let (_, changes) = upload(&world, "bookworm");
    world
        .add(&[changes], &[])
        .code(0)
        .says(&["bookworm", "stable"]);
    assert_eq!(world.packages_of("stable"), ["cherry 1.0"]);
}

#[test]
fn wrong_requests_are_told_and_change_nothing() {
    let world = World::with_archive();
    let package = deb("apple", "1.0").make(&world, "debs");
    let package = package.to_str().expect("text");
    let before = world.archive_listing();
    let (archive, gone) = (world.archive_at(), world.path("gone"));
    let (archive, gone) = (
        archive.to_str().expect("text"),
        gone.to_str().expect("text"),
    );
    let add = ["archive", "add", package, "--json", "--to"];
    let cases: [(&str, &[&str], &[&str]); 5] = [
        (
            "an unknown suite",
            &["unstable", "--archive", archive],
            &["unstable", "stable"],
        ),
        (
            "an unknown archive",
            &["stable", "--archive", gone],
            &[gone],
        ),
        (
            "no archive",
            &["stable"],
            &["--archive DIR", "DEBCUT_ARCHIVE"],
        ),
        (
            "a bad suite",
            &["Stable Release", "--archive", archive],
            &["Stable Release"],
        ),
        (
            "an unknown place",
            &["stable", "--archive", "ftp://example.org/"],
            &["ftp://example.org/"],
        ),
    ];
    for (name, more, says) in cases {
        let ran = world.run(add.iter().chain(more));
        assert_eq!(ran.code, 2, "{name}: {}{}", ran.stdout, ran.stderr);
        ran.document("debcut/error/1");
        for part in says {
            assert!(
                ran.stderr.contains(part),
                "{name}: {part:?} in {}",
                ran.stderr
            );
        }
    }
    world.write(
        "debcut.toml",
        "[archive.one]\nlocation = \"../archive\"\n\n[archive.two]\nlocation = \"../two\"\n",
    );
    let ran = world.run(add.iter().chain(&["stable"])).code(2);
    ran.says(&["several archives", "--archive one", "--archive two"]);
    assert_eq!(world.archive_listing(), before);
    assert!(!world.path("gone").exists());
    world
        .run(add.iter().chain(&["stable", "--archive", "one"]))
        .code(0);
    assert_eq!(world.packages_of("stable"), ["apple 1.0"]);
}

#[test]
fn archive_of_another_user_is_a_permission_to_ask_for() {
    let world = World::with_archive();
    let package = deb("apple", "1.0").make(&world, "debs");
    let call = world.add_call(&[package], &["--json"]).by_nobody();
    let forbid = |directories: u32, files: u32| {
        for entry in walkdir::WalkDir::new(world.archive_at()).contents_first(true) {
            let path = entry.expect("listed").into_path();
            let mode = if path.is_dir() { directories } else { files };
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("it is ours");
        }
    };
    forbid(0o555, 0o444);
    let before = world.archive_listing();
    let ran = call.run().code(2);
    assert_eq!(ran.document("debcut/error/1")["kind"], "permission");
    ran.says(&["Permission denied", "archive's owner"]);
    assert_eq!(world.archive_listing(), before);
    // Else a user other than root could not remove the world.
    forbid(0o755, 0o644);
}
