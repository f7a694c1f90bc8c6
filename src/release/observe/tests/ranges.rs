//! What is in a package's range, and which release it starts at.

use super::world::{World, last_final, policy, since_final, since_pre, unit};
use crate::release::observe::between;
use crate::release::policy::Merges;
use crate::sys::git::Repository;

#[test]
fn each_package_has_its_own_range() {
    let world = World::new();
    world.change("a/x", "a0");
    world.change("b/x", "b0");
    world.tag("a-1.0");
    world.change("a/x", "a1");
    world.change("b/x", "b1");
    world.tag("b-1.0");
    world.change("b/y", "b2");
    world.change("README", "top");
    world.change("c/x", "c0");
    world.write("a/x", "both");
    world.write("b/x", "both");
    world.commit("both");
    let units = vec![
        unit("aa", "a", &["a-{version}"]),
        unit("bb", "b", &["b-{version}"]),
        unit("cc", "c", &["c-{version}"]),
    ];
    let facts = world.facts(&policy(units));
    assert_eq!(facts.branch.as_deref(), Some("main"));
    assert_eq!(since_final(&facts, 0), ["both", "a1"]);
    assert_eq!(since_final(&facts, 1), ["both", "b2"]);
    assert_eq!(since_final(&facts, 2), ["c0"]);
    assert_eq!(last_final(&facts, 0), Some("1.0"));
    assert_eq!(last_final(&facts, 2), None);
    assert_eq!(facts.commits[0].touches, [0, 1]);
    let subjects: Vec<_> = facts.commits.iter().map(|c| c.subject()).collect();
    // b1 is released, and nobody else's: it is no news to anyone.
    assert_eq!(subjects, ["both", "c0", "top", "b2", "a1"]);
    assert_eq!(facts.commits[2].unowned, Some((1, "README".to_owned())));
    assert_eq!(facts.tags.len(), 2);
    let tagged = world.git(&["rev-parse", "a-1.0^{commit}"]);
    let tag = "a-1.0".parse().expect("a tag");
    assert_eq!(facts.tags[&tag], tagged);
}

#[test]
fn packed_and_loose_tags_are_the_same() {
    let world = World::new();
    world.change("x", "one");
    world.tag("1.0");
    world.change("x", "two");
    world.git(&["tag", "1.1"]);
    world.git(&["tag", "--annotate", "-m", "x", "1.2", "1.0"]);
    world.change("x", "three");
    let policy = policy(vec![unit("hello", "", &["{version}"])]);
    let loose = world.facts(&policy);
    world.git(&["pack-refs", "--all"]);
    world.git(&["gc", "--quiet"]);
    let packed = world.facts(&policy);
    assert_eq!(loose.tags, packed.tags);
    for facts in [loose, packed] {
        assert_eq!(since_final(&facts, 0), ["three"]);
        // 1.2 is on the same line, further down: it is not the nearest.
        assert_eq!(last_final(&facts, 0), Some("1.1"));
    }
}

#[test]
fn releases_of_other_lines_end_nothing() {
    let world = World::new();
    world.change("x", "one");
    world.tag("v1.0");
    world.change("x", "two");
    world.git(&["branch", "stable"]);
    world.change("x", "three");
    world.tag("v2.0");
    world.git(&["checkout", "--quiet", "stable"]);
    world.change("x", "fix");
    let policy = policy(vec![unit("hello", "", &["v{version}"])]);
    let facts = world.facts(&policy);
    assert_eq!(since_final(&facts, 0), ["fix", "two"]);
    assert_eq!(last_final(&facts, 0), Some("1.0"));
    assert_eq!(facts.branch.as_deref(), Some("stable"));
    assert_eq!(facts.tags.len(), 2);

    // Once the other line is merged, its release is the nearest one there.
    world.tag("v1.0.1");
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["merge", "--quiet", "-s", "ours", "-m", "merge", "stable"]);
    let facts = world.facts(&policy);
    assert_eq!(last_final(&facts, 0), Some("2.0"));
    assert_eq!(facts.units[0].since_final, [] as [usize; 0]);
    assert!(facts.commits[0].is_merge() && facts.commits[0].touches.is_empty());
    world.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(world.facts(&policy).branch, None);
}

