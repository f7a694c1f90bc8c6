//! Forges: pull requests, labels, approvals and checks, through the REST APIs
//! of GitHub (version 2022-11-28 of its API, and GitHub Enterprise Server's)
//! and GitLab (version 4).
//!
//! GitHub's words are used for both: a merge request is a pull request here.
//! Whoever asks says who decides; a forge only says what it was told.

mod asking;
mod client;
mod error;
mod github;
mod gitlab;
mod limit;
mod moved;
mod percent;
mod said;
mod site;
mod token;

pub use error::ForgeError;
pub use site::{Kind, Site, SiteError};

use client::Client;

use crate::model::Timestamp;
use crate::sys::environment::Environment;

/// A project on a forge that answers.
pub struct Forge {
    kind: Kind,
    project: String,
    client: Client,
}

/// A pull request, as its forge has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the project.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its description, as it is written.
    pub body: String,
    /// Whether it is open.
    pub state: PullState,
    /// The newest commit that its merge put on the base branch; none: it is not
    /// merged.
    pub merge_commit: Option<String>,
    /// The newest of its own commits.
    pub head: String,
    /// The branch that has it.
    pub head_branch: String,
    /// Whose branch that is.
    pub home: Home,
    /// The branch that it is for.
    pub base: String,
    /// Who opened it, by the forge's name.
    pub author: String,
    /// Its labels, as the forge orders them.
    pub labels: Vec<String>,
}

/// Whose the branch of a pull request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// The project's own.
    Project,
    /// A fork's, which may be gone.
    Fork,
}

/// What became of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// It waits.
    Open,
    /// It was closed and not merged.
    Closed,
    /// It was merged.
    Merged,
}

/// A commit of a pull request, as its author pushed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullCommit {
    /// Its id.
    pub id: String,
    /// Its author's address.
    pub email: String,
    /// Its message's first line.
    pub subject: String,
}

/// A pull request that is to be opened, in the project's own repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullRequest<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description.
    pub body: &'a str,
    /// The branch that has the commits.
    pub head: &'a str,
    /// The branch that they are for.
    pub base: &'a str,
}

/// What is to be changed of a pull request; none: it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit<'a> {
    /// Its title.
    pub title: Option<&'a str>,
    /// Its description.
    pub body: Option<&'a str>,
    /// Whether it is open.
    pub turn: Option<Turn>,
}

/// A pull request's other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is closed.
    Close,
    /// It is opened again.
    Reopen,
}

/// What somebody said of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Who, by the forge's name.
    pub login: String,
    /// When; none: the forge does not say.
    pub at: Option<Timestamp>,
    /// What.
    pub what: Told,
    /// In their own words; often empty.
    pub text: String,
}

/// What can be said of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// A label was set.
    Labelled(String),
    /// It is approved.
    Approved,
    /// It is not to be merged as it is.
    ChangesRequested,
}

/// Something that was said of a pull request and is not said any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// What.
    pub what: Told,
    /// Who had said it, by the forge's name; none: whoever it was.
    pub of: Option<String>,
    /// Who took it back.
    pub login: String,
    /// When; none: the forge does not say.
    pub at: Option<Timestamp>,
    /// In their own words; often empty.
    pub text: String,
}

/// What was said of a pull request over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The labels that it has, by who set them, oldest first.
    pub labels: Vec<Word>,
    /// What was taken back, oldest first, as far as the forge tells it.
    pub taken_back: Vec<TakenBack>,
}

/// A check of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// The forge's word for that.
    pub word: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckState {
    /// It passed, or had nothing to say.
    Green,
    /// It runs, or waits.
    Pending,
    /// It failed, or was given up.
    Red,
}

impl Forge {
    /// Takes a site, the token that the environment has for it, and the way
    /// there. Asks nothing yet.
    pub fn open(site: &Site, environment: &Environment) -> Result<Self, ForgeError> {
        Ok(Self {
            kind: site.kind,
            project: site.project.clone(),
            client: Client::new(site, environment)?,
        })
    }

    /// Refuses to go on without a token: what changes something needs one.
    pub fn must_have_token(&self) -> Result<(), ForgeError> {
        match self.client.has_token() {
            true => Ok(()),
            false => Err(ForgeError::NoToken {
                host: self.client.host().to_owned(),
            }),
        }
    }

    /// Looks up a pull request; none: there is none of this number.
    pub fn pull_request(&self, number: u64) -> Result<Option<PullRequest>, ForgeError> {
        match self.kind {
            Kind::GitHub => github::pull_request(&self.client, &self.project, number),
            Kind::GitLab => gitlab::pull_request(&self.client, &self.project, number),
        }
    }

