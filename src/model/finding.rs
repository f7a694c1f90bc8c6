//! A finding: a refusal or a remark with its rule, its reason and its remedy.

use std::error::Error;

use serde::Serialize;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely a mistake, but nothing stops for it.
    Warning,
    /// The answer is no while this stands.
    Error,
}

/// What a check found: not an error of the program but an answer of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, stable and in kebab-case (`tag-changelog-mismatch`).
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about: a file, a package, a suite.
    pub subject: String,
    /// What was found and what was expected, as one clause.
    pub message: String,
    /// What to do about it; empty when nothing sensible can be said.
    pub fix: String,
}

impl Finding {
    /// Makes a finding that stops the work.
    pub fn error(
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(rule, Severity::Error, subject.into(), message.into())
    }

    /// Makes a finding that stops nothing.
    pub fn warning(
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(rule, Severity::Warning, subject.into(), message.into())
    }

    /// Makes a finding that is only worth knowing: a check that could not be
    /// made, and why.
    pub fn info(
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(rule, Severity::Info, subject.into(), message.into())
    }

    fn new(rule: &'static str, severity: Severity, subject: String, message: String) -> Self {
        Self {
            rule,
            severity,
            subject,
            message,
            fix: String::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Gives it another weight.
    #[must_use]
    pub fn weighing(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Tells whether the work must stop for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Tells an error with its causes in one clause, for a finding's message. A
/// cause that the error has already repeated is not said twice.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
