//! The one document a verb answers with.

use serde::Serialize;
use serde_json::Value;

use super::Page;
use crate::model::{Finding, Severity};

/// A verb's result that can be shown as text and as JSON, with the same facts.
pub trait Report {
    /// The document's schema, such as `debcut/build/1`.
    fn schema(&self) -> &'static str;
    /// The fields of the document, an object.
    fn fields(&self) -> Value;
    /// The text for a terminal.
    fn text(&self, page: &mut Page);
    /// The text behind the findings.
    fn ending(&self, page: &mut Page);
}

/// Names a result's schema and text; the JSON fields are its serialisation.
pub trait Document: Serialize {
    /// The document's schema, such as `debcut/build/1`.
    const SCHEMA: &'static str;
    /// Writes the text for a terminal.
    fn text(&self, page: &mut Page);
    /// Writes what stands behind the findings: most documents nothing.
    fn ending(&self, _: &mut Page) {}
}

impl<D: Document> Report for D {
    fn schema(&self) -> &'static str {
        D::SCHEMA
    }

    fn fields(&self) -> Value {
        serde_json::to_value(self).expect("documents have string keys")
    }

    fn text(&self, page: &mut Page) {
        Document::text(self, page);
    }

    fn ending(&self, page: &mut Page) {
        Document::ending(self, page);
    }
}

/// What a verb answers: its result, what it found, and whether it changed
/// anything.
pub struct Answer {
    report: Box<dyn Report>,
    findings: Vec<Finding>,
    changed: Option<bool>,
    dry_run: Option<DryRun>,
}

/// What became of a plan that was not to be carried out.
enum DryRun {
    /// It is there.
    Planned { digest: String },
    /// There is none: what was asked for is refused.
    Refused,
}

impl Answer {
    /// Answers a question.
    pub fn new(report: impl Report + 'static) -> Self {
        Self {
            report: Box::new(report),
            findings: Vec::new(),
            changed: None,
            dry_run: None,
        }
    }

    /// Says whether something was changed.
    #[must_use]
    pub fn changed(mut self, changed: bool) -> Self {
        self.changed = Some(changed);
        self
    }

    /// Marks the answer as a plan that was not carried out.
    #[must_use]
    pub fn dry_run(mut self, plan_digest: impl ToString) -> Self {
        let digest = plan_digest.to_string();
        self.dry_run = Some(DryRun::Planned { digest });
        self
    }

    /// Marks the answer as one to the wish for a plan that there cannot be; its
    /// `plan_digest` is null.
    #[must_use]
    pub fn no_plan(mut self) -> Self {
        self.dry_run = Some(DryRun::Refused);
        self
    }

    /// Adds findings; an error among them makes the answer a no.
    #[must_use]
    pub fn findings(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.findings.extend(findings);
        self
    }

    /// Tells whether the answer is a no.
    pub fn is_no(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// Returns the JSON document: `schema` first, then the facts.
    pub fn json(&self) -> Value {
        let mut whole = serde_json::Map::new();
        whole.insert("schema".into(), self.report.schema().into());
        if let Some(dry_run) = &self.dry_run {
            whole.insert("dry_run".into(), true.into());
            let digest = match dry_run {
                DryRun::Planned { digest } => digest.as_str().into(),
                DryRun::Refused => Value::Null,
            };
            whole.insert("plan_digest".into(), digest);
        }
        if let Some(changed) = self.changed {
            whole.insert("changed".into(), changed.into());
        }
        if let Value::Object(fields) = self.report.fields() {
            whole.extend(fields);
        }
        let findings = serde_json::to_value(&self.findings).expect("findings are plain");
        whole.insert("findings".into(), findings);
        Value::Object(whole)
    }

    /// Writes the text: the result, the findings, the result's last word.
    pub fn text(&self, page: &mut Page) {
        self.report.text(page);
        for finding in &self.findings {
            finding_text(finding, page);
        }
        if self.dry_run.is_some() {
            page.line(page.dim("dry run: nothing was written"));
        } else if self.changed == Some(false) && !self.is_no() {
            page.line("nothing to do");
        }
        self.report.ending(page);
    }
}

fn finding_text(finding: &Finding, page: &mut Page) {
    let word = match finding.severity {
        Severity::Error => page.bad("error"),
        Severity::Warning => page.warning("warning"),
        Severity::Info => page.dim("info"),
    };
    let rule = page.dim(&format!("[{}]", finding.rule));
    let (subject, message) = (one_line(&finding.subject), indented(&finding.message, 4));
    page.line(format!("{word}: {subject}: {message} {rule}"));
    if !finding.fix.is_empty() {
        page.line(format!("  fix: {}", indented(&finding.fix, 7)));
    }
}

/// Takes out of a text what could move a terminal's cursor: files of strangers
/// reach it.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect()
}

/// Takes the same out of what has one line of its own: a second one could pass
/// for one of ours.
pub(super) fn one_line(text: &str) -> String {
    plain(text).trim_end().replace('\n', " ")
}

/// Takes the same out of what may have several lines: those behind the first
/// stand so many columns to the right, where none of ours begins.
pub(super) fn indented(text: &str, columns: usize) -> String {
    let break_and_indent = format!("\n{:columns$}", "");
    plain(text).trim_end().replace('\n', &break_and_indent)
}

/// The document of a verb that could not answer.
#[derive(Debug, Serialize)]
pub struct ErrorDocument<'a> {
    schema: &'static str,
    kind: &'a str,
    message: &'a str,
    causes: &'a [String],
    hints: &'a [String],
}

impl<'a> ErrorDocument<'a> {
    /// Makes the document.
    pub fn new(kind: &'a str, message: &'a str, causes: &'a [String], hints: &'a [String]) -> Self {
        Self {
            schema: "debcut/error/1",
            kind,
            message,
            causes,
            hints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Colour;

    #[test]
    fn a_text_of_strangers_makes_no_line_of_ours() {
        assert_eq!(one_line("a\n\u{1b}[1mb\n"), "a [1mb");
        assert_eq!(indented("a\nb\r\nc\n", 3), "a\n   b\n   c");
        let finding = Finding::warning("rule", "one\ntwo", "no\nerror: two: yes");
        let mut page = Page::new(Colour::Off);
        finding_text(&finding, &mut page);
        let text = page.into_text();
        assert_eq!(text, "warning: one two: no\n    error: two: yes [rule]\n");
    }
}
