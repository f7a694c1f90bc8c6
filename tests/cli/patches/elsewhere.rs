//! Picks of somebody else: what a clone is told of them that has not fetched
//! them, and what goes to others with them.

use serde_json::Value;

use super::asking::WHOLE;
use super::{fix, project};
use crate::world::{Ran, World};

/// Bob's project with a request that is approved, the remote, and Eve's clone.
struct Team {
    world: World,
    id: String,
}

impl Team {
    fn new() -> Self {
        let world = project();
        world.debian("1.0", "3.0 (native)");
        world.commit("build: package it");
        world.git(&["branch", "-q", "-f", "release-1.0"]);
        fix(&world, "two", "2", WHOLE);
        world.git(&["init", "-q", "--bare", "-b", "main", "../remote.git"]);
        world.git(&["remote", "add", "origin", "../remote.git"]);
        world.git(&["push", "-q", "origin", "main", "release-1.0"]);
        world.git(&["fetch", "-q", "origin"]);
        let words = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
        let made = world.run(words).code(0).document("debcut/patch-pick/1");
        let id = made["id"].as_str().expect("a name").to_owned();
        let approve = ["patch", "approve", &id, "--reason", "good"];
        world.run(approve).code(0);
        world.run(["patch", "sync"]).code(0);
        let remote = format!("file://{}", world.path("remote.git").display());
        world.git(&["clone", "-q", &remote, "../eve"]);
        let team = Self { world, id };
        team.eve("patch sync").code(0);
        team
    }

    fn bob(&self, words: &str) -> Ran {
        let call = self.world.debcut(words.split_whitespace());
        let call = call.env("DEBFULLNAME", "Bob Example");
        call.env("DEBEMAIL", "bob@example.org").run()
    }

    /// Eve works a day later, in her clone.
    fn eve(&self, words: &str) -> Ran {
        let place = self.world.path("eve");
        let place = ["-C", place.to_str().expect("text")];
        let words = place.into_iter().chain(words.split_whitespace());
        let call = self.world.debcut(words).env("DEBFULLNAME", "Eve Example");
        let call = call.env("DEBCUT_NOW", "2025-06-20T12:00:00Z");
        call.env("DEBEMAIL", "eve@example.org").run()
    }

    fn seen(&self) -> Value {
        let show = self.eve(&format!("patch show {} --json", self.id)).code(0);
        show.document("debcut/patch-show/1")["request"].clone()
    }

