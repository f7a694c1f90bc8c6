//! What is offered while nothing goes on: the version leaves the suites of a
//! ring that is open and has not passed.

use super::super::policy::Members;
use super::super::state::{Phase, Rollout, Stage};
use crate::model::{Suite, Timestamp};

/// Returns the suites that are to lose the version now, where some are.
///
/// A pull ring's hosts would go on, and a percentage of 0 still leaks: its
/// suites lose it whenever the rollout halts or is paused. Those of a ring whose
/// hosts are told one by one lose it when it halts: other hosts that read them,
/// or an `unattended-upgrades` on its own, would take what is bad. Paused, they
/// keep it: nothing is known to be bad. Rings that have passed keep it always.
pub fn suites(rollout: &Rollout) -> Option<Vec<Suite>> {
    let Phase::Ring { index, stage } = rollout.phase.beneath() else {
        return None;
    };
    let (state, policy) = (&rollout.rings[*index], &rollout.policy.rings[*index]);
    let open = state.opening && !state.withdrawn && *stage != Stage::Passed;
    let pull = matches!(policy.members, Members::Pull(_));
    let halted = matches!(rollout.phase, Phase::Halted { .. });
    if !(open && (pull || halted)) || policy.suites.is_empty() {
        return None;
    }
    Some(policy.suites.iter().map(|own| own.suite.clone()).collect())
}

/// Returns when the archive is asked again, after it refused.
pub fn again(rollout: &Rollout, now: Timestamp) -> Option<Timestamp> {
    let refused = rollout.refused.as_ref()?;
    let again = refused
        .at
        .plus_seconds(rollout.policy.retry_seconds.max(1).into());
    Some(again).filter(|again| *again > now)
}
