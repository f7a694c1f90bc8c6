//! The start of a rollout: what it brings, to whom, and whether it may be.

mod superseding;

use super::commands::Commands;
use super::counting::counted;
use super::members::resolve;
use super::opening::{self, Wanted};
use super::planning::{self, Said};
use super::shelf::{Asked, Means, Shelf, has_ended};
use crate::config::rollout::{HostWord, RolloutRules};
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::model::finding::with_causes;
use crate::model::{Finding, HostName, Timestamp};
use crate::rollout::event::{Entry, Event};
use crate::rollout::journal::{Journal, JournalError};
use crate::rollout::policy::{Members, Policy, Supersede};
use crate::rollout::state::{HostState, RolloutId};
use crate::rollout::{Phase, Rollout, Target};

/// What is asked for.
pub struct Start<'a> {
    /// Where rollouts are kept.
    pub shelf: &'a Shelf,
    /// What the configuration says.
    pub rules: &'a RolloutRules,
    /// What the command line says beside it.
    pub said: Said,
    /// What is to be rolled out.
    pub wanted: Wanted,
    /// The hosts that are named; none: those of the configuration.
    pub named: Vec<HostWord>,
    /// What becomes of an open rollout, where it is said.
    pub supersede: Option<Supersede>,
    /// Whether what was rolled out before is rolled out once more.
    pub again: bool,
    /// How its controller reaches things.
    pub means: Means,
    /// Who starts it.
    pub by: String,
    /// The present moment.
    pub now: Timestamp,
}

/// A rollout that could be.
#[derive(Debug)]
pub struct Draft {
    /// The rollout as it will be planned.
    pub rollout: Rollout,
    /// Its first entry.
    pub entry: Entry,
    /// What an operator should know; an error among them refuses it.
    pub findings: Vec<Finding>,
    /// The open rollout of the same source, where there is one.
    pub before: Option<RolloutId>,
    /// Where the same version is rolled out already.
    pub same: Option<RolloutId>,
    /// Hosts that the open one has not got where it wants them: whoever takes
    /// its place says that he knows.
    pub astray: Vec<HostName>,
}

/// Finds out what a rollout would be. Writes nothing.
pub fn draft(desk: &Desk<'_>, start: &Start<'_>) -> Result<Draft, FlowError> {
    planning::profile(start.rules, &start.said)?;
    let target = opening::target(desk, &start.wanted)?;
    let commands = Commands {
        environment: desk.environment,
        directory: &start.means.directory,
        inventory: start.means.inventory.as_deref(),
        engine: start.rules.engine,
    };
    let resolved = resolve(start.rules, &start.named, &commands)?;
    let mut policy = planning::policy(start.rules, &resolved, &start.said)?;
    policy.supersede = start.supersede.unwrap_or(policy.supersede);
    let mut findings = resolved.findings;
    findings.extend(unseen(&commands, &policy, &target, start.now));
    judged(desk, start, target, policy, findings)
}

/// Asks the commands of pull rings once: what cannot say what hosts run now will
/// not say it when a ring is open.
fn unseen(
    commands: &Commands<'_>,
    policy: &Policy,
    target: &Target,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ring in &policy.rings {
        let Members::Pull(pull) = &ring.members else {
            continue;
        };
        let limit = std::time::Duration::from_secs(pull.limit_seconds.into());
        let said = commands.counted(&pull.observe, limit);
        let said = said.map_err(|error| with_causes(&error));
        let why = match said.and_then(|text| counted(&text, target, now)) {
            Ok(counted) if counted.all > 0 => continue,
            Ok(_) => "its command sees no host: it would wait for ever".to_owned(),
            Err(why) => format!("its command cannot say what hosts run: {why}"),
        };
        let finding = Finding::warning("observe", ring.name.as_str(), why);
        findings.push(finding.fix(
            "it prints HOST VERSION for each host, or {\"all\": N, \"there\": N}; it is asked again \
             while the ring is open",
        ));
    }
    findings
}

/// Finds out what a rollout would be that goes where another one went: to its
/// rings and hosts, whatever the configuration has become since. Writes nothing.
pub fn draft_after(
    desk: &Desk<'_>,
    start: &Start<'_>,
    other: &Rollout,
) -> Result<Draft, FlowError> {
    let target = opening::target(desk, &start.wanted)?;
    let policy = planning::same_places(start.rules, &other.policy, &start.said)?;
    judged(desk, start, target, policy, Vec::new())
}

