//! What the releases of the past brought, each commit told with the release
//! that first contained it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::members::Members;
use super::releases::{Releases, TaggedKind, compare};
use super::walk::{Birth, SLOP, Scope, Walk, everybody};
use super::{History, ObserveError, commit_of, is_listed, origins, release, resolve};
use crate::model::TagName;
use crate::release::commit::{Commit, Release};
use crate::release::policy::Policy;
use crate::sys::git::{ObjectId, Repository};

/// Releases with the commits that they brought.
#[derive(Debug, Clone, Default)]
pub struct PastReleases {
    /// The commits that touch some package, newest first. Of a whole history,
    /// only merges name their parents.
    pub commits: Vec<Commit>,
    /// The releases, newest first, those of one commit in the order of
    /// [`Policy::units`].
    pub releases: Vec<PastRelease>,
}

/// What one release of one package brought.
#[derive(Debug, Clone)]
pub struct PastRelease {
    /// The package, as an index into [`Policy::units`].
    pub unit: usize,
    /// The release; none: what is not released yet.
    pub release: Option<Release>,
    /// The release before it, on its line.
    pub previous: Option<Release>,
    /// Its commits that touch the package, as indices into
    /// [`PastReleases::commits`], newest first.
    pub commits: Vec<usize>,
}

/// Reads the final releases that a revision descends from and what came after
/// them, in one walk through the whole history. Commits of pre-releases are of
/// the final release that follows.
pub fn past(
    repository: &Repository,
    revision: &str,
    policy: &Policy,
) -> Result<PastReleases, ObserveError> {
    let units = &policy.units;
    let objects = repository.objects()?;
    let head = resolve(repository, revision)?;
    let known = Releases::new(units, &repository.tag_targets(&objects)?);
    let nothing_bounds = Releases::new(units, &BTreeMap::new());
    let mut walk = Walk::from(head, || Scope {
        units,
        objects: &objects,
        merges: policy.merges,
        releases: &nothing_bounds,
        until: None,
        birth: Birth::GoesOn,
        slop: SLOP,
        wanted: everybody(units),
    })?;
    objects.forget_trees();
    let mut ages = Ages::new(walk.nodes.len(), units.len());
    let mut told = PastReleases::default();
    let mut found: BTreeMap<(u32, usize), PastRelease> = BTreeMap::new();
    for (place, index) in walk.order().into_iter().enumerate() {
        let node = &walk.nodes[index];
        let mut row = ages.take(index);
        for unit in known
            .finals
            .get(&node.id)
            .into_iter()
            .flat_map(Members::iter)
        {
            let tagged = known.at(unit, node.id, TaggedKind::Final);
            let highest = tagged.max_by(|a, b| compare(&a.version, &b.version));
            row[unit] = age_at(place);
            let entry = found.entry((row[unit], unit)).or_insert(none(unit));
            entry.release = highest.map(|tagged| release(tagged, node));
        }
        let owners = node.touched.as_ref().map_or(&[][..], |t| &t.owners[..]);
        if is_listed(node, policy) && !owners.is_empty() {
            for &unit in owners {
                let entry = found.entry((row[unit], unit)).or_insert(none(unit));
                entry.commits.push(told.commits.len());
            }
            let mut commit = commit_of(node);
            if !commit.is_merge() {
                commit.parents = Vec::new();
            }
            told.commits.push(commit);
        }
        for &parent in &node.parents {
            let own = known.finals.get(&walk.nodes[parent].id);
            for unit in own.into_iter().flat_map(Members::iter) {
                ages.note_below(row[unit], unit, parent);
            }
        }
        ages.hand_down(row, &walk.nodes[index].parents);
        // A long history need not be there twice.
        let node = &mut walk.nodes[index];
        node.object.forget_text();
        node.touched = None;
    }
    origins::fill(repository, &objects, &mut told.commits);
    for ((age, unit), below) in ages.below {
        let at = |index: usize| {
            let node = &walk.nodes[index];
            let tagged = known.at(unit, node.id, TaggedKind::Final);
            tagged.map(move |tagged| release(tagged, node))
        };
        let nearest = below.into_iter().flat_map(at);
        let highest = nearest.max_by(|a, b| compare(&a.version, &b.version));
        if let Some(entry) = found.get_mut(&(age, unit)) {
            entry.previous = highest;
        }
    }
    told.releases = found.into_values().collect();
    complete(&mut told.releases, units.len());
    Ok(told)
}

