//! Which release first contained a commit.

use super::world::{World, policy, unit};
use crate::release::observe::past::{PastReleases, of_tag, past};
use crate::release::policy::{Merges, Policy};
use crate::sys::git::Repository;

/// Writes releases as `PACKAGE VERSION after VERSION: SUBJECT, …`.
fn shown(told: &PastReleases, policy: &Policy) -> Vec<String> {
    let release = |past: &crate::release::observe::past::PastRelease| {
        let version = past.release.as_ref().map_or("-", |r| r.version.as_str());
        let before = past.previous.as_ref().map_or("-", |r| r.version.as_str());
        let commits = past.commits.iter().map(|&at| told.commits[at].subject());
        let commits: Vec<_> = commits.collect();
        let name = &policy.units[past.unit].name;
        format!("{name} {version} after {before}: {}", commits.join(" "))
    };
    told.releases.iter().map(release).collect()
}

fn all(world: &World, policy: &Policy) -> Vec<String> {
    let repository = Repository::discover(&world.top).expect("a repository");
    shown(&past(&repository, "HEAD", policy).expect("told"), policy)
}

fn tag(world: &World, policy: &Policy, tag: &str) -> Vec<String> {
    let repository = Repository::discover(&world.top).expect("a repository");
    let tag = tag.parse().expect("a tag");
    shown(&of_tag(&repository, &tag, policy).expect("told"), policy)
}

#[test]
fn each_commit_is_of_the_first_release_that_has_it() {
    let world = World::new();
    world.change("a/x", "a0");
    world.change("b/x", "b0");
    world.tag("a-1.0");
    world.change("b/y", "b1");
    world.change("a/y", "a1");
    world.tag("a-1.1-rc1");
    world.change("a/z", "a2");
    world.tag("a-1.1");
    world.tag("b-1.0");
    world.change("a/x", "a3");
    let policy = policy(vec![
        unit("aa", "a", &["a-{version}"]),
        unit("bb", "b", &["b-{version}"]),
    ]);
    assert_eq!(
        all(&world, &policy),
        [
            "aa - after 1.1: a3",
            "aa 1.1 after 1.0: a2 a1",
            "bb 1.0 after -: b1 b0",
            "aa 1.0 after -: a0",
        ]
    );
    assert_eq!(tag(&world, &policy, "a-1.1"), ["aa 1.1 after 1.0: a2 a1"]);
    assert_eq!(
        tag(&world, &policy, "a-1.1-rc1"),
        ["aa 1.1-rc1 after 1.0: a1"]
    );
    assert_eq!(tag(&world, &policy, "b-1.0"), ["bb 1.0 after -: b1 b0"]);
    world.tag("other");
    assert_eq!(tag(&world, &policy, "other"), [""; 0]);
}

#[test]
fn lines_that_meet_again_tell_a_commit_once() {
    let world = World::new();
    world.change("x", "one");
    world.tag("1.0");
    world.change("x", "two");
    world.git(&["branch", "old"]);
    world.change("x", "three");
    world.tag("1.1");
    world.git(&["checkout", "--quiet", "old"]);
    world.change("y", "fix");
    world.tag("1.0.1");
    world.git(&["checkout", "--quiet", "main"]);
    world.later();
    world.git(&["merge", "--quiet", "--no-ff", "-m", "meet", "old"]);
    world.change("x", "four");
    let mut policy = policy(vec![unit("hello", "", &["{version}"])]);
    assert_eq!(
        all(&world, &policy),
        [
            "hello - after 1.1: four",
            "hello 1.0.1 after 1.0: fix",
            "hello 1.1 after 1.0: three two",
            "hello 1.0 after -: one",
        ]
    );
    // By itself the maintenance release brought what its line had.
    assert_eq!(
        tag(&world, &policy, "1.0.1"),
        ["hello 1.0.1 after 1.0: fix two"]
    );
    policy.merges = Merges::FirstParent;
    let first = all(&world, &policy);
    assert_eq!(first[0], "hello - after 1.1: four meet");
    assert_eq!(first[1], "hello 1.0.1 after 1.0: ");
}
