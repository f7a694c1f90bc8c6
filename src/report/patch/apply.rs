//! `patch apply`: what became of each request, and where it stops.

use std::path::PathBuf;

use serde::Serialize;

use super::words::short;
use crate::model::{BranchName, Finding};
use crate::patch::RequestId;
use crate::patch::entry::Picked;
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `patch apply` answers.
#[derive(Debug, Serialize)]
pub struct ApplyDocument {
    /// The branch.
    pub onto: BranchName,
    /// `planned`, `done`, `unchanged`, `refused`, `stopped` or `aborted`.
    pub outcome: &'static str,
    /// The branch's newest commit before.
    pub from: Option<String>,
    /// The one after.
    pub to: Option<String>,
    /// What became of each request: first those that go, in the order of
    /// picking.
    pub requests: Vec<AppliedRequest>,
    /// The conflict that it waits at.
    pub stopped_at: Option<StoppedAt>,
    /// The remote that the branch and the queue were pushed to; null: none.
    pub pushed: Option<String>,
    /// What to do next.
    pub next: Vec<String>,
}

/// What became of a request.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct AppliedRequest {
    pub id: RequestId,
    pub title: String,
    /// `goes`, `nothing`, `found`, `stays`, `conflicts`, `waits` or `skipped`.
    pub fate: &'static str,
    pub commits: Vec<Picked>,
    /// The rules that it breaks, or why it stays.
    pub findings: Vec<Finding>,
}

/// A conflict, and what would make it apply.
#[derive(Debug, Serialize)]
pub struct StoppedAt {
    /// The request.
    pub request: RequestId,
    /// The commit that does not apply.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// The paths that both sides changed.
    pub paths: Vec<String>,
    /// Earlier commits of the main branch that would make it apply, all of
    /// them; null: that was said when it stopped.
    pub first: Option<Vec<EarlierCommit>>,
    /// How many earlier commits were tried.
    pub tried: Option<usize>,
    /// The request that it does not go together with.
    pub against: Option<RequestId>,
    /// The work tree to resolve it in.
    pub directory: Option<PathBuf>,
}

/// An earlier commit of the main branch.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct EarlierCommit {
    pub commit: String,
    pub subject: String,
    pub request: Option<RequestId>,
}

impl Document for ApplyDocument {
    const SCHEMA: &'static str = "debcut/patch-apply/1";

    fn text(&self, page: &mut Page) {
        let onto = page.bold(self.onto.as_str());
        let at = |id: &Option<String>| id.as_deref().map_or("nothing", short).to_owned();
        page.line(match self.outcome {
            "done" if self.from != self.to => {
                format!("{onto}: {} → {}", at(&self.from), at(&self.to))
            }
            "aborted" => format!("{onto}: given up; nothing was changed"),
            "stopped" => format!("{onto}: waits at a conflict; nothing is moved yet"),
            _ => format!("{onto} at {}", at(&self.from)),
        });
        for one in &self.requests {
            let word = format!("{:<9}", one.fate);
            let word = match one.fate {
                "goes" | "found" | "nothing" => page.good(&word),
                "conflicts" => page.bad(&word),
                "stays" => page.warning(&word),
                _ => page.dim(&word),
            };
            page.line(format!("{word} {}  {}", one.id, plain(&one.title)));
            for commit in &one.commits {
                let from = short(&commit.from);
                if let Some(to) = &commit.to {
                    page.line(page.dim(&format!("          {from} as {}", short(to))));
                }
            }
            // What stays only because of a rule is no error when nobody named it.
            // What was named is told below, as what it is, but where a conflict is.
            let told = self.outcome == "refused" && self.stopped_at.is_none();
            for finding in one.findings.iter().filter(|_| !told) {
                let text = format!("          {} [{}]", plain(&finding.message), finding.rule);
                page.line(text);
                if !finding.fix.is_empty() {
                    page.line(format!("            fix: {}", plain(&finding.fix)));
                }
            }
        }
        if let Some(stop) = &self.stopped_at {
            page.line(format!(
                "{} {} of request {} does not apply",
                page.bad("conflict:"),
                short(&stop.commit),
                stop.request
            ));
            page.line(format!("  {}", plain(&stop.subject)));
            for path in &stop.paths {
                page.line(format!("  both sides changed {}", plain(path)));
            }
            match &stop.first {
                Some(first) if first.is_empty() => page.line(format!(
                    "  no earlier commit makes it apply ({} tried)",
                    stop.tried.unwrap_or_default()
                )),
                Some(first) => {
                    page.line("  it would apply after:");
                    for one in first {
                        let asked = match &one.request {
                            Some(id) => format!(" (request {id})"),
                            None => String::new(),
                        };
                        let subject = plain(&one.subject);
                        page.line(format!("    {} {subject}{asked}", short(&one.commit)));
                    }
                }
                None => {}
            }
            if let Some(other) = &stop.against {
                page.line(format!("  alone it applies: request {other} is in its way"));
            }
            if let Some(directory) = &stop.directory {
                page.line(format!("  resolve it in {}", directory.display()));
            }
        }
    }

    fn ending(&self, page: &mut Page) {
        if let Some(remote) = &self.pushed {
            page.line(format!("pushed to {}, with the queue", plain(remote)));
        }
        for next in &self.next {
            page.line(format!("next: {next}"));
        }
    }
}
