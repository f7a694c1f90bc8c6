//! What a row of checks came to: what is fine, and what is not.

use serde::Serialize;

use super::{Finding, Severity};

/// A check that found nothing to mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The check's name, stable and in kebab-case.
    pub rule: &'static str,
    /// What was looked at.
    pub subject: String,
    /// What was found, as one clause.
    pub message: String,
}

/// What a row of checks came to, each list in the order of the checks.
///
/// A finding of severity [`Severity::Info`] is a check that could not be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    /// What is fine.
    pub passed: Vec<Passed>,
    /// What is not, and what could not be checked.
    pub findings: Vec<Finding>,
}

impl Checkup {
    /// Notes that something is fine.
    pub fn pass(
        &mut self,
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.passed.push(Passed {
            rule,
            subject: subject.into(),
            message: message.into(),
        });
    }

    /// Notes what was found.
    pub fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds what other checks came to; what two of them find is told once.
    pub fn extend(&mut self, other: Self) {
        self.passed.extend(other.passed);
        for finding in other.findings {
            let told =
                |known: &Finding| (known.rule, &known.subject) == (finding.rule, &finding.subject);
            if !self.findings.iter().any(told) {
                self.findings.push(finding);
            }
        }
    }

    /// Counts the findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    }
}
