//! Whose rules count, and whose main branch: what everybody has, not what this
//! clone has checked out or has not pushed.

use serde_json::Value;

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Ran, World};

const RULES: &str = "[patch]\napprovers = [\"rita@example.org\"]\n";

fn picked(world: &World) -> String {
    let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    made["id"].as_str().expect("a name").to_owned()
}

fn approve(world: &World, id: &str) -> Ran {
    world.run(["patch", "approve", id, "--reason", "it is good"])
}

fn request(world: &World, id: &str) -> Value {
    let words = ["patch", "show", id, "--json"];
    let shown = world.run(words).code(0).document("debcut/patch-show/1");
    shown["request"].clone()
}

fn origin(world: &World) {
    world.git(&["init", "--quiet", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&["push", "--quiet", "origin", "main", "release-1.0"]);
}

/// Refuses who decides nothing, without touching the request.
#[track_caller]
fn refuses(world: &World, id: &str) -> Ran {
    let ran = approve(world, id).code(1);
    assert!(ran.stdout.contains("not-an-approver"), "{}", ran.stdout);
    assert_eq!(request(world, id)["state"], "new");
    ran
}

#[test]
fn the_rules_are_those_of_main_whatever_is_checked_out() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world);
    world.write("debcut.toml", RULES);
    world.commit("chore: rules");
    let warning = "the rules are those of";
    for place in [
        &["switch", "--quiet", "release-1.0"][..],
        &["switch", "--quiet", "--detach", "main~"],
    ] {
        world.git(place);
        // What was opened before there were rules contradicts nobody.
        let ran = refuses(&world, &id);
        assert!(!ran.stderr.contains(warning), "{}", ran.stderr);
    }
    world.write(
        "debcut.toml",
        "[patch]\napprovers = [\"ada@example.org\"]\n",
    );
    let ran = refuses(&world, &id);
    ran.says(&["the rules are those of main; [patch] in debcut.toml here says otherwise"]);
    // Named, it counts.
    let words = ["patch", "approve", &id, "--reason", "so", "--config"];
    let named = words.iter().chain(&["debcut.toml", "--dry-run"]);
    world.run(named).code(0);
    std::fs::remove_file(world.project().join("debcut.toml")).expect("removed");

    // A bare repository has no work tree, and the same rules.
    world.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    world.git(&["push", "--quiet", "../bare.git", "refs/debcut/patches"]);
    let place = world.path("bare.git");
    let place = place.to_str().expect("text");
    world.git(&[
        "--git-dir",
        place,
        "symbolic-ref",
        "HEAD",
        "refs/heads/main",
    ]);
    let words = ["-C", place, "patch", "approve", &id, "--reason", "so"];
    let ran = world.run(words).code(1);
    assert!(ran.stdout.contains("not-an-approver"), "{}", ran.stdout);
}

#[test]
fn the_rules_are_the_newest_that_this_clone_has_of_main() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world);
    origin(&world);
    world.write("debcut.toml", RULES);
    world.commit("chore: rules");
    // Not pushed yet, whatever is checked out.
    refuses(&world, &id);
    world.git(&["switch", "--quiet", "release-1.0"]);
    refuses(&world, &id);
    world.git(&["switch", "--quiet", "main"]);
    world.git(&["push", "--quiet", "origin", "main"]);
    // Here the main branch is behind; then it has gone on otherwise.
    world.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    refuses(&world, &id);
    world.write(
        "debcut.toml",
        "[patch]\napprovers = [\"ada@example.org\"]\n",
    );
    world.commit("chore: other rules");
    refuses(&world, &id).says(&["the rules are those of origin/main"]);
}

#[test]
fn a_branch_has_its_own_rules_where_main_has_none() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world);
    origin(&world);
    world.git(&["switch", "--quiet", "release-1.0"]);
    world.write("debcut.toml", RULES);
    let ran = refuses(&world, &id);
    assert!(
        !ran.stderr.contains("the rules are those of"),
        "{}",
        ran.stderr
    );
}

#[test]
fn merged_is_what_the_remote_has() {
    let world = project();
    origin(&world);
    fix(&world, "two", "2", WHOLE);
    let id = picked(&world);
    approve(&world, &id).code(0);
    let one = request(&world, &id);
    assert_eq!(
        (&one["merged"], &one["unpushed"]),
        (&false.into(), &true.into())
    );
    let apply = ["patch", "apply", "--onto", "release-1.0", &id];
    let ran = world.run(apply).code(1);
    for part in ["parent-not-merged", "here alone", "git push origin main"] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    world.git(&["push", "--quiet", "origin", "main"]);
    assert_eq!(request(&world, &id)["merged"], true);
    world.run(apply).code(0);
}
