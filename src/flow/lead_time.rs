//! `lead-time`: commits, tags and generations → how long releases took. Writes
//! nothing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::FlowError;
use super::configured::{self, Configured, ReadError};
use super::project::Workspace;
use super::rolling::shelf::Shelf;
use super::status::{names, sources};
use crate::format::version::Version;
use crate::model::finding::with_causes;
use crate::model::{Finding, PackageName, Suite, Timestamp};
use crate::publish;
use crate::release::commit::{Commit, Release};
use crate::release::lead_time::{Arrival, LeadTime, Since, counted, median_wait, predecessor};
use crate::release::observe::{self, Known};
use crate::release::policy::{Policy, Unit};
use crate::release::standing;
use crate::rollout::event::Entry as Event;
use crate::rollout::{self, Rollout};
use crate::sys::environment::Environment;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The packages; none: all.
    pub packages: Vec<PackageName>,
    /// How many of each package's releases, the newest first.
    pub limit: usize,
    /// Where journals of rollouts are; `None` for the user's.
    pub state: Option<PathBuf>,
}

/// Measures releases, each package's newest version first.
pub fn lead_times(
    workspace: &Workspace,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<(Vec<LeadTime>, Vec<Finding>), FlowError> {
    let policy = workspace.policy("HEAD")?;
    for name in &wanted.packages {
        if !policy.units.iter().any(|unit| unit.name == *name) {
            return Err(FlowError::UnknownPackage {
                revision: "HEAD".to_owned(),
                wanted: name.to_string(),
                known: policy.units.iter().map(|u| u.name.to_string()).collect(),
            });
        }
    }
    let repository = &workspace.repository;
    let objects = repository.objects()?;
    let targets = repository.tag_targets(&objects)?;
    let targets = targets.into_iter().map(|(tag, id)| (tag, id.to_string()));
    let known = observe::known_releases(&policy.units, &targets.collect());
    let (seen, mut findings) = seen(workspace, &policy, environment)?;
    let (rollouts, unread) = rollouts(wanted.state.clone(), environment);
    findings.extend(unread);
    let mut history = History {
        workspace,
        policy: &policy,
        ranges: HashMap::new(),
        ancestors: HashMap::new(),
    };
    let mut found = Vec::new();
    for (index, own) in known.iter().enumerate() {
        let unit = &policy.units[index];
        if !wanted.packages.is_empty() && !wanted.packages.contains(&unit.name) {
            continue;
        }
        for at in 0..own.len().min(wanted.limit) {
            let release = history.measured(index, own, at, &seen)?;
            found.push(brought(release, unit, &own[at], &rollouts));
        }
    }
    Ok((found, findings))
}

/// Reads every rollout there is a journal of; one that cannot be read is told.
pub(super) fn rollouts(
    state: Option<PathBuf>,
    environment: &Environment,
) -> (Vec<(Rollout, Vec<Event>)>, Vec<Finding>) {
    // Without a home there are no journals either.
    let Ok(shelf) = Shelf::of(state, environment) else {
        return (Vec::new(), Vec::new());
    };
    let (mut found, mut findings) = (Vec::new(), Vec::new());
    let warn = |subject: String, error: FlowError| {
        Finding::warning("rollout", subject, with_causes(&error))
    };
    match shelf.ids() {
        Err(error) => findings.push(warn(shelf.directory.display().to_string(), error)),
        Ok(ids) => {
            for id in ids {
                match shelf.look(&id) {
                    Ok(one) => found.extend(one),
                    Err(error) => findings.push(warn(id.to_string(), error)),
                }
            }
        }
    }
    (found, findings)
}

/// Adds when rollouts brought a release to its first host and to all, in any of
/// its Debian revisions and tries.
fn brought(
    mut lead: LeadTime,
    unit: &Unit,
    known: &Known,
    rollouts: &[(Rollout, Vec<Event>)],
) -> LeadTime {
    let release = Release {
        tag: known.tag.clone(),
        version: known.version.clone(),
        commit: known.commit.clone(),
        committed: lead.tagged,
    };
    let own = rollouts.iter().filter(|(rollout, _)| {
        let mut versions = rollout.target.versions.iter();
        rollout.target.source == unit.name
            && versions.any(|meant| is_its(unit, &release, &meant.source_version))
    });
    let (back, there): (Vec<_>, Vec<_>) = own.partition(|(rollout, _)| rollout.is_taken_back());
    // One try that stayed is the release's way, whatever others came to.
    let counts = match there.is_empty() {
        true => {
            let turned = back.iter().filter_map(|(_, entries)| turned(entries));
            lead.taken_back = turned.max();
            &back
        }
        false => &there,
    };
    lead.canary = counts.iter().filter_map(|(one, _)| one.canary()).min();
    lead.everyone = counts.iter().filter_map(|(one, _)| one.everyone()).min();
    lead
}

/// Returns when somebody began to take it back.
fn turned(entries: &[Event]) -> Option<Timestamp> {
    let turns = |entry: &&Event| matches!(entry.event, rollout::Event::RollbackBegun { .. });
    entries.iter().rfind(turns).map(|entry| entry.at)
}

/// The history, asked once: packages of one repository are often released at the
/// same commits.
struct History<'a> {
    workspace: &'a Workspace,
    policy: &'a Policy,
    ranges: HashMap<(Option<String>, String), Vec<Commit>>,
    ancestors: HashMap<(String, String), bool>,
}

