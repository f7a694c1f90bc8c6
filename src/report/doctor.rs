//! What a release needs: what is fine; what is not stands in the findings.

use serde::Serialize;

use super::document::plain;
use super::{Document, Page};
use crate::model::{Checkup, Passed, Severity};

/// What `doctor` answers.
#[derive(Debug, Serialize)]
pub struct DoctorDocument {
    ok: usize,
    warnings: usize,
    problems: usize,
    skipped: usize,
    passed: Vec<Passed>,
}

impl DoctorDocument {
    /// Shows what checks came to, but their findings, which the answer has.
    pub fn new(checkup: &Checkup) -> Self {
        Self {
            ok: checkup.passed.len(),
            warnings: checkup.count(Severity::Warning),
            problems: checkup.count(Severity::Error),
            skipped: checkup.count(Severity::Info),
            passed: checkup.passed.clone(),
        }
    }
}

impl Document for DoctorDocument {
    const SCHEMA: &'static str = "debcut/doctor/1";

    fn text(&self, page: &mut Page) {
        for passed in &self.passed {
            let word = page.good("ok");
            let rule = page.dim(&format!("[{}]", passed.rule));
            let (subject, message) = (plain(&passed.subject), plain(&passed.message));
            page.line(format!("{word}: {subject}: {message} {rule}"));
        }
    }

    fn ending(&self, page: &mut Page) {
        let Self {
            ok,
            warnings,
            problems,
            skipped,
            ..
        } = self;
        let verdict = match problems {
            0 => page.good("ready"),
            _ => page.bad("not ready"),
        };
        page.line(format!(
            "{verdict}: {ok} ok, {warnings} warning(s), {problems} problem(s), {skipped} not checked"
        ));
    }
}
