//! What somebody has picked, and the branch as this clone knows it has not.

use super::{Rule, overridden};
use crate::patch::facts::{Elsewhere, Facts, Picks};
use crate::patch::policy::Policy;
use crate::patch::queue::Request;
use crate::patch::state::Listed;

/// Tells whether somebody has picked a request, and this clone does not know the
/// pick on its branch: unless somebody who knew of the pick has set it aside.
pub(in crate::patch) fn is_elsewhere(request: &Request, facts: &Facts, policy: &Policy) -> bool {
    let is_elsewhere = matches!(facts.picks, Picks::Elsewhere { .. });
    is_elsewhere && overridden(request, Rule::PickedElsewhere, policy).is_none()
}

/// Says who has picked a request and where that is, as a clause, and what brings
/// it here; none: it is not elsewhere.
pub fn elsewhere(listed: &Listed) -> Option<(String, String)> {
    let Picks::Elsewhere { pick, place } = &listed.facts.picks else {
        return None;
    };
    let by = &listed.request.applied.as_ref()?.by.name;
    let onto = &listed.request.ask.what.onto;
    let (is, fix) = match place {
        Elsewhere::Unseen(Some(fetch)) => ("is not in this clone".to_owned(), fetch.clone()),
        Elsewhere::Unseen(None) => (
            "is not in this repository".to_owned(),
            format!("{by} pushes {onto}"),
        ),
        Elsewhere::At(name) => (
            format!("{name} has and {onto} has not"),
            format!("{by} pushes it to {onto}"),
        ),
    };
    Some((format!("picked by {by} as {pick:.12}, which {is}"), fix))
}

/// Says the same as a rule that is broken, and how to satisfy it.
pub(super) fn broken(listed: &Listed) -> Option<(String, String)> {
    let (message, fix) = elsewhere(listed)?;
    let fix = match &listed.facts.picks {
        // What nobody can fetch was not pushed.
        Picks::Elsewhere {
            place: Elsewhere::Unseen(Some(_)),
            ..
        } => format!("{fix}; if that does not bring it, who picked it has not pushed it"),
        _ => fix,
    };
    Some((message, fix))
}
