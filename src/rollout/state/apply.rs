//! Entries applied, one after the other: the only way in which a rollout
//! changes.
//!
//! [`Rollout::admits`] says whether an event can follow and changes nothing;
//! [`Rollout::apply`] asks it first, so that a rollout is as before when an
//! entry is refused.

use super::{
    Approved, Counted, Counts, Host, Phase, Refusal, RingState, Rollout, RolloutId, Stage, Trouble,
    Way,
};
use crate::model::{HostName, RingName};
use crate::rollout::event::{Entry, Event};
use crate::rollout::policy::{Members, Policy};
use crate::rollout::target::Target;

/// Says which entry cannot follow those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} cannot follow")]
pub struct ReplayError {
    /// The entry's number.
    pub number: u64,
    /// Why.
    #[source]
    pub why: Unfit,
}

/// Why an event cannot follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The first entry must plan the rollout.
    #[error("no rollout was planned before it")]
    NotPlanned,
    /// It was planned already.
    #[error("the rollout was planned before")]
    PlannedBefore,
    /// A policy without rings, or with a host or a ring twice.
    #[error("the policy is none: {0}")]
    Policy(String),
    /// Numbers have no gaps.
    #[error("number {expected} was expected")]
    Number {
        /// The next one.
        expected: u64,
    },
    /// The policy has no such ring.
    #[error("there is no ring {0}")]
    UnknownRing(RingName),
    /// No ring has this host.
    #[error("there is no host {0}")]
    UnknownHost(HostName),
    /// Not for this ring, now.
    #[error("{event} is not for ring {ring} now: the rollout is {phase}")]
    WrongRing {
        /// What happened.
        event: &'static str,
        /// The ring.
        ring: RingName,
        /// Where the rollout is.
        phase: String,
    },
    /// Not for a host that is so far.
    #[error("{event} is not for host {host} now: it is {state}")]
    WrongHost {
        /// What happened.
        event: &'static str,
        /// The host.
        host: HostName,
        /// How far it is.
        state: &'static str,
    },
    /// Jobs run, or may run.
    #[error("installations run or may run on {}", listed(hosts))]
    InFlight {
        /// Where.
        hosts: Vec<HostName>,
    },
    /// Not when the rollout is where it is.
    #[error("{event} is not possible now: the rollout is {phase}")]
    NotNow {
        /// What happened.
        event: &'static str,
        /// Where the rollout is.
        phase: String,
    },
}

impl Rollout {
    /// Applies a journal from its first entry.
    pub fn from_entries(entries: &[Entry]) -> Result<Self, ReplayError> {
        let Some((first, rest)) = entries.split_first() else {
            let why = Unfit::NotPlanned;
            return Err(ReplayError { number: 1, why });
        };
        let refused = |why| ReplayError {
            number: first.number,
            why,
        };
        let Event::Planned {
            id,
            target,
            policy,
            reason,
            profile,
            after,
        } = &first.event
        else {
            return Err(refused(Unfit::NotPlanned));
        };
        if first.number != 1 {
            return Err(refused(Unfit::Number { expected: 1 }));
        }
        let mut rollout = Self::planned(id, target, policy, first).map_err(refused)?;
        rollout.reason.clone_from(reason);
        rollout.profile.clone_from(profile);
        rollout.after.clone_from(after);
        for entry in rest {
            rollout.apply(entry)?;
        }
        Ok(rollout)
    }

    fn planned(
        id: &RolloutId,
        target: &Target,
        policy: &Policy,
        entry: &Entry,
    ) -> Result<Self, Unfit> {
        let mut rollout = Self {
            id: id.clone(),
            planned: entry.at,
            by: entry.by.clone(),
            reason: None,
            profile: None,
            target: target.clone(),
            policy: policy.clone(),
            phase: Phase::Planned,
            paused: None,
            way: Way::Forward,
            rings: Vec::new(),
            hosts: Default::default(),
            problems: Vec::new(),
            rehearsal_skipped: None,
            approved: Vec::new(),
            request: None,
            after: None,
            withdrawing: Vec::new(),
            refused: None,
            trouble: None,
            entries: entry.number,
            newest: entry.at,
        };
        for (index, ring) in policy.rings.iter().enumerate() {
            if rollout.rings.iter().any(|known| known.name == ring.name) {
                return Err(Unfit::Policy(format!("ring {} is there twice", ring.name)));
            }
            let mut state = RingState::new(ring.name.clone());
            if let Members::Hosts(hosts) = &ring.members {
                state.counts.pending = hosts.len();
                for name in hosts {
                    let host = Host::new(index, entry.at);
                    if rollout.hosts.insert(name.clone(), host).is_some() {
                        return Err(Unfit::Policy(format!("host {name} is there twice")));
                    }
                }
            }
            rollout.rings.push(state);
        }
        match rollout.rings.is_empty() {
            true => Err(Unfit::Policy("it has no rings".to_owned())),
            false => Ok(rollout),
        }
    }

