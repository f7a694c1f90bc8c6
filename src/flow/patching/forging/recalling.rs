//! What was said on the forge, is written down here, and is not said there any
//! more: a review was dismissed, an approval or a label was taken away.
//!
//! An approval that is gone does not count any more: nobody stands by it. It is
//! taken back by name, not by a hold: a hold would end what others approved, and
//! they still do. A hold that is gone stays, and is told of: to let something in
//! takes somebody who says so. What was said here itself, and what was said of
//! another page, is never taken back.

use super::pulling::{Heeded, Talk, known};
use crate::model::{Finding, Timestamp};
use crate::patch::{Decision, EntryId, RequestId, Said};
use crate::release::commit::Person;
use crate::sys::forge::{History, TakenBack, Told, Word};

/// A decision that is not said on the forge any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The request.
    pub request: RequestId,
    /// The entry that decided.
    pub entry: EntryId,
    /// Whose decision it was.
    pub of: Person,
    /// Who took it back, or saw that it is gone.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What became of it, and where.
    pub reason: String,
}

/// What is gone of a page.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// What does not count any more.
    pub taken_back: Vec<Recalled>,
    /// What counts all the same.
    pub findings: Vec<Finding>,
}

/// Finds what is not said any more. Who says something else by now, which is
/// `new`, has decided anew: that ends what they said before.
pub(super) fn recalled(
    talk: &Talk<'_>,
    (words, history): (&[Word], &History),
    new: &[Heeded],
    (by, now): (&Person, Timestamp),
) -> Gone {
    let mut gone = Gone::default();
    let id = &talk.listed.request.id;
    for said in talk.heard_here() {
        let is = |who: &Person| who.email.eq_ignore_ascii_case(&said.by.email);
        // Who is not in the configuration any more is not heard either.
        let is_heard = talk.settings.people.values().any(is);
        let is_anew = new.iter().any(|one| is(&one.by) && one.at >= said.at);
        if !is_heard || is_anew || talk.stands(said, words) {
            continue;
        }
        if said.what.0 != Decision::Approve {
            let did = match said.what.0 {
                Decision::Reject => "rejection",
                _ => "hold",
            };
            let why = format!(
                "the {did} of {} is not on {} any more, and counts all the same",
                said.by.name, talk.url
            );
            let finding = Finding::info("gone-on-forge", id.as_str(), why);
            let fix = format!("debcut patch approve {id} --reason TEXT, or an approval there");
            gone.findings.push(finding.fix(fix));
            continue;
        }
        let how = history.taken_back.iter().rev();
        let how = how.into_iter().find(|back| explains(talk, back, said));
        let who = how.and_then(|back| known(talk.settings, &back.login));
        gone.taken_back.push(Recalled {
            request: id.clone(),
            entry: said.entry,
            of: said.by.clone(),
            by: who.unwrap_or(by).clone(),
            at: how.and_then(|back| back.at).unwrap_or(now),
            reason: reason(talk, how),
        });
    }
    gone
}

/// Tells whether something that was taken back is what somebody had said.
fn explains(talk: &Talk<'_>, back: &TakenBack, said: &Said<(Decision, String)>) -> bool {
    let later = back.at.is_none_or(|at| at >= said.at);
    let of = back.of.as_deref().map(|login| known(talk.settings, login));
    let own =
        of.is_none_or(|of| of.is_some_and(|who| who.email.eq_ignore_ascii_case(&said.by.email)));
    let onto = &talk.listed.request.ask.what.onto;
    let decision = match &back.what {
        Told::Labelled(label) => talk.settings.decision(label, onto),
        Told::Approved => Some(Decision::Approve),
        Told::ChangesRequested => Some(Decision::Hold),
    };
    later && own && decision == Some(said.what.0)
}

fn reason(talk: &Talk<'_>, how: Option<&TakenBack>) -> String {
    let url = talk.url;
    let Some(how) = how else {
        return format!("it is not approved there any more ({url})");
    };
    let login = &how.login;
    let own = how.text.trim().lines().next().unwrap_or_default().trim();
    let own = match own {
        "" => String::new(),
        own => format!(": {own}"),
    };
    match &how.what {
        Told::Labelled(label) => format!("{login} took the label {label} away ({url})"),
        _ => format!("{login} dismissed the review{own} ({url})"),
    }
}
