//! What hosts need next: to be asked, to be told, to be left alone for a while.

use super::super::calendar::Opens;
use super::super::gate::earlier;
use super::super::policy::Members;
use super::super::state::{Host, HostState, Rollout};
use super::{Hold, Step};
use crate::model::{HostName, Timestamp};

/// A host's word is too old to act on after so many seconds: somebody may have
/// been there meanwhile.
pub const FRESH_SECONDS: i64 = 900;

/// What comes next for some hosts.
pub enum Flow {
    Step(Step),
    Wait(Hold, Option<Timestamp>),
    /// Nothing is left to do for them.
    Settled,
}

/// How hosts are moved.
pub struct Manner {
    /// Whether a batch begins only when the one before has ended.
    pub waves: bool,
    /// Whether new ones may begin now.
    pub opens: Opens,
    /// Whether those that cannot be reached are left for later at once.
    pub gives_up: bool,
}

/// Asks those whose job runs or may run.
pub fn still_running(rollout: &Rollout, now: Timestamp) -> Flow {
    let mut seen = Seen::default();
    if rollout.rings.iter().all(|ring| ring.counts.in_flight == 0) {
        return Flow::Settled;
    }
    for (name, host) in &rollout.hosts {
        seen.flying(rollout, name, host, now);
    }
    seen.asked()
}

/// What was seen of hosts.
#[derive(Default)]
struct Seen<'a> {
    ask: Vec<&'a HostName>,
    running: Vec<&'a HostName>,
    probe: Vec<&'a HostName>,
    repair: Vec<(&'a HostName, &'a Host)>,
    waiting: Vec<&'a HostName>,
    next: Option<Timestamp>,
}

fn owned(names: Vec<&HostName>) -> Vec<HostName> {
    names.into_iter().cloned().collect()
}

impl<'a> Seen<'a> {
    fn flying(&mut self, rollout: &Rollout, name: &'a HostName, host: &Host, now: Timestamp) {
        match host.state {
            HostState::Started => self.ask.push(name),
            HostState::Unknown { .. } => match due(rollout, host) {
                Some(when) if when > now => {
                    self.running.push(name);
                    self.next = earlier(self.next, Some(when));
                }
                _ => self.ask.push(name),
            },
            _ => {}
        }
    }

    fn asked(self) -> Flow {
        match (self.ask.is_empty(), self.running.is_empty()) {
            (false, _) => Flow::Step(Step::Probe {
                hosts: owned(self.ask),
            }),
            (true, false) => Flow::Wait(Hold::Running(owned(self.running)), self.next),
            (true, true) => Flow::Settled,
        }
    }
}

/// Returns when a host that was silent or refused is asked again.
fn due(rollout: &Rollout, host: &Host) -> Option<Timestamp> {
    let retry = i64::from(rollout.policy.retry_seconds);
    host.asked.map(|asked| asked.plus_seconds(retry))
}

/// Returns what comes next for the hosts of some rings; before a batch is begun
/// `ready` may ask for something else.
pub fn next(
    rollout: &Rollout,
    rings: &[usize],
    manner: &Manner,
    now: Timestamp,
    ready: impl FnOnce() -> Option<Step>,
) -> Flow {
    let mut seen = Seen::default();
    let mut batches = Vec::new();
    for ring in rings {
        let Members::Hosts(members) = &rollout.policy.rings[*ring].members else {
            continue;
        };
        let (mut probed, mut halves) = (Vec::new(), Vec::new());
        let mut flying = 0;
        for name in members {
            let Some(host) = rollout.hosts.get(name) else {
                continue;
            };
            let when = due(rollout, host).filter(|when| *when > now);
            match (&host.state, when) {
                (HostState::Started | HostState::Unknown { .. }, _) => {
                    flying += 1;
                    seen.flying(rollout, name, host, now);
                }
                (HostState::Pending, _) => seen.probe.push(name),
                (HostState::Unreachable { .. }, _) if manner.gives_up => {}
                (HostState::Unreachable { .. }, None) => seen.probe.push(name),
                // The gate waits for them, or does without.
                (HostState::Unreachable { .. }, Some(_)) => {}
                (HostState::HalfDone, None) => halves.push((name, host)),
                // What it refused for may be gone, and so may what it said.
                (HostState::Probed, None) if host.asked.is_some() => seen.probe.push(name),
                (HostState::Probed, None) => probed.push((name, host)),
                (HostState::HalfDone | HostState::Probed, Some(_)) => {
                    seen.waiting.push(name);
                    seen.next = earlier(seen.next, when);
                }
                _ => {}
            }
        }
        // They are away already; no more of them are worked on than of others.
        let room = batch(rollout, *ring).saturating_sub(flying);
        seen.repair.extend(halves.into_iter().take(room));
        batches.push((*ring, probed));
    }
    if !seen.repair.is_empty() {
        let hosts = seen
            .repair
            .iter()
            .map(|(name, host)| ((*name).clone(), host.due.clone()));
        let hosts = hosts.collect();
        return Flow::Step(Step::Install { hosts });
    }
    if !seen.probe.is_empty() {
        let hosts = owned(seen.probe);
        return Flow::Step(Step::Probe { hosts });
    }
    let mut chosen = Vec::new();
    let mut wanted = false;
    for (ring, probed) in batches {
        wanted |= !probed.is_empty();
        let room = room(rollout, ring, manner);
        chosen.extend(probed.into_iter().take(room));
    }
    if !chosen.is_empty() {
        if let Some(step) = ready() {
            return Flow::Step(step);
        }
        match manner.opens {
            Opens::Now => return Flow::Step(begin(chosen, now)),
            Opens::At(until) => return Flow::Wait(Hold::Window, Some(until)),
            Opens::Never => return Flow::Wait(Hold::Window, None),
        }
    }
    let (waiting, next) = (owned(std::mem::take(&mut seen.waiting)), seen.next);
    match seen.asked() {
        Flow::Settled if !waiting.is_empty() => Flow::Wait(Hold::Waiting(waiting), next),
        Flow::Settled if wanted => Flow::Wait(Hold::Waiting(Vec::new()), None),
        flow => flow,
    }
}

/// Returns how many of a ring may be away at the same time.
fn batch(rollout: &Rollout, ring: usize) -> usize {
    let wanted = rollout.rings[ring].counts.wanted();
    rollout.policy.rings[ring].batch.batch_of(wanted)
}

/// Returns how many more of a ring may be away.
fn room(rollout: &Rollout, ring: usize, manner: &Manner) -> usize {
    let away = rollout.rings[ring].counts.in_flight;
    match manner.waves && away > 0 {
        true => 0,
        false => batch(rollout, ring).saturating_sub(away),
    }
}

/// Begins a batch, when all of its hosts were asked lately.
fn begin(chosen: Vec<(&HostName, &Host)>, now: Timestamp) -> Step {
    let stale = chosen
        .iter()
        .filter(|(_, host)| host.asked.is_none() && host.since.plus_seconds(FRESH_SECONDS) < now);
    let stale: Vec<_> = stale.map(|(name, _)| (*name).clone()).collect();
    if !stale.is_empty() {
        return Step::Probe { hosts: stale };
    }
    let hosts = chosen
        .iter()
        .map(|(name, host)| ((*name).clone(), host.due.clone()));
    let hosts = hosts.collect();
    Step::Install { hosts }
}
