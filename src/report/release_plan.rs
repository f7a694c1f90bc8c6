//! What a release would do, for whoever decides whether it begins: what goes in
//! and what users are told of it, which commit gets the tag, and what goes where.

use serde::Serialize;

use super::document::plain;
use super::release::{BuiltPackage, ReleaseDocument};
use super::{Page, plan};
use crate::release::change::{Change, Note};

/// What would be done with all packages.
#[derive(Debug, Default, Serialize)]
pub struct PlannedRelease {
    /// The commit that is released, or that a release commit comes on top of.
    pub head: String,
    /// Its branch.
    pub branch: Option<String>,
    /// The archive that is published to, by its real place; none: a throw-away
    /// one.
    pub archive: Option<String>,
    /// The suite's generation now; none: it is empty.
    pub base: Option<u64>,
    /// What would be pushed where; none: no push was asked for.
    pub push: Option<PlannedPush>,
    /// The project's commands that would be run, in their order.
    pub commands: Vec<PlannedCommand>,
    /// Packages that nothing is done with, and why.
    pub skipped: Vec<String>,
}

/// A push.
#[derive(Debug, Serialize)]
pub struct PlannedPush {
    /// The remote.
    pub remote: String,
    /// Branch and tags.
    pub refs: Vec<String>,
}

/// A command of `[hooks]`.
#[derive(Debug, Serialize)]
pub struct PlannedCommand {
    /// `before-tag`.
    pub when: String,
    /// The command.
    pub command: String,
}

/// What would become of one package.
#[derive(Debug, Serialize)]
pub struct PlannedPackage {
    /// Its version before.
    pub from: Option<String>,
    /// Where it goes on.
    pub state: PlannedState,
    /// Why it gets this version.
    pub reason: Option<String>,
    /// The changes that go in, newest first.
    pub changes: Vec<PlannedChange>,
}

/// Where a release begins or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedState {
    /// A release commit is to be made.
    New,
    /// The release commit is there and has no tag.
    Prepared,
    /// The tag is there, and the suite does not have it.
    Tagged,
}

/// A change that goes in.
#[derive(Debug, Serialize)]
pub struct PlannedChange {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// What users are told; none: its author says that there is nothing, or says
    /// nothing (`told`).
    pub note: Option<String>,
    /// Whether its author has said what users are told, or that it is nothing.
    pub told: bool,
    /// The request that brought it.
    pub request: Option<String>,
}

impl PlannedChange {
    /// Shows a change; `request` is its request's name.
    pub fn of(change: &Change, request: Option<String>) -> Self {
        let note = match &change.note {
            Note::Written(text) => Some(text.clone()),
            Note::Nothing | Note::Unsaid => None,
        };
        Self {
            commit: change.commit.clone(),
            subject: plan::subject(change),
            note,
            told: change.note != Note::Unsaid,
            request,
        }
    }

    fn text(&self, page: &mut Page) {
        let id: String = self.commit.chars().take(12).collect();
        let asked = match &self.request {
            Some(request) => format!(" (request {request})"),
            None => String::new(),
        };
        let subject = plain(&self.subject);
        page.line(format!("    {}  {subject}{asked}", page.dim(&id)));
        let note = match (&self.note, self.told) {
            (Some(note), _) => {
                let mut words = note.split_whitespace();
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |line, word| format!("{line} {word}"))
            }
            (None, true) => "nothing to tell users".to_owned(),
            (None, false) => return,
        };
        page.line(format!("                  note: {}", plain(&note)));
    }
}

/// As many changes fit on a screen; `debcut plan` lists them all.
const SHOWN: usize = 20;

impl PlannedPackage {
    pub(super) fn text(&self, package: &BuiltPackage, page: &mut Page) {
        let known = &package.package;
        let from = match (&self.from, self.state) {
            (Some(from), PlannedState::New | PlannedState::Prepared) => format!("{from} → "),
            _ => String::new(),
        };
        let debian = match known.debian_version == known.version {
            true => String::new(),
            false => format!(" (Debian {})", known.debian_version),
        };
        let head = format!("{} {from}{}{debian}", known.name, known.version);
        page.line(page.bold(&head));
        if let Some(reason) = &self.reason {
            page.field("why", plain(reason));
        }
        let commit: String = package
            .commit
            .iter()
            .flat_map(|id| id.chars())
            .take(12)
            .collect();
        let tag = known.tag.as_deref().unwrap_or_default();
        page.field(
            "tag",
            match self.state {
                PlannedState::New => {
                    format!("{tag}, on the release commit that is made on top of {commit}")
                }
                PlannedState::Prepared => {
                    format!("{tag}, on {commit}: goes on with this release commit, made before")
                }
                PlannedState::Tagged => {
                    format!("{tag} is there, of {commit}: goes on with its build")
                }
            },
        );
        if !self.changes.is_empty() {
            page.field("changes", self.changes.len().to_string());
        }
        for change in self.changes.iter().take(SHOWN) {
            change.text(page);
        }
        if self.changes.len() > SHOWN {
            let more = self.changes.len() - SHOWN;
            page.line(format!("    and {more} more: debcut plan lists them"));
        }
    }
}

impl PlannedRelease {
    pub(super) fn text(&self, whole: &ReleaseDocument, page: &mut Page) {
        for skipped in &self.skipped {
            page.line(page.dim(skipped));
        }
        if whole.packages.is_empty() {
            return;
        }
        let head: String = self.head.chars().take(12).collect();
        page.field(
            "branch",
            match &self.branch {
                Some(branch) => format!("{branch}, at {head}"),
                None => format!("none: HEAD is detached, at {head}"),
            },
        );
        for one in &self.commands {
            page.field(&one.when, &one.command);
        }
        let Some(place) = &self.archive else {
            page.field("mock", "nothing of it leaves a throw-away copy");
            return;
        };
        page.field(
            "push",
            match &self.push {
                Some(push) => format!("{} to {}", push.refs.join(" "), push.remote),
                None => "nothing: --push was not given".to_owned(),
            },
        );
        let suite = &whole.suite;
        let now = match self.base {
            Some(base) => format!("now {suite}@{base}"),
            None => "empty now".to_owned(),
        };
        page.field("publish", format!("to {suite} of {place} ({now})"));
    }
}