impl History<'_> {
    /// Tells whether a release descends from another one; one that cannot be
    /// compared is on another line.
    fn descends(&mut self, own: &Known, other: &Known) -> bool {
        let (older, newer) = (&other.commit, &own.commit);
        let repository = &self.workspace.repository;
        let asked = self.ancestors.entry((older.clone(), newer.clone()));
        *asked.or_insert_with(|| repository.is_ancestor(older, newer).unwrap_or(false))
    }

    fn range(&mut self, from: Option<&Known>, to: &Known) -> Result<&[Commit], FlowError> {
        let from = from.map(|from| from.commit.clone());
        Ok(match self.ranges.entry((from.clone(), to.commit.clone())) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => place.insert(observe::between(
                &self.workspace.repository,
                from.as_deref(),
                &to.commit,
                self.policy,
            )?),
        })
    }

    /// Measures one of a package's releases.
    fn measured(
        &mut self,
        index: usize,
        known: &[Known],
        at: usize,
        seen: &[Seen],
    ) -> Result<LeadTime, FlowError> {
        let (unit, own) = (&self.policy.units[index], &known[at]);
        let before = predecessor(known, at, &mut |other| self.descends(own, other));
        let policy = self.policy;
        let made = counted(self.range(before, own)?, index, policy);
        let tagged = self.workspace.repository.tag_date(&own.tag)?;
        let release = Release {
            tag: own.tag.clone(),
            version: own.version.clone(),
            commit: own.commit.clone(),
            committed: tagged,
        };
        Ok(LeadTime {
            package: unit.name.clone(),
            version: own.version.clone(),
            tag: own.tag.clone(),
            commits: made.len(),
            oldest_commit: made.iter().min().copied(),
            median_seconds: median_wait(&made, tagged),
            tagged,
            suites: arrivals(unit, &release, seen),
            canary: None,
            everyone: None,
            taken_back: None,
        })
    }
}

/// A generation, its date, and whether it is known to be the first.
type First = (u64, Timestamp, Since);

/// The first generation of a suite that had a version of a package.
struct Seen {
    archive: String,
    suite: Suite,
    first: BTreeMap<(PackageName, Version), First>,
}

/// Tells whether a version is a release on its way. Old content that comes back
/// under a higher version (`1.2.1+really1.2.0`) has that release's files, and is
/// the way of no release but its own.
fn is_its(unit: &Unit, release: &Release, version: &Version) -> bool {
    let comes_back = |text: &str| text.contains("+really");
    let is_reversion = comes_back(&version.to_string()) && !comes_back(release.tag.as_str());
    standing::is_of(unit, release, version) && !is_reversion
}

/// Finds the first of a suite's generations that had a release, in any of its
/// Debian revisions.
fn arrivals(unit: &Unit, release: &Release, seen: &[Seen]) -> Vec<Arrival> {
    let of = |seen: &Seen| {
        let own = seen
            .first
            .iter()
            .filter(|((name, version), _)| *name == unit.name && is_its(unit, release, version));
        let (generation, at, known) = own.map(|(_, first)| *first).min_by_key(|first| first.0)?;
        Some(Arrival {
            archive: seen.archive.clone(),
            suite: seen.suite.clone(),
            generation,
            at,
            known,
        })
    };
    seen.iter().filter_map(of).collect()
}

/// Walks through the generations of every suite of every configured archive.
fn seen(
    workspace: &Workspace,
    policy: &Policy,
    environment: &Environment,
) -> Result<(Vec<Seen>, Vec<Finding>), FlowError> {
    let names = names(workspace, policy)?;
    let (mut found, mut findings) = (Vec::new(), Vec::new());
    for archive in configured::archives(workspace, environment) {
        if let Err(error) = read(&archive, &names, &mut found) {
            let why = with_causes(&error);
            findings.push(Finding::warning("archive", archive.shown(), why));
        }
    }
    Ok((found, findings))
}

/// Marks what was first seen in a generation that others came before, which are
/// no longer kept.
fn at_latest(first: &mut BTreeMap<(PackageName, Version), First>, oldest: u64) {
    for (number, _, known) in first.values_mut() {
        if *number == oldest {
            *known = Since::AtLatest;
        }
    }
}

fn read<'a>(
    archive: &'a Configured,
    names: &[PackageName],
    found: &mut Vec<Seen>,
) -> Result<(), ReadError<'a>> {
    let store = archive.opened()?;
    for suite in publish::suites(store)? {
        let mut first = BTreeMap::new();
        let mut oldest = 0;
        let mut parent = None;
        publish::history(store, &suite, names, &mut |current| {
            let Some((base, manifest)) = &current.generation else {
                return Ok(ControlFlow::Break(()));
            };
            if parent.is_some_and(|parent| parent != base.manifest) {
                at_latest(&mut first, oldest);
            }
            (oldest, parent) = (base.number, manifest.parent);
            for (source, _) in sources(current, names)? {
                // The newest come first: what is older takes its place.
                first.insert(source, (base.number, manifest.date, Since::Exactly));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if parent.is_some() {
            at_latest(&mut first, oldest);
        }
        found.push(Seen {
            archive: archive.name.clone(),
            suite,
            first,
        });
    }
    Ok(())
}
