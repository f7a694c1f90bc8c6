//! `patch freeze`, `thaw`, `plan`, `hotfix` and `release sync`: the rhythm of a
//! maintenance branch.

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::World;

fn id_of(world: &World) -> String {
    let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let made = world.run(words).code(0).document("debcut/patch-pick/1");
    made["id"].as_str().expect("a name").to_owned()
}

fn state(world: &World, id: &str) -> String {
    let shown = world.run(["patch", "show", id, "--json"]).code(0);
    let shown = shown.document("debcut/patch-show/1");
    shown["request"]["state"]
        .as_str()
        .expect("a word")
        .to_owned()
}

#[test]
fn a_thaw_gives_exactly_the_held_approvals_back() {
    let world = project();
    fix(&world, "two", "2", WHOLE);
    let approved = id_of(&world);
    fix(
        &world,
        "four",
        "4",
        &WHOLE.replacen("fix: ", "fix: again ", 1),
    );
    let excepted = id_of(&world);
    fix(
        &world,
        "six",
        "6",
        &WHOLE.replacen("fix: ", "fix: once more ", 1),
    );
    let new = id_of(&world);
    let approve = [
        "patch",
        "approve",
        &approved,
        &excepted,
        "--reason",
        "it crashes",
    ];
    world.run(approve).code(0);
    let freeze = [
        "patch",
        "freeze",
        "release-1.0",
        "--until",
        "2099-01-01",
        "--except",
        &excepted,
        "--reason",
        "the cut",
        "--json",
    ];
    let frozen = world.run(freeze).code(0).document("debcut/patch-freeze/1");
    assert_eq!(frozen["changed"], true);
    assert_eq!(frozen["waiting"].as_array().map(Vec::len), Some(1));
    let again = world.run(freeze).code(0).document("debcut/patch-freeze/1");
    assert_eq!(again["changed"], false);
    assert_eq!(state(&world, &approved), "held");
    assert_eq!(state(&world, &excepted), "approved");
    assert_eq!(state(&world, &new), "new");
    let thaw = ["patch", "thaw", "release-1.0", "--json"];
    let thawed = world.run(thaw).code(0).document("debcut/patch-thaw/1");
    assert_eq!(thawed["released"][0]["id"], approved.as_str());
    assert_eq!(state(&world, &approved), "approved");
    assert_eq!(state(&world, &new), "new");
    let thawed = world.run(thaw).code(0).document("debcut/patch-thaw/1");
    assert_eq!(thawed["changed"], false);
    world.run(["patch", "thaw", "release-9"]).code(2);
}

/// A package of 1.0.0 on the first of May, a Thursday, and branches with a
/// release and without one.
fn rhythmic(more: &str) -> World {
    let world = World::new();
    world.debian("0.9.0", "3.0 (native)");
    let config = format!("[patch]\ninterval = '2w..4w'\n{more}");
    world.write("debcut.toml", config);
    world.write(".gitignore", "ignored\n");
    world.commit("feat: begin");
    world.git(&["branch", "release-0.9"]);
    world.debian("1.0.0", "3.0 (native)");
    world.commit("chore: release 1.0.0");
    world.tag("v1.0.0");
    world.git(&["switch", "--quiet", "--create", "release-1.0"]);
    world.write("stamp.in", "mine\n");
    world.commit("fix: whose it is");
    world.git(&["switch", "--quiet", "main"]);
    world
}

