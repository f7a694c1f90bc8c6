//! `patch forge push`, `pull`, `sync`: what was decided on the forge, and what
//! it shows since.

use serde::Serialize;

use crate::model::{BranchName, Timestamp};
use crate::patch::state::State;
use crate::patch::{Decision, RequestId};
use crate::release::commit::Person;
use crate::report::document::plain;
use crate::report::{Page, Report};

/// Which verb it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the verbs")]
pub enum ForgeVerb {
    Push,
    Pull,
    Sync,
}

/// What the verb answers.
#[derive(Debug, Serialize)]
pub struct ForgeDocument {
    #[serde(skip)]
    verb: ForgeVerb,
    /// The forge's host.
    forge: String,
    /// The project.
    project: String,
    /// What was decided there, and is written down here.
    pub decisions: Vec<HeardDecision>,
    /// What is not said there any more, and counts no longer here.
    pub taken_back: Vec<RecalledDecision>,
    /// The requests that have a page there, or get one.
    pub requests: Vec<PageView>,
}

/// A decision that was made on the forge.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct HeardDecision {
    pub request: RequestId,
    pub decision: Decision,
    pub by: Person,
    pub at: Timestamp,
    pub reason: String,
}

/// An approval that is not on the forge any more.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct RecalledDecision {
    pub request: RequestId,
    /// Who had approved.
    pub of: Person,
    pub by: Person,
    pub at: Timestamp,
    pub reason: String,
}

/// A request and its page.
#[derive(Debug, Clone, Serialize)]
pub struct PageView {
    /// Its name.
    pub id: RequestId,
    /// The branch.
    pub onto: BranchName,
    /// What it is.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Its page; null: it has none yet.
    pub url: Option<String>,
    /// What is done about it.
    pub acts: Vec<ActView>,
}

/// Something that is done on the forge.
#[derive(Debug, Clone, Serialize)]
pub struct ActView {
    /// `push`, `open`, `body`, `reopen`, `label`, `close`, `delete` or `link`.
    pub act: &'static str,
    /// In words.
    pub text: String,
}

impl ForgeDocument {
    /// Begins an answer about a project on a forge.
    pub fn new(verb: ForgeVerb, forge: &str, project: &str) -> Self {
        Self {
            verb,
            forge: forge.to_owned(),
            project: project.to_owned(),
            decisions: Vec::new(),
            taken_back: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Says where the page of a request is.
    pub fn place(&mut self, id: &RequestId, url: String) {
        let mut requests = self.requests.iter_mut();
        if let Some(one) = requests.find(|one| one.id == *id) {
            one.url = Some(url);
        }
    }
}

impl Report for ForgeDocument {
    fn schema(&self) -> &'static str {
        match self.verb {
            ForgeVerb::Push => "debcut/patch-forge-push/1",
            ForgeVerb::Pull => "debcut/patch-forge-pull/1",
            ForgeVerb::Sync => "debcut/patch-forge-sync/1",
        }
    }

    fn fields(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("documents have string keys")
    }

    fn text(&self, page: &mut Page) {
        for one in &self.decisions {
            let did = match one.decision {
                Decision::Approve => "approved",
                Decision::Hold => "held",
                Decision::Reject => "rejected",
            };
            let id = page.bold(one.request.as_str());
            let (by, reason) = (plain(&one.by.name), plain(&one.reason));
            page.line(format!("{id} {did} by {by}: {reason}"));
        }
        for one in &self.taken_back {
            let id = page.bold(one.request.as_str());
            let (of, reason) = (plain(&one.of.name), plain(&one.reason));
            page.line(format!("{id} approved by {of} no more: {reason}"));
        }
        for one in self.requests.iter().filter(|one| !one.acts.is_empty()) {
            let id = page.bold(one.id.as_str());
            page.line(format!("{id} {}, {}", plain(&one.title), one.state.word()));
            if let Some(url) = &one.url {
                page.line(format!("  {}", plain(url)));
            }
            for act in &one.acts {
                page.line(format!("  {}", plain(&act.text)));
            }
        }
    }

    fn ending(&self, _: &mut Page) {}
}
