//! Whether a rollout can go back: not beside a newer one of the same package,
//! whose version is what hosts have. A newer one that touched nobody, or that
//! went back itself, stands in nobody's way once it has ended.

use super::shelf::Shelf;
use crate::flow::FlowError;
use crate::model::Finding;
use crate::rollout::{Phase, Rollout};

/// Says what stands against going back. What goes back already goes on.
pub fn against(shelf: &Shelf, rollout: &Rollout) -> Result<Option<Finding>, FlowError> {
    if matches!(rollout.phase, Phase::RollingBack { .. } | Phase::RolledBack) {
        return Ok(None);
    }
    let all = shelf.all()?;
    let newer: Vec<_> = (all.iter().map(|(known, _)| known))
        .filter(|known| known.target.source == rollout.target.source)
        .filter(|known| (known.planned, &known.id) > (rollout.planned, &rollout.id))
        .filter(|known| known.phase != Phase::RolledBack)
        .collect();
    let id = rollout.id.to_string();
    if let Some(newer) = newer.iter().find(|known| has_begun(known)) {
        let message = format!(
            "{} came after it and is {}: hosts have its version, so nothing would go back",
            newer.id,
            newer.phase.word()
        );
        let finding = Finding::error("newer-rollout", &id, message);
        return Ok(Some(finding.fix(format!(
            "debcut rollout rollback {} goes back from there; then this one",
            newer.id
        ))));
    }
    let Some(open) = newer.iter().find(|known| !known.phase.has_ended()) else {
        return Ok(None);
    };
    let message = format!("{} came after it, and would begin meanwhile", open.id);
    let finding = Finding::error("newer-rollout", &id, message);
    Ok(Some(finding.fix(format!(
        "debcut rollout abort {}: it has touched no host; then this one",
        open.id
    ))))
}

/// Tells whether some host may have its version.
fn has_begun(rollout: &Rollout) -> bool {
    rollout.rings.iter().any(|ring| ring.opening) || rollout.hosts.values().any(|host| host.touched)
}