    /// Lists the commits of a pull request, parents first.
    pub fn commits(&self, number: u64) -> Result<Vec<PullCommit>, ForgeError> {
        match self.kind {
            Kind::GitHub => github::commits(&self.client, &self.project, number),
            Kind::GitLab => gitlab::commits(&self.client, &self.project, number),
        }
    }

    /// Finds the newest pull request of a branch of the project for another
    /// one, whatever became of it.
    pub fn of_branch(&self, head: &str, base: &str) -> Result<Option<PullRequest>, ForgeError> {
        let found = match self.kind {
            Kind::GitHub => github::of_branch(&self.client, &self.project, head, base),
            Kind::GitLab => gitlab::of_branch(&self.client, &self.project, head, base),
        };
        let own = found?.into_iter().filter(|one| one.home == Home::Project);
        Ok(own.max_by_key(|one| one.number))
    }

    /// Lists the open pull requests for a branch, those of forks as well.
    pub fn open_for(&self, base: &str) -> Result<Vec<PullRequest>, ForgeError> {
        match self.kind {
            Kind::GitHub => github::open_for(&self.client, &self.project, base),
            Kind::GitLab => gitlab::open_for(&self.client, &self.project, base),
        }
    }

    /// Returns the API's host.
    pub fn host(&self) -> &str {
        self.client.host()
    }

    /// Returns the project's path.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Returns the ref that the git repository keeps for a pull request: its
    /// newest own commit.
    pub fn pull_ref(&self, number: u64) -> String {
        match self.kind {
            Kind::GitHub => format!("refs/pull/{number}/head"),
            Kind::GitLab => format!("refs/merge-requests/{number}/head"),
        }
    }

    /// Tells whether an address is below the project's page. The forge may be
    /// below a path of its host, and tells no cases apart.
    pub fn is_of_project(&self, url: &str) -> bool {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        let project = format!("/{}/", self.project.to_lowercase());
        path.to_lowercase().contains(&project)
    }

    /// Lists the merged pull requests with a label, by number.
    pub fn merged_with(&self, label: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let mut found = match self.kind {
            Kind::GitHub => github::merged_with(&self.client, &self.project, label),
            Kind::GitLab => gitlab::merged_with(&self.client, &self.project, label),
        }?;
        found.sort_by_key(|one| one.number);
        Ok(found)
    }

    /// Opens a pull request.
    pub fn create(&self, new: &NewPullRequest<'_>) -> Result<PullRequest, ForgeError> {
        match self.kind {
            Kind::GitHub => github::create(&self.client, &self.project, new),
            Kind::GitLab => gitlab::create(&self.client, &self.project, new),
        }
    }

    /// Changes a pull request.
    pub fn edit(&self, number: u64, edit: &Edit<'_>) -> Result<(), ForgeError> {
        match self.kind {
            Kind::GitHub => github::edit(&self.client, &self.project, number, edit),
            Kind::GitLab => gitlab::edit(&self.client, &self.project, number, edit),
        }
    }

    /// Sets labels and takes labels away; those that the project does not have
    /// yet are made by the forge.
    pub fn relabel(&self, number: u64, set: &[String], take: &[String]) -> Result<(), ForgeError> {
        match self.kind {
            Kind::GitHub => github::relabel(&self.client, &self.project, number, set, take),
            Kind::GitLab => gitlab::relabel(&self.client, &self.project, number, set, take),
        }
    }

    /// Lists the reviews of a pull request that stand, oldest first: the newest
    /// one of each person who approved or wants changes, unless it was dismissed
    /// or taken back.
    pub fn reviews(&self, number: u64) -> Result<Vec<Word>, ForgeError> {
        let mut words = match self.kind {
            Kind::GitHub => github::standing(&self.client, &self.project, number),
            Kind::GitLab => gitlab::approvals(&self.client, &self.project, number),
        }?;
        words.sort_by_key(|word| word.at);
        Ok(words)
    }

    /// Tells who set the labels of a pull request, and what was taken back.
    /// Whoever knows that it has no label that matters need not ask.
    pub fn history(&self, number: u64) -> Result<History, ForgeError> {
        match self.kind {
            Kind::GitHub => github::history(&self.client, &self.project, number),
            Kind::GitLab => gitlab::history(&self.client, &self.project, number),
        }
    }

    /// Lists the checks of a commit that is a branch's head, by name.
    pub fn checks(&self, commit: &str, branch: &str) -> Result<Vec<Check>, ForgeError> {
        let mut checks = match self.kind {
            Kind::GitHub => github::checks(&self.client, &self.project, commit),
            Kind::GitLab => gitlab::checks(&self.client, &self.project, commit, branch),
        }?;
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(checks)
    }
}

#[cfg(test)]
mod tests;
