//! Who is told of a freeze or a thaw, and who was: every message that went out
//! is written down in the ledger, so that neither the next run nor somebody
//! else's tells it twice, and whoever was not reached is told by the next run.

use std::collections::BTreeSet;

use super::super::ledger::Ledger;
use super::super::listing;
use crate::config::patch::{Channel, News};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::flow::rolling::delivering::{Courier, DeliverError};
use crate::model::finding::with_causes;
use crate::model::{BranchName, Finding, Listener, Sha256, Timestamp};
use crate::patch::{EntryId, Event, Request, RequestId, Said};
use crate::release::commit::Person;
use crate::report::patch::{Telling, Waiting, telling_text};
use crate::sys::environment::Environment;

/// What there is to tell of a branch now.
#[derive(Debug)]
struct Story {
    news: News,
    branch: BranchName,
    /// The entries that say so: what was told of one was told.
    entries: BTreeSet<EntryId>,
    said: Said<String>,
    until: Option<String>,
    /// The requests whose authors wait, or wait no more.
    requests: BTreeSet<RequestId>,
}

/// A channel that is to be told.
#[derive(Debug)]
pub struct Due<'w> {
    /// The channel.
    pub channel: &'w Channel,
    /// The requests that it was not told of.
    pub requests: BTreeSet<RequestId>,
}

/// What became of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its name.
    pub channel: String,
    /// When it was told; none: it was not.
    pub at: Option<Timestamp>,
}

fn story(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
) -> Result<Option<Story>, FlowError> {
    let queue = &ledger.queue;
    if let Some(freeze) = queue.frozen.get(branch) {
        let own = queue.requests.values();
        let own: Vec<&Request> = own.filter(|one| one.ask.what.onto == *branch).collect();
        // What was approved since waits, too.
        let held = listing::listed(workspace, ledger, &own)?.into_iter();
        let held = held.filter(|one| one.standing.frozen.is_some());
        let mut requests = freeze.waiting.clone();
        requests.extend(held.map(|one| one.request.id));
        return Ok(Some(Story {
            news: News::Frozen,
            branch: branch.clone(),
            entries: freeze.entries.clone(),
            said: freeze.said.clone(),
            until: freeze.until_day(&workspace.project.patch.rhythm.calendar),
            requests,
        }));
    }
    let thaw = queue.thawed.get(branch);
    Ok(thaw.map(|thaw| Story {
        news: News::Thawed,
        branch: branch.clone(),
        entries: BTreeSet::from([thaw.said.entry]),
        said: thaw.said.clone(),
        until: None,
        requests: thaw.released.clone(),
    }))
}

/// Lists the channels that were not told of a branch's freeze or thaw, or not of
/// every request that waits.
fn due<'w>(workspace: &'w Workspace, ledger: &Ledger<'_>, story: &Story) -> Vec<Due<'w>> {
    let channels = workspace.project.patch_channels.iter();
    let channels = channels.filter(|channel| channel.wants(story.news));
    let due = channels.filter_map(|channel| {
        let told = ledger.queue.told.iter();
        let told: Vec<_> = told
            .filter(|told| story.entries.contains(&told.of) && told.channel.what == channel.name)
            .collect();
        let knows = |id: &&RequestId| told.iter().any(|told| told.requests.contains(id));
        let requests: BTreeSet<RequestId> = story
            .requests
            .iter()
            .filter(|id| !knows(id))
            .cloned()
            .collect();
        (told.is_empty() || !requests.is_empty()).then_some(Due { channel, requests })
    });
    due.collect()
}

/// Lists the channels that are to be told of a branch's freeze or thaw.
pub fn untold<'w>(
    workspace: &'w Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
) -> Result<Vec<Due<'w>>, FlowError> {
    let story = story(workspace, ledger, branch)?;
    Ok(story.map_or(Vec::new(), |story| due(workspace, ledger, &story)))
}

/// Tells the channels that were not told, and writes down which were: after each
/// one, so that whoever stops half-way tells nobody twice. One that cannot be
/// told is a finding: the branch is what it is all the same.
pub fn tell(
    workspace: &Workspace,
    ledger: &mut Ledger<'_>,
    branch: &BranchName,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<(Vec<Reached>, Vec<Finding>), FlowError> {
    let (mut reached, mut findings) = (Vec::new(), Vec::new());
    let Some(story) = story(workspace, ledger, branch)? else {
        return Ok((reached, findings));
    };
    for Due { channel, requests } in due(workspace, ledger, &story) {
        listener.begin(format!("telling {}", channel.name));
        let sent = send(workspace, ledger, &story, channel, &requests, environment);
        let name = channel.name.clone();
        if let Err(error) = sent {
            let message = format!("it was not told: {}", with_causes(&error));
            let finding = Finding::error("not-told", &name, message);
            let fix = "run the same command again: who was told is not told twice";
            findings.push(finding.fix(fix));
            reached.push(Reached {
                channel: name,
                at: None,
            });
            continue;
        }
        let event = Event::Told {
            of: story.said.entry,
            channel: name.clone(),
            requests: requests.into_iter().collect(),
        };
        ledger.say(vec![event], by, at, &format!("tell {name} of {branch}"))?;
        reached.push(Reached {
            channel: name,
            at: Some(at),
        });
    }
    Ok((reached, findings))
}

fn send(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    story: &Story,
    channel: &Channel,
    requests: &BTreeSet<RequestId>,
    environment: &Environment,
) -> Result<(), DeliverError> {
    let whole = |who: &Person| format!("{} <{}>", who.name, who.email);
    let found = requests
        .iter()
        .filter_map(|id| ledger.queue.requests.get(id));
    let requests = found.map(|one| Waiting {
        id: one.id.to_string(),
        title: one.ask.what.title.clone(),
        authors: one.ask.what.authors.iter().map(whole).collect(),
    });
    let requests: Vec<Waiting> = requests.collect();
    let ids: Vec<&str> = requests.iter().map(|one| one.id.as_str()).collect();
    let ids = Sha256::of(ids.join(" ").as_bytes()).hex();
    let entry = story.said.entry.hex();
    let (branch, word) = (&story.branch, story.news.word());
    // The same whenever it is sent again, and another one for other requests.
    let name = format!("{branch}/{word}/{entry:.12}/{ids:.12}");
    let telling = Telling {
        news: word,
        branch: branch.to_string(),
        until: story.until.clone(),
        reason: story.said.what.clone(),
        by: whole(&story.said.by),
        requests,
    };
    let courier = Courier {
        environment,
        directory: workspace.repository.top(),
    };
    let own = courier.own_template(&channel.form)?;
    let text = telling_text(&channel.form, own.as_deref(), &telling)?;
    courier.deliver(&text, &channel.to, &name)
}