/// Judges a rollout by what else there is of its source.
fn judged(
    desk: &Desk<'_>,
    start: &Start<'_>,
    target: Target,
    policy: Policy,
    mut findings: Vec<Finding>,
) -> Result<Draft, FlowError> {
    let known = start.shelf.all()?;
    let own = known.iter().map(|(rollout, _)| rollout);
    let own = || {
        own.clone()
            .filter(|known| known.target.source == target.source)
    };
    let is_same = |known: &&Rollout| same_versions(&known.target, &target);
    let newest = own().next();
    let open = own().find(|known| !has_ended(&known.phase));
    let done = newest.filter(|known| known.phase == Phase::Done && !start.again);
    let same = open.or(done).filter(is_same).map(|known| known.id.clone());
    let id = name(start.shelf, &target)?;
    let before = open.filter(|_| same.is_none());
    let mut astray = Vec::new();
    if let Some(open) = before {
        findings.extend(stands_against(open, &target, policy.supersede));
        if policy.supersede == Supersede::Replace {
            findings.extend(superseding::warning(open));
            astray.extend(superseding::astray(open).into_iter().cloned());
        }
    }
    let supersede = policy.supersede;
    let entry = Entry {
        number: 1,
        at: start.now,
        by: start.by.clone(),
        event: Event::Planned {
            id: id.clone(),
            target,
            policy: Box::new(policy),
            reason: start.said.reason.clone(),
            profile: start.said.profile.clone(),
            after: before
                .filter(|_| supersede == Supersede::Wait)
                .map(|open| open.id.clone()),
        },
    };
    let rollout = Rollout::from_entries(std::slice::from_ref(&entry))?;
    if same.is_none() {
        findings.extend(elsewhere(desk, start, &rollout)?);
    }
    Ok(Draft {
        before: before.map(|open| open.id.clone()),
        rollout,
        entry,
        findings,
        same,
        astray,
    })
}

/// Names the next try of what is rolled out.
fn name(shelf: &Shelf, target: &Target) -> Result<RolloutId, FlowError> {
    let versions = target.versions.iter();
    let version = versions.map(|meant| meant.source_version.clone()).next();
    let version = version.expect("a target has a version");
    let mut id = RolloutId::first(target.source.clone(), version);
    let taken = shelf.ids()?;
    while taken.contains(&id) {
        // A start that was cut short before its first entry is gone on with.
        if shelf.look(&id)?.is_none() {
            break;
        }
        id = id.again();
    }
    Ok(id)
}

fn same_versions(one: &Target, other: &Target) -> bool {
    let versions = |target: &Target| {
        let versions = target.versions.iter();
        let versions = versions.map(|meant| meant.source_version.to_string());
        let mut versions: Vec<_> = versions.collect();
        versions.sort();
        versions
    };
    versions(one) == versions(other)
}

/// Says what an open rollout of the same source has against another one.
fn stands_against(open: &Rollout, target: &Target, supersede: Supersede) -> Option<Finding> {
    let id = open.id.to_string();
    let refused = |message: String| Finding::error("open-rollout", &id, message);
    let newest = |target: &Target| {
        let versions = target
            .versions
            .iter()
            .map(|meant| meant.source_version.clone());
        versions.max_by(|a, b| a.compare(b))
    };
    let is_newer = match (newest(target), newest(&open.target)) {
        (Some(new), Some(old)) => new.compare(&old).is_gt(),
        _ => false,
    };
    let in_flight = open.hosts.values().any(|host| {
        matches!(
            host.state,
            HostState::Started | HostState::Unknown { .. } | HostState::HalfDone
        )
    });
    match supersede {
        Supersede::Refuse => Some(
            refused(format!("it is open: {} goes one at a time", target.source)).fix(format!(
                "let it end, or debcut rollout abort {id}; --supersede replace|wait says \
                 what a newer version does"
            )),
        ),
        Supersede::Wait => Some(
            Finding::info("open-rollout", &id, "it goes first")
                .fix(format!("debcut rollout advance {id} brings it to its end")),
        ),
        Supersede::Replace if !is_newer => Some(
            refused("it is open, and what is to replace it is not newer".to_owned())
                .fix(format!("debcut rollout rollback {id} goes back")),
        ),
        Supersede::Replace
            if matches!(
                open.phase.beneath(),
                Phase::RollingBack { .. } | Phase::Converging { .. }
            ) =>
        {
            Some(
                refused(format!(
                    "it is {}, which is not left half-way",
                    open.phase.word()
                ))
                .fix(format!(
                    "debcut rollout advance {id} until it is done with that, or is blocked; \
                         then start again"
                )),
            )
        }
        Supersede::Replace if in_flight => Some(
            refused("installations run; they are not left half-way".to_owned()).fix(format!(
                "debcut rollout pause {id}, then advance it until they have ended"
            )),
        ),
        Supersede::Replace => Some(Finding::info("superseded", &id, "it ends where it is")),
    }
}

