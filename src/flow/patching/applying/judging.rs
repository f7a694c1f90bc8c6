//! Which requests go, and why the others do not.

use std::collections::HashMap;

use super::{Shop, Wanted};
use crate::flow::FlowError;
use crate::flow::patching::branches::{self, Line};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{green, kinds, listing};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Timestamp};
use crate::patch::rules::{self, Ground};
use crate::patch::state::{Listed, State};
use crate::patch::{Request, RequestId};
use crate::sys::git::{Landed, ObjectId, Objects, Repository};

/// A branch as it is now, and the main branch beside it.
pub(super) struct Place {
    /// The branch.
    pub line: Line,
    /// The branch's own ref, and where it is.
    pub reference: String,
    pub local: Option<String>,
    /// The commits that the main branch has and the branch lacks: their places,
    /// parents first.
    pub order: HashMap<ObjectId, usize>,
    /// The commits that the branch has made since it left the main branch.
    pub own: Vec<ObjectId>,
    /// The commits that its remote has and it lacks, where it has others.
    pub behind: Option<(String, usize)>,
}

impl Place {
    /// Looks at a branch.
    pub fn of(workspace: &Workspace, wanted: &BranchName) -> Result<Self, FlowError> {
        let repository = &workspace.repository;
        let line = branches::line(workspace, wanted)?;
        let main = branches::main_line(workspace)?;
        let reference = format!("refs/heads/{wanted}");
        let local = repository.ref_target(&reference)?;
        let (mut order, mut own) = (HashMap::new(), Vec::new());
        if let Some(main) = &main {
            let ahead = repository.commits_only_in(main.head, &[line.head])?;
            order = ahead.into_iter().rev().zip(0..).collect();
            own = branches::own(repository, &line, Some(main))?;
        }
        let remote = &workspace.project.release.remote;
        let lacks = match line.full == reference {
            false => 0,
            true => {
                let others: Vec<ObjectId> = (line.heads.iter())
                    .filter(|head| **head != line.head)
                    .copied()
                    .collect();
                let mut lacks = 0;
                for other in others {
                    lacks += repository.commits_only_in(other, &[line.head])?.len();
                }
                lacks
            }
        };
        Ok(Self {
            behind: (lacks > 0).then(|| (format!("{remote}/{wanted}"), lacks)),
            line,
            reference,
            local,
            order,
            own,
        })
    }

    /// Returns a request's place among those that go: in the order of the main
    /// branch's history; what is not there comes last, in the order of asking.
    pub fn position(&self, one: &Listed) -> (usize, Timestamp, RequestId) {
        let first = one.request.ask.what.commits.iter();
        let first = first.filter_map(|id| self.order.get(&ObjectId::from_hex(id)?));
        let first = first.min().copied().unwrap_or(usize::MAX);
        (first, one.request.ask.at, one.request.id.clone())
    }

    /// Finds what some commits are on the branch.
    pub fn landed(
        &self,
        repository: &Repository,
        objects: &Objects<'_>,
        commits: &[String],
    ) -> Result<Landed, FlowError> {
        let ids: Vec<ObjectId> = commits
            .iter()
            .filter_map(|id| ObjectId::from_hex(id))
            .collect();
        Ok(repository.landed(objects, &ids, self.line.head, &self.own)?)
    }
}

/// What is decided about the requests of a branch.
pub(super) struct Judged {
    /// Those that go, in the order of the main branch's history.
    pub going: Vec<Listed>,
    /// Those that are on the branch although nobody wrote it down.
    pub found: Vec<Listed>,
    /// Those that stay, and why.
    pub staying: Vec<(Listed, Vec<Finding>)>,
    /// What was set aside for those that go.
    pub overridden: Vec<Finding>,
}

impl Judged {
    /// Returns why what stays is refused: what is on the branch is not.
    pub fn refused(&self) -> Vec<Finding> {
        let refused = self.staying.iter();
        let refused = refused.filter(|(one, _)| one.standing.state != State::Picked);
        refused.flat_map(|(_, why)| why.iter().cloned()).collect()
    }
}

/// Decides about the requests that are wanted, all of the branch's where none
/// is named.
pub(super) fn judged(
    shop: &Shop<'_>,
    ledger: &Ledger<'_>,
    place: &Place,
    wanted: &Wanted,
) -> Result<Judged, FlowError> {
    let Shop {
        workspace,
        environment,
        listener,
    } = *shop;
    let meant: Vec<&Request> = (ledger.queue.requests.values())
        .filter(|one| one.ask.what.onto == place.line.name)
        .filter(|one| match wanted.requests.is_empty() {
            true => true,
            false => wanted.requests.contains(&one.id),
        })
        .collect();
    let policy = &workspace.project.patch;
    let mut judged = Judged {
        going: Vec::new(),
        found: Vec::new(),
        staying: Vec::new(),
        overridden: Vec::new(),
    };
    let mut open = Vec::new();
    for one in listing::listed(workspace, ledger, &meant)? {
        let unwritten = one.request.applied.is_none();
        let over = match one.standing.state {
            State::Picked | State::Reverted => !unwritten,
            // Nobody asks for it any more: patch list --all has it.
            State::Withdrawn | State::Superseded => true,
            _ => false,
        };
        if wanted.requests.is_empty() && over {
            continue;
        }
        match rules::bar(&one) {
            Some(_) if one.standing.state == State::Picked && unwritten => judged.found.push(one),
            Some(bar) => {
                let finding = bar.finding(&one.request);
                judged.staying.push((one, vec![finding]));
            }
            None => open.push(one),
        }
    }
    let command = match (&wanted.require_green, &policy.require_green) {
        (Some(command), _) | (None, Some(command)) => Some(command),
        (None, None) => None,
    };
    let green = match command {
        // Nobody waits for an answer that nothing depends on.
        Some(command) if !open.is_empty() => {
            let head = place.line.head.to_string();
            let branch = place.line.name.as_str();
            green::ask(workspace, environment, command, branch, &head, listener)?
        }
        _ => rules::Green::Unasked,
    };
    let ground = Ground {
        green,
        behind: place.behind.clone(),
    };
    for one in open {
        let kinds = kinds::of(workspace, &one.request.ask.what)?;
        let breaches = rules::breaches(&one, &kinds, &ground, policy);
        let findings = |stands: bool| {
            let found = breaches.iter().filter(move |one| one.stands() == stands);
            found.map(|breach| breach.finding(&one.request))
        };
        let standing: Vec<Finding> = findings(true).collect();
        if standing.is_empty() {
            judged.overridden.extend(findings(false));
            judged.overridden.extend(rules::lost(&one));
            judged.going.push(one);
        } else {
            judged.staying.push((one, standing));
        }
    }
    judged.going.sort_by_key(|one| place.position(one));
    Ok(judged)
}
