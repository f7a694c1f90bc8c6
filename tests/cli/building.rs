//! A build from a tag: what it leaves, what it says, and what it does not do
//! a second time.

use std::collections::BTreeSet;
use std::path::Path;

use crate::world::{Listing, World, listing};

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("the artifacts are there");
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let names: BTreeSet<String> = entries.map(|entry| name(entry.expect("listed"))).collect();
    names.into_iter().collect()
}

#[test]
fn declared_package_is_built_signed_and_found_again() {
    let world = World::declared();
    let key = world.key();
    let ran = world.run(["build"]).code(0);
    assert!(ran.stdout.contains("tally 1.2.0"), "{}", ran.stdout);
    let dist = world.project().join("dist/v1.2.0");
    let want = [
        "SHA256SUMS",
        "tally_1.2.0.intoto.jsonl",
        "tally_1.2.0_all.buildinfo",
        "tally_1.2.0_all.changes",
        "tally_1.2.0_all.deb",
    ];
    assert_eq!(names(&dist), want);
    let before = world.listing();
    let again = world.run(["build", "v1.2.0", "--json"]).code(0);
    let document = again.document("debcut/build/1");
    assert_eq!(document["changed"], false);
    assert_eq!(document["signed_by"], key.as_str());
    assert_eq!(document["artifacts"].as_array().map(Vec::len), Some(5));
    assert_eq!(world.listing(), before, "nothing to do");
    let text = world.run(["build", "v1.2.0"]).code(0).stdout;
    assert!(text.contains("nothing to do"), "{text}");
    for name in ["tally_1.2.0_all.deb", "SHA256SUMS"] {
        std::fs::remove_file(dist.join(name)).expect("it was there");
        let document = world.run(["build", "v1.2.0", "--json", "--out", "dist/v1.2.0"]);
        if name == "SHA256SUMS" {
            // Without its list, it might be anybody's directory.
            document.code(2).document("debcut/error/1");
        } else {
            let document = document.code(0).document("debcut/build/1");
            assert_eq!(document["changed"], true, "{name} is made again");
            assert_eq!(names(&dist), want);
        }
    }
}

#[test]
fn sums_are_of_the_files() {
    let world = World::declared();
    world.run(["build", "--no-sign"]).code(0);
    let dist = world.project().join("dist/v1.2.0");
    let mut sums = crate::world::tool("sha256sum", "coreutils");
    sums.current_dir(&dist)
        .args(["--check", "--strict", "SHA256SUMS"]);
    let said = world.judge(sums).code(0).stdout;
    assert_eq!(said.lines().count() + 1, names(&dist).len(), "{said}");
}

#[test]
fn dry_run_writes_nothing_and_names_its_plan() {
    for world in [World::declared(), World::native(), World::quilt()] {
        world.key();
        let before = world.listing();
        let planned = world.run(["build", "--dry-run", "--json", "--commit", "HEAD"]);
        let document = planned.code(0).document("debcut/build/1");
        assert_eq!(document["dry_run"], true);
        assert_eq!(document["plan_digest"].as_str().map(str::len), Some(64));
        assert!(document["plan"].is_object(), "{document}");
        assert_eq!(document["artifacts"].as_array().map(Vec::len), Some(0));
        let text = world
            .run(["build", "--dry-run", "--commit", "HEAD"])
            .code(0);
        assert!(text.stdout.contains("dry run: nothing was written"));
        assert_eq!(world.listing(), before);
    }
}

#[test]
fn debian_packages_leave_what_an_upload_needs() {
    let cases: [(World, &str, &[&str]); 2] = [
        (
            World::native(),
            "debian/1.0",
            &[
                "SHA256SUMS",
                "stamp_1.0.dsc",
                "stamp_1.0.intoto.jsonl",
                "stamp_1.0.tar.xz",
                "stamp_1.0_ARCH.buildinfo",
                "stamp_1.0_ARCH.changes",
                "stamp_1.0_all.deb",
            ],
        ),
        (
            World::quilt(),
            "debian/1%1.0-1",
            &[
                "SHA256SUMS",
                "stamp_1.0-1.debian.tar.xz",
                "stamp_1.0-1.dsc",
                "stamp_1.0-1.intoto.jsonl",
                "stamp_1.0-1_ARCH.buildinfo",
                "stamp_1.0-1_ARCH.changes",
                "stamp_1.0-1_all.deb",
                "stamp_1.0.orig.tar.xz",
            ],
        ),
    ];
    let here = debcut::model::Architecture::of_this_machine();
    for (world, tag, want) in cases {
        world.run(["build", tag, "--no-sign"]).code(0);
        let want = want.iter().map(|name| name.replace("ARCH", here.as_str()));
        let want: BTreeSet<String> = want.collect();
        let found = names(&world.project().join("dist").join(tag));
        assert_eq!(found, Vec::from_iter(want), "{tag}");
    }
}

#[test]
fn source_only_builds_no_binary() {
    let world = World::quilt();
    world
        .run(["build", "debian/1%1.0-1", "--source-only", "--no-sign"])
        .code(0);
    let found = names(&world.project().join("dist/debian/1%1.0-1"));
    assert!(
        found.contains(&"stamp_1.0-1_source.changes".to_owned()),
        "{found:?}"
    );
    assert!(
        !found.iter().any(|name| name.ends_with(".deb")),
        "{found:?}"
    );
}

#[test]
fn dirty_work_tree_is_a_warning_and_not_built() {
    let (clean, dirty) = (World::declared(), World::declared());
    dirty.write("tally.in", "#!/bin/sh\necho dirty\n");
    dirty.write("new", "file\n");
    let package = |world: &World| -> Listing {
        let mut found = listing(&world.project().join("dist/v1.2.0"));
        found.retain(|path, _| path.extension().is_some_and(|ending| ending == "deb"));
        found
    };
    clean.run(["build", "--no-sign"]).code(0);
    let ran = dirty.run(["build", "--no-sign"]).code(0);
    ran.says(&[
        "warning:",
        "work tree has 2 changed or untracked file",
        "v1.2.0",
    ]);
    assert_eq!(package(&clean), package(&dirty));
    assert_eq!(package(&clean).len(), 1);
}

#[test]
fn untagged_commit_is_built_as_a_candidate() {
    let world = World::declared();
    world.edit("VERSION", "1.2.0", "1.3.0");
    world.commit("chore: release 1.3.0");
    let ran = world.run([
        "build",
        "--commit",
        "HEAD",
        "--no-sign",
        "--json",
        "--out",
        "../c",
    ]);
    let document = ran.code(0).document("debcut/build/1");
    assert_eq!(document["version"], "1.3.0");
    assert_eq!(document["findings"][0]["rule"], "candidate");
    world.tag("v1.3.0");
    world.run(["build", "--no-sign", "--out", "../t"]).code(0);
    let deb = |at: &str| std::fs::read(world.path(at).join("tally_1.3.0_all.deb")).expect("built");
    assert!(
        deb("c") == deb("t"),
        "a candidate and its tag give the same bytes"
    );
}
