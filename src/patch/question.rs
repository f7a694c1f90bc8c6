//! What a release manager asks of each request, and what of it is answered.

use serde::Serialize;

use super::entry::Answers;

/// A question of a release manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// Which bug is it?
    Bug,
    /// Who is affected?
    Affected,
    /// How bad is it?
    Severity,
    /// How was it verified?
    Verified,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bug, Self::Affected, Self::Severity, Self::Verified];

    /// Returns its name: the flag, the trailer and the block that answer it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Affected => "affected",
            Self::Severity => "severity",
            Self::Verified => "verified",
        }
    }

    /// Returns the question.
    pub fn text(self) -> &'static str {
        match self {
            Self::Bug => "Which bug: a number, an address, or what goes wrong?",
            Self::Affected => "Who is affected, and since when?",
            Self::Severity => "How bad is it, and is there a way around it?",
            Self::Verified => "How was it verified, and on which branch?",
        }
    }
}

impl Answers {
    /// Returns the answer to a question; empty: not said yet.
    pub fn to(&self, question: Question) -> &str {
        match question {
            Question::Bug => &self.bug,
            Question::Affected => &self.affected,
            Question::Severity => &self.severity,
            Question::Verified => &self.verified,
        }
    }

    /// Returns the place of a question's answer.
    pub fn to_mut(&mut self, question: Question) -> &mut String {
        match question {
            Question::Bug => &mut self.bug,
            Question::Affected => &mut self.affected,
            Question::Severity => &mut self.severity,
            Question::Verified => &mut self.verified,
        }
    }

    /// Lists those of some questions that have no answer.
    pub fn missing(&self, questions: &[Question]) -> Vec<Question> {
        let open = |question: &Question| self.to(*question).trim().is_empty();
        questions.iter().copied().filter(open).collect()
    }
}
