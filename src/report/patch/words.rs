//! Words that several documents of maintenance branches share.

use crate::model::Timestamp;
use crate::patch::entry::Decision;
use crate::patch::facts::{Applies, Facts, Picks};
use crate::patch::moves::{Move, Step};
use crate::patch::rules;
use crate::patch::{Listed, Question, State};
use crate::release::commit::Person;
use crate::report::Page;
use crate::report::document::plain;

/// Writes how long ago a moment is, in its largest unit.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = (now.unix() - at.unix()).max(0);
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Writes a person in one.
pub fn person(who: &Person) -> String {
    format!("{} <{}>", who.name, who.email)
}

/// Returns an id as people write it.
pub fn short(id: &str) -> &str {
    &id[..id.len().min(12)]
}

/// Says why a request stands where it does, in a clause; empty where the state
/// says it all.
pub fn why(listed: &Listed, needed: usize) -> String {
    let Listed {
        request,
        facts,
        standing,
    } = listed;
    let told = |kind: Decision| {
        let said = standing.decisions.iter().rfind(|one| one.what.0 == kind)?;
        Some(format!("by {}: {}", said.by.name, said.what.1))
    };
    let clause = match standing.state {
        State::New if standing.approvals > 0 => {
            format!("{} of {needed} approvals", standing.approvals)
        }
        State::New => "waits for a decision".to_owned(),
        State::NeedsInfo => {
            let open = format!("not said: {}", questions(&standing.missing));
            match conflicts(facts) {
                none if none.is_empty() => open,
                conflicts => format!("{open}; conflicts: {conflicts}"),
            }
        }
        State::Approved => told(Decision::Approve).unwrap_or_default(),
        State::Held => match (&standing.frozen, told(Decision::Hold)) {
            (_, Some(told)) => told,
            (Some(freeze), None) => {
                let until = standing.until.as_ref();
                let until = until.map(|day| format!(" until {day}"));
                let (by, why) = (&freeze.said.by.name, &freeze.said.what);
                let until = until.unwrap_or_default();
                format!("approved; frozen{until} by {by}: {why}")
            }
            (None, None) => String::new(),
        },
        State::Conflicts => match told(Decision::Approve) {
            Some(told) => format!("approved {told}; {}", conflicts(facts)),
            None => conflicts(facts),
        },
        State::Elsewhere => {
            let said = rules::elsewhere(listed);
            said.map_or(String::new(), |(what, fix)| format!("{what}: {fix}"))
        }
        State::Picked => match (&request.applied, &facts.landed) {
            (Some(said), None) => {
                let last = said.what.iter().rev().find_map(|one| one.to.as_deref());
                last.map_or("changed nothing".to_owned(), |to| {
                    format!("as {}", short(to))
                })
            }
            (_, Some(landed)) => {
                let last = landed.iter().rev().find_map(|one| one.to.as_deref());
                format!("found on the branch as {}", short(last.unwrap_or_default()))
            }
            (None, None) => String::new(),
        },
        State::Reverted => match &facts.picks {
            Picks::Reverted { pick, by } => {
                format!("picked as {}, taken back by {}", short(pick), short(by))
            }
            _ => String::new(),
        },
        State::Rejected => told(Decision::Reject).unwrap_or_default(),
        State::Superseded => {
            let by = request.superseded.as_ref();
            by.map_or(String::new(), |said| format!("by {}", said.what))
        }
        State::Withdrawn => {
            let said = request.withdrawn.as_ref();
            said.map_or(String::new(), |said| {
                format!("by {}: {}", said.by.name, said.what)
            })
        }
    };
    let clause = match &facts.picks {
        Picks::Lost(pick) if standing.state.is_open() => {
            format!(
                "its pick {} is lost: not on the branch; {clause}",
                short(pick)
            )
        }
        _ => clause,
    };
    match standing.is_contradicted() && standing.state.is_open() {
        true => format!("{clause} (others decided otherwise at the same time)"),
        false => clause,
    }
}

/// Says where a request does not apply.
pub fn conflicts(facts: &Facts) -> String {
    match &facts.applies {
        Applies::Conflicts { commit, paths } => {
            let shown: Vec<&str> = paths.iter().take(3).map(String::as_str).collect();
            let more = match paths.len().saturating_sub(shown.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} in {}{more}", short(commit), shown.join(", "))
        }
        _ => String::new(),
    }
}

/// Names questions.
pub fn questions(questions: &[Question]) -> String {
    let words: Vec<&str> = questions.iter().map(|one| one.word()).collect();
    words.join(", ")
}

/// Says how far a dependency moves; what may break who uses it stands out.
pub fn moved(page: &Page, one: &Move) -> String {
    let text = plain(&one.to_string());
    match one.step {
        Step::Major | Step::Back => page.warning(&text),
        _ => text,
    }
}
