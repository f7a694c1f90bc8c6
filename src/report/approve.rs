//! A rollout that was approved, or not.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Document, Page};
use crate::rollout::Rollout;
use crate::rollout::event::Event;
use crate::rollout::policy::Approval;
use crate::rollout::state::RolloutId;

/// What `rollout approve` answers.
#[derive(Debug, Serialize)]
pub struct ApproveDocument {
    id: String,
    /// The request's digest.
    request: Option<String>,
    /// Where its text can be read.
    request_file: Option<PathBuf>,
    /// The key that approves.
    key: Option<String>,
    /// How many have approved, this one included.
    approvals: Option<usize>,
    /// How many must.
    needed: Option<u32>,
    /// The statement, where it is for another machine.
    statement: Option<String>,
    /// Where it was written.
    statement_file: Option<PathBuf>,
}

impl ApproveDocument {
    fn about(id: &RolloutId) -> Self {
        Self {
            id: id.to_string(),
            request: None,
            request_file: None,
            key: None,
            approvals: None,
            needed: None,
            statement: None,
            statement_file: None,
        }
    }

    /// Says that nothing was approved.
    pub fn refused(id: &RolloutId, request: Option<&str>) -> Self {
        Self {
            request: request.map(str::to_owned),
            ..Self::about(id)
        }
    }

    /// Says what would be approved.
    pub fn planned(id: &RolloutId, request: &str, kept: &Path) -> Self {
        Self {
            request: Some(request.to_owned()),
            request_file: Some(kept.to_owned()),
            ..Self::about(id)
        }
    }

    /// Says who approved; `event` is `None` where that key had already.
    pub fn new(rollout: &Rollout, request: &str, kept: &Path, event: Option<&Event>) -> Self {
        let key = match event {
            Some(Event::Approved { key, .. }) => Some(key.to_string()),
            _ => None,
        };
        Self {
            approvals: Some(rollout.approved.len() + usize::from(key.is_some())),
            needed: match rollout.policy.approval {
                Approval::Needed { count, .. } => Some(count),
                Approval::NotNeeded => None,
            },
            key,
            ..Self::planned(&rollout.id, request, kept)
        }
    }

    /// Hands over a statement for another machine.
    pub fn stated(
        id: &RolloutId,
        request: &str,
        kept: &Path,
        statement: String,
        out: Option<&Path>,
    ) -> Self {
        Self {
            statement: Some(statement),
            statement_file: out.map(Path::to_owned),
            ..Self::planned(id, request, kept)
        }
    }
}

impl Document for ApproveDocument {
    const SCHEMA: &'static str = "debcut/rollout-approve/1";

    fn text(&self, page: &mut Page) {
        if let Some(statement) = &self.statement {
            match &self.statement_file {
                Some(path) => page.line(format!(
                    "the approval of {} is in {}",
                    self.id,
                    path.display()
                )),
                None => page.line(statement),
            }
            return;
        }
        let (Some(request), Some(file)) = (&self.request, &self.request_file) else {
            return;
        };
        page.line(format!("{}: request {request}", self.id));
        page.field("text", file.display().to_string());
        if let Some(key) = &self.key {
            page.field("approved by", key);
        }
        if let (Some(approvals), Some(needed)) = (self.approvals, self.needed) {
            let word = match approvals >= needed as usize {
                true => page.good("enough"),
                false => page.warning("waits for more"),
            };
            page.field("approvals", format!("{approvals} of {needed}, {word}"));
        }
    }
}
