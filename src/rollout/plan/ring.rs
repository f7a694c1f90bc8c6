//! A ring on the way there: open, batch after batch, checks, soak, pass.

use super::super::gate::{self, Round};
use super::super::policy::Members;
use super::super::state::{Halt, HostState, Rollout, Stage};
use super::hosts::{self, Flow, Manner};
use super::{Hold, Opens, Step, pull, shut};
use crate::model::{HostName, Timestamp};

/// Returns the next step of a rollout that is at a ring.
pub fn next(rollout: &Rollout, index: usize, stage: Stage, now: Timestamp) -> Step {
    if let Some(why) = (0..=index).find_map(|ring| gate::halts(rollout, ring)) {
        return Step::Halt { why };
    }
    match stage {
        Stage::Opening => return Step::Open { ring: index },
        Stage::Passed => return after(rollout, index, now),
        _ => {}
    }
    if let Members::Pull(members) = &rollout.policy.rings[index].members {
        return pull::next(rollout, index, stage, members, now);
    }
    // It was withdrawn when it halted.
    if rollout.rings[index].withdrawn {
        return match rollout.policy.calendar.opens(now) {
            Opens::Now => Step::Open { ring: index },
            Opens::At(until) => shut(Some(until)),
            Opens::Never => shut(None),
        };
    }
    match stage {
        Stage::Soaking { until } => soaking(rollout, index, until, now),
        _ => installing(rollout, index, now),
    }
}

/// The next ring, or the end.
fn after(rollout: &Rollout, index: usize, now: Timestamp) -> Step {
    if index + 1 == rollout.rings.len() {
        return Step::Done;
    }
    match rollout.policy.calendar.opens(now) {
        Opens::Now => Step::Open { ring: index + 1 },
        Opens::At(until) => shut(Some(until)),
        Opens::Never => shut(None),
    }
}

fn installing(rollout: &Rollout, index: usize, now: Timestamp) -> Step {
    let state = &rollout.rings[index];
    let quiet = || checks(index, &gate::round(rollout, index, now));
    match hosts::next(rollout, &[index], &manner(rollout, now), now, quiet) {
        Flow::Step(step) => return step,
        Flow::Wait(why, until) => return Step::Hold { why, until },
        Flow::Settled => {}
    }
    let round = gate::round(rollout, index, now);
    if let Some(step) = checks(index, &round) {
        return step;
    }
    if let Some(step) = shut_gate(rollout, index, &round) {
        return step;
    }
    // Nobody has the package: there is nothing to watch.
    if state.counts.wanted() + state.counts.already == 0 {
        return Step::Pass { ring: index };
    }
    let soak = match state.soak_skipped {
        Some(_) => 0,
        None => i64::from(rollout.policy.rings[index].soak_seconds),
    };
    let until = now.plus_seconds(soak);
    Step::Soak { ring: index, until }
}

fn soaking(rollout: &Rollout, index: usize, until: Timestamp, now: Timestamp) -> Step {
    let round = gate::round(rollout, index, now);
    if !round.due.is_empty() {
        return check(index, &round);
    }
    // Hosts that come back while it soaks get it too.
    match hosts::next(rollout, &[index], &manner(rollout, now), now, || None) {
        Flow::Step(step) => return step,
        Flow::Wait(Hold::Running(hosts), next) => {
            let why = Hold::Running(hosts);
            let until = gate::earlier(next, round.next);
            return Step::Hold { why, until };
        }
        Flow::Wait(why, next) if until <= now => {
            let until = gate::earlier(next, round.next);
            return Step::Hold { why, until };
        }
        _ => {}
    }
    if now < until {
        let why = Hold::Soaking;
        let next = gate::earlier(round.next, retry(rollout, index));
        let until = gate::earlier(next, Some(until));
        return Step::Hold { why, until };
    }
    if let Some(step) = checks(index, &round) {
        return step;
    }
    if let Some(step) = shut_gate(rollout, index, &round) {
        return step;
    }
    Step::Pass { ring: index }
}

fn manner(rollout: &Rollout, now: Timestamp) -> Manner {
    Manner {
        waves: true,
        opens: rollout.policy.calendar.opens(now),
        gives_up: false,
    }
}

/// Makes checks that are due, or waits for those that say nothing.
pub fn checks(index: usize, round: &Round) -> Option<Step> {
    if !round.due.is_empty() {
        return Some(check(index, round));
    }
    if round.inconclusive.is_empty() {
        return None;
    }
    let names = round.inconclusive.iter().cloned().collect();
    let why = Hold::Inconclusive(names);
    let until = round.next;
    Some(Step::Hold { why, until })
}

pub fn check(index: usize, round: &Round) -> Step {
    let checks = round.due.keys().cloned().collect();
    Step::Check {
        ring: index,
        checks,
    }
}

/// Too many are away, or too little was tried.
fn shut_gate(rollout: &Rollout, index: usize, round: &Round) -> Option<Step> {
    let (state, policy) = (&rollout.rings[index], &rollout.policy.rings[index]);
    let counts = &state.counts;
    let away = counts.unreachable + round.away.len();
    if away > policy.max_unreachable.at_most_of(counts.wanted()) {
        let mut hosts = unreachable(rollout, index);
        hosts.extend(round.away.iter().cloned());
        let why = Hold::Unreachable(hosts);
        let until = gate::earlier(retry(rollout, index), round.next);
        return Some(Step::Hold { why, until });
    }
    let well = counts.well().saturating_sub(round.away.len());
    let nobody = counts.wanted() + counts.already == 0;
    // What is empty proves nothing; later rings may have nobody to bring it to.
    if well == 0 && counts.unreachable + round.away.len() == 0 && (index == 0 || !nobody) {
        let ring = state.name.clone();
        let why = Halt::NothingTried { ring };
        return Some(Step::Halt { why });
    }
    let needed = match nobody {
        true => 0,
        false => policy.min_sample as usize,
    };
    if well < needed.max(usize::from(!nobody)) && state.soak_skipped.is_none() {
        let why = Hold::Sample;
        let until = gate::earlier(retry(rollout, index), round.next);
        return Some(Step::Hold { why, until });
    }
    None
}

fn unreachable(rollout: &Rollout, index: usize) -> Vec<HostName> {
    let hosts = rollout.hosts.iter().filter(|(_, host)| {
        host.ring == index && matches!(host.state, HostState::Unreachable { .. })
    });
    hosts.map(|(name, _)| name.clone()).collect()
}

/// Returns when the first of those that cannot be reached is asked again.
fn retry(rollout: &Rollout, index: usize) -> Option<Timestamp> {
    if rollout.rings[index].counts.unreachable == 0 {
        return None;
    }
    let retry = i64::from(rollout.policy.retry_seconds);
    let hosts = rollout
        .hosts
        .values()
        .filter(|host| host.ring == index && matches!(host.state, HostState::Unreachable { .. }));
    let asked = hosts.filter_map(|host| host.asked).min()?;
    Some(asked.plus_seconds(retry))
}
