//! `patch pick`: a request that was made, or one that was there.

use serde::Serialize;

use super::{RequestView, words};
use crate::model::BranchName;
use crate::patch::Ask;
use crate::patch::Question;
use crate::patch::entry::{Answers, RequestId};
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `patch pick` answers.
#[derive(Debug, Serialize)]
pub struct PickDocument {
    /// The request's name; null: none was made.
    id: Option<RequestId>,
    /// The branch.
    onto: BranchName,
    /// The commits, in the order of picking.
    commits: Vec<String>,
    /// What it is.
    title: String,
    /// The pull request, as it was named.
    pull_request: Option<String>,
    /// What is answered.
    answers: Answers,
    /// What is not said yet.
    missing: Vec<Question>,
    /// How it stands; null where none was made.
    request: Option<RequestView>,
}

impl PickDocument {
    /// Shows what is asked for; `missing`: the questions without an answer.
    pub fn new(ask: &Ask, missing: Vec<Question>) -> Self {
        Self {
            id: None,
            onto: ask.onto.clone(),
            commits: ask.commits.clone(),
            title: ask.title.clone(),
            pull_request: ask.pull_request.clone(),
            answers: ask.answers.clone(),
            missing,
            request: None,
        }
    }

    /// Says that nothing was asked for.
    pub fn refused(onto: &BranchName) -> Self {
        Self {
            id: None,
            onto: onto.clone(),
            commits: Vec::new(),
            title: String::new(),
            pull_request: None,
            answers: Answers::default(),
            missing: Vec::new(),
            request: None,
        }
    }

    /// Shows the request as it stands.
    pub fn standing(view: RequestView) -> Self {
        Self {
            id: Some(view.id.clone()),
            onto: view.onto.clone(),
            commits: view.commits.clone(),
            title: view.title.clone(),
            pull_request: view.pull_request.clone(),
            answers: view.answers.clone(),
            missing: view.missing.clone(),
            request: Some(view),
        }
    }
}

impl Document for PickDocument {
    const SCHEMA: &'static str = "debcut/patch-pick/1";

    fn text(&self, page: &mut Page) {
        if self.commits.is_empty() {
            return;
        }
        let name = self.id.as_ref().map_or("a new request", RequestId::as_str);
        page.line(format!("{} onto {}", page.bold(name), self.onto));
        page.field("title", plain(&self.title));
        let commits: Vec<&str> = self.commits.iter().map(|id| words::short(id)).collect();
        page.field("commits", commits.join(" "));
        if let Some(pull_request) = &self.pull_request {
            page.field("from", plain(pull_request));
        }
        for question in Question::ALL {
            let answer = self.answers.to(question);
            if !answer.is_empty() {
                page.field(
                    question.word(),
                    plain(answer).replace('\n', "\n               "),
                );
            }
        }
        if let Some(view) = &self.request {
            for moved in &view.moves {
                page.field("moves", words::moved(page, moved));
            }
            let why = match view.why.is_empty() {
                true => String::new(),
                false => format!(", {}", plain(&view.why)),
            };
            page.field("state", format!("{}{why}", view.state.word()));
        } else if !self.missing.is_empty() {
            page.field("not said", words::questions(&self.missing));
        }
    }
}
