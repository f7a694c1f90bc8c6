//! A rollout as templates see it: plain texts, numbers and moments.

use serde::Serialize;

use super::words;
use crate::model::Timestamp;
use crate::rollout::event::{Entry, Event};
use crate::rollout::health::{Verdict, What};
use crate::rollout::policy::{Members, Ring};
use crate::rollout::state::{Host, RingState};
use crate::rollout::{HostState, Phase, Rollout, Stage, Step};

/// How many hosts are named one by one; the rest is counted.
const HOSTS: usize = 60;
/// How many of the newest entries are shown.
const EVENTS: usize = 40;

/// What a template sees of a rollout.
#[derive(Debug, Clone, Serialize)]
pub struct RolloutView {
    /// Its id.
    pub id: String,
    /// The source package.
    pub source: String,
    /// Source and versions, as people name it.
    pub title: String,
    /// The versions, one for each release of the system.
    pub versions: Vec<VersionView>,
    /// Where it is, in a word.
    pub state: Badge,
    /// Where it is, in a clause.
    pub headline: String,
    /// When it was planned.
    pub planned: At,
    /// Who planned it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// The profile that was asked for.
    pub profile: Option<String>,
    /// What became of the rehearsal.
    pub rehearsal: String,
    /// The request's digest.
    pub request: Option<String>,
    /// Keys that approved.
    pub approved: Vec<String>,
    /// The rings, in their order.
    pub rings: Vec<RingView>,
    /// All hosts that the controller reaches.
    pub hosts: Counts,
    /// The hosts that somebody should look at.
    pub matter: Vec<HostView>,
    /// How many more there are.
    pub matter_more: usize,
    /// The newest entries, the newest first.
    pub events: Vec<EventView>,
    /// How many older ones there are.
    pub events_more: usize,
    /// What happens next.
    pub next: String,
    /// When the last ring may pass at the earliest, while it goes forward.
    pub earliest_end: Option<At>,
    /// When this was written.
    pub now: At,
}

/// A version and where it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct VersionView {
    /// The release of the system; none for all.
    pub release: Option<String>,
    /// The version of the source.
    pub version: String,
    /// The suite that had it.
    pub suite: String,
    /// At this generation.
    pub generation: u64,
    /// The binaries.
    pub binaries: Vec<BinaryView>,
}

/// A package that hosts get.
#[derive(Debug, Clone, Serialize)]
pub struct BinaryView {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// The digest of the `.deb`, in hexadecimal.
    pub sha256: String,
}

/// A moment, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct At {
    /// RFC 3339.
    pub iso: String,
    /// To the minute, in UTC.
    pub shown: String,
}

/// How something stands, in one word; the colour never says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// The word.
    pub word: &'static str,
    /// Its colour.
    pub tone: Tone,
}

/// What a word means for who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// It is well.
    Good,
    /// It goes on.
    Busy,
    /// It waits for time to pass, or for its turn.
    Wait,
    /// Somebody must look.
    Bad,
    /// It is over, or was left out.
    Dim,
}

/// Hosts by how far they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// They have it.
    pub ok: usize,
    /// A job runs, or may run.
    pub busy: usize,
    /// They failed.
    pub failed: usize,
    /// They cannot be asked.
    pub unreachable: usize,
    /// Nothing is to be done to them.
    pub skipped: usize,
    /// Their turn is yet to come.
    pub waiting: usize,
}

impl Counts {
    fn of<'a>(hosts: impl Iterator<Item = &'a Host>) -> Self {
        let mut counts = Self::default();
        for host in hosts {
            counts.all += 1;
            *match host.state {
                HostState::Ok | HostState::Repaired => &mut counts.ok,
                HostState::Failed { .. } => &mut counts.failed,
                HostState::Unreachable { .. } => &mut counts.unreachable,
                HostState::Skipped { .. } => &mut counts.skipped,
                HostState::Pending | HostState::Probed => &mut counts.waiting,
                _ => &mut counts.busy,
            } += 1;
        }
        counts
    }

    /// Says them in a clause, without what there is none of.
    pub fn text(&self) -> String {
        let parts = [
            (self.ok, "ok"),
            (self.busy, "installing"),
            (self.failed, "failed"),
            (self.unreachable, "unreachable"),
            (self.skipped, "skipped"),
            (self.waiting, "waiting"),
        ];
        let said: Vec<_> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        match said.is_empty() {
            true => "no hosts".to_owned(),
            false => said.join(", "),
        }
    }
}

