//! The way back, and those who were away.

use super::super::gate;
use super::super::policy::Members;
use super::super::state::{Blocked, HostState, Rollout, Way};
use super::hosts::{self, Flow, Manner};
use super::{Hold, Opens, Step, closing, ring};
use crate::model::{Suite, Timestamp};

/// Returns the next step of a rollout that goes back: the suites first, so that
/// nothing installs the version again.
pub fn next(rollout: &Rollout, withdrawn: bool, now: Timestamp) -> Step {
    if !withdrawn {
        let suites = suites(rollout);
        let Some(refused) = &rollout.refused else {
            return Step::Withdraw { suites };
        };
        // Asked as often as hosts are, and then it is for somebody to mend.
        if refused.times >= rollout.policy.attempts.max(1) {
            let said = refused.said.clone();
            let why = Blocked::Withdrawal { said };
            return Step::Block { why };
        }
        return match closing::again(rollout, now) {
            None => Step::Withdraw { suites },
            until => Step::Hold {
                why: Hold::Withdrawal,
                until,
            },
        };
    }
    let rings: Vec<_> = (0..rollout.rings.len()).collect();
    match hosts::next(rollout, &rings, &at_any_time(), now, || None) {
        Flow::Step(step) => return step,
        Flow::Wait(why, until) => return Step::Hold { why, until },
        Flow::Settled => {}
    }
    ended(rollout)
}

/// The end of the way back: those who did not go back are named. Hosts that
/// cannot be asked go back when they return; hosts that update themselves do not
/// go back at all, so they are counted once more.
fn ended(rollout: &Rollout) -> Step {
    let failed = rollout.hosts.iter();
    let failed = failed.filter(|(_, host)| matches!(host.state, HostState::Failed { .. }));
    let hosts: Vec<_> = failed.map(|(name, _)| name.clone()).collect();
    if !hosts.is_empty() {
        let why = Blocked::Hosts { hosts };
        return Step::Block { why };
    }
    let (mut rings, mut there) = (Vec::new(), 0);
    for (index, ring) in rollout.policy.rings.iter().enumerate() {
        let state = &rollout.rings[index];
        if !state.opening || !matches!(ring.members, Members::Pull(_)) {
            continue;
        }
        match state.counted {
            None => return Step::Count { ring: index },
            Some(counted) if counted.there > 0 => {
                rings.push(ring.name.clone());
                there += counted.there;
            }
            Some(_) => {}
        }
    }
    match rings.is_empty() {
        true => Step::RolledBack,
        false => Step::Block {
            why: Blocked::Pull {
                rings,
                hosts: there,
            },
        },
    }
}

/// Returns the next step of a rollout that brings those who were away to where
/// the others are.
pub fn converge(rollout: &Rollout, now: Timestamp) -> Step {
    let rings = 0..rollout.rings.len();
    let rings: Vec<_> = rings
        .filter(|ring| rollout.rings[*ring].opened.is_some())
        .collect();
    let mut manner = at_any_time();
    if rollout.way == Way::Forward {
        if let Some(why) = rings.iter().find_map(|ring| gate::halts(rollout, *ring)) {
            return Step::Halt { why };
        }
        manner.opens = rollout.policy.calendar.opens(now);
    }
    match hosts::next(rollout, &rings, &manner, now, || None) {
        Flow::Step(step) => return step,
        Flow::Wait(why, until) => return Step::Hold { why, until },
        Flow::Settled => {}
    }
    if rollout.way == Way::Back {
        return match ended(rollout) {
            Step::RolledBack => Step::Converged,
            step => step,
        };
    }
    for ring in &rings {
        let round = gate::round(rollout, *ring, now);
        if let Some(step) = ring::checks(*ring, &round) {
            return step;
        }
    }
    Step::Converged
}

fn at_any_time() -> Manner {
    Manner {
        waves: false,
        opens: Opens::Now,
        gives_up: true,
    }
}

/// Returns the suites that have the version because of the rollout, or may have
/// it otherwise: those of every ring, since somebody may have promoted it by
/// hand, and those where it entered. None, where the rollout has opened nothing.
fn suites(rollout: &Rollout) -> Vec<Suite> {
    if !rollout.rings.iter().any(|ring| ring.opening) {
        return Vec::new();
    }
    let rings = rollout.policy.rings.iter().flat_map(|ring| &ring.suites);
    let from = rollout.target.versions.iter();
    let mut suites: Vec<Suite> = rings.map(|own| own.suite.clone()).collect();
    suites.extend(from.map(|meant| meant.from.clone()));
    let mut known = std::collections::BTreeSet::new();
    suites.retain(|suite| known.insert(suite.clone()));
    suites
}
