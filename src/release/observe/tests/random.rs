//! On any history the ranges are git's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;

use super::world::{World, policy, unit};
use crate::release::facts::Facts;
use crate::release::observe::walk::SLOP;
use crate::release::observe::{observe, read};
use crate::release::policy::{Merges, Policy};
use crate::sys::git::Repository;

/// One commit of a random history.
#[derive(Debug, Clone)]
struct Drawn {
    /// How far back its parents are, from the commit before.
    parents: Vec<usize>,
    /// Which files it changes.
    files: Vec<usize>,
    /// By how much its date lies, in seconds; commits are 100 apart.
    skew: i64,
    /// The package that it is a release of.
    tag: Option<usize>,
}

const FILES: [&str; 6] = ["a/x", "a/in/x", "b/x", "b/y", "c/x", "top"];

fn drawn(skew: i64) -> impl Strategy<Value = Vec<Drawn>> {
    let commit = (
        prop::collection::vec(0..6_usize, 0..3),
        prop::collection::vec(0..FILES.len(), 0..3),
        -skew..=skew,
        prop::option::weighted(0.15, 0..4_usize),
    );
    let commit = commit.prop_map(|(parents, files, skew, tag)| Drawn {
        parents,
        files,
        skew,
        tag,
    });
    prop::collection::vec(commit, 2..40)
}

fn units() -> Policy {
    policy(vec![
        unit("aa", "a", &["a-{version}"]),
        unit("bb", "b", &["b-{version}"]),
        unit("inner", "a/in", &["i-{version}"]),
        // The same directory as another's, other releases.
        unit("twin", "b", &["t-{version}"]),
    ])
}

fn make(commits: &[Drawn]) -> World {
    let world = World::new();
    let mut stream = String::new();
    let mark = |stream: &mut String, text: &str| {
        write!(stream, "data {}\n{text}\n", text.len()).expect("text");
    };
    let mut files: Vec<BTreeMap<usize, usize>> = Vec::new();
    for (at, commit) in commits.iter().enumerate() {
        let date = 1_700_000_000 + at as i64 * 100 + commit.skew;
        writeln!(stream, "commit refs/heads/main\nmark :{}", at + 1).expect("text");
        writeln!(stream, "committer Ada <a@b> {date} +0000").expect("text");
        mark(&mut stream, &format!("c{at}"));
        let mut parents: Vec<usize> = commit
            .parents
            .iter()
            .filter(|&&back| back < at)
            .map(|back| at - 1 - back)
            .collect();
        parents.dedup();
        if parents.is_empty() && at > 0 {
            parents.push(at - 1);
        }
        let mut own = parents
            .first()
            .map_or_else(BTreeMap::new, |&p: &usize| files[p].clone());
        for (place, parent) in parents.iter().enumerate() {
            let word = if place == 0 { "from" } else { "merge" };
            writeln!(stream, "{word} :{}", parent + 1).expect("text");
            if place > 0 {
                for (file, content) in files[*parent].clone() {
                    own.entry(file).or_insert(content);
                }
            }
        }
        // All places are there from the start, so that none is born or moved.
        let all = 0..FILES.len();
        let changed: Vec<usize> = if at == 0 {
            all.collect()
        } else {
            commit.files.clone()
        };
        for file in changed {
            own.insert(file, at);
        }
        for (file, content) in &own {
            writeln!(stream, "M 100644 inline {}", FILES[*file]).expect("text");
            mark(&mut stream, &format!("{file} {content}"));
        }
        files.push(own);
        if let Some(tag) = commit.tag {
            let name = format!("{}-1.{at}", ["a", "b", "i", "t"][tag]);
            writeln!(stream, "reset refs/tags/{name}\nfrom :{}\n", at + 1).expect("text");
        }
    }
    stream.push_str("done\n");
    world.import(stream.as_bytes());
    world
}