    fn remote(&self, name: &str) -> String {
        let words = ["ls-remote", "../remote.git", name];
        let said = self.world.git(&words);
        said.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    fn own(&self, name: &str) -> String {
        self.world.git(&["rev-parse", name])
    }
}

fn applied(ran: &Ran) -> Value {
    ran.document("debcut/patch-apply/1")
}

#[test]
fn a_pick_that_was_not_fetched_is_not_picked_again() {
    let team = Team::new();
    let world = &team.world;
    team.bob("patch apply --onto release-1.0").code(0);
    let pick = team.own("release-1.0");
    let shared = team.bob("patch sync --json").code(0);
    let shared = shared.document("debcut/patch-sync/1");
    assert_eq!(shared["findings"][0]["rule"], "pick-not-pushed", "{shared}");

    team.eve("patch sync").code(0);
    let seen = team.seen();
    assert_eq!(seen["state"], "elsewhere");
    let what = format!(
        "picked by Bob Example as {}, which is not in this clone",
        &pick[..12]
    );
    assert_eq!(seen["why"], format!("{what}: git fetch origin"));
    assert_eq!(seen["picked"], serde_json::json!([]));
    assert_eq!(seen["picked_elsewhere"]["pick"], pick.as_str());
    team.eve("patch list")
        .code(0)
        .stdout
        .contains(&what)
        .then_some(())
        .expect("the list says so");
    let listed = team.eve("patch list --state elsewhere --json").code(0);
    let listed = listed.document("debcut/patch-list/1");
    assert_eq!(listed["requests"].as_array().map(Vec::len), Some(1));
    // Neither by itself nor by its name.
    let all = applied(&team.eve("patch apply --onto release-1.0 --json").code(0));
    assert_eq!(all["changed"], false, "{all}");
    assert_eq!(all["requests"][0]["fate"], "stays", "{all}");
    let named = format!("patch apply --onto release-1.0 {} --json", team.id);
    let refused = applied(&team.eve(&named).code(1));
    let finding = &refused["findings"][0];
    assert_eq!(finding["rule"], "picked-elsewhere", "{refused}");
    let way = finding["fix"].as_str().expect("text");
    assert!(way.starts_with("git fetch origin; "), "{way}");
    let override_it = format!("patch override {} picked-elsewhere --reason TEXT", team.id);
    assert!(way.contains(&override_it), "{way}");
    let plan = team.eve("patch plan release-1.0 --json").code(0);
    let plan = plan.document("debcut/patch-plan/1");
    let open = plan["branches"][0]["attention"].to_string();
    assert!(open.contains(&what), "{plan}");

    // Pushed and fetched, it is what it is.
    world.git(&["push", "-q", "origin", "release-1.0"]);
    let shared = team.bob("patch sync --json").code(0);
    let shared = shared.document("debcut/patch-sync/1");
    assert_eq!(shared["findings"], serde_json::json!([]));
    team.eve("patch sync").code(0);
    assert_eq!(team.seen()["state"], "picked");
    assert_eq!(applied(&team.eve(&named).code(0))["changed"], false);
}

#[test]
fn a_pick_that_was_never_pushed_is_picked_anew_by_a_word() {
    let team = Team::new();
    team.bob("patch apply --onto release-1.0").code(0);
    team.bob("patch sync").code(0);
    team.eve("patch sync").code(0);
    let set_aside = format!(
        "patch override {} picked-elsewhere --reason lost --sync",
        team.id
    );
    team.eve(&set_aside).code(0);
    assert_eq!(team.seen()["state"], "approved");
    let words = "patch apply --onto release-1.0 --json";
    let again = applied(&team.eve(words).code(0));
    assert_eq!(again["requests"][0]["fate"], "goes", "{again}");
    assert_eq!(again["findings"][0]["rule"], "picked-elsewhere", "{again}");
    assert_eq!(team.seen()["state"], "picked");
    // The word was of Bob's pick: who has not Eve's is told so again.
    team.eve("patch sync").code(0);
    let world = &team.world;
    world.git(&["branch", "-q", "-f", "release-1.0", "origin/release-1.0"]);
    team.bob("patch sync").code(0);
    let shown = team.bob(&format!("patch show {} --json", team.id)).code(0);
    let shown = shown.document("debcut/patch-show/1");
    assert_eq!(shown["request"]["state"], "elsewhere", "{shown}");
    let by = &shown["request"]["picked_elsewhere"]["by"]["name"];
    assert_eq!(by, "Eve Example");
}

#[test]
fn a_pick_is_lost_where_the_branch_went_on_without_it() {
    let team = Team::new();
    let world = &team.world;
    team.bob("patch apply --onto release-1.0").code(0);
    team.bob("patch sync").code(0);
    // Somebody else's commit of a later day is on the branch, and fetched.
    world.git(&[
        "worktree",
        "add",
        "-q",
        "--detach",
        "../line",
        "origin/release-1.0",
    ]);
    world.write("../line/new.txt", "theirs\n");
    world.git(&["-C", "../line", "add", "."]);
    let tree = world.git(&["-C", "../line", "write-tree"]);
    let text = format!(
        "tree {tree}\nparent {}\nauthor I <i@e> 1781000000 +0000\ncommitter I <i@e> 1781000000 +0000\n\nfix: theirs\n",
        world.git(&["rev-parse", "origin/release-1.0"]),
    );
    world.write("../commit", text);
    let later = world.git(&["hash-object", "-t", "commit", "-w", "../commit"]);
    world.git(&["push", "-q", "origin", &format!("{later}:release-1.0")]);
    team.eve("patch sync").code(0);
    let words = "patch apply --onto release-1.0 --json";
    let again = applied(&team.eve(words).code(0));
    assert_eq!(again["requests"][0]["fate"], "goes", "{again}");
    assert_eq!(again["findings"][0]["rule"], "pick-lost", "{again}");
}

#[test]
fn a_pick_on_another_remote_is_not_picked_again() {
    let team = Team::new();
    let world = &team.world;
    team.bob("patch apply --onto release-1.0").code(0);
    team.bob("patch sync").code(0);
    world.git(&["-C", "../eve", "remote", "add", "bob", "../project"]);
    world.git(&["-C", "../eve", "fetch", "-q", "bob"]);
    team.eve("patch sync").code(0);
    let seen = team.seen();
    assert_eq!(seen["state"], "elsewhere");
    let why = seen["why"].as_str().expect("text");
    let at = "which bob/release-1.0 has and release-1.0 has not";
    assert!(why.contains(at), "{why}");
    // A shallow clone does not know what is below its end, but what is above.
    let remote = format!("file://{}", world.path("remote.git").display());
    let words = ["clone", "-q", "--depth", "1", "--no-single-branch", &remote];
    world.git(&[&words[..], &["../shallow"]].concat());
    let shallow = ["-C", "../shallow", "patch"];
    world.run(shallow.iter().chain(&["sync"])).code(0);
    let show = ["show", &team.id, "--json"];
    let shown = world.run(shallow.iter().chain(&show)).code(0);
    let shown = shown.document("debcut/patch-show/1");
    assert_eq!(shown["request"]["state"], "elsewhere", "{shown}");
}

#[test]
fn the_queue_speaks_of_picks_when_the_branch_has_them() {
    let team = Team::new();
    let (branch, queue) = ("refs/heads/release-1.0", "refs/debcut/patches");
    let before = team.remote(queue);
    // What somebody else has said comes first, and what is picked waits.
    let words = "patch apply --onto release-1.0 --sync --json";
    let held = applied(&team.bob(words).code(0));
    assert_eq!(held["findings"][0]["rule"], "not-shared", "{held}");
    assert_eq!(
        (held["pushed"].clone(), team.remote(queue)),
        (Value::Null, before)
    );
    // Both, or nothing.
    let hook = team.world.path("remote.git/hooks/update");
    std::fs::write(&hook, "#!/bin/sh\ncase $1 in refs/heads/*) exit 1;; esac\n").expect("writes");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).expect("it runs");
    let (there, known) = (team.remote(branch), team.remote(queue));
    let words = "patch apply --onto release-1.0 --push --json";
    let failed = applied(&team.bob(words).code(3));
    assert_eq!(failed["findings"][0]["rule"], "not-pushed", "{failed}");
    assert_eq!((team.remote(branch), team.remote(queue)), (there, known));
    std::fs::remove_file(&hook).expect("it goes");
    let pushed = applied(&team.bob(words).code(0));
    assert_eq!(pushed["pushed"], "origin", "{pushed}");
    assert_eq!(pushed["changed"], true, "{pushed}");
    assert_eq!(team.remote(branch), team.own("release-1.0"));
    assert_eq!(team.remote(queue), team.own(queue));
    let again = applied(&team.bob(words).code(0));
    assert_eq!(
        (&again["changed"], &again["pushed"]),
        (&false.into(), &Value::Null)
    );
    // Eve gets the branch with the queue, and has nothing to pick.
    team.eve("patch sync").code(0);
    assert_eq!(team.seen()["state"], "picked");
    let place = ["-C", "../eve", "rev-parse", "origin/release-1.0"];
    assert_eq!(team.world.git(&place), team.own("release-1.0"));
}

#[test]
fn an_apply_that_pushes_goes_behind_what_others_have_pushed() {
    let team = Team::new();
    let world = &team.world;
    world.git(&["-C", "../eve", "checkout", "-q", "release-1.0"]);
    world.write("../eve/new.txt", "hers\n");
    world.git(&["-C", "../eve", "add", "."]);
    world.git(&["-C", "../eve", "commit", "-qm", "fix: hers"]);
    world.git(&["-C", "../eve", "push", "-q"]);
    let hers = world.git(&["-C", "../eve", "rev-parse", "HEAD"]);
    let words = "patch apply --onto release-1.0 --push --json";
    let pushed = applied(&team.bob(words).code(0));
    assert_eq!(pushed["pushed"], "origin", "{pushed}");
    assert_eq!(team.own("release-1.0~1"), hers);
    team.bob("patch apply --onto release-1.0 --push --dry-run")
        .code(2);
    team.bob("patch apply --abort --push").code(2);
}
