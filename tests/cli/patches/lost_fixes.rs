//! A branch whose next release would lose what a released hotfix brought.

use serde_json::Value;

use super::hotfix::{apply, approved, native, release, rules};
use crate::world::World;

const NORMAL: &str = "release-1.12";
const BRANCH: &str = "release-1.12.3";

/// A hotfix of 1.12.3 that is released as 1.12.3.1; returns its fix as well.
fn released() -> (World, String) {
    let world = native();
    world.run(["patch", "hotfix", "v1.12.3"]).code(0);
    world.key();
    let init = ["archive", "init", "../apt", "--suite", "stable"];
    world.run(init).code(0);
    approved(&world, "main", BRANCH);
    apply(&world, BRANCH);
    world.git(&["switch", "--quiet", BRANCH]);
    let fix = world.git(&["rev-parse", "HEAD"]);
    world.run(["prepare"]).code(0);
    world.tag("v1.12.3.1");
    (world, fix)
}

fn on_normal(world: &World) {
    world.git(&["switch", "--quiet", NORMAL]);
}

fn sync(world: &World, more: &[&str]) -> Value {
    let words = ["release", "sync", "--from", BRANCH, "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    ran.document("debcut/release-sync/1")
}

fn changelog(world: &World, branch: &str) -> String {
    world.git(&["show", &format!("{branch}:debian/changelog")])
}

fn blocks(world: &World) -> String {
    let plan = world.run(["patch", "plan", NORMAL, "--json"]).code(0);
    let plan = plan.document("debcut/patch-plan/1");
    plan["branches"][0]["blocks"].to_string()
}

fn lacks(document: &Value) -> Vec<String> {
    let mut found = rules(document);
    found.retain(|one| one.ends_with("hotfix-lacking"));
    found
}

#[test]
fn a_branch_without_a_released_hotfix_is_not_cut() {
    let (world, fix) = released();
    on_normal(&world);
    for more in [&["--dry-run"][..], &["--mock"], &[]] {
        let words = ["release", "--to", "stable", "--archive", "../apt", "--json"];
        let ran = world.run(words.iter().chain(more)).code(1);
        let refused = ran.document("debcut/release/1");
        assert_eq!(rules(&refused), ["error hotfix-lacking"], "{more:?}");
        let finding = &refused["findings"][0];
        let message = finding["message"].as_str().expect("a clause");
        assert!(message.contains("keep the second line"), "{message}");
        assert!(message.contains("v1.12.3.1"), "{message}");
        let aside = format!("override {} hotfix-lacking --onto {NORMAL}", &fix[..12]);
        let said = finding["fix"].as_str().expect("a clause");
        assert!(said.contains("--offer") && said.contains(&aside), "{said}");
    }
    assert!(blocks(&world).contains("v1.12.3.1"), "{}", blocks(&world));
    // Picked, it may be cut.
    let offer = ["patch", "hotfix", "v1.12.3", "--offer"];
    world.run(offer).code(0);
    let list = ["patch", "list", "--onto", NORMAL, "--json"];
    let list = world.run(list).code(0).document("debcut/patch-list/1");
    let id = list["requests"][0]["id"].as_str().expect("a name");
    let refused = release(&world).code(1).document("debcut/release/1");
    let said = refused["findings"][0]["fix"].as_str().expect("a clause");
    assert!(said.contains(&format!("patch show {id}")), "{said}");
    world
        .run(["patch", "approve", id, "--reason", "it must not be lost"])
        .code(0);
    apply(&world, NORMAL);
    let good = release(&world).code(0).document("debcut/release/1");
    assert_eq!(lacks(&good), Vec::<String>::new());
    assert!(!blocks(&world).contains("v1.12.3.1"), "{}", blocks(&world));
}

#[test]
fn a_branch_goes_without_a_hotfix_where_somebody_says_so() {
    let (world, fix) = released();
    on_normal(&world);
    let aside = |commit: &str, code: i32| {
        let words = ["patch", "override", commit, "hotfix-lacking", "--json"];
        let more = ["--onto", NORMAL, "--reason", "not affected"];
        let ran = world.run(words.iter().chain(&more)).code(code);
        ran.document("debcut/patch-override/1")
    };
    let other = aside("HEAD", 1);
    assert_eq!(rules(&other), ["error nothing-lacking"]);
    assert_eq!(aside(&fix, 0)["changed"], true);
    assert_eq!(aside(&fix, 0)["changed"], false);
    let good = release(&world).code(0).document("debcut/release/1");
    assert_eq!(lacks(&good), ["info hotfix-lacking"]);
    let status = world.run(["status", "--json"]).code(0);
    let status = status.document("debcut/status/1");
    assert_eq!(lacks(&status), Vec::<String>::new());
    let done = sync(&world, &[]);
    assert_eq!(lacks(&done), Vec::<String>::new());
    assert!(changelog(&world, NORMAL).contains("(1.12.3.1)"));
}

#[test]
fn a_changelog_tells_of_no_fix_that_is_not_there() {
    let (world, _) = released();
    on_normal(&world);
    let target = |document: &Value, branch: &str| {
        let all = document["targets"].as_array().expect("a list").clone();
        let mut all = all.into_iter();
        all.find(|one| one["branch"] == branch).expect("a branch")
    };
    for more in [&["--dry-run"][..], &[]] {
        let done = sync(&world, more);
        assert_eq!(lacks(&done), ["warning hotfix-lacking"], "{more:?}");
        let normal = target(&done, NORMAL);
        assert_eq!(normal["releases"], serde_json::json!([]));
        assert_eq!(normal["left_out"][0]["tag"], "v1.12.3.1");
        let main = target(&done, "main");
        assert_eq!(main["releases"][0]["tag"], "v1.12.3.1");
    }
    let text = world.run(["release", "sync", "--from", BRANCH]).code(0);
    let text = text.stdout;
    assert!(!text.contains("release-1.12 has all of it"), "{text}");
    assert!(text.contains("does not get v1.12.3.1"), "{text}");
    assert!(changelog(&world, "main").contains("(1.12.3.1)"));
    assert!(!changelog(&world, NORMAL).contains("(1.12.3.1)"));
    // A merge brings the fix with its words.
    let done = sync(&world, &["--by", "merge"]);
    assert_eq!(lacks(&done), Vec::<String>::new());
    assert!(changelog(&world, NORMAL).contains("(1.12.3.1)"));
    let good = release(&world);
    assert!(!good.stdout.contains("hotfix-lacking"), "{}", good.stdout);
}

#[test]
fn what_a_hotfix_leaves_out_is_told_as_its_own_notes_would() {
    let world = native();
    world.write("lock", "dep 2\n");
    world.commit("build(deps): bump dep from 1 to 2");
    let pick = ["patch", "pick", "main", "--onto", NORMAL, "--json"];
    let note = ["--note", "Large files are read twice as fast."];
    let made = world.run(pick.iter().chain(&note)).code(0);
    let made = made.document("debcut/patch-pick/1");
    let id = made["id"].as_str().expect("a name");
    let answer = ["--bug", "1", "--affected", "all", "--severity", "low"];
    let more = ["patch", "answer", id, "--verified", "by hand"];
    world.run(more.iter().chain(&answer)).code(0);
    for rule in ["not-approved", "kind-not-allowed"] {
        let words = ["patch", "override", id, rule, "--reason", "wanted"];
        world.run(words).code(0);
    }
    apply(&world, NORMAL);
    world.run(["patch", "hotfix", "v1.12.3"]).code(0);
    world.git(&["switch", "--quiet", BRANCH]);
    world.edit("lines", "two\n", "2\n");
    world.commit("fix: keep the second line");
    world.run(["prepare"]).code(0);
    world.tag("v1.12.3.1");
    let text = world.run(["announce", "v1.12.3.1"]).code(0).stdout;
    let (_, left_out) = text.split_once("Not in this release").expect("a list");
    for line in ["Large files are read twice as fast.", "Six is right."] {
        assert!(left_out.contains(line), "{text}");
    }
    assert!(!left_out.contains("build(deps)"), "{text}");
}
