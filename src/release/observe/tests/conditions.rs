//! Clones that are not whole, or not plain.

use std::error::Error;

use super::world::{World, policy, since_final, unit};
use crate::release::observe::ObserveError;
use crate::release::policy::Policy;
use crate::sys::git::{GitError, Repository, Substitution};

fn hello() -> Policy {
    policy(vec![unit("hello", "", &["v{version}"])])
}

/// Five commits, the third of them v1.0.
fn world() -> World {
    let world = World::new();
    for name in ["one", "two", "three", "four", "five"] {
        world.change("x", name);
        if name == "three" {
            world.tag("v1.0");
        }
    }
    world
}

fn url(world: &World) -> String {
    format!("file://{}", world.top.display())
}

#[test]
fn a_shallow_clone_is_refused_only_where_something_is_missing() {
    let world = world();
    for (depth, whole) in [("1", false), ("2", false), ("3", true)] {
        let clone = world.at(&format!("clone{depth}"));
        let to = clone.display().to_string();
        world.git(&["clone", "--quiet", "--depth", depth, &url(&world), &to]);
        let linked = world.at(&format!("linked{depth}"));
        let beside = linked.display().to_string();
        world.git_in(
            &clone,
            &[
                "fetch", "--quiet", "origin", "tag", "v1.0", "--depth", depth,
            ],
        );
        world.git_in(&clone, &["worktree", "add", "--quiet", "--detach", &beside]);
        for place in [&clone, &linked] {
            match world.try_facts(place, &hello()) {
                Ok(facts) => {
                    assert!(whole, "{depth}");
                    assert_eq!(since_final(&facts, 0), ["five", "four"]);
                }
                Err(ObserveError::Git(GitError::Shallow { .. })) => assert!(!whole, "{depth}"),
                Err(other) => panic!("{depth}: {other}"),
            }
        }
    }
    // A package that was never released needs all.
    let policy = policy(vec![unit("hello", "", &["other{version}"])]);
    let error = world
        .try_facts(&world.at("clone3"), &policy)
        .expect_err("shallow");
    assert!(
        error
            .to_string()
            .starts_with("the clone is shallow: its history ends at "),
        "{error}"
    );
    world.git_in(
        &world.at("clone1"),
        &["fetch", "--quiet", "--unshallow", "--tags"],
    );
    let facts = world
        .try_facts(&world.at("clone1"), &hello())
        .expect("whole");
    assert_eq!(since_final(&facts, 0), ["five", "four"]);
}

#[test]
fn a_branch_without_commits_is_named() {
    let world = World::new();
    let error = world.try_facts(&world.top, &hello()).expect_err("unborn");
    assert_eq!(error.to_string(), "the branch “main” has no commit yet");
}

