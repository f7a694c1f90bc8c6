//! GitLab's REST API, version 4, as its documentation describes it
//! (docs.gitlab.com/api). A merge request is known by its `iid`, its number in
//! the project.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::json;
use ureq::http::Method;

use super::asking::{self, LabelEvent, Turned};
use super::client::{Call, Client};
use super::error::ForgeError;
use super::percent::encoded;
use super::{
    Check, CheckState, Edit, History, Home, NewPullRequest, PullCommit, PullRequest, PullState,
    Told, Turn, Word,
};
use crate::model::Timestamp;

#[derive(Deserialize)]
struct Merge {
    iid: u64,
    web_url: String,
    title: String,
    description: Option<String>,
    state: String,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
    /// None until GitLab has looked at it.
    sha: Option<String>,
    source_branch: String,
    source_project_id: Option<u64>,
    target_project_id: Option<u64>,
    target_branch: String,
    author: Option<User>,
    #[serde(default)]
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

fn login(user: Option<User>) -> String {
    user.map_or_else(|| "ghost".to_owned(), |user| user.username)
}

impl From<Merge> for PullRequest {
    fn from(merge: Merge) -> Self {
        let state = match merge.state.as_str() {
            "merged" => PullState::Merged,
            // `locked` is what it is while it is being merged.
            "opened" | "locked" => PullState::Open,
            _ => PullState::Closed,
        };
        let head = merge.sha.unwrap_or_default();
        // Without a merge commit it is a fast-forward: to the squashed commit,
        // or to its own newest one.
        let newest = (merge.merge_commit_sha)
            .or(merge.squash_commit_sha)
            .or_else(|| Some(head.clone()).filter(|head| !head.is_empty()));
        Self {
            number: merge.iid,
            url: merge.web_url,
            title: merge.title,
            body: merge.description.unwrap_or_default(),
            state,
            merge_commit: newest.filter(|_| state == PullState::Merged),
            head,
            home: match (merge.source_project_id, merge.target_project_id) {
                (Some(source), Some(target)) if source == target => Home::Project,
                _ => Home::Fork,
            },
            head_branch: merge.source_branch,
            base: merge.target_branch,
            author: login(merge.author),
            labels: merge.labels,
        }
    }
}

fn path(project: &str, rest: &str) -> String {
    format!("/projects/{}{rest}", encoded(project))
}

fn named(project: &str, number: u64) -> String {
    format!("merge request {project}!{number}")
}

pub(super) fn pull_request(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Option<PullRequest>, ForgeError> {
    let path = path(project, &format!("/merge_requests/{number}"));
    let found: Option<Merge> = client.find(&Call::get(path, named(project, number)))?;
    Ok(found.map(PullRequest::from))
}

pub(super) fn commits(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Vec<PullCommit>, ForgeError> {
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        author_email: Option<String>,
        title: String,
    }
    let path = path(project, &format!("/merge_requests/{number}/commits"));
    let what = format!("the commits of {}", named(project, number));
    let mut listed: Vec<Listed> = client.all(Call::get(path, what))?;
    // The newest come first.
    listed.reverse();
    let commit = |one: Listed| PullCommit {
        id: one.id,
        email: one.author_email.unwrap_or_default(),
        subject: one.title,
    };
    Ok(listed.into_iter().map(commit).collect())
}

pub(super) fn of_branch(
    client: &Client,
    project: &str,
    head: &str,
    base: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    let what = format!("the merge requests of {project} from {head}");
    let call = Call::get(path(project, "/merge_requests"), what)
        .with("state", "all")
        .with("scope", "all")
        .with("source_branch", head)
        .with("target_branch", base);
    // Not all, where a filter is not known.
    asking::pull_requests(client, call, |one: &Merge| {
        one.source_branch == head && one.target_branch == base
    })
}

pub(super) fn open_for(
    client: &Client,
    project: &str,
    base: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    let what = format!("the open merge requests of {project} for {base}");
    let call = Call::get(path(project, "/merge_requests"), what)
        .with("state", "opened")
        .with("scope", "all")
        .with("target_branch", base);
    asking::pull_requests(client, call, |one: &Merge| one.target_branch == base)
}

pub(super) fn merged_with(
    client: &Client,
    project: &str,
    label: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    let what = format!("the merge requests of {project} with {label}");
    let call = Call::get(path(project, "/merge_requests"), what)
        .with("state", "merged")
        .with("scope", "all")
        .with("labels", label);
    asking::pull_requests(client, call, |_: &Merge| true)
}

pub(super) fn create(
    client: &Client,
    project: &str,
    new: &NewPullRequest<'_>,
) -> Result<PullRequest, ForgeError> {
    let what = format!("a merge request of {} for {}", new.head, new.base);
    let call = Call::new(Method::POST, path(project, "/merge_requests"), what).body(json!({
        "title": new.title, "description": new.body,
        "source_branch": new.head, "target_branch": new.base,
    }));
    client.ask::<Merge>(&call).map(PullRequest::from)
}

pub(super) fn edit(
    client: &Client,
    project: &str,
    number: u64,
    edit: &Edit<'_>,
) -> Result<(), ForgeError> {
    let event = edit.turn.map(|turn| match turn {
        Turn::Close => "close",
        Turn::Reopen => "reopen",
    });
    let path = path(project, &format!("/merge_requests/{number}"));
    let call = Call::new(Method::PUT, path, named(project, number));
    let fields = [
        ("title", edit.title),
        ("description", edit.body),
        ("state_event", event),
    ];
    asking::change(client, call, &fields)
}

pub(super) fn relabel(
    client: &Client,
    project: &str,
    number: u64,
    set: &[String],
    take: &[String],
) -> Result<(), ForgeError> {
    if set.is_empty() && take.is_empty() {
        return Ok(());
    }
    let path = path(project, &format!("/merge_requests/{number}"));
    let what = format!("the labels of {}", named(project, number));
    let call = Call::new(Method::PUT, path, what).body(json!({
        "add_labels": set.join(","), "remove_labels": take.join(","),
    }));
    client.tell(&call)
}

/// Of an approval that was taken back nothing is left here.
pub(super) fn approvals(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Vec<Word>, ForgeError> {
    #[derive(Deserialize)]
    struct Approvals {
        #[serde(default)]
        approved_by: Vec<Approval>,
    }
    #[derive(Deserialize)]
    struct Approval {
        user: Option<User>,
        /// Since GitLab 17.
        approved_at: Option<Timestamp>,
    }
    let what = format!("the approvals of {}", named(project, number));
    let path = path(project, &format!("/merge_requests/{number}/approvals"));
    let found: Option<Approvals> = client.find(&Call::get(path, what))?;
    let found = found.into_iter().flat_map(|found| found.approved_by);
    let word = |approval: Approval| Word {
        login: login(approval.user),
        at: approval.approved_at,
        what: Told::Approved,
        text: String::new(),
    };
    Ok(found.map(word).collect())
}

pub(super) fn history(client: &Client, project: &str, number: u64) -> Result<History, ForgeError> {
    #[derive(Deserialize)]
    struct Event {
        user: Option<User>,
        created_at: Option<Timestamp>,
        /// None: the label is gone.
        label: Option<Label>,
        action: String,
    }
    #[derive(Deserialize)]
    struct Label {
        name: String,
    }
    let what = format!("the label events of {}", named(project, number));
    let path = path(
        project,
        &format!("/merge_requests/{number}/resource_label_events"),
    );
    let events: Vec<Event> = client.all(Call::get(path, what))?;
    let events = events.into_iter().filter_map(|event| {
        Some(LabelEvent {
            login: login(event.user),
            at: event.created_at,
            label: event.label?.name,
            turned: match event.action.as_str() {
                "add" => Turned::On,
                _ => Turned::Off,
            },
        })
    });
    Ok(asking::labelled(events))
}

pub(super) fn checks(
    client: &Client,
    project: &str,
    commit: &str,
    branch: &str,
) -> Result<Vec<Check>, ForgeError> {
    #[derive(Deserialize)]
    struct Pipeline {
        id: u64,
        status: String,
        #[serde(rename = "ref")]
        branch: Option<String>,
        source: Option<String>,
    }
    let what = format!("the pipelines of {commit:.12}");
    let call = Call::get(path(project, "/pipelines"), what).with("sha", commit);
    let mut pipelines: Vec<Pipeline> = client.all(call)?;
    pipelines.sort_by_key(|one| std::cmp::Reverse(one.id));
    // The branch's own, where there are some: a tag's or a merge request's are
    // about something else. Of each source the newest one counts.
    if pipelines
        .iter()
        .any(|one| one.branch.as_deref() == Some(branch))
    {
        pipelines.retain(|one| one.branch.as_deref() == Some(branch));
    }
    let mut seen = HashSet::new();
    pipelines.retain(|one| seen.insert(one.source.clone()));
    let check = |one: Pipeline| Check {
        name: format!("pipeline {}", one.id),
        state: match one.status.as_str() {
            "success" => CheckState::Green,
            "failed" | "canceled" | "canceling" | "skipped" => CheckState::Red,
            _ => CheckState::Pending,
        },
        word: one.status,
    };
    Ok(pipelines.into_iter().map(check).collect())
}
