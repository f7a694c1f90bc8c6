//! `patch suggest`.

use serde_json::Value;

use super::{fix, project};
use crate::world::World;

fn suggest(world: &World, more: &[&str]) -> Value {
    let words = ["patch", "suggest", "--onto", "release-1.0", "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    ran.document("debcut/patch-suggest/1")
}

fn commits(document: &Value, list: &str) -> Vec<String> {
    let list = document[list].as_array().expect("a list").iter();
    list.map(|one| one["subject"].as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn what_belongs_is_suggested_once_with_its_reason() {
    let world = project();
    let base = world.git(&["rev-parse", "release-1.0"]);
    let plain = fix(
        &world,
        "two",
        "2",
        "fix: the second line\n\nRelease-Note: NONE",
    );
    fix(
        &world,
        "2",
        "II",
        &format!("fix: the second line again\n\nFixes: {plain}"),
    );
    fix(
        &world,
        "seven",
        "7",
        "feat: the seventh line\n\nCc: stable@example.org # 1.0+",
    );
    fix(&world, "six", "6", "chore: close CVE-2026-12345");
    fix(
        &world,
        "five",
        "5",
        &format!("perf: mend the beginning\n\nFixes: {base} (\"feat: begin\")"),
    );
    fix(&world, "four", "4", "fix: not for others\n\nBackport: no");
    let feature = fix(&world, "three", "3", "feat: something new");
    fix(
        &world,
        "3",
        "III",
        &format!("fix: what is new\n\nFixes: {}", &feature[..10]),
    );
    let revert = format!("Revert \"feat: begin\"\n\nThis reverts commit {base}.");
    fix(&world, "eight", "8", &revert);
    world.write(
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"serde\"\nversion = \"1.0.190\"\nsource = \"x\"\n",
    );
    world.commit("build: begin to depend");
    world.write(
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"serde\"\nversion = \"2.0.0\"\nsource = \"x\"\n",
    );
    world.commit("fix(deps): move serde");
    let found = suggest(&world, &[]);
    assert_eq!(
        commits(&found, "suggestions"),
        [
            "fix: the second line",
            "fix: the second line again",
            "feat: the seventh line",
            "chore: close CVE-2026-12345",
            "perf: mend the beginning",
            "Revert \"feat: begin\"",
            "fix(deps): move serde",
        ]
    );
    let one = |at: usize| &found["suggestions"][at];
    // Who takes the first takes what mends it.
    assert_eq!(one(1)["reasons"][0]["why"], "completes");
    assert_eq!(one(1)["after"][0], plain);
    assert_eq!(one(0)["applies"], "cleanly");
    assert_eq!(
        one(2)["reasons"][0]["text"],
        "Cc: stable@example.org # 1.0+"
    );
    assert_eq!(one(3)["reasons"][0]["why"], "security");
    assert_eq!(one(4)["reasons"][0]["on_branch"], base);
    assert_eq!(one(5)["reasons"][0]["why"], "reverts");
    let moved = &one(6)["moves"][0];
    assert_eq!(
        (&moved["from"], &moved["to"]),
        (&"1.0.190".into(), &"2.0.0".into())
    );
    assert_eq!(moved["step"], "major");
    let why = |document: &Value, subject: &str| {
        let others = document["others"].as_array().expect("a list").clone();
        let one = others.iter().find(|one| one["subject"] == subject);
        one.map_or("nothing".to_owned(), |one| {
            one["why"].as_str().expect("text").to_owned()
        })
    };
    for (subject, want) in [
        ("fix: not for others", "refused"),
        ("fix: what is new", "foreign"),
        ("build: begin to depend", "only-moves"),
        ("feat: something new", "nothing"),
    ] {
        assert_eq!(why(&found, subject), want, "{subject}");
    }
    // What nothing speaks for is counted, and shown where all is.
    assert_eq!(found["silent_kinds"]["feat"], 2, "{found}");
    let all = suggest(&world, &["--all"]);
    assert_eq!(why(&all, "feat: something new"), "silent");
    let words = ["patch", "suggest", "--onto", "release-1.0"];
    let text = world.run(words).code(0).stdout;
    assert!(
        text.contains("2 that nothing speaks for (2 feat)"),
        "{text}"
    );
    let text = world.run(words.iter().chain(&["--all"])).code(0).stdout;
    let line = "feat: not a kind that release-1.0 takes: feat: something new";
    assert!(text.contains(line), "{text}");

    // What is on the branch under another id, and what is asked for, is not
    // suggested again; and now the fix of it is.
    world.git(&["worktree", "add", "-q", "../line", "release-1.0"]);
    world.git(&["-C", "../line", "cherry-pick", &plain]);
    let seventh = found["suggestions"][2]["commit"]
        .as_str()
        .expect("a commit")
        .to_owned();
    let made = suggest(&world, &["--pick", &seventh]);
    assert_eq!(made["changed"], true);
    assert_eq!(made["requests"].as_array().expect("a list").len(), 1);
    let found = suggest(&world, &[]);
    assert_eq!(commits(&found, "picked"), ["fix: the second line"]);
    assert_eq!(commits(&found, "asked"), ["feat: the seventh line"]);
    assert_eq!(
        commits(&found, "suggestions")[0],
        "fix: the second line again"
    );
    let all = suggest(&world, &["--pick"]);
    assert_eq!(all["requests"].as_array().expect("a list").len(), 5);
    let left = suggest(&world, &["--pick"]);
    assert_eq!(left["changed"], false);
    assert_eq!(commits(&left, "suggestions"), Vec::<String>::new());
    let text = world
        .run(["patch", "suggest", "--onto", "release-1.0"])
        .code(0);
    assert!(text.stdout.contains("asked for already"), "{}", text.stdout);
    let wrong = [
        "patch",
        "suggest",
        "--onto",
        "release-1.0",
        "--pick",
        &feature,
    ];
    world.run(wrong).code(2).says(&["is not suggested"]);
    world
        .run(["patch", "suggest", "--onto", "release-2"])
        .code(2)
        .says(&["release-1.0"]);
}
