//! The next step of a rollout: a pure function of its state and the clock.
//!
//! | where it is | what comes |
//! |---|---|
//! | planned | the rehearsal, then approval where it is needed |
//! | at a ring | `ring`: open, batch after batch, checks, soak, pass |
//! | rolling back | `back`: withdraw, then every ring's hosts, batch by batch |
//! | halted, paused | `closing`: what is open is withdrawn; what runs is still asked |
//! | ended | what runs is still asked; nothing new is begun |

mod back;
mod closing;
mod hosts;
mod pull;
mod ring;

use super::calendar::Opens;
use super::gate;
use super::policy::Approval;
use super::state::{Blocked, Halt, Phase, Rollout, RolloutId};
use super::target::Move;
use crate::model::{Fingerprint, HostName, Suite, Timestamp};

/// Returns the next step.
pub fn next(rollout: &Rollout, now: Timestamp) -> Step {
    let asked = hosts::still_running(rollout, now);
    match &rollout.phase {
        Phase::Done | Phase::RolledBack | Phase::Aborted | Phase::Superseded => match asked {
            hosts::Flow::Step(step) => step,
            hosts::Flow::Wait(why, until) => Step::Hold { why, until },
            hosts::Flow::Settled => Step::Over,
        },
        Phase::Blocked { .. } => held(asked, Hold::Blocked),
        Phase::Halted { .. } => closed(rollout, now, asked, Hold::Halted),
        _ if rollout.paused.is_some() => closed(rollout, now, asked, Hold::Paused),
        // Nothing is done, not even tried, before the one that goes first has
        // ended.
        Phase::Planned | Phase::Rehearsed if rollout.after.is_some() => {
            let why = Hold::Behind(rollout.after.clone().expect("it was asked for"));
            Step::Hold { why, until: None }
        }
        Phase::Planned if !rollout.problems.is_empty() => Step::Halt {
            why: Halt::Rehearsal {
                problems: rollout.problems.clone(),
            },
        },
        Phase::Planned => Step::Rehearse,
        Phase::Rehearsed => started(rollout, now),
        Phase::Ring { index, stage } => ring::next(rollout, *index, *stage, now),
        Phase::RollingBack { withdrawn } => back::next(rollout, *withdrawn, now),
        Phase::Converging { .. } => back::converge(rollout, now),
    }
}

/// Takes what is open out of its suites, then asks what runs. A withdrawal that
/// the archive refused is tried again after a while: meanwhile the rollout stays
/// where it is.
fn closed(rollout: &Rollout, now: Timestamp, asked: hosts::Flow, why: Hold) -> Step {
    let Some(suites) = closing::suites(rollout) else {
        return held(asked, why);
    };
    match closing::again(rollout, now) {
        None => Step::Withdraw { suites },
        Some(again) => match held(asked, why) {
            Step::Hold { why, until } => Step::Hold {
                why,
                until: gate::earlier(until, Some(again)),
            },
            step => step,
        },
    }
}

/// Asks what runs; holds when nothing does.
fn held(asked: hosts::Flow, why: Hold) -> Step {
    match asked {
        hosts::Flow::Step(step) => step,
        hosts::Flow::Wait(_, until) => Step::Hold { why, until },
        hosts::Flow::Settled => Step::Hold { why, until: None },
    }
}

/// Approval, the day, and then the first ring.
fn started(rollout: &Rollout, now: Timestamp) -> Step {
    if let Approval::Needed { count, keys } = &rollout.policy.approval {
        if rollout.request.is_none() {
            return Step::Request;
        }
        let counts = |key: &&Fingerprint| keys.is_empty() || keys.contains(key);
        let approved = rollout.approvers().filter(counts).count();
        if approved < *count as usize {
            let why = Hold::Approval;
            return Step::Hold { why, until: None };
        }
    }
    match rollout.policy.calendar.starts(now) {
        Opens::Now => Step::Open { ring: 0 },
        Opens::At(until) => shut(Some(until)),
        Opens::Never => shut(None),
    }
}

fn shut(until: Option<Timestamp>) -> Step {
    let why = Hold::Window;
    Step::Hold { why, until }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Try the way there and back in a throw-away root.
    Rehearse,
    /// Ask somebody who may approve.
    Request,
    /// Give a ring's suites the version.
    Open {
        /// The ring's place in the policy.
        ring: usize,
    },
    /// Ask hosts of a ring what they have: they become probed, skipped or
    /// unreachable; those whose job runs or may run: ok, failed, repaired,
    /// still running or still unknown.
    Probe {
        /// Which.
        hosts: Vec<HostName>,
    },
    /// Tell a batch to begin.
    Install {
        /// Which, and what.
        hosts: Vec<(HostName, Vec<Move>)>,
    },
    /// Make checks that are due on a ring.
    Check {
        /// The ring's place in the policy.
        ring: usize,
        /// The names of the checks.
        checks: Vec<String>,
    },
    /// Ask the operator's command what a pull ring runs.
    Count {
        /// The ring's place in the policy.
        ring: usize,
    },
    /// Offer a pull ring's version to so many of a hundred hosts.
    Phase {
        /// The ring's place in the policy.
        ring: usize,
        /// The percentage.
        percent: u8,
    },
    /// Write down that a ring soaks.
    Soak {
        /// The ring's place in the policy.
        ring: usize,
        /// Until then.
        until: Timestamp,
    },
    /// Write down that a ring has passed its gate.
    Pass {
        /// The ring's place in the policy.
        ring: usize,
    },
    /// Write down that it halts.
    Halt {
        /// Why.
        why: Halt,
    },
    /// Take the version out of suites, and put back what was there before.
    Withdraw {
        /// Which.
        suites: Vec<Suite>,
    },
    /// Write down that it cannot go back by itself.
    Block {
        /// Why.
        why: Blocked,
    },
    /// Write down that it is as it was.
    RolledBack,
    /// Write down that those who were away are where the others are.
    Converged,
    /// Write down that every ring has passed.
    Done,
    /// Nothing can be done now.
    Hold {
        /// Why.
        why: Hold,
        /// When to look again; `None`: only somebody's word changes it.
        until: Option<Timestamp>,
    },
    /// Nothing is to be done any more.
    Over,
}

/// Why nothing can be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Somebody must approve.
    Approval,
    /// This rollout of the same source goes first.
    Behind(RolloutId),
    /// The archive refuses to withdraw the version, and is asked again.
    Withdrawal,
    /// Nobody can say what a pull ring's hosts run: it is asked again.
    Uncounted,
    /// Somebody paused it.
    Paused,
    /// It halted.
    Halted,
    /// It cannot go back by itself.
    Blocked,
    /// It is outside the windows.
    Window,
    /// Jobs run.
    Running(Vec<HostName>),
    /// A ring soaks.
    Soaking,
    /// These hosts are told again after a while: they refused to begin.
    Waiting(Vec<HostName>),
    /// Too many hosts cannot be reached.
    Unreachable(Vec<HostName>),
    /// A check found nothing either way.
    Inconclusive(Vec<String>),
    /// Fewer hosts than needed got it.
    Sample,
    /// Too few of a pull ring have it yet.
    Adoption,
    /// A pull ring's percentage stands for a while.
    Phase,
}
