//! `patch freeze` and `patch thaw`: who waits, who is told of it, and once.

use serde_json::{Value, json};

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Call, World};

const BRANCH: &str = "release-1.0";
/// Two channels: one that always takes what it is told, one only while
/// `../up` is there.
const CHANNELS: &str = "[patch]\nzone = 'America/New_York'\n\
    [[patch.notify]]\nname = 'list'\ncommand = 'cat >> ../list'\n\
    [[patch.notify]]\nname = 'shaky'\ncommand = 'test -e ../up && cat >> ../shaky'\n";

/// A project with channels and an approved request; returns its name.
fn approved() -> (World, String) {
    let world = project();
    world.debian("1.0", "3.0 (native)");
    world.write("debcut.toml", CHANNELS);
    world.commit("chore: tell people");
    fix(&world, "two", "2", WHOLE);
    let id = ask(&world, "HEAD");
    approve(&world, &id);
    (world, id)
}

fn ask(world: &World, commit: &str) -> String {
    let words = ["patch", "pick", commit, "--onto", BRANCH, "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    made["id"].as_str().expect("a name").to_owned()
}

fn approve(world: &World, id: &str) {
    let words = ["patch", "approve", id, "--reason", "it crashes"];
    world.run(words).code(0);
}

fn freeze<'w>(world: &'w World, more: &[&str]) -> Call<'w> {
    let words = ["patch", "freeze", BRANCH, "--reason", "the cut", "--json"];
    world.debcut(words.iter().chain(more))
}

fn thaw(world: &World) -> Call<'_> {
    world.debcut(["patch", "thaw", BRANCH, "--json"])
}

fn frozen(call: Call<'_>, code: i32) -> Value {
    call.run().code(code).document("debcut/patch-freeze/1")
}

/// The channels that a run told, and those that it could not tell.
fn told(document: &Value) -> (Vec<&str>, Vec<&str>) {
    let all = document["told"].as_array().expect("a list").iter();
    let name = |one: &'_ Value| one["at"].is_string();
    let (told, not): (Vec<&Value>, Vec<&Value>) = all.partition(|one| name(one));
    let names = |list: Vec<&Value>| {
        let list = list.into_iter();
        list.map(|one| match one["channel"].as_str() {
            Some("list") => "list",
            Some("shaky") => "shaky",
            other => panic!("{other:?}"),
        })
        .collect()
    };
    (names(told), names(not))
}

fn heard(world: &World, file: &str, words: &str) -> usize {
    let text = std::fs::read_to_string(world.path(file)).unwrap_or_default();
    text.matches(words).count()
}

fn status(world: &World, rule: &str) -> Vec<String> {
    let status = world.run(["status", "--json"]).code(0);
    let status = status.document("debcut/status/1");
    let found = status["findings"].as_array().expect("a list").iter();
    let found = found.filter(|one| one["rule"] == rule);
    let message = |one: &Value| one["message"].as_str().expect("text").to_owned();
    found.map(message).collect()
}

