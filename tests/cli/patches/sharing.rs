//! `patch sync`: the queue through a remote, in whatever repository one works.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Ran, World, finished};

const REF: &str = "refs/debcut/patches";

/// A project with a request, and a remote that has its branches.
fn shared() -> World {
    let world = project();
    world.debian("1.0", "3.0 (native)");
    fix(&world, "two", "2", WHOLE);
    world.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        "../remote.git",
    ]);
    world.git(&["remote", "add", "origin", "../remote.git"]);
    world.git(&["push", "--quiet", "origin", "main", "release-1.0"]);
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0"];
    world.run(pick).code(0);
    world
}

fn in_place(world: &World, place: &Path, words: &str) -> Ran {
    let directory = place.to_str().expect("text");
    let words = words.split_whitespace();
    world.run(["-C", directory].into_iter().chain(words))
}

fn sync(world: &World, place: &Path) -> Value {
    let ran = in_place(world, place, "patch sync --json").code(0);
    ran.document("debcut/patch-sync/1")
}

/// Counts the requests that a clone knows.
fn known(world: &World, place: &Path) -> usize {
    let ran = in_place(world, place, "patch list --json").code(0);
    let list = ran.document("debcut/patch-list/1");
    list["requests"].as_array().expect("a list").len()
}

fn git(world: &World, place: &Path, words: &str) -> Ran {
    let mut git = Command::new("git");
    git.current_dir(place).args(words.split_whitespace());
    world.surround(&mut git);
    let ran = finished(git.output().expect("git runs"));
    assert_eq!(ran.code, 0, "git {words}: {}", ran.stderr);
    ran
}

#[test]
fn every_kind_of_repository_shares() {
    let world = shared();
    let top = world.project();
    let sent = sync(&world, &top);
    assert_eq!((&sent["taken"], &sent["sent"]), (&json!(0), &json!(1)));
    assert_eq!(sync(&world, &top)["changed"], false);
    let remote = format!("file://{}", world.path("remote.git").display());
    let clones = [
        ("clone", format!("clone --quiet {remote} ../clone")),
        (
            "shallow",
            format!("clone --quiet --depth 1 --no-single-branch {remote} ../shallow"),
        ),
        ("bare", format!("clone --quiet --bare {remote} ../bare")),
        (
            "tree",
            "worktree add --quiet ../tree release-1.0".to_owned(),
        ),
    ];
    for (name, words) in clones {
        git(&world, &top, &words);
        let place = world.path(name);
        sync(&world, &place);
        assert_eq!(known(&world, &place), 1, "{name}");
        assert_eq!(sync(&world, &place)["changed"], false, "{name}");
    }
    // Another one's word comes from the bare one, and goes to all.
    let bare = world.path("bare");
    let words = "patch freeze release-1.0 --reason cut --sync";
    in_place(&world, &bare, words).code(0);
    let tree = world.path("tree");
    assert_eq!(sync(&world, &tree)["taken"], 1);
    let log = in_place(&world, &top, "patch log").code(0).stdout;
    assert!(log.contains("freezes release-1.0"), "{log}");
}

#[test]
fn a_remote_that_is_away_stops_nothing_else() {
    let world = shared();
    let top = world.project();
    std::fs::rename(world.path("remote.git"), world.path("away.git")).expect("renames");
    let ran = in_place(&world, &top, "patch sync --json").code(3);
    let error: Value = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!(error["schema"], "debcut/error/1");
    in_place(&world, &top, "patch sync --dry-run").code(3);
    in_place(&world, &top, "patch sync --remote nowhere").code(2);
    // Asked for at once the word is written all the same, and said to be here
    // alone; set in the configuration that is no failure.
    let freeze = "patch freeze release-1.0 --reason cut";
    let ran = in_place(&world, &top, &format!("{freeze} --sync --json")).code(3);
    let document = ran.document("debcut/patch-freeze/1");
    let finding = &document["findings"][0];
    assert_eq!(finding["rule"], "not-shared", "{document}");
    let message = finding["message"].as_str().expect("text");
    assert!(
        message.starts_with("written here, not shared yet: "),
        "{message}"
    );
    assert_eq!(document["changed"], true);
    let log = in_place(&world, &top, "patch log").code(0).stdout;
    assert!(log.contains("freezes release-1.0"), "{log}");
    // What is more than a word is not done without knowing the others'.
    in_place(&world, &top, "patch apply --onto release-1.0 --sync")
        .code(3)
        .says(&["nothing was done"]);
    assert_eq!(
        world.git(&["for-each-ref", "--format=x", "refs/debcut/remotes"]),
        ""
    );
    world.write("debcut.toml", "[patch]\nsync = true\n");
    world.commit("chore: share at once");
    // The rules are those that everybody has.
    world.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    in_place(&world, &top, freeze)
        .code(0)
        .says(&["it is said here alone; debcut patch sync shares it"]);
    std::fs::rename(world.path("away.git"), world.path("remote.git")).expect("renames");
    // The next word takes everything along.
    in_place(&world, &top, "patch thaw release-1.0").code(0);
    let own = world.git(&["rev-parse", REF]);
    let theirs = git(
        &world,
        &world.path("remote.git"),
        &format!("rev-parse {REF}"),
    );
    assert_eq!(theirs.stdout.trim(), own);
    assert_eq!(sync(&world, &top)["changed"], false);
}

#[test]
fn one_who_may_not_write_still_reads() {
    let world = shared();
    let writable = |mode: &str| {
        let mut chmod = Command::new("chmod");
        chmod.args(["--recursive", mode]).arg(world.project());
        world.judge(chmod).code(0);
    };
    writable("a-w");
    let nobody = |words: &str| world.debcut(words.split(' ')).by_nobody().run();
    let list = nobody("patch list --json").code(0);
    let list = list.document("debcut/patch-list/1");
    assert_eq!(list["requests"].as_array().map(Vec::len), Some(1));
    nobody("patch log").code(0);
    nobody("patch sync --dry-run").code(0);
    for words in ["patch freeze release-1.0 --reason cut", "patch sync"] {
        // Trying again would not help.
        nobody(words).code(2).says(&["cannot"]);
    }
    writable("u+w");
    nobody("patch sync").code(0);
}

#[test]
fn a_remote_of_another_name_is_named() {
    let world = shared();
    world.git(&["remote", "rename", "origin", "upstream"]);
    let top = world.project();
    let there = "there is upstream";
    in_place(&world, &top, "patch sync").code(2).says(&[there]);
    let before = in_place(&world, &top, "patch log").code(0).stdout;
    let freeze = "patch freeze release-1.0 --reason cut --sync";
    let ran = in_place(&world, &top, freeze).code(2);
    ran.says(&[there, "nothing was written"]);
    let after = in_place(&world, &top, "patch log").code(0).stdout;
    assert_eq!(after, before);
}
