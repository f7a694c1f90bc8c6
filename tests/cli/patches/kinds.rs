//! Kinds of commits, and pull requests: what may be asked for at all.

use super::{fix, project};

#[test]
fn what_says_no_kind_is_refused_until_somebody_says_it() {
    let world = project();
    fix(
        &world,
        "two",
        "2",
        "Keep the second line\n\nRelease-Note: NONE",
    );
    let onto = ["--onto", "release-1.0"];
    let ran = world.run(["patch", "pick", "HEAD", "--json"].iter().chain(&onto));
    let asked = ran.code(0).document("debcut/patch-pick/1");
    let id = asked["id"].as_str().expect("a name").to_owned();
    let approve = ["patch", "approve", &id, "--reason", "it is small"];
    world.run(approve).code(0);
    let apply = ["patch", "apply", &id, "--json"];
    let refused = world.run(apply.iter().chain(&onto)).code(1);
    let refused = refused.document("debcut/patch-apply/1");
    let finding = &refused["findings"][0];
    assert_eq!(finding["rule"], "kind-not-allowed");
    let way = format!("debcut patch answer {id} --title 'fix: TEXT' says it");
    let fix = finding["fix"].as_str().expect("a fix");
    assert!(fix.starts_with(&way), "{fix}");
    let title = ["patch", "answer", &id, "--title", "fix: keep the line"];
    world.run(title).code(0);
    let again = world.run(title).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let log = world.run(["patch", "log"]).code(0).stdout;
    assert!(log.contains("calls it “fix: keep the line”"), "{log}");
    world.run(apply.iter().chain(&onto)).code(0);
    let picked = world.git(&["log", "-1", "--format=%s", "release-1.0"]);
    assert_eq!(picked, "Keep the second line");
}

#[test]
fn a_pull_request_that_the_branch_has_is_told() {
    let world = project();
    world.git(&["checkout", "-q", "release-1.0"]);
    fix(&world, "one", "1", "fix: the first line (#7)");
    world.git(&["checkout", "-q", "main"]);
    let pick = ["patch", "pick", "#7", "--onto", "release-1.0", "--json"];
    let refused = world.run(pick).code(1).document("debcut/patch-pick/1");
    assert_eq!(refused["findings"][0]["rule"], "already-on-branch");
    world
        .run(["patch", "pick", "#8", "--onto", "release-1.0"])
        .code(2);
    // Two commits of one pull request are asked for together.
    fix(&world, "three", "3", "fix: the third line (#9)");
    fix(&world, "3", "III", "fix: the third line again (#9)");
    let pick = ["patch", "pick", "#9", "--onto", "release-1.0", "--json"];
    let asked = world.run(pick).code(0).document("debcut/patch-pick/1");
    assert_eq!(asked["commits"].as_array().map(Vec::len), Some(2));
    assert_eq!(asked["findings"][0]["rule"], "several-commits");
}

#[test]
fn what_changes_nothing_is_told() {
    let world = project();
    world.git(&["commit", "-q", "--allow-empty", "-m", "fix: nothing"]);
    let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
    let asked = world.run(pick).code(0).document("debcut/patch-pick/1");
    assert_eq!(asked["findings"][0]["rule"], "changes-nothing");
}

#[test]
fn a_merge_is_taken_apart_and_its_own_changes_are_told() {
    let world = project();
    for (branch, from) in [("plain", "one"), ("more", "three")] {
        world.git(&["checkout", "-q", "-b", branch, "main"]);
        fix(&world, from, "new", &format!("fix: {branch}"));
        world.git(&["checkout", "-q", "main"]);
        world.git(&["merge", "-q", "--no-ff", "--no-commit", branch]);
        if branch == "more" {
            world.edit("src/lib.txt", "eight\n", "8\n");
            world.git(&["add", "-A"]);
        }
        world.git(&["commit", "-q", "-m", &format!("Merge {branch}")]);
        let pick = ["patch", "pick", "HEAD", "--onto", "release-1.0", "--json"];
        let asked = world.run(pick).code(0).document("debcut/patch-pick/1");
        let rules = asked["findings"].as_array().expect("findings").iter();
        let rules: Vec<&str> = rules.filter_map(|one| one["rule"].as_str()).collect();
        let more = (branch == "more").then_some("merge-has-more");
        let want: Vec<&str> = std::iter::once("merge-taken-apart").chain(more).collect();
        assert_eq!(rules, want, "{branch}");
        assert_eq!(asked["commits"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn bumps_of_dependencies_are_told_with_their_range() {
    let world = project();
    world.write(
        "go.mod",
        "module example.org/m\n\nrequire example.org/dep v1.2.0\n",
    );
    world.commit("build: begin to depend");
    world.write(
        "go.mod",
        "module example.org/m\n\nrequire example.org/dep v2.0.0\n",
    );
    world.commit("fix(deps): follow dep");
    let asked = |subject: &str| {
        world
            .run(["patch", "pick", "HEAD", "--onto", "release-1.0"])
            .code(0);
        let list = world.run(["patch", "list", "--json"]).code(0);
        let list = list.document("debcut/patch-list/1");
        let all = list["requests"].as_array().expect("a list").iter();
        let found = all.clone().find(|one| one["title"] == subject);
        found.expect("it was asked for").clone()
    };
    let read = asked("fix(deps): follow dep");
    let moved = &read["moves"][0];
    assert_eq!(moved["from"], "v1.2.0", "{read}");
    assert_eq!(moved["to"], "v2.0.0");
    assert_eq!(moved["step"], "major");
    assert_eq!(moved["file"], "go.mod");
    // Where no file says it, the subject does.
    world.write("vendored.txt", "1.9\n");
    world.commit("build(deps): bump dep from 1.2 to 1.9");
    let told = asked("build(deps): bump dep from 1.2 to 1.9");
    assert_eq!(told["moves"][0]["step"], "minor", "{told}");
    assert_eq!(told["moves"][0]["file"], "");
    let list = world.run(["patch", "list"]).code(0).stdout;
    for line in [
        "moves example.org/dep v1.2.0 → v2.0.0 (major)",
        "moves dep 1.2 → 1.9",
    ] {
        assert!(list.contains(line), "{line} in {list}");
    }
    let id = told["id"].as_str().expect("a name");
    let shown = world.run(["patch", "show", id]).code(0).stdout;
    assert!(shown.contains("dep 1.2 → 1.9"), "{shown}");
}