/// A ring.
#[derive(Debug, Clone, Serialize)]
pub struct RingView {
    /// Its place, counted from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Whether its hosts update themselves.
    pub pull: bool,
    /// How it stands.
    pub state: Badge,
    /// Who is in it, in a clause.
    pub members: String,
    /// Its hosts.
    pub hosts: Counts,
    /// Its hosts, in a clause.
    pub text: String,
    /// Its suites.
    pub suites: Vec<String>,
    /// How long it soaks.
    pub soak: String,
    /// How many hosts may be away at once.
    pub batch: String,
    /// How many may fail.
    pub max_failures: String,
    /// What must hold, and what was found last.
    pub checks: Vec<CheckView>,
    /// When it was opened.
    pub opened: Option<At>,
    /// When its first host had the version.
    pub first: Option<At>,
    /// When its last host had it.
    pub last: Option<At>,
    /// Until when it soaks.
    pub soak_until: Option<At>,
    /// What is left of the soak.
    pub soak_left: Option<String>,
    /// Why its soak was let go.
    pub soak_skipped: Option<String>,
    /// When it passed.
    pub passed: Option<At>,
    /// How much of it has the version, of a hundred.
    pub percent: usize,
}

/// A check of a ring.
#[derive(Debug, Clone, Serialize)]
pub struct CheckView {
    /// Its name.
    pub name: String,
    /// What is tried.
    pub what: String,
    /// How it stands.
    pub state: Badge,
    /// What was said, where it was not good.
    pub said: Vec<String>,
}

/// A host.
#[derive(Debug, Clone, Serialize)]
pub struct HostView {
    /// Its name.
    pub name: String,
    /// Its ring.
    pub ring: String,
    /// How it stands.
    pub state: Badge,
    /// What more there is to say.
    pub detail: String,
    /// Since when.
    pub since: At,
}

/// An entry of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct EventView {
    /// Its number.
    pub number: u64,
    /// When it was written.
    pub at: At,
    /// Who ran the controller.
    pub by: String,
    /// What happened.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

impl At {
    /// Takes a moment.
    pub fn of(at: Timestamp) -> Self {
        Self {
            iso: at.to_string(),
            shown: words::moment(at),
        }
    }
}

impl Badge {
    const fn new(word: &'static str, tone: Tone) -> Self {
        Self { word, tone }
    }

    /// Says how a host stands.
    pub fn of_host(state: &HostState) -> Self {
        let tone = match state {
            HostState::Ok | HostState::Repaired => Tone::Good,
            HostState::Failed { .. } | HostState::Unreachable { .. } => Tone::Bad,
            HostState::Skipped { .. } => Tone::Dim,
            HostState::Pending | HostState::Probed => Tone::Wait,
            _ => Tone::Busy,
        };
        Self::new(words::host_word(state), tone)
    }

    fn of_phase(rollout: &Rollout) -> Self {
        if rollout.paused.is_some() && !is_over(&rollout.phase) {
            return Self::new("paused", Tone::Wait);
        }
        match &rollout.phase {
            Phase::Planned => Self::new("planned", Tone::Wait),
            Phase::Rehearsed => Self::new("rehearsed", Tone::Wait),
            Phase::Ring { stage, .. } => match stage {
                Stage::Opening => Self::new("opening", Tone::Busy),
                Stage::Installing => Self::new("installing", Tone::Busy),
                Stage::Verifying => Self::new("verifying", Tone::Busy),
                Stage::Soaking { .. } => Self::new("soaking", Tone::Wait),
                Stage::Passed => Self::new("passed", Tone::Good),
            },
            Phase::Halted { .. } => Self::new("halted", Tone::Bad),
            Phase::RollingBack { .. } => Self::new("rolling back", Tone::Bad),
            Phase::RolledBack => Self::new("rolled back", Tone::Dim),
            Phase::Blocked { .. } => Self::new("blocked", Tone::Bad),
            Phase::Done => Self::new("done", Tone::Good),
            Phase::Aborted => Self::new("aborted", Tone::Dim),
            Phase::Superseded => Self::new("superseded", Tone::Dim),
            Phase::Converging { .. } => Self::new("converging", Tone::Busy),
        }
    }
}

/// Tells whether nothing more happens by itself.
fn is_over(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::RolledBack | Phase::Done | Phase::Aborted | Phase::Superseded
    )
}

/// Returns the place of the ring where the rollout is, also while it is halted.
fn current(phase: &Phase) -> Option<(usize, Option<Stage>)> {
    match phase {
        Phase::Ring { index, stage } => Some((*index, Some(*stage))),
        Phase::Halted { from, .. } | Phase::Converging { from } => {
            current(from).map(|(index, _)| (index, None))
        }
        _ => None,
    }
}

