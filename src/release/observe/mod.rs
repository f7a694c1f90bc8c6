//! The repository → [`Facts`]: one walk, bounded by the oldest release that
//! matters, for all packages at once. Writes nothing.
//!
//! What is in a package's range: the commits that HEAD has and none of its
//! final releases that HEAD descends from. Releases on other lines end nothing.
//! Only commits in somebody's range are compared with their parents.

mod behind;
mod lines;
mod members;
mod moved;
mod origins;
pub mod past;
mod pending;
mod releases;
mod territory;
mod tree;
mod walk;

use std::collections::{BTreeMap, HashSet};

use self::releases::{Releases, Tagged, TaggedKind};
use self::walk::{Birth, Node, SLOP, Scope, Walk, everybody};
use super::commit::{Commit, Person, Release};
use super::facts::{Facts, UnitFacts};
use super::policy::{Policy, Unit};
use crate::format::changelog::{ChangelogError, Entry};
use crate::model::{TagName, Timestamp};
use crate::sys::git::{GitError, ObjectId, Repository};

/// Why there is nothing to plan with.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A package's changelog cannot be read.
    #[error("cannot read {path} at {commit}")]
    Changelog {
        /// The file, from the repository's top.
        path: String,
        /// The commit.
        commit: String,
        /// What is wrong with its newest entry.
        source: ChangelogError,
    },
}

/// Reads what the next releases of a revision (`HEAD`) depend on.
pub fn observe(
    repository: &Repository,
    revision: &str,
    policy: &Policy,
) -> Result<Facts, ObserveError> {
    let mut facts = read(repository, revision, policy, SLOP)?;
    facts.branch = repository.branch_of(revision);
    lines::fill(&mut facts, repository, policy)?;
    Ok(facts)
}

/// Reads what the next releases of a branch depend on, at a commit of it.
pub fn observe_on(
    repository: &Repository,
    (branch, commit): (&str, &str),
    policy: &Policy,
) -> Result<Facts, ObserveError> {
    let mut facts = read(repository, commit, policy, SLOP)?;
    facts.branch = Some(branch.to_owned());
    lines::fill(&mut facts, repository, policy)?;
    Ok(facts)
}

/// Reads the commits that `to` has and `from` does not (none: all that it has),
/// newest first, with the packages that they touch.
pub fn between(
    repository: &Repository,
    from: Option<&str>,
    to: &str,
    policy: &Policy,
) -> Result<Vec<Commit>, ObserveError> {
    let objects = repository.objects()?;
    let head = resolve(repository, to)?;
    let until = from.map(|from| resolve(repository, from)).transpose()?;
    let releases = Releases::new(&policy.units, &BTreeMap::new());
    let mut walk = Walk::from(head, || Scope {
        units: &policy.units,
        objects: &objects,
        merges: policy.merges,
        releases: &releases,
        until,
        birth: Birth::GoesOn,
        slop: SLOP,
        wanted: everybody(&policy.units),
    })?;
    let mut commits = Vec::new();
    for index in walk.order() {
        let node = &mut walk.nodes[index];
        if is_listed(node, policy) {
            commits.push(commit_of(node));
        }
        // A long history need not be there twice.
        node.object.forget_text();
        node.touched = None;
    }
    origins::fill(repository, &objects, &mut commits);
    Ok(commits)
}

/// A release, on whatever line it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The tag.
    pub tag: TagName,
    /// The version that the tag's name carries, as the project writes it.
    pub version: String,
    /// The commit that the tag leads to.
    pub commit: String,
    /// Whether it leads to a final release.
    pub is_pre_release: bool,
}

/// Sorts tags, with the commits that they lead to, by package: of each its
/// releases on all lines, the highest version first.
pub fn known_releases(units: &[Unit], tags: &BTreeMap<TagName, String>) -> Vec<Vec<Known>> {
    let ids = tags.iter().filter_map(|(tag, id)| {
        let id = ObjectId::from_hex(id)?;
        Some((tag.clone(), id))
    });
    let releases = Releases::new(units, &ids.collect());
    let of = |unit: usize| {
        let mut known: Vec<Known> = releases
            .all(unit)
            .map(|(tagged, id)| Known {
                tag: tagged.tag.clone(),
                version: tagged.version.clone(),
                commit: id.to_string(),
                is_pre_release: tagged.kind == TaggedKind::PreRelease,
            })
            .collect();
        known.sort_by(|a, b| {
            let order = releases::compare(&b.version, &a.version);
            order.then_with(|| a.tag.cmp(&b.tag))
        });
        known
    };
    (0..units.len()).map(of).collect()
}

fn resolve(repository: &Repository, revision: &str) -> Result<ObjectId, GitError> {
    let commit = repository.commit(revision)?;
    let none = GitError::NoCommit {
        revision: revision.to_owned(),
    };
    ObjectId::from_hex(&commit.id).ok_or(none)
}

