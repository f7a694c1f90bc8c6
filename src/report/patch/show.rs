//! `patch show`: everything about one request.

use serde::Serialize;

use super::{LogDocument, RequestView, words};
use crate::model::Timestamp;
use crate::patch::Question;
use crate::patch::facts::NoteFact;
use crate::release::commit::Person;
use crate::report::document::{indented, one_line};
use crate::report::{Document, Page};

/// What `patch show` answers.
#[derive(Debug, Serialize)]
pub struct ShowDocument {
    request: RequestView,
    commits: Vec<ShownCommit>,
    log: LogDocument,
}

/// A commit of a request.
#[derive(Debug, Serialize)]
pub struct ShownCommit {
    /// Its id.
    pub id: String,
    /// Its subject; null: it is not in this clone.
    pub subject: Option<String>,
    /// Who wrote it.
    pub author: Option<Person>,
    /// When it was committed.
    pub committed: Option<Timestamp>,
    /// Whether users are told of it.
    pub release_note: NoteFact,
    /// What they are told.
    pub note: Option<String>,
}

impl ShowDocument {
    /// Shows a request, its commits and what was said of it.
    pub fn new(request: RequestView, commits: Vec<ShownCommit>, log: LogDocument) -> Self {
        Self {
            request,
            commits,
            log,
        }
    }
}

impl Document for ShowDocument {
    const SCHEMA: &'static str = "debcut/patch-show/1";

    fn text(&self, page: &mut Page) {
        let one = &self.request;
        let lines = |text: &str| indented(text, 15);
        let title = one_line(&one.title);
        page.line(format!("{} {title}", page.bold(one.id.as_str())));
        let why = match one.why.is_empty() {
            true => String::new(),
            false => format!(", {}", one_line(&one.why)),
        };
        page.field("state", format!("{}{why}", one.state.word()));
        page.field("onto", one.onto.as_str());
        let asked = format!("{} by {}", one.asked.day(), words::person(&one.asked_by));
        page.field("asked", one_line(&asked));
        if let Some(pull_request) = &one.pull_request {
            page.field("from", one_line(pull_request));
        }
        for link in &one.links {
            page.field("page", one_line(link));
        }
        let approvals = format!("{} of {}", one.approvals, one.approvals_needed);
        page.field("approvals", approvals);
        let merged = match one.unmerged.as_slice() {
            [] => one.merged_word().to_owned(),
            ids => {
                let ids: Vec<&str> = ids.iter().map(|id| words::short(id)).collect();
                let how = match one.unpushed {
                    true => "not pushed yet:",
                    false => "not",
                };
                format!("{how} {}", ids.join(" "))
            }
        };
        page.field("merged", merged);
        let applies = match (&one.not_tried, one.conflicts.as_slice()) {
            (Some(why), _) => format!("not tried: {}", one_line(why)),
            (None, []) => one.applies_word().to_owned(),
            (None, paths) => {
                let commit = one.conflict_commit.as_deref().unwrap_or_default();
                format!(
                    "{} conflicts in {}",
                    words::short(commit),
                    one_line(&paths.join(", "))
                )
            }
        };
        page.field("applies", applies);
        for moved in &one.moves {
            page.field("moves", words::moved(page, moved));
        }
        for one in one.rules.iter().flatten() {
            let aside = match (&one.overridden_by, &one.reason) {
                (Some(by), Some(reason)) => format!("; set aside by {}: {reason}", by.name),
                _ => String::new(),
            };
            let text = format!("{}: {}{aside}", one.rule, one.message);
            page.field("rule", lines(&text));
        }
        for question in Question::ALL {
            let answer = match one.answers.to(question) {
                "" => page.warning("not said"),
                answer => lines(answer),
            };
            page.field(question.word(), answer);
        }
        for commit in &self.commits {
            let short = words::short(&commit.id);
            let subject = match &commit.subject {
                Some(subject) => one_line(subject),
                None => page.warning("not in this clone: git fetch"),
            };
            page.field("commit", format!("{short} {subject}"));
            if let Some(author) = &commit.author {
                page.field("", format!("by {}", one_line(&words::person(author))));
            }
            let note = match (&commit.note, commit.release_note) {
                (Some(note), _) => format!("note: {}", lines(note)),
                (None, NoteFact::None) => "note: none is needed".to_owned(),
                (None, _) => page.warning("note: missing"),
            };
            page.field("", note);
        }
        for picked in &one.picked {
            let to = picked.to.as_deref().map_or("nothing", words::short);
            page.field("picked", format!("{} as {to}", words::short(&picked.from)));
        }
        page.line("");
        self.log.text(page);
    }
}
