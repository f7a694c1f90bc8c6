//! GitHub's REST API, version 2022-11-28, as its documentation describes it
//! (docs.github.com/rest), and GitHub Enterprise Server's below `/api/v3`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use ureq::http::Method;

use super::asking::{self, LabelEvent, Turned};
use super::client::{Call, Client};
use super::error::ForgeError;
use super::percent::encoded;
use super::{
    Check, CheckState, Edit, History, Home, NewPullRequest, PullCommit, PullRequest, PullState,
    TakenBack, Told, Turn, Word,
};
use crate::model::Timestamp;

#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    title: String,
    body: Option<String>,
    state: String,
    /// In lists there is no `merged`.
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    head: Tip,
    base: Tip,
    user: Option<User>,
    #[serde(default)]
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct Tip {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// None: it is gone.
    repo: Option<Repo>,
}

#[derive(Deserialize)]
struct Repo {
    full_name: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

/// What an account that is gone is called, on GitHub's pages as well.
fn login(user: Option<User>) -> String {
    user.map_or_else(|| "ghost".to_owned(), |user| user.login)
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match (pull.state.as_str(), &pull.merged_at) {
            (_, Some(_)) => PullState::Merged,
            ("open", None) => PullState::Open,
            _ => PullState::Closed,
        };
        Self {
            number: pull.number,
            url: pull.html_url,
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            // Of one that is open it is a merge that was only tried.
            merge_commit: (pull.merge_commit_sha).filter(|_| state == PullState::Merged),
            state,
            head: pull.head.sha,
            home: match (&pull.head.repo, &pull.base.repo) {
                (Some(head), Some(base)) if head.full_name == base.full_name => Home::Project,
                _ => Home::Fork,
            },
            head_branch: pull.head.name,
            base: pull.base.name,
            author: login(pull.user),
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
        }
    }
}

fn path(project: &str, rest: &str) -> String {
    let parts: Vec<String> = project.split('/').map(encoded).collect();
    format!("/repos/{}{rest}", parts.join("/"))
}

fn named(project: &str, number: u64) -> String {
    format!("pull request {project}#{number}")
}

