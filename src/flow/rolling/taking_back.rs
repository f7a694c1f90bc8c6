//! Whether a rollout can go back: not beside a newer one, whose version is what
//! hosts have, and not after it gave its place away.

use super::RollingError;
use super::shelf::Shelf;
use crate::flow::FlowError;
use crate::model::Finding;
use crate::rollout::event::{Entry, Event};
use crate::rollout::{Phase, Rollout};

/// Says what stands against going back. What goes back already goes on.
pub fn against(
    shelf: &Shelf,
    rollout: &Rollout,
    entries: &[Entry],
) -> Result<Option<Finding>, FlowError> {
    match rollout.phase {
        Phase::RollingBack { .. } | Phase::RolledBack => return Ok(None),
        Phase::Superseded => return Err(superseded(rollout, entries).into()),
        _ => {}
    }
    let all = shelf.all()?.into_iter().map(|(known, _)| known);
    let mut newer = all.filter(|known| {
        let is_newer = (known.planned, &known.id) > (rollout.planned, &rollout.id);
        let has_begun = known.rings.iter().any(|ring| ring.opening);
        let is_back = known.phase == Phase::RolledBack;
        known.target.source == rollout.target.source && is_newer && has_begun && !is_back
    });
    let Some(newer) = newer.next() else {
        return Ok(None);
    };
    let (id, newer_id) = (&rollout.id, &newer.id);
    let message = format!(
        "{newer_id} came after it and is {}: hosts have its version, so nothing would go back",
        newer.phase.word()
    );
    let finding = Finding::error("newer-rollout", id.to_string(), message);
    Ok(Some(finding.fix(format!(
        "debcut rollout rollback {newer_id} goes back from there; then this one"
    ))))
}

/// Says who took its place, and what becomes of its hosts.
fn superseded(rollout: &Rollout, entries: &[Entry]) -> RollingError {
    let by = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Superseded { by } => Some(by.as_str()),
        _ => None,
    });
    let by = by.unwrap_or("a newer one");
    RollingError::NotNow {
        id: rollout.id.to_string(),
        why: format!("cannot go back: {by} took its place, and has its hosts now"),
        fix: format!(
            "debcut rollout rollback {by} takes them back to what they had before that one; from \
             there on only a higher version helps: a fixed one, or debcut rollout rollback {} \
             --reversion",
            rollout.id
        ),
    }
}
