//! `patch hotfix`: exactly what was picked goes in, versions fit between two
//! patch releases, and the fix comes back.

use std::process::Command;

use serde_json::Value;

use super::asking::WHOLE;
use crate::world::{Ran, World};

/// The branch whose other fixes wait.
const NORMAL: &str = "release-1.12";

/// A package of version 1.12.3, with a further fix on `release-1.12` and one
/// that cannot wait on `main`.
fn project(tag: &str, version: &str) -> World {
    let world = World::new();
    let format = match version.contains('-') {
        true => "3.0 (quilt)",
        false => "3.0 (native)",
    };
    world.debian(version, format);
    // Far enough from each other that no change is in the way of another.
    let lines = ["one", "two", "five", "six", "eight"].map(|line| format!("{line}\n-\n-\n-\n-\n"));
    world.write("lines", lines.concat());
    world.commit("feat: begin");
    world.tag(tag);
    world.git(&["branch", NORMAL]);
    world.git(&["switch", "--quiet", NORMAL]);
    world.edit("lines", "six\n", "6\n");
    world.commit("fix: what can wait\n\nRelease-Note: Six is right.");
    world.git(&["switch", "--quiet", "main"]);
    world.write("news", "more\n");
    world.commit("feat: more");
    world.edit("lines", "two\n", "2\n");
    world.commit(WHOLE);
    world
}

pub(super) fn native() -> World {
    project("v1.12.3", "1.12.3")
}

fn opened() -> World {
    let world = native();
    world.run(["patch", "hotfix", "v1.12.3"]).code(0);
    world
}

/// Asks for a commit on a branch, has it approved, and returns its name.
pub(super) fn approved(world: &World, commit: &str, onto: &str) -> String {
    let words = ["patch", "pick", commit, "--onto", onto, "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    let id = made["id"].as_str().expect("a name").to_owned();
    let words = ["patch", "approve", &id, "--reason", "it cannot wait"];
    world.run(words).code(0);
    id
}

pub(super) fn apply(world: &World, onto: &str) {
    world.run(["patch", "apply", "--onto", onto]).code(0);
}

fn plan(world: &World, branch: &str) -> Value {
    let words = ["patch", "plan", branch, "--json"];
    let plan = world.run(words).code(0).document("debcut/patch-plan/1");
    plan["branches"][0].clone()
}

fn check(world: &World, more: &[&str]) -> Value {
    let words = ["patch", "hotfix", "v1.12.3", "--json"];
    let ran = world.run(words.iter().chain(more)).code(0);
    ran.document("debcut/patch-hotfix/1")
}

fn titles(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one["title"].as_str().expect("a title"))
        .collect()
}

/// The rules of findings, with their weight.
pub(super) fn rules(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = findings.iter();
    named
        .map(|one| format!("{} {}", word(&one["severity"]), word(&one["rule"])))
        .collect()
}

pub(super) fn release(world: &World) -> Ran {
    let words = "release --to stable --archive ../apt --dry-run --json";
    world.run(words.split(' '))
}

