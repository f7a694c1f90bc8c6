//! `patch override`: a rule that is set aside for a request.

use serde::Serialize;

use crate::model::BranchName;
use crate::release::commit::Person;
use crate::report::document::plain;
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
        let title = plain(&self.title);
        page.line(format!(
            "{} onto {}: {title}",
            page.bold(&self.id[..self.id.len().min(12)]),
            self.onto
        ));
        if let (Some(reason), Some(by)) = (&self.reason, &self.by) {
            let (by, reason) = (plain(&by.name), plain(reason));
            page.line(format!("{} is set aside by {by}: {reason}", self.rule));
        }
    }
}