/// The tags that HEAD descends from; `git tag --merged` believes dates.
fn merged(world: &World, pattern: &str) -> Vec<String> {
    let format = "--format=%(objectname) %(refname:short)";
    let pattern = format!("refs/tags/{pattern}");
    let tags = world.git(&["for-each-ref", format, &pattern]);
    let all = world.git(&["rev-list", "HEAD"]);
    let tags = tags.lines().filter_map(|line| line.split_once(' '));
    let tags = tags.filter(|(commit, _)| all.contains(commit));
    tags.map(|(_, name)| name.to_owned()).collect()
}

/// What git says: of all commits, minus those below the package's releases,
/// those that change its paths.
fn judged(world: &World, unit: usize, merges: Merges) -> BTreeSet<String> {
    let lines = |arguments: &[&str]| -> BTreeSet<String> {
        world.git(arguments).lines().map(str::to_owned).collect()
    };
    let pattern = format!("{}-*", ["a", "b", "i", "t"][unit]);
    let tags = merged(world, &pattern);
    let mut range = match merges {
        Merges::AllCommits => lines(&["rev-list", "HEAD"]),
        Merges::FirstParent => lines(&["rev-list", "--first-parent", "HEAD"]),
    };
    // Set by set: with dates that lie, git's own A..B is not exact.
    for tag in &tags {
        for commit in lines(&["rev-list", tag]) {
            range.remove(&commit);
        }
    }
    let mine = |path: &str| match unit {
        0 => path.starts_with("a/") && !path.starts_with("a/in/"),
        2 => path.starts_with("a/in/"),
        _ => path.starts_with("b/"),
    };
    let how = match merges {
        Merges::AllCommits => "--no-diff-merges",
        Merges::FirstParent => "--diff-merges=first-parent",
    };
    let log = world.git(&[
        "log",
        "--format=@%H",
        "--name-only",
        "--no-renames",
        how,
        "HEAD",
    ]);
    let mut changed = BTreeSet::new();
    let mut commit = "";
    for line in log.lines() {
        match line.strip_prefix('@') {
            Some(id) => commit = id,
            None if mine(line) => drop(changed.insert(commit.to_owned())),
            None => {}
        }
    }
    range.intersection(&changed).cloned().collect()
}

fn compare(world: &World, facts: &Facts, merges: Merges) -> Result<(), TestCaseError> {
    for unit in 0..4 {
        let found = facts.units[unit].since_final.iter();
        let found: BTreeSet<String> = found.map(|&at| facts.commits[at].id.clone()).collect();
        prop_assert_eq!(found, judged(world, unit, merges), "unit {}", unit);
        let tagged = facts.units[unit].last_final.is_some();
        let pattern = format!("{}-*", ["a", "b", "i", "t"][unit]);
        let tags = merged(world, &pattern);
        prop_assert_eq!(tagged, !tags.is_empty());
    }
    for (at, commit) in facts.commits.iter().enumerate() {
        let newer = facts.commits[..at].iter();
        let mut older_first = newer.filter(|newer| commit.parents.contains(&newer.id));
        prop_assert!(
            older_first.next().is_none(),
            "{} stands behind a parent",
            commit.id
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_those_of_git_whatever_the_dates(commits in drawn(1_000_000)) {
        let world = make(&commits);
        for merges in [Merges::AllCommits, Merges::FirstParent] {
            let policy = Policy { merges, ..units() };
            compare(&world, &world.facts(&policy), merges)?;
        }
    }

    /// Where no date lies the walk needs no reserve.
    #[test]
    fn ranges_are_those_of_git_without_slop(commits in drawn(0)) {
        let world = make(&commits);
        let repository = Repository::discover(&world.top).expect("a repository");
        let facts = read(&repository, "HEAD", &units(), 0).expect("facts");
        compare(&world, &facts, Merges::AllCommits)?;
        let usual = observe(&repository, "HEAD", &units()).expect("facts");
        prop_assert_eq!(usual.commits, facts.commits);
    }
}

#[test]
fn the_reserve_is_larger_than_the_random_histories() {
    // Else they would not show what happens within it.
    const { assert!(SLOP > 40) };
}
