//! A ring as templates see it.

use serde::Serialize;

use super::At;
use super::counts::Counts;
use super::standing::{Badge, Tone, ring_badge};
use crate::model::Timestamp;
use crate::report::rolling::words;
use crate::rollout::health::{Verdict, What};
use crate::rollout::policy::{Members, Ring};
use crate::rollout::state::RingState;
use crate::rollout::{Rollout, Way};

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

pub(super) fn ring_view(rollout: &Rollout, at: usize, now: Timestamp) -> RingView {
    let (ring, state) = (&rollout.policy.rings[at], &rollout.rings[at]);
    let mut hosts = Counts::of(rollout.hosts.values().filter(|host| host.ring == at));
    let pull = matches!(ring.members, Members::Pull(_));
    if let (true, Some(counted)) = (pull, &state.counted) {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        hosts.all = number(counted.all);
        hosts.ok = number(counted.there);
        hosts.failed = number(counted.failed);
        // Who took it still has it, wherever the rollout goes.
        if rollout.way == Way::Back {
            (hosts.failed, hosts.ok) = (hosts.ok, hosts.all.saturating_sub(hosts.ok));
        }
        hosts.waiting = hosts.all.saturating_sub(hosts.ok + hosts.failed);
    }
    let text = match (pull, &state.counted) {
        (true, None) => "hosts update themselves; not counted yet".to_owned(),
        _ => hosts.text(rollout.way),
    };
    let left = state.soak.map(|until| until.unix() - now.unix());
    let forward = rollout.way == Way::Forward;
    let soaks = forward && state.passed.is_none() && state.soak_skipped.is_none();
    let percent = match hosts.meant() {
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
