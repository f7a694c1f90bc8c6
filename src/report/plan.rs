//! What would be released, and why.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Document, Page};
use crate::model::{Finding, Severity};
use crate::release::change::{Change, Ignored, Reason};
use crate::release::plan::{Decision, PackagePlan, ReleasePlan};
use crate::release::policy::Bump;

/// What `plan` answers.
#[derive(Debug, Serialize)]
pub struct PlanDocument {
    head: String,
    branch: Option<String>,
    digest: String,
    packages: Vec<Package>,
    /// Commits that are of no package.
    ignored: Vec<CommitLine>,
}

#[derive(Debug, Serialize)]
struct Package {
    name: String,
    path: String,
    current: Option<String>,
    current_tag: Option<String>,
    next: Option<String>,
    debian_version: Option<String>,
    bump: Option<Bump>,
    tag: Option<String>,
    state: State,
    skip: bool,
    reason: String,
    release_commit: Option<String>,
    commits: Vec<CommitLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Release,
    Prepared,
    Skip,
}

/// A commit, or one change of it.
#[derive(Debug, Serialize)]
struct CommitLine {
    id: String,
    subject: String,
    #[serde(flatten)]
    change: Option<Change>,
    ignored: Option<Reason>,
}

impl CommitLine {
    fn of_change(change: &Change) -> Self {
        Self {
            id: change.commit.clone(),
            subject: subject(change),
            change: Some(change.clone()),
            ignored: None,
        }
    }

    fn of_ignored(ignored: &Ignored) -> Self {
        Self {
            id: ignored.commit.clone(),
            subject: ignored.subject.clone(),
            change: None,
            ignored: Some(ignored.reason.clone()),
        }
    }

    fn short(&self) -> String {
        match self.id.is_empty() {
            true => "·".repeat(12),
            false => self.id.chars().take(12).collect(),
        }
    }
}

/// Writes a change as its commit's subject would be.
pub(super) fn subject(change: &Change) -> String {
    let scopes = match change.scopes.as_slice() {
        [] => String::new(),
        scopes => format!("({})", scopes.join(",")),
    };
    let mark = if change.breaking.is_some() { "!" } else { "" };
    match &change.kind {
        Some(kind) => format!("{kind}{scopes}{mark}: {}", change.description),
        None => change.description.clone(),
    }
}

/// Says why a commit is left out.
fn why(reason: &Reason) -> String {
    match reason {
        Reason::Merge => "a merge; its commits speak for themselves".into(),
        Reason::Fixup => "fixup of another commit".into(),
        Reason::Release => "a release commit".into(),
        Reason::Reverted(by) => format!("taken back by {by:.12}"),
        Reason::RevertOf(what) => format!("takes back {what:.12}"),
        Reason::Policy(rule) => rule.clone(),
        Reason::Unowned(path) => format!("of no package: {path}"),
        Reason::Empty => "changes no file".into(),
    }
}

impl PlanDocument {
    /// Shows a plan.
    pub fn new(plan: &ReleasePlan) -> Self {
        Self {
            head: plan.head.clone(),
            branch: plan.branch.clone(),
            digest: plan.digest().to_string(),
            packages: plan.packages.iter().map(package).collect(),
            ignored: plan.ignored.iter().map(CommitLine::of_ignored).collect(),
        }
    }