pub(super) fn pull_request(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Option<PullRequest>, ForgeError> {
    let path = path(project, &format!("/pulls/{number}"));
    let found: Option<Pull> = client.find(&Call::get(path, named(project, number)))?;
    Ok(found.map(PullRequest::from))
}

pub(super) fn commits(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Vec<PullCommit>, ForgeError> {
    #[derive(Deserialize)]
    struct Listed {
        sha: String,
        commit: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        author: Option<Author>,
        message: String,
    }
    #[derive(Deserialize)]
    struct Author {
        email: Option<String>,
    }
    let path = path(project, &format!("/pulls/{number}/commits"));
    let what = format!("the commits of {}", named(project, number));
    let listed: Vec<Listed> = client.all(Call::get(path, what))?;
    let commit = |one: Listed| PullCommit {
        id: one.sha,
        email: (one.commit.author.and_then(|author| author.email)).unwrap_or_default(),
        subject: one.commit.message.lines().next().unwrap_or_default().into(),
    };
    Ok(listed.into_iter().map(commit).collect())
}

pub(super) fn of_branch(
    client: &Client,
    project: &str,
    head: &str,
    base: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    let owner = project.split('/').next().unwrap_or_default();
    let call = Call::get(
        path(project, "/pulls"),
        format!("the pull requests of {project} from {head}"),
    )
    .with("state", "all")
    .with("head", format!("{owner}:{head}"))
    .with("base", base);
    // A forge that does not know a filter gives everything.
    asking::pull_requests(client, call, |one: &Pull| {
        one.head.name == head && one.base.name == base
    })
}

pub(super) fn open_for(
    client: &Client,
    project: &str,
    base: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    let what = format!("the open pull requests of {project} for {base}");
    let call = Call::get(path(project, "/pulls"), what)
        .with("state", "open")
        .with("base", base);
    asking::pull_requests(client, call, |one: &Pull| one.base.name == base)
}

pub(super) fn merged_with(
    client: &Client,
    project: &str,
    label: &str,
) -> Result<Vec<PullRequest>, ForgeError> {
    #[derive(Deserialize)]
    struct Issue {
        number: u64,
        pull_request: Option<Part>,
    }
    #[derive(Deserialize)]
    struct Part {
        merged_at: Option<String>,
    }
    let call = Call::get(
        path(project, "/issues"),
        format!("the issues of {project} with {label}"),
    )
    .with("state", "closed")
    .with("labels", label);
    let issues: Vec<Issue> = client.all(call)?;
    let mut found = Vec::new();
    for issue in issues {
        let merged = issue.pull_request.and_then(|part| part.merged_at);
        if merged.is_some() {
            found.extend(pull_request(client, project, issue.number)?);
        }
    }
    found.retain(|one| one.state == PullState::Merged);
    Ok(found)
}

pub(super) fn create(
    client: &Client,
    project: &str,
    new: &NewPullRequest<'_>,
) -> Result<PullRequest, ForgeError> {
    let what = format!("a pull request of {} for {}", new.head, new.base);
    let call = Call::new(Method::POST, path(project, "/pulls"), what).body(json!({
        "title": new.title, "body": new.body, "head": new.head, "base": new.base,
        "maintainer_can_modify": true,
    }));
    client.ask::<Pull>(&call).map(PullRequest::from)
}

pub(super) fn edit(
    client: &Client,
    project: &str,
    number: u64,
    edit: &Edit<'_>,
) -> Result<(), ForgeError> {
    let state = edit.turn.map(|turn| match turn {
        Turn::Close => "closed",
        Turn::Reopen => "open",
    });
    let path = path(project, &format!("/pulls/{number}"));
    let call = Call::new(Method::PATCH, path, named(project, number));
    let fields = [("title", edit.title), ("body", edit.body), ("state", state)];
    asking::change(client, call, &fields)
}

pub(super) fn relabel(
    client: &Client,
    project: &str,
    number: u64,
    set: &[String],
    take: &[String],
) -> Result<(), ForgeError> {
    let what = || format!("the labels of {}", named(project, number));
    if !set.is_empty() {
        let path = path(project, &format!("/issues/{number}/labels"));
        let call = Call::new(Method::POST, path, what());
        client.tell(&call.body(json!({ "labels": set })))?;
    }
    for label in take {
        let rest = format!("/issues/{number}/labels/{}", encoded(label));
        let call = Call::new(Method::DELETE, path(project, &rest), what());
        match client.tell(&call) {
            // Somebody else was faster.
            Err(ForgeError::Missing { .. }) => {}
            other => other?,
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Review {
    id: u64,
    user: Option<User>,
    state: String,
    body: Option<String>,
    submitted_at: Option<Timestamp>,
}

fn reviews(client: &Client, project: &str, number: u64) -> Result<Vec<Review>, ForgeError> {
    let what = format!("the reviews of {}", named(project, number));
    let path = path(project, &format!("/pulls/{number}/reviews"));
    client.all(Call::get(path, what))
}

/// The newest review of each person counts, as GitHub counts them itself. Who
/// only comments says nothing; of one that was dismissed nothing is left, and
/// neither of those before it.
pub(super) fn standing(
    client: &Client,
    project: &str,
    number: u64,
) -> Result<Vec<Word>, ForgeError> {
    let mut newest: HashMap<String, Review> = HashMap::new();
    for mut review in reviews(client, project, number)? {
        if !["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].contains(&review.state.as_str()) {
            continue;
        }
        let login = login(review.user.take());
        let known = newest.get(&login);
        if known.is_none_or(|known| known.submitted_at <= review.submitted_at) {
            newest.insert(login, review);
        }
    }
    let words = newest.into_iter().filter_map(|(login, review)| {
        Some(Word {
            login,
            at: review.submitted_at,
            what: told(&review.state)?,
            text: review.body.unwrap_or_default(),
        })
    });
    Ok(words.collect())
}

/// Reads what a review says, in the words of reviews or of their events.
fn told(state: &str) -> Option<Told> {
    match state.to_ascii_uppercase().as_str() {
        "APPROVED" => Some(Told::Approved),
        "CHANGES_REQUESTED" => Some(Told::ChangesRequested),
        _ => None,
    }
}

pub(super) fn history(client: &Client, project: &str, number: u64) -> Result<History, ForgeError> {
    #[derive(Deserialize)]
    struct Event {
        event: String,
        actor: Option<User>,
        label: Option<Label>,
        created_at: Option<Timestamp>,
        dismissed_review: Option<Dismissed>,
    }
    #[derive(Deserialize)]
    struct Dismissed {
        state: String,
        review_id: u64,
        dismissal_message: Option<String>,
    }
    let what = format!("the events of {}", named(project, number));
    let path = path(project, &format!("/issues/{number}/events"));
    let events: Vec<Event> = client.all(Call::get(path, what))?;
    let mut dismissed = Vec::new();
    let mut labels = Vec::new();
    for event in events {
        let (by, at) = (login(event.actor), event.created_at);
        if let Some(review) = event.dismissed_review {
            dismissed.push((by, at, review));
        } else if let Some(label) = event.label {
            labels.push(LabelEvent {
                login: by,
                at,
                label: label.name,
                turned: match event.event.as_str() {
                    "labeled" => Turned::On,
                    _ => Turned::Off,
                },
            });
        }
    }
    let mut history = asking::labelled(labels.into_iter());
    if dismissed.is_empty() {
        return Ok(history);
    }
    let reviews = reviews(client, project, number)?;
    for (by, at, review) in dismissed {
        let Some(what) = told(&review.state) else {
            continue;
        };
        let of = reviews.iter().find(|one| one.id == review.review_id);
        history.taken_back.push(TakenBack {
            what,
            of: of.and_then(|one| Some(one.user.as_ref()?.login.clone())),
            login: by,
            at,
            text: review.dismissal_message.unwrap_or_default(),
        });
    }
    history.taken_back.sort_by_key(|one| one.at);
    Ok(history)
}

pub(super) fn checks(
    client: &Client,
    project: &str,
    commit: &str,
) -> Result<Vec<Check>, ForgeError> {
    #[derive(Deserialize)]
    struct Combined {
        statuses: Vec<Status>,
    }
    #[derive(Deserialize)]
    struct Status {
        context: String,
        state: String,
    }
    #[derive(Deserialize)]
    struct Runs {
        check_runs: Vec<Run>,
    }
    #[derive(Deserialize)]
    struct Run {
        name: String,
        status: String,
        conclusion: Option<String>,
    }
    let what = |of: &str| format!("the {of} of {commit:.12}");
    let statuses = path(project, &format!("/commits/{commit}/status"));
    let statuses = Call::get(statuses, what("statuses"));
    let statuses = client.pages(statuses, |page: Combined| page.statuses)?;
    let mut checks: Vec<Check> = (statuses.into_iter())
        .map(|status| Check {
            state: match status.state.as_str() {
                "success" => CheckState::Green,
                "pending" => CheckState::Pending,
                _ => CheckState::Red,
            },
            name: status.context,
            word: status.state,
        })
        .collect();
    let runs = path(project, &format!("/commits/{commit}/check-runs"));
    let runs = Call::get(runs, what("check runs")).with("filter", "latest");
    for run in client.pages(runs, |page: Runs| page.check_runs)? {
        let conclusion = run.conclusion.filter(|_| run.status == "completed");
        let word = conclusion.unwrap_or(run.status);
        checks.push(Check {
            name: run.name,
            state: match word.as_str() {
                "success" | "neutral" | "skipped" => CheckState::Green,
                "queued" | "in_progress" | "waiting" | "requested" | "pending" => {
                    CheckState::Pending
                }
                _ => CheckState::Red,
            },
            word,
        });
    }
    Ok(checks)
}
