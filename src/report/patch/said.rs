//! `patch approve`, `hold`, `reject`, `answer`, `withdraw`, `supersede`: what was
//! written down, and how the requests stand since.

use serde::Serialize;

use super::RequestView;
use crate::report::document::one_line;
use crate::report::{Page, Report};

/// Which verb it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the verbs")]
pub enum Verb {
    Approve,
    Hold,
    Reject,
    Answer,
    Withdraw,
    Supersede,
}

/// What the verb answers.
#[derive(Debug, Serialize)]
pub struct SaidDocument {
    #[serde(skip)]
    verb: Verb,
    /// How the requests stand.
    requests: Vec<RequestView>,
}

impl SaidDocument {
    /// Shows how requests stand after a verb.
    pub fn new(verb: Verb, requests: Vec<RequestView>) -> Self {
        Self { verb, requests }
    }
}

impl Report for SaidDocument {
    fn schema(&self) -> &'static str {
        match self.verb {
            Verb::Approve => "debcut/patch-approve/1",
            Verb::Hold => "debcut/patch-hold/1",
            Verb::Reject => "debcut/patch-reject/1",
            Verb::Answer => "debcut/patch-answer/1",
            Verb::Withdraw => "debcut/patch-withdraw/1",
            Verb::Supersede => "debcut/patch-supersede/1",
        }
    }

    fn fields(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("documents have string keys")
    }

    fn text(&self, page: &mut Page) {
        for one in &self.requests {
            let why = match one.why.is_empty() {
                true => String::new(),
                false => format!(", {}", one_line(&one.why)),
            };
            let title = one_line(&one.title);
            page.line(format!("{} {title}", page.bold(one.id.as_str())));
            page.line(format!("  {}{why}", one.state.word()));
        }
    }

    fn ending(&self, _: &mut Page) {}
}