#[test]
fn everybody_is_told_once_whoever_runs_it() {
    let (world, id) = approved();
    let until = ["--until", "2025-06-20"];
    let first = frozen(freeze(&world, &until), 1);
    assert_eq!(first["changed"], true);
    assert_eq!(told(&first), (vec!["list"], vec!["shaky"]));
    assert_eq!(first["findings"][0]["rule"], "not-told");
    assert_eq!(heard(&world, "list", &id), 1);
    assert_eq!(status(&world, "not-told").len(), 1);
    // The day is one of the project's zone: it ends at four in UTC.
    assert_eq!(first["until"], "2025-06-21T03:59:59Z");
    assert_eq!(first["day"], "2025-06-20");
    assert_eq!(heard(&world, "list", "2025-06-20"), 1);
    assert!(status(&world, "frozen")[0].contains("until 2025-06-20"));
    let list = world.run(["patch", "list"]).code(0).stdout;
    assert!(list.contains("frozen until 2025-06-20"), "{list}");
    // Somebody else's run, by what they got of the ledger.
    let by = |call: Call<'_>| frozen(call.env("DEBFULLNAME", "Bob").env("DEBEMAIL", "b@x.org"), 0);
    std::fs::write(world.path("up"), "").expect("writes");
    let second = by(freeze(&world, &until));
    assert_eq!(second["changed"], true);
    assert_eq!(told(&second), (vec!["shaky"], vec![]));
    let third = by(freeze(&world, &until));
    assert_eq!(
        (&third["changed"], &third["told"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(
        (heard(&world, "list", &id), heard(&world, "shaky", &id)),
        (1, 1)
    );
    // What is approved meanwhile waits, too, and its author is told by the next.
    fix(&world, "four", "4", &WHOLE.replace("second", "fourth"));
    let late = ask(&world, "HEAD");
    approve(&world, &late);
    assert_eq!(status(&world, "not-told").len(), 1);
    let fourth = by(freeze(&world, &until));
    assert_eq!(told(&fourth), (vec!["list", "shaky"], vec![]));
    assert_eq!(fourth["waiting"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (heard(&world, "list", &id), heard(&world, "list", &late)),
        (1, 1)
    );
    assert!(status(&world, "not-told").is_empty());
    // The thaw gives back what was held, and says so once.
    std::fs::remove_file(world.path("up")).expect("removes");
    let thawed = thaw(&world).run().code(1).document("debcut/patch-thaw/1");
    assert_eq!(told(&thawed), (vec!["list"], vec!["shaky"]));
    assert_eq!(thawed["released"].as_array().map(Vec::len), Some(2));
    std::fs::write(world.path("up"), "").expect("writes");
    for (changed, shaky) in [(true, vec!["shaky"]), (false, vec![])] {
        let again = thaw(&world).run().code(0).document("debcut/patch-thaw/1");
        assert_eq!(again["changed"], changed);
        assert_eq!(told(&again), (shaky, vec![]));
    }
    assert_eq!(
        (heard(&world, "list", &late), heard(&world, "shaky", &late)),
        (2, 2)
    );
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert_eq!(log.matches("told shaky of it").count(), 3, "{log}");
}

#[test]
fn a_freeze_ends_by_a_thaw_alone() {
    let (world, id) = approved();
    std::fs::write(world.path("up"), "").expect("writes");
    for (until, code) in [
        ("2025-06-01", 0),
        ("2025-05-31", 1),
        ("2025-06-01T11:59:59Z", 1),
        ("2025-06-01T16:00:00+02:00", 0),
        ("2025-06-31", 2),
        ("tomorrow", 2),
    ] {
        let ran = freeze(&world, &["--until", until, "--dry-run"]).run();
        assert_eq!(ran.code, code, "{until} {}", ran.stderr);
    }
    frozen(freeze(&world, &["--until", "2025-06-03"]), 0);
    // Later, and still before the cut.
    let later = world.debcut(["status", "--json"]);
    let later = later
        .env("DEBCUT_NOW", "2025-06-10T00:00:00Z")
        .run()
        .code(0);
    let late = "though only until 2025-06-03 was said";
    assert!(later.stdout.contains(late), "{}", later.stdout);
    let apply = ["patch", "apply", "--onto", BRANCH];
    let apply = world
        .debcut(apply)
        .env("DEBCUT_NOW", "2025-06-10T00:00:00Z");
    let refused = apply.run().code(0).stdout;
    assert!(refused.contains("frozen until 2025-06-03"), "{refused}");
    // Frozen anew the date is another one; who was let through is not any more.
    let first = frozen(
        freeze(&world, &["--until", "2025-06-20", "--except", &id]),
        0,
    );
    assert_eq!(first["waiting"], json!([]));
    let second = frozen(freeze(&world, &["--until", "2025-06-21"]), 0);
    assert_eq!(second["findings"][0]["rule"], "exception-ended");
    assert_eq!(second["waiting"][0]["id"], id.as_str());
    thaw(&world).run().code(0);
    let again = thaw(&world).run().code(0).document("debcut/patch-thaw/1");
    assert_eq!(again["changed"], false);
    world.run(apply_words()).code(0);
    world
        .run(["patch", "freeze", "release-9", "--reason", "x"])
        .code(2);
}

fn apply_words() -> [&'static str; 4] {
    ["patch", "apply", "--onto", BRANCH]
}

#[test]
fn what_is_approved_and_conflicts_waits_and_is_told_too() {
    let (world, first) = approved();
    std::fs::write(world.path("up"), "").expect("writes");
    fix(&world, "four", "4", WHOLE);
    world.git(&["switch", "--quiet", BRANCH]);
    fix(&world, "four", "IV", "fix: four, in Latin");
    world.git(&["switch", "--quiet", "main"]);
    let second = ask(&world, "HEAD");
    approve(&world, &second);
    let mut want = [first, second];
    want.sort();
    let named = |document: &Value, key: &str| {
        let all = document[key].as_array().expect("a list").iter();
        let mut names: Vec<String> = all
            .map(|one| one["id"].as_str().expect("a name").to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(named(&frozen(freeze(&world, &[]), 0), "waiting"), want);
    for id in &want {
        assert_eq!(heard(&world, "list", id), 1, "{id}");
    }
    let thawed = thaw(&world).run().code(0).document("debcut/patch-thaw/1");
    assert_eq!(named(&thawed, "released"), want);
}

#[test]
fn a_freeze_that_is_refused_ends_no_exception() {
    let (world, id) = approved();
    std::fs::write(world.path("up"), "").expect("written");
    frozen(
        freeze(&world, &["--until", "2025-06-20", "--except", &id]),
        0,
    );
    let again = frozen(freeze(&world, &["--until", "2020-01-01"]), 1);
    let rules: Vec<&Value> = (again["findings"].as_array().expect("a list").iter())
        .map(|one| &one["rule"])
        .collect();
    assert_eq!(rules, ["freeze-passed"], "{again}");
}

#[test]
fn only_a_maintenance_branch_is_frozen() {
    let world = project();
    world.git(&["branch", "topic"]);
    for branch in ["main", "topic"] {
        let words = ["patch", "freeze", branch, "--reason", "r", "--json"];
        let refused = world.run(words).code(1).document("debcut/patch-freeze/1");
        assert_eq!(
            refused["findings"][0]["rule"], "not-maintained",
            "{refused}"
        );
        assert_eq!(refused["changed"], false, "{refused}");
    }
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(!log.contains("freezes"), "{log}");
    let words = ["patch", "freeze", "refs/heads/release-1.0", "--reason", "r"];
    let frozen = world.run(words).code(0).stdout;
    assert!(frozen.contains("release-1.0 is frozen"), "{frozen}");
}