#[test]
fn plan_says_when_with_what_and_what_stands_in_the_way() {
    let world = rhythmic("require-green = 'test -e ../green || { echo 3 tests fail; exit 1; }'\n");
    let at = |now: &str, branch: &str| {
        let plan = world.debcut(["patch", "plan", branch, "--json"]);
        let plan = plan
            .env("DEBCUT_NOW", format!("{now}T12:00:00Z"))
            .run()
            .code(0);
        plan.document("debcut/patch-plan/1")["branches"][0].clone()
    };
    for (now, when) in [
        ("2025-05-02", "due from 2025-05-15 to 2025-05-29"),
        (
            "2025-05-15",
            "due from 2025-05-15 to 2025-05-29: it may be cut today",
        ),
        (
            "2025-05-17",
            "due from 2025-05-15 to 2025-05-29: not today, but on 2025-05-19",
        ),
        (
            "2025-06-01",
            "overdue: it was due by 2025-05-29, the next day for it is 2025-06-02",
        ),
    ] {
        assert_eq!(at(now, "release-1.0")["when"], when, "{now}");
    }
    let one = at("2025-06-01", "release-1.0");
    assert_eq!(one["next"], serde_json::json!(["stamp 1.0.1"]));
    assert_eq!(one["commits"][0]["title"], "fix: whose it is");
    let head = world.git(&["rev-parse", "release-1.0"]);
    let red = "the branch's head is not green: `test -e ../green || { echo 3 tests fail; exit 1; }` says “3 tests fail”";
    let mock = format!("no mock of {} has passed", &head[..12]);
    assert_eq!(one["blocks"], serde_json::json!([red]));
    assert_eq!(one["attention"], serde_json::json!([mock]));
    std::fs::write(world.path("green"), "").expect("writes");
    let one = at("2025-06-01", "release-1.0");
    assert_eq!(one["blocks"], serde_json::json!([]));
    assert_eq!(one["attention"], serde_json::json!([mock]));
    let none = at("2025-06-01", "release-0.9");
    assert_eq!(none["last"], serde_json::Value::Null);
    let yet = "no release yet: the rhythm begins with the first one";
    assert_eq!(none["when"], yet);
    // All of them in the status, in words.
    let status = world.run(["status", "--json"]).code(0);
    let status = status.document("debcut/status/1");
    let found = status["findings"].as_array().expect("a list").iter();
    let found = found.filter(|one| one["rule"] == "patch-release-due");
    let said: Vec<String> = found
        .map(|one| {
            let word = |key: &str| one[key].as_str().expect("text").to_owned();
            format!(
                "{} {}: {}",
                word("severity"),
                word("subject"),
                word("message")
            )
        })
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(
        said[1],
        format!(
            "warning release-1.0: overdue: it was due by 2025-05-29, the next day for it is \
             2025-06-02: stamp 1.0.1, 1 commit; to be looked at: {mock}"
        )
    );
    assert!(
        said[0].starts_with("info release-0.9: it has no release yet: "),
        "{said:?}"
    );
}

#[test]
fn plan_lets_go_what_an_apply_lets_go() {
    let world = project();
    world.debian("1.0", "3.0 (native)");
    world.commit("build: package it");
    world.git(&["branch", "-q", "-f", "release-1.0"]);
    let whole = |what: &str| WHOLE.replacen("the second line", what, 1);
    fix(&world, "four", "4", &whole("the fourth line"));
    let first = id_of(&world);
    // Alone it conflicts: it changes what the first one has written.
    fix(&world, "4", "vier", &whole("the fourth line again"));
    let second = id_of(&world);
    // Alone it applies; behind the others it changes the same line.
    world.git(&["switch", "-q", "--create", "topic", "release-1.0"]);
    fix(&world, "four", "IV", &whole("the fourth line otherwise"));
    let third = id_of(&world);
    world.git(&["switch", "-q", "main"]);
    fix(&world, "six", "6", &whole("the sixth line"));
    let new = id_of(&world);
    let approve = ["patch", "approve", &first, &second, &third, "--reason", "r"];
    world.run(approve).code(0);
    let aside = [
        "patch",
        "override",
        &third,
        "parent-not-merged",
        "--reason",
        "r",
    ];
    world.run(aside).code(0);
    assert_eq!(state(&world, &second), "conflicts");
    assert_eq!(state(&world, &third), "approved");

    let apply = [
        "patch",
        "apply",
        "--onto",
        "release-1.0",
        "--dry-run",
        "--json",
    ];
    let apply = apply.iter().chain(&["--skip-conflicts"]);
    let applied = world.run(apply).code(0).document("debcut/patch-apply/1");
    let fate = |id: &str| {
        let mut all = applied["requests"].as_array().expect("a list").iter();
        let one = all.find(|one| one["id"] == id).expect("it");
        one["fate"].as_str().expect("a word").to_owned()
    };
    let plan = ["patch", "plan", "release-1.0", "--json"];
    let plan = world.run(plan).code(0).document("debcut/patch-plan/1");
    let plan = &plan["branches"][0];
    for (id, want) in [
        (&first, "goes"),
        (&second, "goes"),
        (&third, "conflicts"),
        (&new, "stays"),
    ] {
        assert_eq!(fate(id), want, "{applied}");
        let goes = plan["approved"].to_string().contains(id.as_str());
        assert_eq!(goes, want == "goes", "{plan}");
        let stays = plan["attention"].to_string().contains(id.as_str());
        assert_ne!(goes, stays, "{plan}");
        // A release is refused for none of them.
        assert!(!plan["blocks"].to_string().contains(id.as_str()), "{plan}");
    }
}
