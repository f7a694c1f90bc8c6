//! What is said of a pick, and what its branch says of it: lost by a push that
//! came too late, taken back, merged away, or come to nothing.

use serde_json::Value;

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Ran, World};

fn asked(world: &World, what: &str) -> String {
    let words = ["patch", "pick", what, "--onto", "release-1.0", "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    assert_eq!(made["changed"], true, "{made}");
    let id = made["id"].as_str().expect("a name").to_owned();
    approve(world, &id).code(0);
    id
}

fn approve(world: &World, id: &str) -> Ran {
    world.run(["patch", "approve", id, "--reason", "it is good"])
}

fn apply(world: &World, more: &[&str]) -> Value {
    let words = ["patch", "apply", "--onto", "release-1.0", "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    ran.document("debcut/patch-apply/1")
}

fn shown(world: &World, id: &str) -> (String, String) {
    let words = ["patch", "list", "--all", "--json"];
    let list = world.run(words).code(0).document("debcut/patch-list/1");
    let requests = list["requests"].as_array().expect("a list");
    let one = requests.iter().find(|one| one["id"] == id).expect("it");
    let text = |key: &str| one[key].as_str().expect("text").to_owned();
    (text("state"), text("why"))
}

fn suggested(world: &World, list: &str) -> Vec<String> {
    let words = ["patch", "suggest", "--onto", "release-1.0", "--json"];
    let found = world.run(words).code(0).document("debcut/patch-suggest/1");
    let all = found[list].as_array().expect("a list").iter();
    all.map(|one| one["commit"].as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn a_pick_that_no_head_of_the_branch_has_is_picked_again() {
    let world = project();
    let commit = fix(&world, "two", "2", WHOLE);
    let base = world.git(&["rev-parse", "release-1.0"]);
    let id = asked(&world, "HEAD");
    apply(&world, &[]);
    assert_eq!(shown(&world, &id).0, "picked");
    let pick = world.git(&["rev-parse", "release-1.0"]);

    // Somebody else's push was faster, and the branch was set to theirs.
    world.git(&["branch", "-f", "release-1.0", &base]);
    let (state, why) = shown(&world, &id);
    assert_eq!(state, "approved");
    assert!(
        why.contains(&format!("its pick {} is lost", &pick[..12])),
        "{why}"
    );
    let again = apply(&world, &[&id]);
    assert_eq!(again["requests"][0]["fate"], "goes", "{again}");
    assert_eq!(again["findings"][0]["rule"], "pick-lost", "{again}");
    assert_eq!(shown(&world, &id).0, "picked");
    assert_ne!(world.git(&["rev-parse", "release-1.0"]), base);

    // Rebased: another pick of the same commit will do.
    world.git(&["branch", "-f", "release-1.0", &base]);
    world.git(&["worktree", "add", "-q", "../line", "release-1.0"]);
    world.write("../line/new.txt", "theirs\n");
    world.git(&["-C", "../line", "add", "."]);
    world.git(&["-C", "../line", "commit", "-qm", "fix: theirs"]);
    world.git(&["-C", "../line", "cherry-pick", "-x", &commit]);
    assert_eq!(shown(&world, &id).0, "picked");
    assert_eq!(apply(&world, &[])["changed"], false);

    // What a tag has was released, wherever the branch is now.
    world.git(&["-C", "../line", "reset", "-q", "--hard", &base]);
    assert_eq!(shown(&world, &id).0, "approved");
    let applied = apply(&world, &[]);
    let tagged = applied["to"].as_str().expect("a commit").to_owned();
    world.git(&["tag", "v1.0.1", &tagged]);
    world.git(&["-C", "../line", "reset", "-q", "--hard", &base]);
    assert_eq!(shown(&world, &id).0, "picked");
}

#[test]
fn a_pick_that_the_branch_takes_back_can_be_picked_again() {
    let world = project();
    let commit = fix(&world, "two", "2", WHOLE);
    let id = asked(&world, "HEAD");
    apply(&world, &[]);
    world.git(&["worktree", "add", "-q", "../line", "release-1.0"]);
    world.git(&["-C", "../line", "revert", "--no-edit", "HEAD"]);
    let (state, why) = shown(&world, &id);
    assert_eq!(state, "reverted", "{why}");
    assert!(why.contains("taken back by"), "{why}");
    assert!(suggested(&world, "picked").is_empty());
    // It does not come back by itself.
    assert_eq!(apply(&world, &[])["changed"], false);
    let refused = world.run(["patch", "hold", &id, "--reason", "no"]).code(1);
    assert!(refused.stdout.contains("reverted"), "{}", refused.stdout);

    let new = asked(&world, &commit);
    assert_ne!(new, id);
    apply(&world, &[]);
    assert_eq!(shown(&world, &new).0, "picked");
    let file = world.git(&["show", "release-1.0:src/lib.txt"]);
    assert!(file.contains("\n2\n"), "{file}");
    // A revert that is taken back itself takes nothing back.
    world.git(&["-C", "../line", "revert", "--no-edit", "HEAD"]);
    assert_eq!(shown(&world, &new).0, "reverted");
    world.git(&["-C", "../line", "revert", "--no-edit", "HEAD"]);
    assert_eq!(shown(&world, &new).0, "picked");
}

#[test]
fn what_a_branch_has_stays_known_when_it_is_merged_into_main() {
    let world = project();
    let commit = fix(&world, "two", "2", WHOLE);
    // Beside it on the branch: what it changes is no proof then.
    asked(&world, "HEAD");
    apply(&world, &[]);
    let other = fix(&world, "eight", "8", "fix: by hand");
    world.git(&["worktree", "add", "-q", "../line", "release-1.0"]);
    world.git(&["-C", "../line", "cherry-pick", "-x", &other]);
    world.git(&["merge", "-q", "--no-edit", "release-1.0"]);
    assert!(suggested(&world, "suggestions").is_empty());
    assert!(suggested(&world, "picked").contains(&other));
    let words = ["patch", "pick", &other, "--onto", "release-1.0"];
    let refused = world.run(words).code(1);
    assert!(
        refused.stdout.contains("already-on-branch"),
        "{}",
        refused.stdout
    );
    // Main takes it back: that is for the branch, too.
    world.git(&["revert", "--no-edit", &commit]);
    let revert = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(suggested(&world, "suggestions"), [revert]);
}

#[test]
fn a_pick_that_came_to_nothing_can_be_taken_back() {
    let world = project();
    world.git(&["worktree", "add", "-q", "../line", "release-1.0"]);
    let file = "one\n2\nthree\nfour\nfive\nsix\nseven\neight\n";
    world.write("../line/src/lib.txt", file);
    world.write("../line/more.txt", "more\n");
    world.git(&["-C", "../line", "add", "."]);
    world.git(&["-C", "../line", "commit", "-qm", "chore: all at once"]);
    fix(&world, "two", "2", WHOLE);
    let id = asked(&world, "HEAD");
    assert_eq!(apply(&world, &[])["requests"][0]["fate"], "nothing");
    assert_eq!(
        shown(&world, &id),
        ("picked".into(), "changed nothing".into())
    );
    approve(&world, &id).code(0);
    assert_eq!(shown(&world, &id).0, "approved");
    assert_eq!(apply(&world, &[])["requests"][0]["fate"], "nothing");
    assert_eq!(shown(&world, &id).0, "picked");
    let words = ["patch", "withdraw", &id, "--reason", "not needed"];
    world.run(words).code(0);
    assert_eq!(shown(&world, &id).0, "withdrawn");
}

#[test]
fn each_commit_of_a_request_says_what_users_are_told() {
    let world = project();
    let config = std::fs::read_to_string(world.project().join("debcut.toml"));
    let config = config.unwrap_or_default() + "\n[patch]\nnote = \"required\"\n";
    world.write("debcut.toml", config);
    world.commit("chore: ask for notes");
    fix(&world, "two", "2", WHOLE);
    fix(&world, "four", "4", "fix: without a word");
    let id = asked(&world, "HEAD~2..HEAD");
    let words = ["patch", "show", &id, "--json"];
    let note = |world: &World| {
        let shown = world.run(words).code(0).document("debcut/patch-show/1");
        shown["request"]["release_note"].clone()
    };
    assert_eq!(note(&world), "missing");
    let refused = world.run(["patch", "apply", "--onto", "release-1.0", &id]);
    let refused = refused.code(1);
    assert!(
        refused.stdout.contains("not each of its commits"),
        "{}",
        refused.stdout
    );
    world
        .run(["patch", "answer", &id, "--note", "Both stay."])
        .code(0);
    assert_eq!(note(&world), "written");
}

#[test]
fn a_merge_and_its_commits_are_the_same_request() {
    let world = project();
    world.git(&["checkout", "-q", "-b", "topic"]);
    let first = fix(&world, "two", "2", WHOLE);
    fix(
        &world,
        "four",
        "4",
        "fix: another line\n\nRelease-Note: NONE",
    );
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "--no-edit", "topic"]);
    let id = asked(&world, "HEAD~1..topic");
    let words = ["patch", "pick", "HEAD", "-m", "1", "--onto", "release-1.0"];
    let made = world.run(words.iter().chain(&["--json"])).code(0);
    let made = made.document("debcut/patch-pick/1");
    let twice = made["findings"].as_array().expect("a list").clone();
    let twice = twice.iter().find(|one| one["rule"] == "asked-twice");
    let twice = twice.expect("a warning");
    assert_eq!(twice["subject"], id.as_str());
    let message = twice["message"].as_str().expect("text");
    assert!(message.contains(&first[..12]), "{message}");
    // What its commits tell users is what it tells them.
    let whole = made["id"].as_str().expect("a name");
    let shown = world.run(["patch", "show", whole, "--json"]).code(0);
    let shown = shown.document("debcut/patch-show/1");
    assert_eq!(shown["request"]["release_note"], "written", "{shown}");
    let note = &shown["request"]["answers"]["note"];
    assert_eq!(note, "The second line stays.");
}

#[test]
fn a_pull_request_and_its_merge_are_the_same_request() {
    for merge_first in [true, false] {
        let world = project();
        world.git(&["checkout", "-q", "-b", "topic"]);
        fix(&world, "two", "2", "fix: one\n\nRelease-Note: One stays.");
        fix(&world, "four", "4", "fix: two");
        world.git(&["checkout", "-q", "main"]);
        let title = "Merge pull request #12 from ida/topic\n\nfix: both";
        world.git(&["merge", "-q", "--no-ff", "-m", title, "topic"]);
        let mut ways = [&["HEAD", "-m", "1"][..], &["#12"][..]];
        if !merge_first {
            ways.reverse();
        }
        let pick = |way: &[&str]| {
            let words = [
                "patch",
                "pick",
                "--onto",
                "refs/heads/release-1.0",
                "--json",
            ];
            let made = world.run(words.iter().chain(way)).code(0);
            made.document("debcut/patch-pick/1")
        };
        let first = pick(ways[0]);
        assert_eq!(first["onto"], "release-1.0", "{first}");
        let second = pick(ways[1]);
        let twice = second["findings"].as_array().expect("a list").iter();
        let twice: Vec<&Value> = twice.filter(|one| one["rule"] == "asked-twice").collect();
        assert_eq!(twice.len(), 1, "{second}");
        assert_eq!(twice[0]["subject"], first["id"], "{second}");
        // Not each of the commits says what users are told.
        for made in [&first, &second] {
            let id = made["id"].as_str().expect("a name");
            let shown = world.run(["patch", "show", id, "--json"]).code(0);
            let shown = shown.document("debcut/patch-show/1");
            assert_eq!(shown["request"]["release_note"], "missing", "{shown}");
        }
    }
}