#[test]
fn pre_releases_stand_between() {
    let world = World::new();
    world.change("x", "one");
    world.tag("debian/1.0_rc1-1");
    world.change("x", "two");
    world.tag("debian/1%1.0-1");
    world.change("x", "three");
    world.tag("debian/1%1.1_rc2-1");
    world.change("x", "four");
    world.tag("debian/1%1.1_rc10-1");
    world.tag("debian/1%1.1_dfsg");
    world.git(&["tag", "--delete", "debian/1%1.1_dfsg"]);
    world.change("x", "five");
    let policy = policy(vec![unit("hello", "", &["debian/{version}"])]);
    let facts = world.facts(&policy);
    assert_eq!(last_final(&facts, 0), Some("1:1.0-1"));
    let pre = facts.units[0].pre_releases.iter();
    let pre: Vec<_> = pre.map(|pre| pre.version.as_str()).collect();
    assert_eq!(pre, ["1:1.1~rc2-1", "1:1.1~rc10-1"]);
    assert_eq!(since_final(&facts, 0), ["five", "four", "three"]);
    assert_eq!(since_pre(&facts, 0), ["five"]);
}

#[test]
fn merges_are_read_by_policy() {
    let world = World::new();
    world.change("x", "one");
    world.tag("v1");
    world.git(&["checkout", "--quiet", "-b", "side"]);
    world.change("y", "side");
    world.git(&["checkout", "--quiet", "main"]);
    world.change("x", "two");
    world.later();
    world.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    let mut policy = policy(vec![unit("hello", "", &["v{version}"])]);
    let facts = world.facts(&policy);
    let mut found = since_final(&facts, 0);
    found.sort_unstable();
    assert_eq!(found, ["side", "two"]);
    assert_eq!(facts.commits[0].subject(), "merge");
    assert_eq!(facts.commits.len(), 3);
    policy.merges = Merges::FirstParent;
    let facts = world.facts(&policy);
    assert_eq!(since_final(&facts, 0), ["merge", "two"]);
    assert_eq!(facts.commits.len(), 2);
    // A release on the merged side counts under both.
    world.git(&["tag", "v2", "side"]);
    let facts = world.facts(&policy);
    assert_eq!(since_final(&facts, 0), ["merge", "two"]);
    assert_eq!(last_final(&facts, 0), Some("2"));
}

#[test]
fn tags_of_similar_names_are_of_the_nearest_package() {
    let world = World::new();
    world.change("x", "one");
    world.tag("lib-2-1.0");
    world.change("x", "two");
    world.tag("lib-3.0");
    world.change("x", "three");
    let units = vec![
        unit("lib", "", &["lib-{version}"]),
        unit("lib-2", "", &["lib-2-{version}"]),
    ];
    let facts = world.facts(&policy(units));
    assert_eq!(last_final(&facts, 0), Some("3.0"));
    assert_eq!(last_final(&facts, 1), Some("1.0"));
    assert_eq!(since_final(&facts, 0), ["three"]);
    assert_eq!(since_final(&facts, 1), ["three", "two"]);
}

#[test]
fn ranges_between_revisions_are_read() {
    let world = World::new();
    world.change("a/x", "one");
    world.change("b/x", "two");
    world.tag("v1");
    world.change("a/x", "three");
    let policy = policy(vec![unit("aa", "a", &["v{version}"])]);
    let repository = Repository::discover(&world.top).expect("a repository");
    let read = |from, to| {
        let commits = between(&repository, from, to, &policy).expect("commits");
        let said = commits
            .iter()
            .map(|c| format!("{} {:?}", c.subject(), c.touches));
        said.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(read(None, "HEAD"), "three [0], two [], one [0]");
    assert_eq!(read(Some("v1"), "HEAD"), "three [0]");
    assert_eq!(read(Some("v1~1"), "v1"), "two []");
    assert_eq!(read(Some("HEAD"), "HEAD"), "");
    assert_eq!(read(Some("HEAD"), "v1"), "");
}

#[test]
fn dead_patterns_and_odd_paths_are_told() {
    let world = World::new();
    world.write("a/é ü/x", "1");
    world.write("docs/a/x.md", "1");
    world.commit("one");
    let mut own = unit("aa", "a", &["v{version}"]);
    own.include = vec!["docs/*/*.md".into(), "docs/*.md".into(), "nowhere".into()];
    own.exclude = vec!["a/é ü".into(), "a/b".into()];
    let facts = world.facts(&policy(vec![own, unit("bb", "b", &["b{version}"])]));
    let dead = facts.dead_patterns.iter().map(|dead| dead.pattern.as_str());
    let dead: Vec<_> = dead.collect();
    assert_eq!(dead, ["docs/*.md", "nowhere", "a/b", "b"]);
    assert_eq!(facts.commits[0].touches, [0]);
    assert_eq!(facts.commits[0].unowned, Some((1, "a/é ü/x".to_owned())));
}
