//! What keeps a request from going in whatever the rules say.

use crate::model::Finding;
use crate::patch::entry::Decision;
use crate::patch::facts::{Applies, Picks};
use crate::patch::queue::Request;
use crate::patch::state::{Listed, State};

/// Why a request cannot go in whatever the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its name, as findings have it.
    pub name: &'static str,
    /// Why, as a clause.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Bar {
    /// Returns it as a finding about a request.
    pub fn finding(&self, request: &Request) -> Finding {
        let subject = request.id.as_str();
        Finding::error(self.name, subject, self.message.clone()).fix(self.fix.clone())
    }
}

/// Finds why a request cannot go in whatever the rules say: decisions are
/// taken back by who decides, not set aside.
pub fn bar(listed: &Listed) -> Option<Bar> {
    let id = &listed.request.id;
    let decided = |kind: Decision| {
        let mut said = listed.standing.decisions.iter();
        let said = said.rfind(|one| one.what.0 == kind);
        said.map_or(String::new(), |one| {
            format!(" by {}: {}", one.by.name, one.what.1)
        })
    };
    let bar = |name, message, fix: String| Some(Bar { name, message, fix });
    let approve = || format!("debcut patch approve {id} --reason TEXT");
    match listed.standing.state {
        State::Picked if listed.request.came_to_nothing() => {
            bar("picked", "it changed nothing there".to_owned(), approve())
        }
        State::Picked => bar("picked", "it is on the branch".to_owned(), String::new()),
        State::Reverted => bar(
            "reverted",
            "the branch has taken it back".to_owned(),
            "debcut patch pick asks for the commits anew".to_owned(),
        ),
        State::Withdrawn => {
            let said = listed.request.withdrawn.as_ref();
            let why = said.map_or(String::new(), |said| format!(": {}", said.what));
            bar(
                "withdrawn",
                format!("it is not asked for any more{why}"),
                "debcut patch pick asks anew".to_owned(),
            )
        }
        State::Superseded => {
            let by = listed.request.superseded.as_ref();
            let by = by.map_or(String::new(), |said| said.what.to_string());
            bar(
                "superseded",
                format!("{by} is looked at instead"),
                format!(
                    "debcut patch show {by}, or to look at this one after all: {}",
                    approve()
                ),
            )
        }
        State::Rejected => bar(
            "rejected",
            format!("it is rejected{}", decided(Decision::Reject)),
            approve(),
        ),
        State::Held if listed.standing.frozen.is_none() => bar(
            "held",
            format!("it is held{}", decided(Decision::Hold)),
            approve(),
        ),
        _ => match &listed.facts.applies {
            Applies::Unknown(why) => bar("not-here", why.clone(), "git fetch first".to_owned()),
            _ => None,
        },
    }
}

/// Says that a request was picked before, and that the branch has lost it.
pub fn lost(listed: &Listed) -> Option<Finding> {
    let Picks::Lost(pick) = &listed.facts.picks else {
        return None;
    };
    let said = listed.request.applied.as_ref()?;
    let onto = &listed.request.ask.what.onto;
    let message = format!(
        "{} picked it on {} as {}, which {onto} has neither here nor at its remote: it is picked again",
        said.by.name,
        said.at.day(),
        pick.get(..12).unwrap_or(pick),
    );
    let finding = Finding::warning("pick-lost", listed.request.id.to_string(), message);
    Some(finding.fix("git fetch first, where somebody else may have pushed it"))
}