/// Says whether another machine's controller has a rollout of this source.
fn elsewhere(
    desk: &Desk<'_>,
    start: &Start<'_>,
    rollout: &Rollout,
) -> Result<Option<Finding>, FlowError> {
    let suites = opening::touched(rollout);
    let id = rollout.id.to_string();
    let found = opening::other_rollout(desk, &rollout.target.source, &id, &suites)?;
    let Some(other) = found else { return Ok(None) };
    let here = start.shelf.ids()?;
    let is_here = here
        .iter()
        .any(|id| opening::pin_name(&id.to_string()) == other.pin);
    if is_here {
        return Ok(None);
    }
    let what = other.why.unwrap_or_else(|| other.pin.to_string());
    let message = format!(
        "{} has one open, on another machine or in another directory ({what})",
        other.who
    );
    let finding = Finding::error("open-rollout", rollout.target.source.as_str(), message);
    Ok(Some(finding.fix(format!(
        "end it there, or --state DIR; where that machine is gone: debcut archive unpin {} --name {}",
        other.suite, other.pin
    ))))
}

/// Says what was asked for that the rollout which is there does not do: how a
/// rollout goes is fixed when it starts.
pub fn otherwise(there: &Rollout, draft: &Draft, start: &Start<'_>) -> Option<Finding> {
    if has_ended(&there.phase) {
        return None;
    }
    let (old, new) = (&there.policy, &draft.rollout.policy);
    let (id, said) = (&there.id, &start.said);
    let mut differs = Vec::new();
    let mut note = |is: bool, what: &'static str| differs.extend(is.then_some(what));
    note(there.profile != draft.rollout.profile, "the profile");
    note(old.rehearsal != new.rehearsal, "the rehearsal");
    note(old.approval != new.approval, "who approves");
    note(old.calendar != new.calendar, "the windows");
    note(old.rings != new.rings, "the rings");
    note(
        there.after.is_some() && start.supersede == Some(Supersede::Replace),
        "that it waits for an older one",
    );
    if differs.is_empty() {
        return None;
    }
    let what = differs.join(", ");
    let message = format!("it was started otherwise, and goes on so: {what}");
    let fix = format!("debcut rollout abort {id} ends it where it is, then start it anew");
    // Inventories and files change; what was said now was meant now.
    let is_said = said.skip_rehearsal.is_some()
        || said.profile.is_some()
        || said.request
        || start.supersede.is_some()
        || !start.named.is_empty();
    let finding = match is_said {
        true => Finding::error("started-otherwise", id.to_string(), message),
        false => Finding::warning("started-otherwise", id.to_string(), message),
    };
    Some(finding.fix(fix))
}

/// Begins what was drafted: from now on it is in its journal, and the archive
/// keeps its way back. What it takes the place of has ended before that; where
/// it has not, that is said, and nothing is begun.
pub fn begin(
    desk: &Desk<'_>,
    start: &Start<'_>,
    draft: &Draft,
) -> Result<Option<Finding>, FlowError> {
    let id = &draft.rollout.id;
    let source = &draft.rollout.target.source;
    let replaces = draft.rollout.policy.supersede == Supersede::Replace;
    if let Some(before) = draft.before.as_ref().filter(|_| replaces) {
        let asked = |event| Asked {
            at: start.now,
            by: start.by.clone(),
            event,
        };
        let refused = superseding::end(start.shelf, before, id, asked)?;
        if refused.is_some() {
            return Ok(refused);
        }
    }
    start.shelf.write_means(id, &start.means)?;
    let directory = &start.shelf.directory;
    let mut journal = match Journal::create(directory, id, &start.by) {
        Err(JournalError::Taken(_)) => Journal::open(directory, id, &start.by)?,
        created => created?,
    };
    if !journal.entries().is_empty() {
        return Err(JournalError::Taken(id.clone()).into());
    }
    journal.append(draft.entry.event.clone(), start.now, &start.by)?;
    opening::pin_way_back(desk, &draft.rollout, &id.to_string())?;
    superseding::unpin(desk, start.shelf, source)?;
    Ok(None)
}
