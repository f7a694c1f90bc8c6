//! What is offered to hosts while a rollout waits, taken out of its suites in the
//! same command: who pauses at three in the morning has stopped it then.

use std::time::Duration;

use super::WhichArguments;
use super::control::ControlArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::rolling::advancing::Until;
use crate::flow::rolling::shelf::Shelf;
use crate::model::Finding;
use crate::rollout::RolloutId;
use crate::rollout::plan::{self, Step};

/// How often, and how far apart, it is looked whether a controller has done it.
const LOOKS: u32 = 30;
const LOOK: Duration = Duration::from_millis(100);

/// Withdraws what the next step withdraws; says loudly where that was not done.
pub(super) fn close(
    which: &WhichArguments,
    shelf: &Shelf,
    id: &RolloutId,
    next: &Step,
    context: &Context<'_>,
) -> Option<Finding> {
    let Step::Withdraw { suites } = next else {
        return None;
    };
    let why = match closed(which, shelf, id, context) {
        Ok(true) => return None,
        Ok(false) => "the archive refuses to withdraw it".to_owned(),
        Err(failure) => failure.message,
    };
    let suites: Vec<_> = suites.iter().map(ToString::to_string).collect();
    let suites = suites.join(", ");
    let message = format!("{suites} offers its version to hosts still: {why}");
    let finding = Finding::error("still-offered", id.to_string(), message);
    Some(finding.fix(format!("debcut rollout advance {id} withdraws it")))
}

/// Waits a moment for the process that controls it to withdraw what it offers;
/// says so where it has not yet.
pub(super) fn is_left(
    shelf: &Shelf,
    id: &RolloutId,
    context: &Context<'_>,
) -> Result<Option<Finding>, Failure> {
    for _ in 0..LOOKS {
        let Some((rollout, _)) = shelf.look(id)? else {
            return Ok(None);
        };
        let next = plan::next(&rollout, context.now().max(rollout.newest));
        if !matches!(next, Step::Withdraw { .. }) {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
    let message = "its suites offer the version to hosts until its controller withdraws it";
    let finding = Finding::warning("still-offered", id.to_string(), message);
    Ok(Some(finding.fix(format!(
        "debcut rollout status {id} says when it has"
    ))))
}

fn closed(
    which: &WhichArguments,
    shelf: &Shelf,
    id: &RolloutId,
    context: &Context<'_>,
) -> Result<bool, Failure> {
    let means = shelf.means(id)?;
    let archive = means.map(|means| means.archive).unwrap_or_default();
    let control = ControlArguments::usual(which, &archive);
    control.control(shelf, id, context, |controlled| {
        controlled.advance(Until::Begun, &mut |_, _| {})?;
        let now = context.now().max(controlled.rollout.newest);
        let next = plan::next(&controlled.rollout, now);
        let refused = controlled.rollout.refused.is_some();
        Ok(!refused && !matches!(next, Step::Withdraw { .. }))
    })
}
