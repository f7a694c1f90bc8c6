//! Releases that were prepared and are not tagged.

use super::world::{World, policy, since_final, unit, with_file};
use crate::format::version::Version;
use crate::release::facts::{Facts, PendingBy};
use crate::release::policy::{DebianKind, Policy};

fn hello() -> Policy {
    policy(vec![with_file(
        unit("hello", "", &["v{version}"]),
        "VERSION",
    )])
}

fn pending(facts: &Facts) -> Option<(&str, &str, PendingBy, Vec<&str>)> {
    let found = facts.units[0].pending.as_ref()?;
    let later = found.later.iter().map(|&at| facts.commits[at].subject());
    Some((&found.version, &found.commit, found.by, later.collect()))
}

fn released(world: &World) {
    world.write("VERSION", "1.0\n");
    world.commit("one");
    world.tag("v1.0");
    world.change("x", "two");
}

#[test]
fn a_release_commit_is_found_by_its_trailer() {
    let world = World::new();
    world.write("VERSION", "1.0\n");
    let first = world.commit("chore(release): hello 1.0\n\nDebcut-Release: hello 1.0");
    let facts = world.facts(&hello());
    assert_eq!(
        pending(&facts),
        Some(("1.0", &*first, PendingBy::Trailer, vec![]))
    );
    world.tag("v1.0");
    assert_eq!(pending(&world.facts(&hello())), None);

    world.git(&["checkout", "--quiet", "-b", "release/1.1"]);
    world.write("VERSION", "1.1\n");
    let second = world.commit("chore(release): hello 1.1\n\nDebcut-Release: hello 1.1");
    world.git(&["checkout", "--quiet", "main"]);
    world.change("y", "meanwhile");
    let fork = world.git(&["rev-parse", "HEAD"]);
    world.later();
    world.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "-m",
        "Merge release/1.1",
        "release/1.1",
    ]);
    world.change("x", "after");
    let facts = world.facts(&hello());
    let want = (
        "1.1",
        &*second,
        PendingBy::Trailer,
        vec!["after", "meanwhile"],
    );
    assert_eq!(pending(&facts), Some(want));

    // Squashed instead, into a commit that also says other things.
    world.git(&["reset", "--quiet", "--hard", &fork]);
    world.git(&["merge", "--quiet", "--squash", "release/1.1"]);
    let squashed =
        "Release 1.1 (#7)\n\n* chore(release): hello 1.1\n\nDebcut-Release: hello 1.1\n\n* typo";
    let third = world.commit(squashed);
    world.change("x", "after");
    let facts = world.facts(&hello());
    let want = ("1.1", &*third, PendingBy::Trailer, vec!["after"]);
    assert_eq!(pending(&facts), Some(want));
    assert_eq!(since_final(&facts, 0).len(), 3);

    // Taken back: the tree does not hold it any more.
    world.write("VERSION", "1.0\n");
    world.commit("Revert the release");
    assert_eq!(pending(&world.facts(&hello())), None);
}

#[test]
fn a_tag_beside_the_release_commit_is_named_unless_it_is_a_release_there() {
    let message = "chore(release): hello 1.1\n\nDebcut-Release: hello 1.1";
    for (tagged, stray) in [("feat: other", true), (message, false)] {
        let world = World::new();
        released(&world);
        world.write("VERSION", "1.1\n");
        let own = world.commit(message);
        world.git(&["checkout", "--quiet", "--orphan", "other"]);
        let other = world.commit(tagged);
        world.tag("v1.1");
        world.git(&["checkout", "--quiet", "main"]);
        let facts = world.facts(&hello());
        assert_eq!(pending(&facts), None);
        let found = facts.units[0].mistagged.as_ref();
        let found = found.map(|it| (it.tag.as_str(), &*it.commit, &*it.release_commit));
        assert_eq!(found, stray.then_some(("v1.1", &*other, &*own)), "{tagged}");
    }
}

#[test]
fn a_version_in_the_tree_that_no_tag_names_is_pending() {
    let world = World::new();
    released(&world);
    assert_eq!(pending(&world.facts(&hello())), None);
    world.write("VERSION", "1.1\n");
    let bump = world.commit("version 1.1");
    world.change("x", "three");
    let facts = world.facts(&hello());
    assert_eq!(
        pending(&facts),
        Some(("1.1", &*bump, PendingBy::Tree, vec!["three"]))
    );
    // A lower one is a mistake, not a release.
    world.write("VERSION", "0.9\n");
    world.commit("back");
    assert_eq!(pending(&world.facts(&hello())), None);
    // The commit since which it stands there without a break.
    world.write("VERSION", "1.1\n");
    let again = world.commit("forth");
    let facts = world.facts(&hello());
    assert_eq!(
        pending(&facts),
        Some(("1.1", &*again, PendingBy::Tree, vec![]))
    );
    world.tag("v1.1");
    assert_eq!(pending(&world.facts(&hello())), None);
}

