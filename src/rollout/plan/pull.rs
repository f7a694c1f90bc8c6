//! A ring whose hosts update themselves: offered, counted, soaked.

use super::super::gate;
use super::super::policy::Pull;
use super::super::state::{Rollout, Stage};
use super::{Hold, Step, ring};
use crate::model::Timestamp;

/// Returns the next step at a pull ring.
pub fn next(rollout: &Rollout, index: usize, stage: Stage, pull: &Pull, now: Timestamp) -> Step {
    let (state, policy) = (&rollout.rings[index], &rollout.policy.rings[index]);
    let offered = state.phased.map(|(percent, _)| percent);
    let first = pull.phases.first().copied().unwrap_or(100);
    if state.withdrawn || offered.is_none() {
        let percent = offered.unwrap_or(first);
        return Step::Phase {
            ring: index,
            percent,
        };
    }
    let round = gate::round(rollout, index, now);
    let every = i64::from(pull.every_seconds.max(1));
    let counted = match state.counted {
        Some(counted)
            if counted.at.plus_seconds(every) > now && !round_over(stage, counted.at, now) =>
        {
            counted
        }
        _ => return Step::Count { ring: index },
    };
    if let Some(step) = ring::checks(index, &round) {
        return step;
    }
    let recount = Some(counted.at.plus_seconds(every));
    let look = |why, until| {
        let until = gate::earlier(gate::earlier(until, recount), round.next);
        Step::Hold { why, until }
    };
    if let Stage::Soaking { until } = stage {
        return match until <= now {
            true => Step::Pass { ring: index },
            false => look(Hold::Soaking, Some(until)),
        };
    }
    if let Some((percent, since)) = state.phased
        && let Some(more) = pull.phases.iter().find(|more| **more > percent)
    {
        let over = since.plus_seconds(i64::from(pull.phase_seconds));
        let shut = rollout.policy.calendar.opens(now);
        return match (over <= now, shut) {
            (false, _) => look(Hold::Phase, Some(over)),
            (true, super::Opens::Now) => Step::Phase {
                ring: index,
                percent: *more,
            },
            (true, super::Opens::At(until)) => look(Hold::Window, Some(until)),
            (true, super::Opens::Never) => look(Hold::Window, None),
        };
    }
    // No host at all is an answer that went wrong, not an adoption.
    let all = counted.all as usize;
    let wanted = pull.adoption.at_least_of(all).min(all);
    if all == 0 || (counted.there as usize) < wanted {
        return look(Hold::Adoption, None);
    }
    let sample = policy.min_sample as usize;
    if (counted.there as usize) < sample.max(1) && state.soak_skipped.is_none() {
        return look(Hold::Sample, None);
    }
    let soak = match state.soak_skipped {
        Some(_) => 0,
        None => i64::from(policy.soak_seconds),
    };
    let until = now.plus_seconds(soak);
    Step::Soak { ring: index, until }
}

/// Tells whether the hosts must be counted once more: it has soaked since.
fn round_over(stage: Stage, counted: Timestamp, now: Timestamp) -> bool {
    matches!(stage, Stage::Soaking { until } if until <= now && counted < until)
}