impl RolloutView {
    /// Takes a rollout, its journal and what happens next.
    pub fn new(
        id: &str,
        rollout: &Rollout,
        entries: &[Entry],
        next: &Step,
        now: Timestamp,
    ) -> Self {
        let mut hosts: Vec<_> = rollout.hosts.iter().collect();
        hosts.sort_by_key(|(name, host)| (worst(&host.state), host.ring, (*name).clone()));
        let mut matter: Vec<HostView> = hosts
            .iter()
            .filter(|(_, host)| worst(&host.state) < 3)
            .map(|(name, host)| HostView {
                name: name.to_string(),
                ring: ring_name(rollout, host.ring),
                state: Badge::of_host(&host.state),
                detail: words::host_detail(&host.state),
                since: At::of(host.since),
            })
            .collect();
        let matter_more = matter.len().saturating_sub(HOSTS);
        matter.truncate(HOSTS);
        let told: Vec<_> = entries.iter().rev().filter(is_worth_showing).collect();
        let events_more = told.len().saturating_sub(EVENTS);
        let events = told.into_iter().take(EVENTS).map(event_view).collect();
        let rings: Vec<_> = (0..rollout.rings.len())
            .map(|at| ring_view(rollout, at, now))
            .collect();
        Self {
            id: id.to_owned(),
            source: rollout.target.source.to_string(),
            title: words::target(&rollout.target),
            versions: versions(rollout),
            state: Badge::of_phase(rollout),
            headline: headline(rollout, now),
            planned: At::of(rollout.planned),
            by: rollout.by.clone(),
            reason: rollout.reason.clone(),
            profile: rollout.profile.clone(),
            rehearsal: rehearsal(entries),
            request: rollout.request.clone(),
            approved: rollout.approvers().map(ToString::to_string).collect(),
            rings,
            hosts: Counts::of(rollout.hosts.values()),
            matter,
            matter_more,
            events,
            events_more,
            next: words::step(next, &rollout.policy),
            earliest_end: earliest_end(rollout, now).map(At::of),
            now: At::of(now),
        }
    }
}

/// Orders hosts by how much they matter.
fn worst(state: &HostState) -> u8 {
    match state {
        HostState::Failed { .. } => 0,
        HostState::Unreachable { .. } => 1,
        HostState::Unknown { .. } => 2,
        HostState::Started => 3,
        _ => 4,
    }
}

fn ring_name(rollout: &Rollout, at: usize) -> String {
    let ring = rollout.policy.rings.get(at);
    ring.map_or_else(String::new, |ring| ring.name.to_string())
}

/// Leaves out of the page what is there for the machine's sake.
fn is_worth_showing(entry: &&Entry) -> bool {
    !matches!(
        entry.event,
        Event::Starting { .. }
            | Event::Opening { .. }
            | Event::Notified { error: None, .. }
            | Event::Checked {
                found: Verdict::Passed,
                ..
            }
    )
}

fn event_view(entry: &Entry) -> EventView {
    let tone = match &entry.event {
        Event::Failed { .. }
        | Event::Halted { .. }
        | Event::Blocked { .. }
        | Event::RollbackBegun { .. }
        | Event::Silent { .. }
        | Event::Lost { .. }
        | Event::Stuck { .. }
        | Event::WithdrawalRefused { .. }
        | Event::Doubted { .. }
        | Event::Notified { .. }
        | Event::Checked {
            found: Verdict::Failed { .. },
            ..
        } => Tone::Bad,
        Event::Rehearsed { problems } if !problems.is_empty() => Tone::Bad,
        Event::Rehearsed { .. }
        | Event::Succeeded { .. }
        | Event::Repaired { .. }
        | Event::Passed { .. }
        | Event::Approved { .. }
        | Event::Converged
        | Event::RolledBack
        | Event::Done => Tone::Good,
        Event::Soaking { .. } | Event::Paused { .. } | Event::Requested { .. } => Tone::Wait,
        _ => Tone::Busy,
    };
    EventView {
        number: entry.number,
        at: At::of(entry.at),
        by: entry.by.clone(),
        text: words::event(entry),
        tone,
    }
}

fn versions(rollout: &Rollout) -> Vec<VersionView> {
    let versions = rollout.target.versions.iter();
    versions
        .map(|meant| VersionView {
            release: meant.release.clone(),
            version: meant.source_version.to_string(),
            suite: meant.from.to_string(),
            generation: meant.generation,
            binaries: meant
                .binaries
                .iter()
                .map(|binary| BinaryView {
                    package: binary.package.to_string(),
                    version: binary.version.to_string(),
                    architecture: binary.architecture.to_string(),
                    sha256: binary.sha256.hex(),
                })
                .collect(),
        })
        .collect()
}

