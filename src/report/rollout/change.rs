//! What became of a word about a rollout: `pause`, `resume`, `skip-soak`, ….

use serde::Serialize;

use crate::model::Timestamp;
use crate::report::document::plain;
use crate::report::rolling::{Command, Next};
use crate::report::{Page, Report};

/// Which word it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the verbs")]
pub enum Word {
    Pause,
    Resume,
    SkipSoak,
    Abort,
    Exclude,
    Include,
}

impl Word {
    fn schema(self) -> &'static str {
        match self {
            Self::Pause => "debcut/rollout-pause/1",
            Self::Resume => "debcut/rollout-resume/1",
            Self::SkipSoak => "debcut/rollout-skip-soak/1",
            Self::Abort => "debcut/rollout-abort/1",
            Self::Exclude => "debcut/rollout-exclude/1",
            Self::Include => "debcut/rollout-include/1",
        }
    }
}

/// What became of it.
#[derive(Debug, Serialize)]
pub struct ChangeDocument {
    #[serde(skip)]
    word: Word,
    id: String,
    /// What is so now.
    text: String,
    /// The controller that takes the word before its next step.
    controller: Option<String>,
    /// What comes next.
    next: String,
    next_at: Option<Timestamp>,
    commands: Vec<Command>,
}

impl ChangeDocument {
    /// Says what is so now, and what comes next.
    pub fn new(word: Word, id: &str, text: &str, next: Option<Next>) -> Self {
        let (next, next_at, commands) = match next {
            Some(next) => (next.text, next.at, next.commands),
            None => Default::default(),
        };
        Self {
            word,
            id: id.to_owned(),
            text: text.to_owned(),
            controller: None,
            next,
            next_at,
            commands,
        }
    }

    /// Names the controller that will take the word.
    #[must_use]
    pub fn left_for(mut self, holder: &str) -> Self {
        self.controller = Some(holder.to_owned());
        self
    }
}

impl Report for ChangeDocument {
    fn schema(&self) -> &'static str {
        self.word.schema()
    }

    fn fields(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("documents have string keys")
    }

    fn text(&self, page: &mut Page) {
        page.line(format!("{} {}", page.bold(&self.id), self.text));
        if let Some(holder) = &self.controller {
            page.line(format!("{holder} takes it before its next step"));
        }
    }

    fn ending(&self, page: &mut Page) {
        if self.next.is_empty() {
            return;
        }
        page.line(format!("{} {}", page.bold("next:"), plain(&self.next)));
        for one in &self.commands {
            page.line(format!("      {} {}", one.command, page.dim(&one.does)));
        }
    }
}