/// Reads what one release brought: the packages that the tag is a release of,
/// with what came since the release before on the tag's own line. None of
/// them: the tag is no release.
pub fn of_tag(
    repository: &Repository,
    tag: &TagName,
    policy: &Policy,
) -> Result<PastReleases, ObserveError> {
    let units = &policy.units;
    let objects = repository.objects()?;
    let mut tags = repository.tag_targets(&objects)?;
    let head = match tags.get(tag) {
        Some(commit) => *commit,
        None => resolve(repository, &repository.tag(tag.as_str())?.commit.id)?,
    };
    let own = Releases::new(units, &BTreeMap::from([(tag.clone(), head)]));
    // What is tagged here as well would leave nothing to tell.
    tags.retain(|_, commit: &mut ObjectId| *commit != head);
    let others = Releases::new(units, &tags);
    let of_tag: Vec<usize> = (0..units.len()).filter(|&unit| own.any(unit)).collect();
    if of_tag.is_empty() {
        return Ok(PastReleases::default());
    }
    let walk = Walk::from(head, || {
        let mut wanted = Members::none(units.len());
        of_tag.iter().for_each(|&unit| wanted.insert(unit));
        Scope {
            units,
            objects: &objects,
            merges: policy.merges,
            releases: &others,
            until: None,
            birth: Birth::Ends,
            slop: SLOP,
            wanted,
        }
    })?;
    let history = History::new(&walk, policy);
    let listed = history.listed.iter();
    let mut told = PastReleases {
        commits: listed.map(|&at| commit_of(&walk.nodes[at])).collect(),
        releases: Vec::new(),
    };
    origins::fill(repository, &objects, &mut told.commits);
    for unit in of_tag {
        let facts = history.unit(unit, &others);
        let node = &walk.nodes[0];
        let is_final = own.at(unit, head, TaggedKind::Final).next().is_some();
        let tagged = own.at(unit, head, TaggedKind::Final);
        let mut tagged = tagged.chain(own.at(unit, head, TaggedKind::PreRelease));
        let last_pre = facts.pre_releases.last().cloned();
        told.releases.push(PastRelease {
            unit,
            release: tagged.next().map(|tagged| release(tagged, node)),
            previous: match is_final {
                true => facts.last_final,
                false => last_pre.or(facts.last_final),
            },
            commits: match is_final {
                true => facts.since_final,
                false => facts.since_pre,
            },
        });
    }
    Ok(told)
}

fn none(unit: usize) -> PastRelease {
    PastRelease {
        unit,
        release: None,
        previous: None,
        commits: Vec::new(),
    }
}

/// Gives a release whose line begins within that of another one, so that no
/// release stands right below its commits, the highest one before it.
fn complete(releases: &mut [PastRelease], units: usize) {
    for unit in 0..units {
        let lacks = |past: &PastRelease| past.unit == unit && past.previous.is_none();
        let lacking: Vec<usize> = (0..releases.len())
            .filter(|&at| lacks(&releases[at]))
            .collect();
        for at in lacking {
            let older = releases[at + 1..].iter().filter(|past| past.unit == unit);
            let older = older.filter_map(|past| past.release.as_ref());
            let is_lower = |other: &&Release| match &releases[at].release {
                None => true,
                Some(own) => compare(&other.version, &own.version) == Ordering::Less,
            };
            let highest = older
                .filter(is_lower)
                .max_by(|a, b| compare(&a.version, &b.version));
            releases[at].previous = highest.cloned();
        }
    }
}

/// How old a release is: the place of its commit among all, from the newest,
/// which is 1. What is not released has 0.
fn age_at(place: usize) -> u32 {
    u32::try_from(place + 1).unwrap_or(u32::MAX)
}

/// The oldest release that contains a commit, for each package; known for a
/// commit once all of its children have handed theirs down.
struct Ages {
    rows: Vec<Option<Box<[u32]>>>,
    units: usize,
    /// The releases that stand right below the commits of another one, or of
    /// what is not released.
    below: BTreeMap<(u32, usize), Vec<usize>>,
}

impl Ages {
    fn new(nodes: usize, units: usize) -> Self {
        Self {
            rows: vec![None; nodes],
            units,
            below: BTreeMap::new(),
        }
    }

    fn take(&mut self, index: usize) -> Box<[u32]> {
        let row = self.rows[index].take();
        row.unwrap_or_else(|| vec![0; self.units].into())
    }

    fn note_below(&mut self, age: u32, unit: usize, index: usize) {
        self.below.entry((age, unit)).or_default().push(index);
    }

    fn hand_down(&mut self, row: Box<[u32]>, parents: &[usize]) {
        let Some((&first, others)) = parents.split_first() else {
            return;
        };
        for &parent in others {
            match &mut self.rows[parent] {
                Some(known) => raise(known, &row),
                empty => *empty = Some(row.clone()),
            }
        }
        match &mut self.rows[first] {
            Some(known) => raise(known, &row),
            empty => *empty = Some(row),
        }
    }
}

fn raise(known: &mut [u32], by: &[u32]) {
    for (own, other) in known.iter_mut().zip(by) {
        *own = (*own).max(*other);
    }
}
