//! `patch approve`, `hold`, `reject`, `answer`, `withdraw`, `supersede`: what
//! people say of requests, checked before it is written down.

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Finding, Timestamp};
use crate::patch::facts::Applies;
use crate::patch::state::in_force;
use crate::patch::{Answers, Decision, Event, Listed, Policy, Question, Request, RequestId, State};
use crate::release::commit::Person;

use super::PatchingError;
use super::ledger::Ledger;
use super::listing;

/// What is said of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// They are decided, for this reason.
    Decide(Decision, String),
    /// These answers, as far as they are not empty, and this title.
    Answer(Answers, Option<String>),
    /// They are not asked for any more, for this reason.
    Withdraw(String),
    /// This one is looked at instead.
    Supersede(RequestId),
}

/// What is to be written down.
#[derive(Debug)]
pub struct Saying {
    /// What is new.
    pub events: Vec<Event>,
    /// The requests that were named, once each.
    pub requests: Vec<RequestId>,
    /// Why nothing may be written, or what is worth knowing.
    pub findings: Vec<Finding>,
}

impl Saying {
    /// Tells whether it is refused.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// Finds what saying a word of some requests would write. Writes nothing.
pub fn said(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    named: &[String],
    word: &Word,
    by: &Person,
) -> Result<Saying, FlowError> {
    let mut requests: Vec<&Request> = Vec::new();
    for text in named {
        let found = ledger.queue.find(text).map_err(PatchingError::Which)?;
        if !requests.iter().any(|one| one.id == found.id) {
            requests.push(found);
        }
    }
    let listed = listing::listed(workspace, ledger, &requests)?;
    let policy = &workspace.project.patch;
    let instead = match word {
        Word::Supersede(other) => is_over(workspace, ledger, other)?,
        _ => None,
    };
    let mut saying = Saying {
        events: Vec::new(),
        requests: requests.iter().map(|one| one.id.clone()).collect(),
        findings: Vec::new(),
    };
    for one in &listed {
        let judged = match word {
            Word::Decide(decision, reason) => {
                let taken_up =
                    *decision == Decision::Approve && one.standing.state == State::Superseded;
                let over = match taken_up || is_adopted(ledger, one, policy) {
                    true => Ok(()),
                    false => still_asked(one),
                };
                decided(one, over, (*decision, reason), by, policy)
            }
            Word::Answer(answers, title) => {
                saying.events.extend(titled(one, title.as_deref()));
                Ok(answered(one, answers))
            }
            Word::Withdraw(reason) => withdrawn(one, reason, by, policy),
            Word::Supersede(other) => {
                superseded(one, (other, instead.as_ref()), ledger, by, policy)
            }
        };
        match judged {
            Ok(said) => {
                let writes = said.is_some();
                saying.events.extend(said);
                match (word, writes) {
                    (Word::Decide(Decision::Approve, _), true) => {
                        saying.findings.extend(cautions(one));
                    }
                    (Word::Withdraw(_) | Word::Decide(Decision::Reject, _), true) => {
                        saying.findings.extend(left_alone(one, ledger));
                    }
                    _ => {}
                }
            }
            Err(finding) => saying.findings.push(*finding),
        }
    }
    Ok(saying)
}

/// Writes down what is new.
pub fn say(
    ledger: &mut Ledger<'_>,
    saying: &Saying,
    by: &Person,
    at: Timestamp,
    summary: &str,
) -> Result<(), FlowError> {
    if saying.events.is_empty() {
        return Ok(());
    }
    ledger.say(saying.events.clone(), by, at, summary)?;
    Ok(())
}

/// What a word comes to: an event, nothing new, or a refusal.
type Judged = Result<Option<Event>, Box<Finding>>;

fn refused(rule: &'static str, one: &Listed, message: String, fix: &str) -> Judged {
    let finding = Finding::error(rule, one.request.id.to_string(), message);
    Err(Box::new(finding.fix(fix)))
}

/// Refuses what is over: nothing that is said changes it.
fn still_asked(one: &Listed) -> Result<(), Box<Finding>> {
    let request = &one.request;
    let gone = match one.standing.state {
        // There is nothing on the branch that a word could contradict.
        State::Picked if request.came_to_nothing() => Ok(None),
        State::Reverted => refused(
            "reverted",
            one,
            format!("{} has taken it back", request.ask.what.onto),
            "debcut patch pick asks for the commits anew",
        ),
        State::Picked => refused(
            "picked-already",
            one,
            format!("it is on {}", request.ask.what.onto),
            "a revert is a commit of its own: git revert, then patch pick",
        ),
        State::Superseded => {
            let by = request.superseded.as_ref();
            let by = by.map_or(String::new(), |said| said.what.to_string());
            let message = format!("{by} is looked at instead");
            refused(
                "superseded",
                one,
                message,
                &format!(
                    "debcut patch show {by}; debcut patch approve {} --reason TEXT looks at this \
                     one after all",
                    request.id
                ),
            )
        }
        State::Withdrawn => refused(
            "withdrawn",
            one,
            "it is not asked for any more".to_owned(),
            "debcut patch pick asks for the commits anew",
        ),
        _ => Ok(None),
    };
    gone.map(drop)
}

/// Tells whether a request's commits came onto a hotfix branch before anybody
/// approved it: that is made good by deciding it.
fn is_adopted(ledger: &Ledger<'_>, one: &Listed, policy: &Policy) -> bool {
    let onto = &one.request.ask.what.onto;
    one.standing.state == State::Picked
        && one.standing.approvals < policy.approvals
        && ledger.queue.hotfixes.contains_key(onto)
}

fn decided(
    one: &Listed,
    over: Result<(), Box<Finding>>,
    (decision, reason): (Decision, &str),
    by: &Person,
    policy: &Policy,
) -> Judged {
    if !policy.is_approver(by) {
        let message = format!("{} <{}> decides nothing here", by.name, by.email);
        let who = policy.approvers.join(", ");
        return refused("not-an-approver", one, message, &format!("ask {who}"));
    }
    over?;
    let own = in_force(&one.request, policy);
    let alone = own.iter().all(|said| said.what.0 == decision);
    let same = own
        .iter()
        .any(|said| said.by == *by && said.what.0 == decision && said.what.1 == reason);
    // Said again it would change nothing; but it would end a contradiction, and
    // another reason belongs into the record.
    let anew = one.request.came_to_nothing() || one.standing.state == State::Superseded;
    if same && alone && !anew {
        return Ok(None);
    }
    Ok(Some(Event::Decided {
        request: one.request.id.clone(),
        decision,
        reason: reason.to_owned(),
        page: None,
    }))
}

/// Says what whoever approves should know.
fn cautions(one: &Listed) -> Vec<Finding> {
    let subject = one.request.id.to_string();
    let mut found = Vec::new();
    if !one.standing.missing.is_empty() {
        let missing: Vec<&str> = one.standing.missing.iter().map(|one| one.word()).collect();
        let message = format!("nobody has said: {}", missing.join(", "));
        let finding = Finding::warning("unanswered", &subject, message);
        found.push(finding.fix(format!("debcut patch answer {subject}")));
    }
    if let Applies::Conflicts { paths, .. } = &one.facts.applies {
        let onto = &one.request.ask.what.onto;
        let message = format!("it does not apply to {onto} now: {}", paths.join(", "));
        found.push(Finding::warning("conflicts", &subject, message));
    }
    found
}

/// Says which requests were replaced by one that is over now: nobody looks at
/// what they ask for any more.
fn left_alone(one: &Listed, ledger: &Ledger<'_>) -> Vec<Finding> {
    let id = &one.request.id;
    let replaced = ledger.queue.requests.values().filter(|other| {
        let by = other.superseded.as_ref();
        by.is_some_and(|said| said.what == *id)
            && other.withdrawn.is_none()
            && other.applied.is_none()
    });
    let finding = |other: &Request| {
        let why = format!("{id} was to be looked at instead: now nobody looks at either");
        let finding = Finding::warning("left-alone", other.id.to_string(), why);
        finding.fix(format!(
            "debcut patch approve {} --reason TEXT looks at it after all",
            other.id
        ))
    };
    replaced.map(finding).collect()
}

fn answered(one: &Listed, answers: &Answers) -> Option<Event> {
    let known = &one.request.ask.what.answers;
    let mut new = Answers::default();
    for question in Question::ALL {
        let answer = answers.to(question).trim();
        if !answer.is_empty() && answer != known.to(question) {
            *new.to_mut(question) = answer.to_owned();
        }
    }
    let note = answers.note.trim();
    if !note.is_empty() && note != known.note {
        note.clone_into(&mut new.note);
    }
    (new != Answers::default()).then(|| Event::Answered {
        request: one.request.id.clone(),
        answers: new,
    })
}

fn titled(one: &Listed, title: Option<&str>) -> Option<Event> {
    let title = title.filter(|title| *title != one.request.ask.what.title)?;
    Some(Event::Titled {
        request: one.request.id.clone(),
        title: title.to_owned(),
    })
}

/// Tells whether a person may take a request back: who asked, who decides, and
/// until somebody has approved it, who wrote it.
fn may_take_back(one: &Listed, by: &Person, policy: &Policy) -> bool {
    let ask = &one.request.ask;
    let is = |one: &Person| one.email.eq_ignore_ascii_case(&by.email);
    let wrote = one.standing.approvals == 0 && ask.what.authors.iter().any(is);
    is(&ask.by) || wrote || policy.is_approver(by)
}

fn withdrawn(one: &Listed, reason: &str, by: &Person, policy: &Policy) -> Judged {
    if one.standing.state == State::Withdrawn {
        return Ok(None);
    }
    still_asked(one)?;
    foreign(one, by, policy)?;
    Ok(Some(Event::Withdrawn {
        request: one.request.id.clone(),
        reason: reason.to_owned(),
    }))
}

fn foreign(one: &Listed, by: &Person, policy: &Policy) -> Result<(), Box<Finding>> {
    if may_take_back(one, by, policy) {
        return Ok(());
    }
    let asked = &one.request.ask.by;
    let message = format!("{} asked for it, not {}", asked.name, by.name);
    let fix = match one.standing.approvals {
        0 => "who asked, an author or an approver takes it back",
        _ => "it is approved: who asked or an approver takes it back",
    };
    refused("not-yours", one, message, fix).map(drop)
}

/// Says that a request is over: put in the place of others, nobody would look at
/// what they ask for.
fn is_over(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    id: &RequestId,
) -> Result<Option<Finding>, FlowError> {
    let found: Vec<&Request> = ledger.queue.requests.get(id).into_iter().collect();
    let listed = listing::listed(workspace, ledger, &found)?;
    let over = listed.iter().find(|one| {
        use State::{Rejected, Reverted, Superseded, Withdrawn};
        let state = one.standing.state;
        matches!(state, Withdrawn | Rejected | Reverted | Superseded)
    });
    Ok(over.map(|one| {
        let word = one.standing.state.word();
        let finding = Finding::error("over", id.to_string(), format!("it is {word} itself"));
        finding.fix("name a request that somebody looks at: debcut patch list")
    }))
}

fn superseded(
    one: &Listed,
    (other, is_over): (&RequestId, Option<&Finding>),
    ledger: &Ledger<'_>,
    by: &Person,
    policy: &Policy,
) -> Judged {
    let request = &one.request;
    let known = request.superseded.as_ref();
    if known.is_some_and(|said| said.what == *other) {
        return Ok(None);
    }
    still_asked(one)?;
    foreign(one, by, policy)?;
    if one.standing.approvals > 0 && !policy.is_approver(by) {
        // What somebody has decided would be decided anew by the way.
        let message = format!("it is approved, and {} decides nothing here", by.name);
        let fix = format!("ask {}", policy.approvers.join(", "));
        return refused("not-an-approver", one, message, &fix);
    }
    let mut next = Some(other.clone());
    let mut seen = Vec::new();
    while let Some(id) = next {
        if id == request.id || seen.contains(&id) {
            let message = "it would be replaced by itself".to_owned();
            return refused(
                "circular",
                one,
                message,
                "debcut patch show says what replaces what",
            );
        }
        let found = ledger.queue.requests.get(&id);
        next = found.and_then(|found| Some(found.superseded.as_ref()?.what.clone()));
        seen.push(id);
    }
    if let Some(finding) = is_over {
        return Err(Box::new(finding.clone()));
    }
    let target = ledger.queue.requests.get(other);
    if let Some(target) = target.filter(|target| target.ask.what.onto != request.ask.what.onto) {
        let message = format!(
            "{other} is for {}, not for {}",
            target.ask.what.onto, request.ask.what.onto
        );
        return refused(
            "other-branch",
            one,
            message,
            "a request is replaced by one for the same branch",
        );
    }
    Ok(Some(Event::Superseded {
        request: request.id.clone(),
        by: other.clone(),
    }))
}
