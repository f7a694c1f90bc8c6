//! The forge → the queue: what approvers said there is written down here, once.
//!
//! An approval, a review that asks for changes, and the labels that people
//! decide by count as said by who the configuration says the forge's user is,
//! at the moment the forge says, in knowledge of what the queue said until then.
//! Labels that are set by debcut itself say nothing.

use super::paging::{Meant, Page, pages};
use super::{failed, must, open};
use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::forge::{Pages, Settings};
use crate::patch::state::in_force;
use crate::patch::{Decision, Event, Listed, Policy, RequestId};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::forge::{PullState, Told, Word};

/// What the forge says that the queue does not.
#[derive(Debug, Default)]
pub struct Heard {
    /// What is to be written down, in the order in which it was said.
    pub decisions: Vec<Heeded>,
    /// What does not count, and why.
    pub findings: Vec<Finding>,
}

/// A decision that somebody made on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heeded {
    /// The request.
    pub request: RequestId,
    /// Who.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What.
    pub decision: Decision,
    /// Why, and where it was said.
    pub reason: String,
    /// Where it was said.
    pub page: String,
}

/// Asks the forge what was said there. Writes nothing.
pub fn heard(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    environment: &Environment,
    meant: &Meant,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Heard, FlowError> {
    let settings = must(workspace)?;
    let forge = open(workspace, environment)?;
    let policy = &workspace.project.patch;
    let mut heard = Heard::default();
    for Page { listed, pull } in pages(workspace, ledger, &forge, meant, listener)? {
        let Some(pull) = pull else { continue };
        if !listed.standing.state.is_open() {
            continue;
        }
        // The page of a request's own is merged or closed: nothing is decided
        // there any more.
        if settings.pages == Pages::Own && pull.state != PullState::Open {
            continue;
        }
        for word in forge.words(pull.number).map_err(failed)? {
            let found = heeded(settings, policy, &listed, &word, &pull.url, now);
            match found {
                Ok(Some(heeded)) => heard.decisions.push(heeded),
                Ok(None) => {}
                Err(finding) => heard.findings.push(*finding),
            }
        }
    }
    heard.decisions.sort_by_key(|one| one.at);
    Ok(heard)
}

/// Finds what a word on the forge means for a request; none: nothing new.
fn heeded(
    settings: &Settings,
    policy: &Policy,
    listed: &Listed,
    word: &Word,
    url: &str,
    now: Timestamp,
) -> Result<Option<Heeded>, Box<Finding>> {
    let request = &listed.request;
    let decision = match &word.what {
        Told::Labelled(label) => settings.decision(label, &request.ask.what.onto),
        // On the page that it came from they are about the main branch.
        Told::Approved | Told::ChangesRequested if settings.pages == Pages::Origin => None,
        Told::Approved => Some(Decision::Approve),
        Told::ChangesRequested => Some(Decision::Hold),
    };
    let Some(decision) = decision else {
        return Ok(None);
    };
    let did = match decision {
        Decision::Approve => "approves",
        Decision::Hold => "holds",
        Decision::Reject => "rejects",
    };
    let id = request.id.as_str();
    let login = &word.login;
    let Some(by) = known(settings, login) else {
        let why = format!("{login} {did} it on {url}, and nobody says who that is");
        let finding = Finding::warning("unknown-login", id, why);
        let fix = format!("[patch.forge] people = {{ {login} = \"Name <address>\" }}");
        return Err(Box::new(finding.fix(fix)));
    };
    if !policy.is_approver(by) {
        let why = format!(
            "{login} {did} it on {url}; {} decides nothing here",
            by.name
        );
        let finding = Finding::warning("not-an-approver", id, why);
        let fix = format!("ask {}", policy.approvers.join(", "));
        return Err(Box::new(finding.fix(fix)));
    }
    let is = |who: &Person| who.email.eq_ignore_ascii_case(&by.email);
    // Written down before, by whoever pulled first.
    let taken = (request.decisions.iter()).any(|said| {
        let same = said.what.0 == decision && is(&said.by);
        same && word.at.is_none_or(|at| said.at == at)
    });
    let standing = in_force(request, policy);
    let stands = (standing.iter()).any(|said| said.what.0 == decision && is(&said.by));
    let contradicted = standing.iter().any(|said| said.what.0 > decision);
    if taken || (stands && !contradicted) {
        return Ok(None);
    }
    if word.at.is_none() && contradicted {
        let why = format!(
            "{login} {did} it on {url}, and nobody says whether before or after it was decided otherwise"
        );
        let finding = Finding::warning("undated", id, why);
        let fix = format!("{}: debcut patch approve {id} --reason TEXT", by.name);
        return Err(Box::new(finding.fix(fix)));
    }
    let own = word.text.trim().lines().next().unwrap_or_default().trim();
    let what = match (&word.what, own) {
        (Told::Labelled(label), _) => format!("label {label}"),
        (_, "") => "review".to_owned(),
        (_, own) => own.to_owned(),
    };
    Ok(Some(Heeded {
        request: request.id.clone(),
        by: by.clone(),
        at: word.at.unwrap_or(now),
        decision,
        reason: format!("{what} ({url})"),
        page: url.to_owned(),
    }))
}

/// Finds who a forge's user is. Forges do not tell names apart by case.
fn known<'s>(settings: &'s Settings, login: &str) -> Option<&'s Person> {
    let mut all = settings.people.iter();
    let found = all.find(|(name, _)| name.eq_ignore_ascii_case(login));
    found.map(|(_, person)| person)
}

/// Writes down what was heard.
pub fn take(ledger: &mut Ledger<'_>, heard: &Heard) -> Result<(), FlowError> {
    for one in &heard.decisions {
        let Some(request) = ledger.queue.requests.get(&one.request).cloned() else {
            continue;
        };
        let event = Event::Decided {
            request: one.request.clone(),
            decision: one.decision,
            reason: one.reason.clone(),
            page: Some(one.page.clone()),
        };
        let verb = match one.decision {
            Decision::Approve => "approve",
            Decision::Hold => "hold",
            Decision::Reject => "reject",
        };
        let summary = format!("{verb} {} on the forge", one.request);
        ledger.say_late(event, &one.by, one.at, &request, &summary)?;
    }
    Ok(())
}
