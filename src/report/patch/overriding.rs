//! `patch override`: a rule that is set aside for a request.

use serde::Serialize;

use crate::model::BranchName;
use crate::release::commit::Person;
use crate::report::document::one_line;
use crate::report::{Document, Page};

/// What `patch override` answers.
#[derive(Debug, Serialize)]
pub struct OverrideDocument {
    /// The request, or the commit.
    pub id: String,
    /// The branch.
    pub onto: BranchName,
    /// What it is.
    pub title: String,
    /// The rule.
    pub rule: &'static str,
    /// Why; null: it is not set aside.
    pub reason: Option<String>,
    /// Who has set it aside.
    pub by: Option<Person>,
}

impl Document for OverrideDocument {
    const SCHEMA: &'static str = "debcut/patch-override/1";

    fn text(&self, page: &mut Page) {
        let title = one_line(&self.title);
        page.line(format!(
            "{} onto {}: {title}",
            page.bold(&self.id[..self.id.len().min(12)]),
            self.onto
        ));
        if let (Some(reason), Some(by)) = (&self.reason, &self.by) {
            let (by, reason) = (one_line(&by.name), one_line(reason));
            page.line(format!("{} is set aside by {by}: {reason}", self.rule));
        }
    }
}
