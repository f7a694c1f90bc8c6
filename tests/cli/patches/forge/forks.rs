//! Pull requests of forks: most of those that anybody sends.

use serde_json::json;

use super::fake::{Fake, Pull, Speaks};
use super::fix;
use super::{WHOLE, acts, at, push, run, state, sync};
use crate::world::World;

/// Commits on top of a branch, and leaves the commit at the remote alone, where
/// the forge keeps a pull request.
fn sent(world: &World, from: &str, number: u64, speaks: Speaks) -> String {
    world.git(&["checkout", "--quiet", "-b", "topic", from]);
    let commit = fix(world, "two", "2", WHOLE);
    let place = match speaks {
        Speaks::GitHub => format!("HEAD:refs/pull/{number}/head"),
        Speaks::GitLab => format!("HEAD:refs/merge-requests/{number}/head"),
    };
    world.git(&["push", "--quiet", "--force", "origin", &place]);
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["branch", "--quiet", "-D", "topic"]);
    forgotten(world);
    commit
}

fn forgotten(world: &World) {
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["gc", "--quiet", "--prune=now"]);
}

fn of_fork(number: u64, base: &str, head: &str, fork: &str) -> Pull {
    Pull {
        number,
        title: "fix: keep the second line".into(),
        state: "open".into(),
        base: base.into(),
        head: "patch-1".into(),
        head_commit: head.into(),
        fork: Some(fork.into()),
        ..Pull::default()
    }
}

fn is_picked_labelled_and_approved(speaks: Speaks, fork: &str) {
    let fake = Fake::new(speaks);
    let world = at(&fake, "");
    push(&world);
    let commit = sent(&world, "release-1.0", 9, speaks);
    fake.memory().pulls = vec![of_fork(9, "release-1.0", &commit, fork)];
    let words = ["patch", "pick", "#9", "--onto", "release-1.0", "--json"];
    let asked = run(&world, &words).code(0).document("debcut/patch-pick/1");
    assert_eq!(asked["commits"], json!([commit]));
    let id = asked["id"].as_str().expect("a name").to_owned();
    // It is the request's page: no second one is opened.
    let first = sync(&world, &[]);
    assert_eq!(acts(&first), ["link", "label"], "{first}");
    assert_eq!(fake.memory().pulls.len(), 1);
    assert_eq!(fake.pull(9).labels, ["debcut/new"]);
    let reviews = vec![(
        "ida-gh".into(),
        true,
        "2025-06-01T13:00:00Z".into(),
        "Fine.".into(),
    )];
    fake.memory().pulls[0].reviews = reviews;
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "approved");
    assert_eq!(fake.pull(9).labels, ["debcut/approved"]);
    assert_eq!(sync(&world, &[])["changed"], false);
    // It was not debcut's: it is not closed, nor its branch deleted.
    let reason = ["--reason", "it is no good after all"];
    run(&world, &["patch", "reject", &id, reason[0], reason[1]]).code(0);
    let over = sync(&world, &[]);
    assert_eq!(acts(&over), ["label"], "{over}");
    assert_eq!(over["findings"][0]["rule"], "open-on-forge");
    assert_eq!(fake.pull(9).state, "open");
}

#[test]
fn a_fork_s_pull_request_is_picked_labelled_and_approved_on_github() {
    is_picked_labelled_and_approved(Speaks::GitHub, "ida/cat");
}

#[test]
fn a_deleted_fork_s_merge_request_is_picked_labelled_and_approved_on_gitlab() {
    is_picked_labelled_and_approved(Speaks::GitLab, "");
}

#[test]
fn another_clone_gets_the_commits_of_a_deleted_fork() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    push(&world);
    let commit = sent(&world, "main", 9, Speaks::GitHub);
    fake.memory().pulls = vec![of_fork(9, "main", &commit, "")];
    let words = ["patch", "pick", "#9", "--onto", "release-1.0", "--json"];
    let asked = run(&world, &words).code(0).document("debcut/patch-pick/1");
    let id = asked["id"].as_str().expect("a name").to_owned();
    // As in the clone of somebody who has the queue alone.
    let name = format!("refs/debcut/forge/9-{}", &commit[..12]);
    world.git(&["update-ref", "-d", &name]);
    forgotten(&world);
    let before = run(&world, &["patch", "show", &id]).code(0);
    assert!(
        !before.stdout.contains("applies cleanly"),
        "{}",
        before.stdout
    );
    let synced = sync(&world, &[]);
    assert_eq!(acts(&synced), ["push", "open", "label", "link"], "{synced}");
    assert_eq!(world.git(&["rev-parse", &name]), commit);
    // Pushed anew there, and gone here: it is said, and nothing else fails.
    world.git(&["update-ref", "-d", &name]);
    world.git(&["push", "--quiet", "origin", ":refs/pull/9/head"]);
    forgotten(&world);
    let gone = sync(&world, &[]);
    assert_eq!(gone["findings"][0]["rule"], "not-here", "{gone}");
}

#[test]
fn an_approval_of_other_commits_does_not_count() {
    let fake = Fake::new(Speaks::GitHub);
    let world = at(&fake, "");
    push(&world);
    let commit = sent(&world, "release-1.0", 9, Speaks::GitHub);
    fake.memory().pulls = vec![of_fork(9, "release-1.0", &commit, "ida/cat")];
    let words = ["patch", "pick", "#9", "--onto", "release-1.0", "--json"];
    let asked = run(&world, &words).code(0).document("debcut/patch-pick/1");
    let id = asked["id"].as_str().expect("a name").to_owned();
    {
        let mut memory = fake.memory();
        let pull = &mut memory.pulls[0];
        pull.head_commit = "12".repeat(20);
        let at = "2025-06-01T13:00:00Z";
        pull.reviews = vec![("ida-gh".into(), true, at.into(), String::new())];
    }
    let synced = sync(&world, &[]);
    assert_eq!(synced["decisions"], json!([]));
    assert_eq!(synced["findings"][0]["rule"], "moved-on");
    assert_eq!(state(&world, &id)["state"], "new");
    // But a hold holds.
    fake.memory().pulls[0].reviews[0].1 = false;
    sync(&world, &[]);
    assert_eq!(state(&world, &id)["state"], "held");
}