#[test]
fn only_what_was_picked_is_cut() {
    let world = opened();
    let branch = "release-1.12.3";
    world.key();
    let init = ["archive", "init", "../apt", "--suite", "stable"];
    world.run(init).code(0);
    approved(&world, "main", branch);
    apply(&world, branch);
    world.git(&["switch", "--quiet", branch]);
    let coming = plan(&world, branch);
    assert_eq!(titles(&coming["changes"]), ["fix: keep the second line"]);
    assert_eq!(coming["when"], "a hotfix of v1.12.3: one change");
    assert_eq!(coming["next"], serde_json::json!(["stamp 1.12.3.1"]));
    assert_eq!(coming["due"], Value::Null);
    let good = release(&world).code(0).document("debcut/release/1");
    assert_eq!(rules(&good), ["info hotfix", "warning no-mock"]);
    // A commit by hand.
    world.edit("lines", "eight\n", "8\n");
    world.commit("fix: while we are at it\n\nRelease-Note: NONE");
    let hand = world.git(&["rev-parse", "HEAD"]);
    let refused = release(&world).code(1).document("debcut/release/1");
    assert_eq!(rules(&refused), ["error not-picked"]);
    let message = refused["findings"][0]["message"]
        .as_str()
        .expect("a clause");
    assert!(message.contains("while we are at it"), "{message}");
    let coming = plan(&world, branch);
    let blocked = coming["blocks"][0].as_str().expect("a clause");
    assert!(blocked.contains("while we are at it"), "{blocked}");
    assert_eq!(coming["when"], "a hotfix of v1.12.3: 2 changes");
    let status = world.run(["status", "--json"]).code(0);
    let status = status.document("debcut/status/1");
    let due = status["findings"].as_array().expect("a list").iter();
    let mut due = due.filter(|one| one["rule"] == "hotfix-due");
    let due = due.next().expect("one")["message"].as_str().expect("text");
    assert!(due.contains("2 changes; blocked: "), "{due}");
    // Set aside, with a reason, by who may.
    let words = ["patch", "override", &hand, "not-picked", "--onto", branch];
    let words = [&words[..], &["--reason", "made there", "--json"]].concat();
    for changed in [true, false] {
        let said = world.run(&words).code(0);
        let said = said.document("debcut/patch-override/1");
        assert_eq!(said["changed"], changed);
    }
    let good = release(&world).code(0).document("debcut/release/1");
    assert_eq!(
        rules(&good),
        [
            "warning several-changes",
            "info not-picked",
            "warning no-mock"
        ]
    );
    // A merge of the normal branch.
    world.git(&["merge", "--quiet", "--no-edit", "release-1.12"]);
    let refused = release(&world).code(1).document("debcut/release/1");
    assert_eq!(rules(&refused), ["error not-picked"]);
    let message = refused["findings"][0]["message"]
        .as_str()
        .expect("a clause");
    assert!(
        message.contains("brings a commit that was not picked"),
        "{message}"
    );
    world.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    release(&world).code(0);
    // On another branch there is no such rule.
    world.git(&["switch", "--quiet", "release-1.12"]);
    release(&world).code(0);
    let log = world.run(["patch", "log"]).code(0).stdout;
    let said = format!("sets not-picked aside for {} of {branch}", &hand[..12]);
    assert!(log.contains(&said), "{log}");
}

