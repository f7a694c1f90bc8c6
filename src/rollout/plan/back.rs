//! The way back, and those who were away.

use super::super::gate;
use super::super::state::{Blocked, HostState, Rollout, Way};
use super::hosts::{self, Flow, Manner};
use super::{Opens, Step, ring};
use crate::model::{Suite, Timestamp};

/// Returns the next step of a rollout that goes back: the suites first, so that
/// nothing installs the version again.
pub fn next(rollout: &Rollout, withdrawn: bool, now: Timestamp) -> Step {
    if !withdrawn {
        let suites = suites(rollout);
        return Step::Withdraw { suites };
    }
    let rings: Vec<_> = (0..rollout.rings.len()).collect();
    match hosts::next(rollout, &rings, &at_any_time(), now, || None) {
        Flow::Step(step) => return step,
        Flow::Wait(why, until) => return Step::Hold { why, until },
        Flow::Settled => {}
    }
    let failed = rollout.hosts.iter();
    let failed = failed.filter(|(_, host)| matches!(host.state, HostState::Failed { .. }));
    let hosts: Vec<_> = failed.map(|(name, _)| name.clone()).collect();
    match hosts.is_empty() {
        true => Step::RolledBack,
        false => Step::Block {
            why: Blocked::Hosts { hosts },
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
    if rollout.way == Way::Forward {
        for ring in &rings {
            let round = gate::round(rollout, *ring, now);
            if let Some(step) = ring::checks(*ring, &round) {
                return step;
            }
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

/// Returns the suites that have the version because of the rollout, and those
/// where it entered.
fn suites(rollout: &Rollout) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    let rings = rollout.rings.iter().zip(&rollout.policy.rings);
    let opened = rings.filter(|(state, _)| state.opening);
    for (_, policy) in opened {
        suites.extend(policy.suites.iter().map(|own| own.suite.clone()));
    }
    if rollout.rings.iter().any(|ring| ring.opening) {
        let from = rollout.target.versions.iter();
        suites.extend(from.map(|meant| meant.from.clone()));
    }
    let mut known = std::collections::BTreeSet::new();
    suites.retain(|suite| known.insert(suite.clone()));
    suites
}