fn read(
    repository: &Repository,
    revision: &str,
    policy: &Policy,
    slop: usize,
) -> Result<Facts, ObserveError> {
    let units = &policy.units;
    let objects = repository.objects()?;
    let head = resolve(repository, revision)?;
    let tags = repository.tag_targets(&objects)?;
    let releases = Releases::new(units, &tags);
    let walk = Walk::from(head, || Scope {
        units,
        objects: &objects,
        merges: policy.merges,
        releases: &releases,
        until: None,
        birth: Birth::Ends,
        slop,
        wanted: everybody(units),
    })?;
    let history = History::new(&walk, policy);
    let top = walk.nodes[0].object.tree;
    let mut facts = Facts {
        head: head.to_string(),
        branch: None,
        commits: history
            .listed
            .iter()
            .map(|&at| commit_of(&walk.nodes[at]))
            .collect(),
        units: Vec::new(),
        tags: tags
            .iter()
            .map(|(tag, id)| (tag.clone(), id.to_string()))
            .collect(),
        lines: Vec::new(),
        dead_patterns: tree::dead_patterns(&objects, top, units)?,
    };
    origins::fill(repository, &objects, &mut facts.commits);
    for (index, unit) in units.iter().enumerate() {
        let mut found = history.unit(index, &releases);
        found.versions = tree::versions(&objects, top, unit)?;
        found.changelog = tree::changelog(&objects, top, unit, &facts.head)?;
        if found.changelog.as_ref().is_some_and(Entry::is_unreleased) {
            found.released_entry = tree::released_entry(&objects, top, unit)?;
        }
        facts.units.push(found);
    }
    pending::fill(&mut facts, &history, &objects, policy)?;
    behind::fill(&mut facts, &history, &releases, repository, policy)?;
    Ok(facts)
}

/// The walk's commits in order, and which of them are told.
struct History<'a> {
    walk: &'a Walk<'a>,
    /// All commits in somebody's range, as the walk's indices, newest first.
    order: Vec<usize>,
    /// Those that are told, in that order.
    listed: Vec<usize>,
}

impl<'a> History<'a> {
    fn new(walk: &'a Walk<'a>, policy: &Policy) -> Self {
        let order = walk.order();
        let told = |index: &usize| {
            let node = &walk.nodes[*index];
            let owners = node.touched.as_ref().map_or(&[][..], |t| &t.owners[..]);
            let range = node.range();
            // What only touches packages that have released it is history.
            let open = owners.is_empty() || owners.iter().any(|&unit| range.has(unit));
            open && is_listed(node, policy)
        };
        let listed: Vec<usize> = order.iter().copied().filter(told).collect();
        Self {
            walk,
            order,
            listed,
        }
    }

    /// Lists the commits of a package's range that touch it.
    fn touching(&self, unit: usize) -> Vec<usize> {
        let touches = |index: usize| {
            let node = &self.walk.nodes[index];
            let touched = node.touched.as_ref();
            touched.is_some_and(|t| t.owners.contains(&unit)) && node.range().has(unit)
        };
        let all = self.listed.iter().enumerate();
        let own = all.filter(|(_, index)| touches(**index));
        own.map(|(at, _)| at).collect()
    }

    fn unit(&self, unit: usize, releases: &Releases) -> UnitFacts {
        let nearest = self.walk.nodes.iter().filter(|node| {
            let nearest = node.nearest();
            nearest.is_some_and(|units| units.has(unit))
        });
        let finals = nearest.flat_map(|node| {
            let tagged = releases.at(unit, node.id, TaggedKind::Final);
            tagged.map(move |tagged| release(tagged, node))
        });
        let last_final = finals.max_by(|a, b| releases::compare(&a.version, &b.version));

        let in_range = |&index: &usize| self.walk.nodes[index].range().has(unit);
        let mut pre_releases: Vec<(Release, usize)> = Vec::new();
        for index in self.order.iter().copied().filter(in_range) {
            let node = &self.walk.nodes[index];
            let tagged = releases.at(unit, node.id, TaggedKind::PreRelease);
            pre_releases.extend(tagged.map(|tagged| (release(tagged, node), index)));
        }
        // Of a final that is out, on whatever line, nothing leads on.
        if let Some(last) = &last_final {
            pre_releases.retain(|(pre, _)| releases::compare(&pre.version, &last.version).is_gt());
        }
        pre_releases.sort_by(|(a, _), (b, _)| releases::compare(&a.version, &b.version));

        let mut passed_over = releases.passed_over(unit).to_vec();
        if !passed_over.is_empty() {
            let in_range = self.order.iter().filter(|at| in_range(at));
            let ids: HashSet<_> = in_range.map(|&at| self.walk.nodes[at].id).collect();
            passed_over.retain(|(_, commit)| ids.contains(commit));
        }

        let since_final = self.touching(unit);
        let mut since_pre = since_final.clone();
        for (_, index) in &pre_releases {
            let covered = self.walk.ancestors(*index);
            since_pre.retain(|&at| !covered[self.listed[at]]);
        }
        UnitFacts {
            last_final,
            pre_releases: pre_releases.into_iter().map(|(pre, _)| pre).collect(),
            since_final,
            since_pre,
            passed_over: passed_over.into_iter().map(|(tag, _)| tag).collect(),
            ..UnitFacts::default()
        }
    }
}

fn release(tagged: &Tagged, node: &Node) -> Release {
    Release {
        tag: tagged.tag.clone(),
        version: tagged.version.clone(),
        commit: node.id.to_string(),
        committed: Timestamp::from_unix(node.object.committed),
    }
}

fn is_listed(node: &Node, policy: &Policy) -> bool {
    match policy.merges {
        super::policy::Merges::AllCommits => true,
        super::policy::Merges::FirstParent => node.on_line,
    }
}

fn commit_of(node: &Node) -> Commit {
    let (name, email) = node.object.author();
    let touched = node.touched.clone().unwrap_or_default();
    Commit {
        id: node.id.to_string(),
        parents: node
            .object
            .parents
            .iter()
            .map(ToString::to_string)
            .collect(),
        author: Person { name, email },
        committed: Timestamp::from_unix(node.object.committed),
        message: node.object.message(),
        touches: touched.owners,
        unowned: touched.unowned,
        origins: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
