//! The forge → the queue: what approvers said there is written down here, once;
//! and what they do not say there any more is taken back here.
//!
//! An approval, a review that asks for changes, and the labels that people
//! decide by count as said by who the configuration says the forge's user is,
//! at the moment the forge says, in knowledge of what the queue said until then.
//! Labels that are set by debcut itself say nothing.

use super::paging::{Meant, Page, Whose, pages};
use super::recalling::{self, Recalled};
use super::{failed, must};
use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::forge::Settings;
use crate::patch::state::in_force;
use crate::patch::{Decision, Event, Listed, Policy, RequestId, Said, reference};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::forge::{Forge, History, PullRequest, PullState, Told, Word};

/// What the forge says that the queue does not.
#[derive(Debug, Default)]
pub struct Heard {
    /// What is to be written down, in the order in which it was said.
    pub decisions: Vec<Heeded>,
    /// What is not said any more, request by request.
    pub taken_back: Vec<Recalled>,
    /// What does not count, and why.
    pub findings: Vec<Finding>,
}

impl Heard {
    /// Tells whether there is nothing to write down.
    pub fn is_empty(&self) -> bool {
        self.decisions.is_empty() && self.taken_back.is_empty()
    }
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

/// Asks the forge what was said there, for somebody at some moment: what nobody
/// says who did it when, is theirs and then. Writes nothing.
pub fn heard(
    (workspace, environment): (&Workspace, &Environment),
    ledger: &Ledger<'_>,
    forge: &Forge,
    meant: &Meant,
    (by, now): (&Person, Timestamp),
    listener: &dyn Listener,
) -> Result<Heard, FlowError> {
    let settings = must(workspace)?;
    let policy = &workspace.project.patch;
    let mut heard = Heard::default();
    let place = (workspace, environment);
    for page in pages(place, ledger, forge, meant, listener)? {
        let Page { listed, pull, .. } = &page;
        let Some(pull) = pull else { continue };
        let onto = &listed.request.ask.what.onto;
        // On the page of the main branch's they are about that.
        let is_for_it = pull.base == onto.as_str();
        // What was merged or closed there is not decided there any more.
        let is_over = is_for_it && pull.state != PullState::Open;
        if !listed.standing.state.is_open() || is_over {
            continue;
        }
        let mut words = match is_for_it {
            true => forge.reviews(pull.number).map_err(failed)?,
            false => Vec::new(),
        };
        let talk = Talk {
            settings,
            policy,
            listed,
            url: &pull.url,
        };
        let has_label = |label: &String| settings.decision(label, onto).is_some();
        // Whoever set labels is asked for only where one matters: most have none.
        let is_gone = talk.heard_here().any(|said| !talk.stands(said, &words));
        let history = match pull.labels.iter().any(has_label) || is_gone {
            true => forge.history(pull.number).map_err(failed)?,
            false => History::default(),
        };
        words.extend(history.labels.iter().cloned());
        words.sort_by_key(|word| word.at);
        let moved = moved_on(workspace, &page, pull)?;
        let is_moved = moved.is_some();
        heard.findings.extend(moved);
        let mut own = Vec::new();
        for word in &words {
            match heeded(&talk, word, now) {
                // It is of commits that nobody asked for here.
                Ok(Some(one)) if is_moved && one.decision == Decision::Approve => {}
                Ok(Some(one)) => own.push(one),
                Ok(None) => {}
                Err(finding) => heard.findings.push(*finding),
            }
        }
        let recalled = recalling::recalled(&talk, (&words, &history), &own, (by, now));
        heard.taken_back.extend(recalled.taken_back);
        heard.findings.extend(recalled.findings);
        heard.decisions.extend(own);
    }
    heard.decisions.sort_by_key(|one| one.at);
    Ok(heard)
}

/// Says that the pull request which a request came from has other commits now.
fn moved_on(
    workspace: &Workspace,
    page: &Page,
    pull: &PullRequest,
) -> Result<Option<Finding>, FlowError> {
    let ask = &page.listed.request.ask.what;
    if page.whose != Whose::Asker
        || pull.state != PullState::Open
        || ask.commits.contains(&pull.head)
    {
        return Ok(None);
    }
    let repository = &workspace.repository;
    // A merge of the main branch's adds nothing of its own.
    if repository.has_commit(&pull.head) && repository.commit_facts(&pull.head)?.parents.len() > 1 {
        return Ok(None);
    }
    let why = format!(
        "{} ends in {:.12} now, which is not what was asked for; an approval there does not count",
        pull.url, pull.head
    );
    let finding = Finding::warning("moved-on", page.listed.request.id.as_str(), why);
    let written = ask.pull_request.as_deref().unwrap_or_default();
    let fix = format!(
        "debcut patch pick '{written}' --onto {}, then debcut patch supersede",
        ask.onto
    );
    Ok(Some(finding.fix(fix)))
}

/// A request, and the page where it is talked of.
pub(super) struct Talk<'a> {
    pub settings: &'a Settings,
    pub policy: &'a Policy,
    pub listed: &'a Listed,
    pub url: &'a str,
}

impl Talk<'_> {
    /// Lists the decisions in force that were said on this page.
    pub fn heard_here(&self) -> impl Iterator<Item = &Said<(Decision, String)>> {
        let here = reference::pull_request(self.url);
        let standing = self.listed.standing.decisions.iter();
        standing.filter(move |said| {
            let page = self.listed.request.pages.get(&said.entry);
            // By its number: a project may be called otherwise by now.
            page.is_some_and(|page| reference::pull_request(page) == here)
        })
    }

    /// Tells whether some of what is said now says a decision of somebody's.
    pub fn stands(&self, said: &Said<(Decision, String)>, words: &[Word]) -> bool {
        words.iter().any(|word| {
            let by = known(self.settings, &word.login);
            by.is_some_and(|by| by.email.eq_ignore_ascii_case(&said.by.email))
                && self.decision(word) == Some(said.what.0)
        })
    }

    /// Finds the decision that a word stands for.
    pub fn decision(&self, word: &Word) -> Option<Decision> {
        match &word.what {
            Told::Labelled(label) => {
                let onto = &self.listed.request.ask.what.onto;
                self.settings.decision(label, onto)
            }
            Told::Approved => Some(Decision::Approve),
            Told::ChangesRequested => Some(Decision::Hold),
        }
    }
}

/// Finds what a word on the forge means for a request; none: nothing new.
fn heeded(talk: &Talk<'_>, word: &Word, now: Timestamp) -> Result<Option<Heeded>, Box<Finding>> {
    let Talk {
        settings,
        policy,
        listed,
        url,
    } = talk;
    let request = &listed.request;
    let decision = talk.decision(word);
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
        // Said again without a moment it is another one.
        let stands = !request.taken_back.contains_key(&said.entry);
        same && word.at.map_or(stands, |at| said.at == at)
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
        page: (*url).to_owned(),
    }))
}

/// Finds who a forge's user is. Forges do not tell names apart by case.
pub(super) fn known<'s>(settings: &'s Settings, login: &str) -> Option<&'s Person> {
    let mut all = settings.people.iter();
    let found = all.find(|(name, _)| name.eq_ignore_ascii_case(login));
    found.map(|(_, person)| person)
}

/// Writes down what was heard, and what is not said any more.
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
    for one in &heard.taken_back {
        let event = Event::TakenBack {
            request: one.request.clone(),
            decision: one.entry,
            reason: one.reason.clone(),
        };
        let summary = format!("take a decision of {} back", one.request);
        ledger.say(vec![event], &one.by, one.at, &summary)?;
    }
    Ok(())
}