fn rehearsal(entries: &[Entry]) -> String {
    let newest = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Rehearsed { .. } | Event::RehearsalSkipped { .. } => Some(words::event(entry)),
        _ => None,
    });
    newest.unwrap_or_else(|| "not rehearsed yet".to_owned())
}

fn headline(rollout: &Rollout, now: Timestamp) -> String {
    let hosts = Counts::of(rollout.hosts.values());
    let ring = |at: usize| {
        let all = rollout.rings.len();
        format!("ring {} ({} of {all})", ring_name(rollout, at), at + 1)
    };
    if let (Some(reason), false) = (&rollout.paused, is_over(&rollout.phase)) {
        return match reason.trim() {
            "" => "Paused by somebody".to_owned(),
            reason => format!("Paused: {reason}"),
        };
    }
    match &rollout.phase {
        Phase::Planned => "Planned; nothing has been done yet".to_owned(),
        Phase::Rehearsed => "Ready for its first ring".to_owned(),
        Phase::Ring { index, stage } => match stage {
            Stage::Opening => format!("{} opens", capital(&ring(*index))),
            Stage::Installing => format!("{} gets it", capital(&ring(*index))),
            Stage::Verifying => format!("{} is verified", capital(&ring(*index))),
            Stage::Soaking { until } => {
                let left = words::span(until.unix() - now.unix());
                match *until > now {
                    true => format!("{} soaks for another {left}", capital(&ring(*index))),
                    false => format!("{} has soaked", capital(&ring(*index))),
                }
            }
            Stage::Passed => format!("{} has passed", capital(&ring(*index))),
        },
        Phase::Halted { why, .. } => format!("Halted: {}", words::halt(why)),
        Phase::RollingBack { withdrawn: false } => {
            "Going back: the version leaves the suites first".to_owned()
        }
        Phase::RollingBack { withdrawn: true } => {
            format!("Going back: {}", hosts.text())
        }
        Phase::RolledBack => "Every host that could be reached is as it was before".to_owned(),
        Phase::Blocked { why } => format!("Blocked: {}", words::blocked(why)),
        Phase::Done => match hosts.unreachable {
            0 => "Every ring has passed".to_owned(),
            away => format!(
                "Every ring has passed; {} still to converge",
                words::count(away, "host has", "hosts have")
            ),
        },
        Phase::Aborted => "Aborted: it stays where it is".to_owned(),
        Phase::Superseded => "A newer rollout has taken its place".to_owned(),
        Phase::Converging { .. } => "Hosts that were away catch up".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn ring_view(rollout: &Rollout, at: usize, now: Timestamp) -> RingView {
    let (ring, state) = (&rollout.policy.rings[at], &rollout.rings[at]);
    let mut hosts = Counts::of(rollout.hosts.values().filter(|host| host.ring == at));
    let pull = matches!(ring.members, Members::Pull(_));
    if let (true, Some(counted)) = (pull, &state.counted) {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        hosts.all = number(counted.all);
        hosts.ok = number(counted.there);
        hosts.failed = number(counted.failed);
        hosts.waiting = hosts.all.saturating_sub(hosts.ok + hosts.failed);
    }
    let text = match (pull, &state.counted) {
        (true, None) => "hosts update themselves; not counted yet".to_owned(),
        _ => hosts.text(),
    };
    let left = state.soak.map(|until| until.unix() - now.unix());
    let soaks = state.passed.is_none() && state.soak_skipped.is_none();
    let percent = match hosts.all - hosts.skipped.min(hosts.all) {
        0 if state.passed.is_some() => 100,
        0 => 0,
        wanted => hosts.ok * 100 / wanted,
    };
    RingView {
        number: at + 1,
        name: ring.name.to_string(),
        pull,
        state: ring_badge(rollout, at),
        members: members(ring),
        hosts,
        text,
        suites: suites(ring, state),
        soak: words::span(i64::from(ring.soak_seconds)),
        batch: words::share(ring.batch),
        max_failures: words::share(ring.max_failures),
        checks: checks(ring, state),
        opened: state.opened.map(At::of),
        first: state.first.map(At::of),
        last: state.last.map(At::of),
        soak_until: state.soak.map(At::of),
        soak_left: left.filter(|left| soaks && *left > 0).map(words::span),
        soak_skipped: state.soak_skipped.clone(),
        passed: state.passed.map(At::of),
        percent,
    }
}

fn members(ring: &Ring) -> String {
    match &ring.members {
        Members::Hosts(hosts) => match hosts.as_slice() {
            [] => "no hosts".to_owned(),
            hosts if hosts.len() <= 5 => words::names(hosts),
            hosts => format!("{} hosts ({})", hosts.len(), words::names(hosts)),
        },
        Members::Pull(pull) => match pull.phases.as_slice() {
            [] => "hosts that update themselves".to_owned(),
            phases => {
                let steps: Vec<_> = phases.iter().map(|p| format!("{p} %")).collect();
                format!(
                    "hosts that update themselves, offered to {}",
                    steps.join(", ")
                )
            }
        },
    }
}

fn suites(ring: &Ring, state: &RingState) -> Vec<String> {
    let named = ring.suites.iter().map(|one| one.suite.to_string());
    match state.suites.as_slice() {
        [] => named.collect(),
        opened => opened
            .iter()
            .map(|one| format!("{}@{}", one.suite, one.number))
            .collect(),
    }
}

fn ring_badge(rollout: &Rollout, at: usize) -> Badge {
    if rollout.rings[at].passed.is_some() {
        return Badge::new("passed", Tone::Good);
    }
    match current(&rollout.phase) {
        Some((index, Some(stage))) if index == at => match stage {
            Stage::Opening => Badge::new("opening", Tone::Busy),
            Stage::Installing => Badge::new("installing", Tone::Busy),
            Stage::Verifying => Badge::new("verifying", Tone::Busy),
            Stage::Soaking { .. } => Badge::new("soaking", Tone::Wait),
            Stage::Passed => Badge::new("passed", Tone::Good),
        },
        Some((index, None)) if index == at => Badge::new("halted", Tone::Bad),
        _ if rollout.rings[at].opened.is_some() => match rollout.phase {
            Phase::RollingBack { .. } => Badge::new("going back", Tone::Bad),
            Phase::RolledBack => Badge::new("back", Tone::Dim),
            Phase::Blocked { .. } => Badge::new("blocked", Tone::Bad),
            _ => Badge::new("stopped", Tone::Dim),
        },
        _ if is_over(&rollout.phase) => Badge::new("never opened", Tone::Dim),
        _ => Badge::new("waits", Tone::Wait),
    }
}

fn checks(ring: &Ring, state: &RingState) -> Vec<CheckView> {
    let view = |check: &crate::rollout::health::Check| {
        let made = state
            .checks
            .iter()
            .filter(|((name, _), _)| *name == check.name);
        let made: Vec<_> = made.collect();
        let of = |host: &Option<crate::model::HostName>, said: &str| match host {
            Some(host) => format!("{host}: {}", said.trim()),
            None => said.trim().to_owned(),
        };
        let (mut bad, mut open) = (Vec::new(), Vec::new());
        for ((_, host), checked) in &made {
            match &checked.found {
                Verdict::Passed => {}
                Verdict::Failed { said } => bad.push(of(host, said)),
                Verdict::Inconclusive { said } => open.push(of(host, said)),
            }
        }
        let state = match (made.is_empty(), bad.is_empty(), open.is_empty()) {
            (true, _, _) => Badge::new("not made yet", Tone::Dim),
            (_, false, _) => Badge::new("failed", Tone::Bad),
            (_, _, false) => Badge::new("inconclusive", Tone::Wait),
            _ => Badge::new("passed", Tone::Good),
        };
        bad.extend(open);
        bad.truncate(5);
        CheckView {
            name: check.name.clone(),
            what: what(&check.what),
            state,
            said: bad,
        }
    };
    ring.checks.iter().map(view).collect()
}

fn what(what: &What) -> String {
    match what {
        What::OnHost(command) => format!("on each host: {command}"),
        What::OnController(command) => format!("on the controller: {command}"),
        What::Service(unit) => format!("{unit} is active, with a new process"),
    }
}

/// Returns when the last ring may pass at the earliest: every soak that is left,
/// as if installing took no time. None once it goes back or has ended.
pub fn earliest_end(rollout: &Rollout, now: Timestamp) -> Option<Timestamp> {
    let from = match &rollout.phase {
        Phase::Planned | Phase::Rehearsed => 0,
        Phase::Ring { index, .. } => *index,
        _ => return None,
    };
    let mut at = now;
    for (ring, state) in rollout.policy.rings.iter().zip(&rollout.rings).skip(from) {
        if state.passed.is_some() || state.soak_skipped.is_some() {
            continue;
        }
        at = match state.soak {
            Some(until) => until.max(at),
            None => at.plus_seconds(i64::from(ring.soak_seconds)),
        };
    }
    Some(at)
}