    /// Shows that there is no plan.
    pub fn refused() -> Self {
        Self {
            head: String::new(),
            branch: None,
            digest: String::new(),
            packages: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// Writes the plan as Markdown, for a comment on a pull request; what forbids
    /// it first.
    pub fn markdown(&self, findings: &[Finding]) -> String {
        let mut text = String::from("### Release plan\n\n");
        for finding in findings {
            let word = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            let (subject, message) = (cell(&finding.subject), cell(&finding.message));
            let _ = writeln!(text, "- **{word}**: {subject}: {message}");
            if !finding.fix.is_empty() {
                let _ = writeln!(text, "  fix: {}", cell(&finding.fix));
            }
        }
        if findings.iter().any(Finding::is_error) {
            text.push_str("\nNothing can be released.\n");
            return text;
        }
        if !findings.is_empty() {
            text.push('\n');
        }
        let released: Vec<_> = self
            .packages
            .iter()
            .filter(|p| p.state != State::Skip)
            .collect();
        if released.is_empty() {
            text.push_str("Nothing would be released.\n");
        } else {
            text.push_str("| package | now | next | Debian | why |\n|---|---|---|---|---|\n");
        }
        for package in &released {
            let _ = writeln!(
                text,
                "| {} | {} | **{}** | {} | {} |",
                package.name,
                package.current.as_deref().unwrap_or("–"),
                package.next.as_deref().unwrap_or_default(),
                package.debian_version.as_deref().unwrap_or_default(),
                cell(&package.reason),
            );
        }
        for package in &released {
            let _ = writeln!(
                text,
                "\n<details><summary>{}: commits</summary>\n",
                package.name
            );
            for commit in &package.commits {
                let left = commit
                    .ignored
                    .as_ref()
                    .map(|reason| format!(" _(left out: {})_", cell(&why(reason))));
                let _ = writeln!(
                    text,
                    "- `{}` {}{}",
                    commit.short(),
                    cell(&commit.subject),
                    left.unwrap_or_default()
                );
            }
            text.push_str("\n</details>\n");
        }
        if !self.ignored.is_empty() {
            let count = self.ignored.len();
            let _ = writeln!(
                text,
                "\n<details><summary>{count} commit(s) of no package</summary>\n"
            );
            for commit in &self.ignored {
                let reason = commit.ignored.as_ref().map(why).unwrap_or_default();
                let (id, subject) = (commit.short(), cell(&commit.subject));
                let _ = writeln!(text, "- `{id}` {subject} _({})_", cell(&reason));
            }
            text.push_str("\n</details>\n");
        }
        let skipped: Vec<_> = self
            .packages
            .iter()
            .filter(|p| p.state == State::Skip)
            .collect();
        if !skipped.is_empty() {
            let _ = writeln!(
                text,
                "\n<details><summary>{} not released</summary>\n",
                skipped.len()
            );
            for package in skipped {
                let _ = writeln!(text, "- {}: {}", package.name, cell(&package.reason));
            }
            text.push_str("\n</details>\n");
        }
        text
    }
}

/// Takes out of a stranger's text what Markdown or HTML would obey.
fn cell(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars().filter(|c| !c.is_control()) {
        match letter {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | '\\' => plain.extend(['\\', letter]),
            '@' => plain.push_str("&#64;"),
            other => plain.push(other),
        }
    }
    plain
}

fn package(plan: &PackagePlan) -> Package {
    let changes = plan.changes.iter().map(CommitLine::of_change);
    let ignored = plan.ignored.iter().map(CommitLine::of_ignored);
    let base = Package {
        name: plan.name.to_string(),
        path: plan.path.clone(),
        current: plan.current.as_ref().map(|release| release.version.clone()),
        current_tag: plan.current.as_ref().map(|release| release.tag.to_string()),
        next: None,
        debian_version: None,
        bump: None,
        tag: None,
        state: State::Skip,
        skip: false,
        reason: String::new(),
        release_commit: None,
        commits: changes.chain(ignored).collect(),
    };
    match &plan.decision {
        Decision::Release(next) => Package {
            next: Some(next.version.clone()),
            debian_version: Some(next.debian_version.to_string()),
            bump: Some(next.bump),
            tag: next.tag.as_ref().map(ToString::to_string),
            state: State::Release,
            reason: next.reason.clone(),
            ..base
        },
        Decision::Prepared {
            version,
            debian_version,
            tag,
            commit,
            later,
        } => Package {
            next: Some(version.clone()),
            debian_version: Some(debian_version.to_string()),
            tag: Some(tag.to_string()),
            state: State::Prepared,
            reason: match later {
                0 => format!("prepared by {commit:.12}, awaits its tag"),
                n => format!(
                    "prepared by {commit:.12}, awaits its tag; {n} later commit(s) are of the next release"
                ),
            },
            release_commit: Some(commit.clone()),
            ..base
        },
        Decision::Skip { reason } => Package {
            skip: true,
            reason: reason.clone(),
            ..base
        },
    }
}

impl Document for PlanDocument {
    const SCHEMA: &'static str = "debcut/plan/1";

    fn text(&self, page: &mut Page) {
        for package in &self.packages {
            let current = package.current.as_deref().unwrap_or("unreleased");
            match &package.next {
                None => {
                    let line = format!("{} {current}: nothing, {}", package.name, package.reason);
                    page.line(page.dim(&line));
                    if package.commits.is_empty() {
                        continue;
                    }
                }
                Some(next) => {
                    let head = format!("{} {current} → {next}", package.name);
                    page.line(page.bold(&head));
                    page.field("why", &package.reason);
                    page.field(
                        "debian",
                        package.debian_version.as_deref().unwrap_or_default(),
                    );
                    page.field("tag", package.tag.as_deref().unwrap_or("none"));
                }
            }
            commits(page, &package.commits);
        }
        if !self.ignored.is_empty() {
            page.line(format!(
                "left out, of no package: {} commit(s)",
                self.ignored.len()
            ));
            commits(page, &self.ignored);
        }
        let released = self.packages.iter().any(|p| p.state == State::Release);
        let prepared = self.packages.iter().any(|p| p.state == State::Prepared);
        if released {
            let digest: String = self.digest.chars().take(12).collect();
            page.line(format!(
                "next: debcut prepare, with the same words; --plan {digest} keeps it to this plan"
            ));
        } else if prepared {
            page.line("next: debcut tag");
        }
    }
}

fn commits(page: &mut Page, commits: &[CommitLine]) {
    for commit in commits {
        let id = page.dim(&commit.short());
        let subject: String = commit.subject.chars().filter(|c| !c.is_control()).collect();
        match &commit.ignored {
            None => page.line(format!("    {id}  {subject}")),
            Some(reason) => {
                let line = format!("{subject} (left out: {})", why(reason));
                page.line(format!("    {id}  {}", page.dim(&line)));
            }
        }
    }
}