    /// Applies the next entry; a refused one changes nothing.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ReplayError> {
        let number = entry.number;
        let expected = self.entries + 1;
        if number != expected {
            let why = Unfit::Number { expected };
            return Err(ReplayError { number, why });
        }
        let admitted = self.admits(&entry.event);
        admitted.map_err(|why| ReplayError { number, why })?;
        if is_progress(&entry.event) {
            self.trouble = None;
        }
        self.take(entry);
        self.settle();
        self.entries = number;
        self.newest = self.newest.max(entry.at);
        Ok(())
    }

    /// Changes what an admitted event changes.
    fn take(&mut self, entry: &Entry) {
        let (event, at) = (&entry.event, entry.at);
        match event {
            Event::Planned { .. } | Event::Notified { .. } => {}
            Event::Cleared { .. } => self.after = None,
            Event::Requested { request } => self.request = Some(request.clone()),
            Event::Approved { key, statement } => {
                self.approved.retain(|known| known.key != *key);
                self.approved.push(Approved {
                    key: key.clone(),
                    statement: statement.clone(),
                });
            }
            Event::Doubted { key, .. } => self.approved.retain(|known| known.key != *key),
            Event::Rehearsed { problems } => {
                self.problems.clone_from(problems);
                if problems.is_empty() {
                    self.phase = Phase::Rehearsed;
                }
            }
            Event::RehearsalSkipped { reason } => {
                self.rehearsal_skipped = Some(reason.clone());
                self.problems.clear();
                match &mut self.phase {
                    Phase::Halted { from, .. } => **from = Phase::Rehearsed,
                    phase => *phase = Phase::Rehearsed,
                }
            }
            Event::Opening { ring } => {
                let index = self.index(ring);
                self.rings[index].opening = true;
                let again = matches!(&self.phase, Phase::Ring { index: now, stage }
                    if *now == index && *stage != Stage::Opening);
                if !again {
                    let stage = Stage::Opening;
                    self.phase = Phase::Ring { index, stage };
                }
            }
            Event::Opened { ring, suites } => {
                let index = self.index(ring);
                let state = &mut self.rings[index];
                state.opened.get_or_insert(at);
                state.suites.clone_from(suites);
                state.withdrawn = false;
                let stage = Stage::Installing;
                self.phase = Phase::Ring { index, stage };
            }
            Event::Phased { ring, percent } => {
                let index = self.index(ring);
                let state = &mut self.rings[index];
                state.withdrawn = false;
                // Offered again after a pause, its time goes on.
                if state.phased.is_none_or(|(known, _)| known != *percent) {
                    state.phased = Some((*percent, at));
                }
            }
            Event::Counted {
                ring,
                all,
                there,
                failed,
            } => {
                let index = self.index(ring);
                let state = &mut self.rings[index];
                if *there > 0 {
                    state.first.get_or_insert(at);
                    state.last = Some(at);
                }
                state.counted = Some(Counted {
                    at,
                    all: *all,
                    there: *there,
                    failed: *failed,
                });
            }
            Event::Checked {
                ring,
                host,
                check,
                found,
            } => self.checked(ring, host.as_ref(), check, found, at),
            Event::Soaking { ring, until } => {
                let index = self.index(ring);
                self.rings[index].soak = Some(*until);
                let stage = Stage::Soaking { until: *until };
                self.phase = Phase::Ring { index, stage };
            }
            Event::SoakSkipped { ring, reason } => {
                let index = self.index(ring);
                let state = &mut self.rings[index];
                state.soak_skipped = Some(reason.clone());
                if let Some(until) = &mut state.soak {
                    *until = at.min(*until);
                    let until = *until;
                    self.shorten_soak(index, until);
                }
            }
            Event::Passed { ring } => {
                let index = self.index(ring);
                self.rings[index].passed = Some(at);
                let stage = Stage::Passed;
                self.phase = Phase::Ring { index, stage };
            }
            Event::Halted { why } => {
                self.phase = Phase::Halted {
                    why: why.clone(),
                    from: Box::new(self.phase.clone()),
                };
            }
            Event::Paused { reason } => {
                self.paused = Some(reason.clone().unwrap_or_default());
            }
            Event::Resumed { .. } => self.resume(at),
            Event::RollbackBegun { .. } => self.turn_back(at),
            Event::Withdrawing { suites } => self.withdrawing.clone_from(suites),
            Event::Withdrawn { .. } => self.withdrawn(),
            Event::WithdrawalRefused { said, .. } => {
                let times = self.refused.as_ref().map_or(0, |known| known.times);
                self.refused = Some(Refusal {
                    said: said.clone(),
                    at,
                    times: times.saturating_add(1),
                });
            }
            Event::Stuck { doing, why } => {
                self.trouble = Some(Trouble {
                    doing: doing.clone(),
                    why: why.clone(),
                    at,
                });
            }
            Event::RolledBack => self.phase = Phase::RolledBack,
            Event::Blocked { why } => self.phase = Phase::Blocked { why: why.clone() },
            Event::Converging => self.converge(at),
            Event::Converged => self.converged(),
            Event::Aborted { .. } => self.phase = Phase::Aborted,
            Event::Superseded { .. } => self.phase = Phase::Superseded,
            Event::Done => self.phase = Phase::Done,
            Event::Probed { .. }
            | Event::Skipped { .. }
            | Event::Silent { .. }
            | Event::Starting { .. }
            | Event::Begun { .. }
            | Event::Lost { .. }
            | Event::NotBegun { .. }
            | Event::Unheard { .. }
            | Event::HalfDone { .. }
            | Event::Succeeded { .. }
            | Event::Repaired { .. }
            | Event::Failed { .. }
            | Event::Excluded { .. }
            | Event::Included { .. } => self.take_of_host(entry),
        }
    }

    /// A ring whose hosts are all done is verified, until one is not again.
    fn settle(&mut self) {
        if let Phase::Ring { index, stage } = &mut self.phase
            && matches!(stage, Stage::Installing | Stage::Verifying)
            && matches!(self.policy.rings[*index].members, Members::Hosts(_))
        {
            *stage = match self.rings[*index].counts.left() {
                0 => Stage::Verifying,
                _ => Stage::Installing,
            };
        }
    }

    /// Returns a ring's place; an admitted event names one of ours.
    pub(super) fn index(&self, ring: &RingName) -> usize {
        let place = self.rings.iter().position(|known| known.name == *ring);
        place.unwrap_or_default()
    }
}

fn listed(hosts: &[HostName]) -> String {
    let names: Vec<_> = hosts.iter().map(HostName::as_str).collect();
    names.join(", ")
}

/// Tells whether an event shows that what is outside works again. What is only
/// intended shows nothing, nor does a person's word.
fn is_progress(event: &Event) -> bool {
    !matches!(
        event,
        Event::Notified { .. }
            | Event::Stuck { .. }
            | Event::Opening { .. }
            | Event::Withdrawing { .. }
            | Event::Starting { .. }
            | Event::Paused { .. }
            | Event::Excluded { .. }
            | Event::Included { .. }
            | Event::Approved { .. }
            | Event::Doubted { .. }
            | Event::Cleared { .. }
    )
}

impl RingState {
    pub(super) fn new(name: RingName) -> Self {
        Self {
            name,
            counts: Counts::default(),
            opened: None,
            suites: Vec::new(),
            opening: false,
            first: None,
            last: None,
            soak: None,
            soak_skipped: None,
            passed: None,
            checks: Default::default(),
            counted: None,
            phased: None,
            withdrawn: false,
            forgiven: 0,
        }
    }
}