#[test]
fn what_this_clone_alone_sees_is_refused_where_it_matters() {
    let world = world();
    let old = world.git(&["rev-parse", "HEAD~3"]);
    let inside = world.git(&["rev-parse", "HEAD~1"]);
    let root = world.git(&["rev-parse", "HEAD~4"]);
    world.git(&["replace", "--graft", &old]);
    assert_eq!(since_final(&world.facts(&hello()), 0), ["five", "four"]);
    world.git(&["replace", "--graft", &inside, &root]);
    match world.try_facts(&world.top, &hello()) {
        Err(ObserveError::Git(GitError::Substituted { commit, how })) => {
            assert_eq!((commit, how), (inside.clone(), Substitution::Replaced));
        }
        other => panic!("{other:?}"),
    }
    world.git(&["config", "core.useReplaceRefs", "false"]);
    assert_eq!(since_final(&world.facts(&hello()), 0), ["five", "four"]);
    world.write(".git/info/grafts", &format!("{inside} {root}\n"));
    match world.try_facts(&world.top, &hello()) {
        Err(ObserveError::Git(GitError::Substituted { how, .. })) => {
            assert_eq!(how, Substitution::Grafted);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn repositories_that_cannot_be_read_say_which_kind() {
    let unreadable = |world: &World, feature: &str| match world.try_facts(&world.top, &hello()) {
        Err(ObserveError::Git(GitError::Unsupported { feature: found, .. })) => {
            assert!(found.contains(feature), "{found}");
        }
        other => panic!("{feature}: {other:?}"),
    };
    let long = World::empty();
    long.git(&["init", "--quiet", "--object-format=sha256", "."]);
    long.change("x", "one");
    unreadable(&long, "object format");
    // What `git init --ref-format=reftable` (2.45) writes.
    let tables = world();
    tables.git(&["config", "core.repositoryFormatVersion", "1"]);
    tables.git(&["config", "extensions.refStorage", "reftable"]);
    unreadable(&tables, "refstorage");
}

#[test]
fn a_partial_clone_works_as_far_as_it_goes() {
    let world = world();
    world.git(&["config", "uploadpack.allowFilter", "true"]);
    for (filter, works) in [("blob:none", true), ("tree:0", false)] {
        let clone = world.at(&filter.replace(':', "-"));
        let to = clone.display().to_string();
        let filter = format!("--filter={filter}");
        world.git(&[
            "clone",
            "--quiet",
            "--no-checkout",
            &filter,
            &url(&world),
            &to,
        ]);
        match world.try_facts(&clone, &hello()) {
            Ok(facts) => {
                assert!(works);
                assert_eq!(since_final(&facts, 0), ["five", "four"]);
            }
            Err(ObserveError::Git(GitError::MissingObject { partial, .. })) => {
                assert!(!works);
                assert_eq!(partial.as_deref(), Some("origin"));
            }
            Err(other) => panic!("{filter}: {other}: {:?}", other.source()),
        }
    }
    let clone = world.at("tree-0");
    world.git_in(
        &clone,
        &["config", "--unset", "remote.origin.partialclonefilter"],
    );
    let refetch = [
        "fetch",
        "--quiet",
        "--refetch",
        "--no-filter",
        "--tags",
        "origin",
    ];
    world.git_in(&clone, &refetch);
    let facts = world.try_facts(&clone, &hello()).expect("whole now");
    assert_eq!(since_final(&facts, 0), ["five", "four"]);
}

#[test]
fn bare_repositories_and_linked_work_trees_work() {
    let world = world();
    let bare = world.at("bare.git");
    let to = bare.display().to_string();
    world.git(&["clone", "--quiet", "--bare", &url(&world), &to]);
    let facts = world.try_facts(&bare, &hello()).expect("facts");
    assert_eq!(since_final(&facts, 0), ["five", "four"]);
    assert_eq!(facts.branch.as_deref(), Some("main"));
    let linked = world.at("linked");
    let to = linked.display().to_string();
    world.git(&["worktree", "add", "--quiet", "-b", "other", &to, "HEAD~1"]);
    let facts = world.try_facts(&linked, &hello()).expect("facts");
    assert_eq!(since_final(&facts, 0), ["four"]);
    assert_eq!(facts.branch.as_deref(), Some("other"));
    let repository = Repository::discover(&world.top).expect("a repository");
    assert_eq!(repository.branch_of("other").as_deref(), Some("other"));
    assert_eq!(repository.branch_of("HEAD~1"), None);
}

#[test]
fn submodules_are_paths_like_others() {
    let world = world();
    let inner = World::new();
    inner.change("x", "inner");
    let arguments = ["submodule", "--quiet", "add", &url(&inner), "libs/inner"];
    let mut arguments: Vec<&str> = arguments.to_vec();
    arguments.splice(0..0, ["-c", "protocol.file.allow=always"]);
    world.git(&arguments);
    world.commit("add it");
    inner.change("x", "more");
    let sub = world.top.join("libs/inner");
    world.git_in(
        &sub,
        &[
            "-c",
            "protocol.file.allow=always",
            "pull",
            "--quiet",
            "origin",
            "main",
        ],
    );
    world.commit("move it on");
    let units = vec![unit("libs", "libs/inner", &["libs{version}"])];
    let facts = world.facts(&policy(units));
    assert_eq!(since_final(&facts, 0), ["move it on", "add it"]);
}
