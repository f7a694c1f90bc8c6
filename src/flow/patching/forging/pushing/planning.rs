//! What is to be done about each request on the forge.

use super::{Act, Plan, Planned};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::forging::paging::{Meant, Page, pages};
use crate::flow::patching::forging::{must, open};
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener};
use crate::patch::facts::Applies;
use crate::patch::forge::{self as look, Pages, Settings, branch_of};
use crate::patch::{Decision, Listed, State};
use crate::sys::environment::Environment;
use crate::sys::forge::{PullRequest, PullState};

/// Finds what is to be done. Changes nothing, here or there.
pub fn plan(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    environment: &Environment,
    meant: &Meant,
    listener: &dyn Listener,
) -> Result<Plan, FlowError> {
    let settings = must(workspace)?;
    let forge = open(workspace, environment)?;
    let mut plan = Plan {
        pages: Vec::new(),
        findings: Vec::new(),
        forge,
    };
    for Page { listed, pull } in pages(workspace, ledger, &plan.forge, meant, listener)? {
        let (acts, finding) = match settings.pages {
            Pages::Own => own(settings, &listed, pull.as_ref())?,
            Pages::Origin => origin(settings, &listed, pull.as_ref()),
        };
        plan.findings.extend(finding);
        plan.pages.push(Planned { listed, pull, acts });
    }
    Ok(plan)
}

type Acts = (Vec<Act>, Option<Finding>);

/// Finds what is to be done about a request's own pull request.
fn own(
    settings: &Settings,
    listed: &Listed,
    pull: Option<&PullRequest>,
) -> Result<Acts, FlowError> {
    let request = &listed.request;
    let id = request.id.as_str();
    let is_open = listed.standing.state.is_open();
    let Some(pull) = pull else {
        return Ok(match (is_open, &listed.facts.applies) {
            (false, _) => (Vec::new(), None),
            (true, Applies::Cleanly) => opened(settings, listed)?,
            (true, why) => (Vec::new(), Some(unready(id, why))),
        });
    };
    let mut acts = Vec::new();
    if !request.links.iter().any(|link| link.what == pull.url) {
        acts.push(Act::Link);
    }
    if pull.state == PullState::Merged {
        let why = format!("{} was merged there", pull.url);
        let finding = Finding::info("merged-on-forge", id, why);
        let finding = finding.fix(format!("git fetch, and git switch {}", pull.base));
        let relabel = relabel(settings, listed, pull);
        acts.extend(relabel.filter(|_| !is_open));
        return Ok((acts, is_open.then_some(finding)));
    }
    if pull.state == PullState::Closed && is_open {
        // Closed by debcut when it was rejected; else somebody meant it.
        let rejected = (request.decisions.iter()).any(|said| said.what.0 == Decision::Reject);
        if !rejected {
            let why = format!("{} is closed, and the request stands", pull.url);
            let finding = Finding::warning("closed-on-forge", id, why);
            let fix = format!("reopen it there, or debcut patch reject {id} --reason TEXT");
            return Ok((acts, Some(finding.fix(fix))));
        }
        acts.push(Act::Reopen);
    }
    let part = look::body(settings, request).map_err(PatchingError::Template)?;
    acts.extend(look::placed(&pull.body, &part).map(Act::Body));
    acts.extend(relabel(settings, listed, pull));
    if !is_open {
        if pull.state == PullState::Open {
            acts.push(Act::Close);
        }
        // A rejection may be taken back: then its branch is needed again.
        if pull.state == PullState::Open && listed.standing.state != State::Rejected {
            acts.push(Act::Delete(branch_of(request)));
        }
    }
    Ok((acts, None))
}

fn opened(settings: &Settings, listed: &Listed) -> Result<Acts, FlowError> {
    let request = &listed.request;
    let body = look::body(settings, request).map_err(PatchingError::Template)?;
    let title = look::title(&request.ask.what);
    let mut acts = vec![Act::Push(branch_of(request)), Act::Open { title, body }];
    let set: Vec<String> = settings.label(listed).into_iter().collect();
    if !set.is_empty() {
        let take = Vec::new();
        acts.push(Act::Relabel { set, take });
    }
    acts.push(Act::Link);
    Ok((acts, None))
}

/// Says why a request has no pull request yet.
fn unready(id: &str, applies: &Applies) -> Finding {
    let (why, fix) = match applies {
        Applies::Conflicts { paths, .. } => (
            format!("it does not apply: {}", paths.join(", ")),
            "a pull request is opened when it does; debcut patch apply says what is missing",
        ),
        Applies::Unknown(why) => (why.clone(), "git fetch first"),
        Applies::Nothing | Applies::Cleanly => (
            "picking it would change nothing".to_owned(),
            "debcut patch withdraw",
        ),
    };
    Finding::info("no-pull-request-yet", id, why).fix(fix)
}

/// Finds what is to be done about the pull request that a request came from:
/// only its labels are ours.
fn origin(settings: &Settings, listed: &Listed, pull: Option<&PullRequest>) -> Acts {
    match pull {
        Some(pull) => (relabel(settings, listed, pull).into_iter().collect(), None),
        None => (Vec::new(), None),
    }
}

/// Finds the labels that say something else than is so.
fn relabel(settings: &Settings, listed: &Listed, pull: &PullRequest) -> Option<Act> {
    let wanted = settings.label(listed);
    let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let has = |label: &String| pull.labels.iter().any(|own| is(own, label));
    let set: Vec<String> = wanted.iter().filter(|label| !has(label)).cloned().collect();
    let ours = settings.own_labels(&listed.request.ask.what.onto);
    let stale = |label: &&String| {
        let kept = wanted.as_ref().is_some_and(|wanted| is(wanted, label));
        !kept && ours.iter().any(|own| is(own, label))
    };
    let take: Vec<String> = pull.labels.iter().filter(stale).cloned().collect();
    (!set.is_empty() || !take.is_empty()).then_some(Act::Relabel { set, take })
}
