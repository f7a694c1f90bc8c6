//! The queue → the forge: each open request has a pull request against its
//! maintenance branch, with its commits as they would be picked, and a label
//! that says where it stands. What is over is closed.
//!
//! A pull request is found by its branch (`debcut/patch/REQUEST`), so that
//! whatever a crash, or a forge that went away, left half-done is found again.

use super::paging::{Meant, Page, Whose, pages};
use super::{ForgingError, failed, must};
use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{PatchingError, branches};
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::facts::Applies;
use crate::patch::forge::{self as look, Settings, branch_of};
use crate::patch::{Decision, Event, Listed, RequestId, State};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::forge::{Edit, Forge, ForgeError, NewPullRequest, PullRequest, PullState, Turn};
use crate::sys::git::{Author, Grafted, NewPick, Signs, UserGit, push, remote_ref};

/// What is to be done on the forge.
pub struct Plan<'f> {
    forge: &'f Forge,
    /// By request, in the order of asking.
    pub pages: Vec<Planned>,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
}

/// What is to be done about a request.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The request, and where it stands.
    pub listed: Listed,
    /// Its pull request; none: it has none yet.
    pub pull: Option<PullRequest>,
    /// What is to be done, in order.
    pub acts: Vec<Act>,
}

/// Something that is done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Its commits are pushed as a branch of their own.
    Push(String),
    /// A pull request is opened.
    Open {
        /// Its title.
        title: String,
        /// Its text.
        body: String,
    },
    /// Its page's text is written anew.
    Body(String),
    /// It is opened again.
    Reopen,
    /// Labels are set and taken away.
    Relabel {
        /// Those that are set.
        set: Vec<String>,
        /// Those that are taken away.
        take: Vec<String>,
    },
    /// It is closed.
    Close,
    /// Its branch is deleted, where it is still there.
    Delete(String),
    /// The ledger says where its page is.
    Link,
}

impl Plan<'_> {
    /// Tells whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|page| page.acts.is_empty())
    }
}

/// Finds what is to be done. Changes nothing, here or there.
pub fn plan<'f>(
    (workspace, environment): (&Workspace, &Environment),
    ledger: &Ledger<'_>,
    forge: &'f Forge,
    meant: &Meant,
    listener: &dyn Listener,
) -> Result<Plan<'f>, FlowError> {
    let settings = must(workspace)?;
    let mut plan = Plan {
        pages: Vec::new(),
        findings: Vec::new(),
        forge,
    };
    let place = (workspace, environment);
    for page in pages(place, ledger, forge, meant, listener)? {
        let (acts, finding) = match page.whose {
            Whose::Request => own(settings, &page.listed, page.pull.as_ref())?,
            Whose::Asker => asker(settings, &page),
        };
        plan.findings.extend(finding);
        let Page { listed, pull, .. } = page;
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
fn asker(settings: &Settings, page: &Page) -> Acts {
    let Some(pull) = &page.pull else {
        return (Vec::new(), None);
    };
    let request = &page.listed.request;
    let mut acts = Vec::new();
    let is_for_it = pull.base == request.ask.what.onto.as_str();
    if is_for_it && !request.links.iter().any(|link| link.what == pull.url) {
        acts.push(Act::Link);
    }
    acts.extend(relabel(settings, &page.listed, pull));
    let is_over = !page.listed.standing.state.is_open();
    let left = is_over && is_for_it && pull.state == PullState::Open;
    let finding = left.then(|| {
        let state = page.listed.standing.state.word();
        let why = format!("it is {state}, and {} is open", pull.url);
        let finding = Finding::info("open-on-forge", request.id.as_str(), why);
        finding.fix("close it there: it is somebody else's")
    });
    (acts, finding)
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
    plan: &Plan<'_>,
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
        match on_forge(plan.forge, page, &mut done) {
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

/// Pushes the branches of what is to be opened, all in one; returns whose are
/// there.
fn push_branches(
    workspace: &Workspace,
    environment: &Environment,
    plan: &Plan<'_>,
    pushed: &mut Pushed,
    listener: &dyn Listener,
) -> Result<Vec<RequestId>, FlowError> {
    let mut refspecs = Vec::new();
    let mut ready = Vec::new();
    for page in &plan.pages {
        for act in &page.acts {
            let Act::Push(branch) = act else { continue };
            let id = &page.listed.request.id;
            match picked(workspace, environment, &page.listed)? {
                Some(commit) => {
                    refspecs.push(format!("+{commit}:refs/heads/{branch}"));
                    ready.push(id.clone());
                }
                None => {
                    let why = "it does not apply any more";
                    let finding = Finding::warning("no-pull-request-yet", id.as_str(), why);
                    pushed.findings.push(finding.fix("debcut patch list"));
                }
            }
        }
    }
    if !refspecs.is_empty() {
        let remote = &workspace.project.release.remote;
        let repository = &workspace.repository;
        push(repository, environment, remote, &refspecs, listener)?;
    }
    Ok(ready)
}

/// Makes the commits of a request as they would be picked; returns the newest
/// one. They follow from the branch and the commits alone, so that whoever
/// makes them makes the same. None: they do not apply.
fn picked(
    workspace: &Workspace,
    environment: &Environment,
    listed: &Listed,
) -> Result<Option<String>, FlowError> {
    let repository = &workspace.repository;
    let ask = &listed.request.ask.what;
    let line = branches::line(workspace, &ask.onto)?;
    let start = line.head.to_string();
    let mut tree = repository.commit(&start)?.tree;
    let mut head = start.clone();
    for of in &ask.commits {
        tree = match repository.graft(of, &tree)? {
            Grafted::Tree(tree) => tree,
            Grafted::Nothing => continue,
            Grafted::Conflicts(_) => return Ok(None),
        };
        let committer = repository.commit_facts(of)?.committer;
        let pick = NewPick {
            of,
            parent: &head,
            tree: &tree,
            committer: Author {
                name: &committer.name,
                email: &committer.email,
                date: Timestamp::from_unix(committer.seconds),
            },
        };
        let written = UserGit::new(repository, environment).write_pick(&pick, Signs::No);
        head = written.map_err(PatchingError::Commit)?;
    }
    Ok((head != start).then_some(head))
}

/// Deletes branches that are still there: the forge may have done it.
fn delete_branches(
    workspace: &Workspace,
    environment: &Environment,
    gone: &[String],
    listener: &dyn Listener,
) -> Result<(), FlowError> {
    let remote = workspace.project.release.remote.as_str();
    let repository = &workspace.repository;
    let mut refspecs = Vec::new();
    for branch in gone {
        let name = format!("refs/heads/{branch}");
        let there = remote_ref(repository, environment, remote, &name);
        if there.map_err(PatchingError::Fetch)?.is_some() {
            refspecs.push(format!(":{name}"));
        }
    }
    if !refspecs.is_empty() {
        push(repository, environment, remote, &refspecs, listener)?;
    }
    Ok(())
}
