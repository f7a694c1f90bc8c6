//! What of the queue would go into the next release: by the same rules, and tried
//! in the same order, as an apply would.

use std::collections::BTreeSet;

use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{applying, kinds, listing};
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::patch::rules::{self, Green, Ground};
use crate::patch::state::Listed;
use crate::patch::{Request, RequestId, State};

/// What of the queue would go.
pub(super) struct Asked {
    /// The requests that an apply would pick, in the order of asking.
    pub going: Vec<Request>,
    /// What else is open, and why it stays; a clause each.
    pub staying: Vec<String>,
}

/// Looks at the requests for a branch. A request goes or stays, never both.
pub(super) fn asked(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
    green: Green,
) -> Result<Asked, FlowError> {
    let own: Vec<&Request> = ledger
        .queue
        .requests
        .values()
        .filter(|one| one.ask.what.onto == *branch)
        .collect();
    let ground = Ground {
        green,
        behind: applying::behind(workspace, branch)?,
    };
    let mut wanted = Vec::new();
    let mut looked = Vec::new();
    for one in listing::listed(workspace, ledger, &own)? {
        let stays = stays(workspace, &one, &ground)?;
        if stays == Stays::No {
            wanted.push(one.clone());
        }
        looked.push((one, stays));
    }
    let going = match wanted.is_empty() {
        true => BTreeSet::new(),
        false => applying::going(workspace, branch, &wanted)?,
    };
    let mut found = Asked {
        going: Vec::new(),
        staying: Vec::new(),
    };
    for (one, stays) in looked {
        let why = match stays {
            Stays::Over => continue,
            Stays::Because(why) => why,
            Stays::No if going.contains(&one.request.id) => {
                found.going.push(one.request);
                continue;
            }
            Stays::No => match one.standing.state {
                State::Conflicts => "does not apply".to_owned(),
                _ => "does not apply behind those that go before it".to_owned(),
            },
        };
        let (id, title): (&RequestId, &str) = (&one.request.id, &one.request.ask.what.title);
        found.staying.push(format!("{id} {title} {why}"));
    }
    Ok(found)
}

/// Whether a request stays, before it is tried.
#[derive(Debug, PartialEq, Eq)]
enum Stays {
    /// It is over, or held by somebody's word.
    Over,
    /// It stays, in words behind its title.
    Because(String),
    /// No rule keeps it.
    No,
}

fn stays(workspace: &Workspace, one: &Listed, ground: &Ground) -> Result<Stays, FlowError> {
    if let Some(bar) = rules::bar(one) {
        return Ok(match bar.name {
            "not-here" => Stays::Because(format!("stays: {}", bar.message)),
            _ => Stays::Over,
        });
    }
    let kinds = kinds::of(workspace, &one.request.ask.what)?;
    let policy = &workspace.project.patch;
    let broken = rules::breaches(one, &kinds, ground, policy);
    let Some(first) = broken.iter().find(|breach| breach.stands()) else {
        return Ok(Stays::No);
    };
    Ok(Stays::Because(match one.standing.state {
        State::New => "is undecided".to_owned(),
        State::NeedsInfo => "waits for answers".to_owned(),
        State::Held => "is approved and frozen".to_owned(),
        State::Elsewhere => match rules::elsewhere(one) {
            Some((what, _)) => format!("is {what}"),
            None => format!("stays: {}", first.message),
        },
        State::Conflicts if one.standing.approvals < policy.approvals => {
            "is undecided, and does not apply".to_owned()
        }
        _ => format!("stays: {}", first.message),
    }))
}