#[test]
fn what_was_made_on_the_branch_is_picked_after_the_fact() {
    let world = opened();
    let branch = "release-1.12.3";
    world.key();
    let init = ["archive", "init", "../apt", "--suite", "stable"];
    world.run(init).code(0);
    world.git(&["switch", "--quiet", branch]);
    world.edit("lines", "eight\n", "8\n");
    world.commit(&WHOLE.replace("second", "eighth"));
    let refused = release(&world).code(1).document("debcut/release/1");
    assert_eq!(rules(&refused), ["error not-picked"]);
    let words = ["patch", "pick", "HEAD", "--onto", branch, "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    assert_eq!(made["changed"], true);
    assert!(!made.to_string().contains("withdraw"), "{made}");
    let id = made["id"].as_str().expect("a name");
    // Asked for is not approved.
    let refused = release(&world).code(1).document("debcut/release/1");
    assert_eq!(rules(&refused), ["error not-approved"]);
    let approve = ["patch", "approve", id, "--reason", "seen"];
    world.run(approve).code(0);
    release(&world).code(0);
    let again = world.run(approve).code(1).stdout;
    assert!(again.contains("picked-already"), "{again}");
    // A topic branch of the hotfix: nothing of it is on main.
    world.git(&["switch", "--quiet", "--create", "topic"]);
    world.edit("lines", "five\n", "5\n");
    world.commit(&WHOLE.replace("second", "fifth"));
    approved(&world, "topic", branch);
    world.git(&["switch", "--quiet", branch]);
    apply(&world, branch);
    let coming = plan(&world, branch);
    assert_eq!(coming["when"], "a hotfix of v1.12.3: 2 changes");
    assert_eq!(coming["blocks"], serde_json::json!([]));
    let open = coming["attention"].as_array().map(Vec::len);
    assert_eq!(open, Some(1), "a mock");
}

#[test]
fn fixes_come_back_by_whatever_id() {
    let world = opened();
    let branch = "release-1.12.3";
    assert_eq!(
        titles(&check(&world, &[])["excluded"]),
        ["fix: what can wait"]
    );
    world.git(&["switch", "--quiet", "--create", "topic", branch]);
    for (line, number, name) in [("one", "1", "first"), ("eight", "8", "eighth")] {
        world.edit("lines", &format!("{line}\n"), &format!("{number}\n"));
        world.commit(&WHOLE.replace("second", name));
        approved(&world, "HEAD", branch);
    }
    world.git(&["switch", "--quiet", "main"]);
    approved(&world, "main", branch);
    apply(&world, branch);
    let lacking = |branch: &str| {
        let found = check(&world, &["--check"]);
        let lists = found["lacking"].as_array().expect("lists").iter();
        let mut lists = lists.filter(|one| one["branch"] == branch);
        let one = lists.next().expect("it is compared").clone();
        assert_eq!(one["unknown"], serde_json::json!([]));
        let shown = |list: &str| titles(&one[list]).join(", ");
        [shown("commits"), shown("asked"), shown("refused")]
    };
    let (first, second, eighth) = (
        "fix: keep the first line",
        "fix: keep the second line",
        "fix: keep the eighth line",
    );
    assert_eq!(lacking("main"), [&format!("{eighth}, {first}"), "", ""]);
    let all = lacking("release-1.12")[0].clone();
    assert_eq!(all.split(", ").count(), 3, "{all}");
    let offered = check(&world, &["--offer"]);
    assert_eq!(
        (&offered["offered"], &offered["changed"]),
        (&5.into(), &true.into())
    );
    let again = check(&world, &["--offer"]);
    assert_eq!(
        (&again["offered"], &again["changed"]),
        (&0.into(), &false.into())
    );
    assert_eq!(lacking("main"), ["", &format!("{eighth}, {first}"), ""]);
    let status = || {
        let status = world.run(["status", "--json"]).code(0);
        let status = status.document("debcut/status/1");
        let found = status["findings"].as_array().expect("a list").iter();
        found.filter(|one| one["rule"] == "hotfix-lacking").count()
    };
    assert_eq!(status(), 5);
    // What main has is asked for by main's commit: its parent is merged.
    let words = ["patch", "list", "--onto", "release-1.12", "--json"];
    let list = world.run(words).code(0).document("debcut/patch-list/1");
    let requests = list["requests"].as_array().expect("a list");
    let one = requests.iter().find(|one| one["title"] == second);
    let one = one.expect("it is asked for");
    assert_eq!(
        one["commits"][0],
        world.git(&["rev-parse", "main"]).as_str()
    );
    assert_eq!(one["answers"]["severity"], "high");
    // Two ways back: by the queue, and by hand without a word about it.
    let words = ["patch", "list", "--onto", "main", "--json"];
    let list = world.run(words).code(0).document("debcut/patch-list/1");
    let requests = list["requests"].as_array().expect("a list");
    let one = requests.iter().find(|one| one["title"] == first);
    let id = one.expect("it is asked for")["id"]
        .as_str()
        .expect("a name");
    world
        .run(["patch", "approve", id, "--reason", "back"])
        .code(0);
    world.run(["patch", "apply", "--onto", "main", id]).code(0);
    world.git(&["reset", "--quiet", "--hard"]);
    world.git(&["cherry-pick", "topic"]);
    world.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--message",
        "fix: eight, anew",
        "--reset-author",
    ]);
    assert_eq!(lacking("main"), ["", "", ""]);
    assert_eq!(status(), 3);
    // What came back to main under another id is merged for the normal branch.
    let words = ["patch", "list", "--onto", "release-1.12", "--json"];
    let list = world.run(words).code(0).document("debcut/patch-list/1");
    let requests = list["requests"].as_array().expect("a list");
    let one = requests.iter().find(|one| one["title"] == first);
    assert_eq!(one.expect("it is asked for")["merged"], true);
    // Decided against is settled.
    for one in requests {
        let id = one["id"].as_str().expect("a name");
        world
            .run(["patch", "reject", id, "--reason", "1.12 ends"])
            .code(0);
    }
    assert_eq!(lacking("release-1.12")[2].split(", ").count(), 3);
    assert_eq!(status(), 0);
}

#[test]
fn versions_stand_between_a_release_and_the_next() {
    for (tag, version, want) in [
        ("v1.12.3", "1.12.3", "1.12.3.1"),
        ("debian/1%1.12.3", "1:1.12.3", "1:1.12.3.1"),
        ("debian/1.12.3-1", "1.12.3-1", "1.12.3-1.1"),
    ] {
        let world = project(tag, version);
        let opened = world.run(["patch", "hotfix", tag, "--json"]).code(0);
        let opened = opened.document("debcut/patch-hotfix/1");
        let branch = opened["branch"].as_str().expect("a branch").to_owned();
        approved(&world, "main", &branch);
        apply(&world, &branch);
        let next = |branch: &str| {
            world.git(&["switch", "--quiet", branch]);
            let plan = world.run(["plan", "--json"]).code(0);
            let plan = plan.document("debcut/plan/1");
            let version = plan["packages"][0]["debian_version"].as_str();
            version.expect("a version").to_owned()
        };
        let (hotfix, patch) = (next(&branch), next(NORMAL));
        assert_eq!(hotfix, want, "{tag}");
        for (one, other) in [(version, hotfix.as_str()), (&hotfix, &patch)] {
            let mut dpkg = Command::new("dpkg");
            dpkg.args(["--compare-versions", one, "lt", other]);
            assert_eq!(world.judge(dpkg).code, 0, "{one} < {other}");
        }
    }
}
