//! What is planned, done on the forge in the order of asking.

use super::own_branches::{delete_branches, push_branches};
use super::{Act, Plan, Planned};
use crate::flow::FlowError;
use crate::flow::patching::forging::{ForgingError, failed};
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::forge::branch_of;
use crate::patch::{Event, RequestId};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::forge::{Edit, Forge, ForgeError, NewPullRequest, PullRequest, PullState, Turn};

/// What was done.
#[derive(Debug, Default)]
pub struct Pushed {
    /// The pages of the requests that have one, by request.
    pub urls: Vec<(RequestId, String)>,
    /// What was not done after all, and why.
    pub findings: Vec<Finding>,
}

/// Does what is planned. Where the forge goes away meanwhile, the ledger says
/// what was done until then, and running again does the rest.
pub fn apply(
    workspace: &Workspace,
    ledger: &mut Ledger<'_>,
    environment: &Environment,
    plan: &Plan,
    (by, at): (&Person, Timestamp),
    listener: &dyn Listener,
) -> Result<Pushed, FlowError> {
    let mut pushed = Pushed::default();
    if plan.is_empty() {
        return Ok(pushed);
    }
    if plan
        .pages
        .iter()
        .flat_map(|page| &page.acts)
        .any(|act| *act != Act::Link)
    {
        plan.forge.must_have_token().map_err(failed)?;
    }
    let ready = push_branches(workspace, environment, plan, &mut pushed, listener)?;
    let mut links = Vec::new();
    let mut gone = Vec::new();
    let mut done = !ready.is_empty();
    let mut stopped = None;
    for page in &plan.pages {
        let id = &page.listed.request.id;
        let opens = page.acts.iter().any(|act| matches!(act, Act::Open { .. }));
        if opens && !ready.contains(id) {
            continue;
        }
        if !page.acts.is_empty() {
            listener.begin(format!("{id} {}", page.listed.request.ask.what.title));
        }
        match on_forge(&plan.forge, page, &mut done) {
            Ok(Some(url)) => {
                if page.acts.contains(&Act::Link) {
                    let request = id.clone();
                    let url = url.clone();
                    links.push(Event::Linked { request, url });
                }
                pushed.urls.push((id.clone(), url));
            }
            Ok(None) => {}
            Err(error) => {
                stopped = Some(error);
                break;
            }
        }
        for act in &page.acts {
            if let Act::Delete(branch) = act {
                gone.push(branch.clone());
            }
        }
    }
    if !links.is_empty() {
        let summary = match links.len() {
            1 => "link a request to its page".to_owned(),
            number => format!("link {number} requests to their pages"),
        };
        ledger.say(links, by, at, &summary)?;
    }
    if let Some(error) = stopped {
        return Err(match done && error.is_away() {
            true => failed(ForgingError::Stopped(error)),
            false => failed(error),
        });
    }
    delete_branches(workspace, environment, &gone, listener)?;
    Ok(pushed)
}

/// Does on the forge what is planned for a request; returns its page.
fn on_forge(forge: &Forge, page: &Planned, done: &mut bool) -> Result<Option<String>, ForgeError> {
    let mut pull = page.pull.clone();
    for act in &page.acts {
        match (act, &pull) {
            (Act::Open { title, body }, _) => {
                let request = &page.listed.request;
                let (head, base) = (branch_of(request), request.ask.what.onto.as_str());
                let new = NewPullRequest {
                    title,
                    body,
                    head: &head,
                    base,
                };
                pull = Some(created(forge, &new)?);
            }
            (Act::Body(body), Some(pull)) => {
                let edit = Edit {
                    body: Some(body),
                    ..Edit::default()
                };
                forge.edit(pull.number, &edit)?;
            }
            (Act::Relabel { set, take }, Some(pull)) => forge.relabel(pull.number, set, take)?,
            (Act::Close | Act::Reopen, Some(pull)) => {
                let turn = match act {
                    Act::Close => Turn::Close,
                    _ => Turn::Reopen,
                };
                let edit = Edit {
                    turn: Some(turn),
                    ..Edit::default()
                };
                forge.edit(pull.number, &edit)?;
            }
            (Act::Push(_) | Act::Delete(_) | Act::Link, _) | (_, None) => continue,
        }
        *done = true;
    }
    Ok(pull.map(|pull| pull.url))
}

/// Opens a pull request, or finds the one that a try before has opened though
/// its answer was lost (GitHub says so with 422, GitLab with 409).
fn created(forge: &Forge, new: &NewPullRequest<'_>) -> Result<PullRequest, ForgeError> {
    match forge.create(new) {
        Err(
            error @ ForgeError::Refused {
                status: 409 | 422, ..
            },
        ) => {
            let found = forge.of_branch(new.head, new.base)?;
            let found = found.filter(|pull| pull.state == PullState::Open);
            found.ok_or(error)
        }
        other => other,
    }
}