#[test]
fn a_first_release_is_not_guessed_and_files_must_agree() {
    let world = World::new();
    world.write("VERSION", "1.0\n");
    world.commit("one");
    assert_eq!(pending(&world.facts(&hello())), None);
    world.tag("v1.0");
    world.write("VERSION", "1.1\n");
    world.write("VERSION2", "1.0\n");
    world.commit("half");
    let mut two = hello();
    two.units[0] = with_file(two.units[0].clone(), "VERSION2");
    let facts = world.facts(&two);
    assert_eq!(pending(&facts), None);
    let found: Vec<_> = facts.units[0]
        .versions
        .iter()
        .map(|v| v.version.as_deref())
        .collect();
    assert_eq!(found, [Ok("1.1"), Ok("1.0")]);
    two.units[0] = with_file(two.units[0].clone(), "gone/VERSION");
    let facts = world.facts(&two);
    let last = facts.units[0].versions.last().expect("three");
    let error = last.version.as_ref().expect_err("no such file");
    assert_eq!(error.to_string(), "gone/VERSION: there is no such file");
}

fn entry(version: &str, suite: &str) -> String {
    format!(
        "hello ({version}) {suite}; urgency=medium\n\n  * Change.\n\n \
         -- Ada <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0000\n"
    )
}

#[test]
fn a_version_and_its_changelog_are_pending_together() {
    let world = World::new();
    let mut hello = hello();
    hello.units[0].debian = DebianKind::Changelog {
        path: "debian/changelog".to_owned(),
    };
    world.write("VERSION", "1.0\n");
    world.write("debian/changelog", &entry("1.0-1", "unstable"));
    world.commit("one");
    world.tag("v1.0");
    for (version, entry_version, suite, want) in [
        ("1.1", "1.1-1", "UNRELEASED", None),
        ("1.2", "1.0-1", "unstable", None),
        ("1.2", "1.1-1", "unstable", None),
        ("1.1", "1.1-1", "unstable", Some("1.1")),
    ] {
        world.write("VERSION", &format!("{version}\n"));
        world.write("debian/changelog", &entry(entry_version, suite));
        let last = world.commit("next");
        let facts = world.facts(&hello);
        let want = want.map(|version| (version, &*last, PendingBy::Tree, vec![]));
        assert_eq!(pending(&facts), want, "{version} {entry_version} {suite}");
    }
}

#[test]
fn a_changelog_entry_is_pending_once_it_is_released() {
    let world = World::new();
    let mut own = unit("hello", "", &["debian/{version}"]);
    own.debian = DebianKind::Changelog {
        path: "debian/changelog".to_owned(),
    };
    let policy = policy(vec![own]);
    assert_eq!(world.write("x", "1"), ());
    world.commit("none yet");
    assert_eq!(world.facts(&policy).units[0].changelog, None);
    world.write("debian/changelog", &entry("1.0-1", "unstable"));
    world.commit("one");
    world.tag("debian/1.0-1");
    let open = [entry("1.0-2", "UNRELEASED"), entry("1.0-1", "unstable")].join("\n");
    world.write("debian/changelog", &open);
    world.commit("open");
    let facts = world.facts(&policy);
    assert_eq!(pending(&facts), None);
    let released = facts.units[0].released_entry.as_ref();
    assert_eq!(released.map(Version::as_str), Some("1.0-1"));
    world.write("debian/changelog", &entry("1.0-2", "unstable"));
    let close = world.commit("close");
    world.change("x", "after");
    let facts = world.facts(&policy);
    assert_eq!(
        pending(&facts),
        Some(("1.0-2", &*close, PendingBy::Tree, vec!["after"]))
    );
    let rebuilt = entry("1.0-2+b1", "unstable").replace("medium", "low, binary-only=yes");
    world.write("debian/changelog", &rebuilt);
    world.commit("rebuild");
    assert_eq!(pending(&world.facts(&policy)), None);
    world.write("debian/changelog", "nonsense\n");
    let broken = world.commit("break it");
    let error = world.try_facts(&world.top, &policy).expect_err("broken");
    assert_eq!(
        error.to_string(),
        format!("cannot read debian/changelog at {broken}")
    );
}

#[test]
fn files_say_no_more_of_a_debian_tag_than_the_number() {
    let world = World::new();
    let policy = policy(vec![with_file(
        unit("hello", "", &["debian/{version}"]),
        "VERSION",
    )]);
    world.write("VERSION", "1.0\n");
    world.commit("one");
    world.tag("debian/1.0-1");
    for (announced, is_pending) in [("1.1-1", true), ("1.2-1", false)] {
        world.write("VERSION", "1.1\n");
        world.change("x", announced);
        let commit = world.change("y", &format!("next\n\nDebcut-Release: hello {announced}"));
        let facts = world.facts(&policy);
        let found = pending(&facts).filter(|found| found.1 == commit);
        let want = (announced, &*commit, PendingBy::Trailer, vec![]);
        assert_eq!(found, is_pending.then_some(want), "{announced}");
    }
}
