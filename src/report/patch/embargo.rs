//! What `patch embargo` and `patch lift` answer.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{BranchName, TagName, Timestamp};
use crate::patch::embargo::{Embargo, Ended, Lift, OnDate, Upload};
use crate::report::{Document, Page};
use crate::sys::outward::Phase;

/// What `patch embargo` answers.
#[derive(Debug, Serialize)]
pub struct EmbargoDocument {
    /// The embargo; none: there is none.
    pub embargo: Option<Embargo>,
    /// Marks that came along with what was fetched, which nobody here takes part
    /// in yet.
    pub carried: Vec<CarriedMark>,
    /// Whether git runs the hook; none: there is neither an embargo nor a mark.
    pub hook: Option<bool>,
    /// The last one that is over.
    pub ended: Option<Ended>,
    /// What dropping it opens, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<Opens>,
}

/// What dropping an embargo opens.
#[derive(Debug, Serialize)]
pub struct Opens {
    /// The embargo.
    pub name: String,
    /// The remote that may be pushed to then.
    pub remote: String,
    /// How many commits of each branch it is not known to have.
    pub branches: BTreeMap<BranchName, usize>,
    /// The tags that it is not known to have.
    pub tags: Vec<TagName>,
    /// The archives whose packages may go anywhere.
    pub archives: Vec<String>,
    /// How many entries of the queue stay private.
    pub kept: usize,
}

impl Opens {
    /// Says it, a line each.
    pub fn lines(&self) -> Vec<String> {
        let branches = self.branches.iter().map(|(branch, commits)| match commits {
            1 => format!("{branch} (1 commit)"),
            _ => format!("{branch} ({commits} commits)"),
        });
        let tags = self.tags.iter().map(ToString::to_string);
        let names: Vec<String> = branches.chain(tags).collect();
        let mut lines = Vec::new();
        if !names.is_empty() {
            let names = names.join(", ");
            lines.push(format!("may be pushed to {} then: {names}", self.remote));
        }
        if !self.archives.is_empty() {
            let archives = self.archives.join(", ");
            lines.push(format!("may be published anywhere then: {archives}"));
        }
        if self.kept > 0 {
            lines.push(format!(
                "{} of the queue, which {} is not known to have, stay private",
                match self.kept {
                    1 => "1 entry".to_owned(),
                    kept => format!("{kept} entries"),
                },
                self.remote
            ));
        }
        lines
    }
}

/// A mark that came along.
#[derive(Debug, Serialize)]
pub struct CarriedMark {
    /// The embargo.
    pub name: String,
    /// The ref that brought it.
    pub from: String,
    /// Where a push may go all the same.
    pub private_remotes: Vec<String>,
}

impl EmbargoDocument {
    fn carried(&self, page: &mut Page) {
        for mark in &self.carried {
            let name = page.bold(&mark.name);
            let state = page.warning("under embargo, by a mark that came along");
            page.line(format!("{name}: {state}"));
            page.field("mark", mark.from.clone());
            if !mark.private_remotes.is_empty() {
                page.field("private remotes", mark.private_remotes.join(", "));
            }
            let name = &mark.name;
            page.line(match self.hook {
                Some(true) => format!(
                    "a hook guards your own git push; debcut patch embargo {name} takes part"
                ),
                _ => page.bad(&format!(
                    "your own git push is NOT guarded: debcut patch embargo {name} guards it"
                )),
            });
        }
    }
}

impl Document for EmbargoDocument {
    const SCHEMA: &'static str = "debcut/patch-embargo/1";

    fn text(&self, page: &mut Page) {
        if let Some(opens) = &self.opens {
            let ends = match self.embargo {
                Some(_) => "would end, and nothing is released",
                None => "ended, and nothing is released",
            };
            page.line(format!("{} {ends}", page.bold(&opens.name)));
            for line in opens.lines() {
                page.line(format!("  {line}"));
            }
            return;
        }
        let Some(embargo) = &self.embargo else {
            if !self.carried.is_empty() {
                self.carried(page);
                return;
            }
            page.line("there is no embargo");
            if let Some(ended) = &self.ended {
                page.line(page.dim(&format!("{} ended {}", ended.name, ended.at)));
            }
            return;
        };
        let state = match embargo.mark.phase {
            Phase::Sealed => page.warning("under embargo"),
            Phase::Lifting => page.bad("being lifted: debcut patch lift finishes it"),
        };
        page.line(format!("{}: {state}", page.bold(&embargo.mark.name)));
        let names: Vec<&str> = embargo.branches.iter().map(|one| one.as_str()).collect();
        page.field("branches", names.join(", "));
        let by = format!("{} by {}", embargo.since, embargo.by.name);
        page.field("since", by);
        if let Some(until) = embargo.until {
            let then = match embargo.on_date {
                OnDate::Lift => "then debcut patch lift --if-due lifts it",
                OnDate::Wait => "then somebody lifts it: no --lift-on-date",
            };
            page.field("until", format!("{until}; {then}"));
        }
        let private = &embargo.mark.private;
        for (name, places) in [
            ("private remotes", &private.remotes),
            ("private archives", &private.archives),
            ("private addresses", &private.addresses),
            ("private commands", &private.commands),
        ] {
            if !places.is_empty() {
                page.field(name, places.join(", "));
            }
        }
        page.field("goes to", goes_to(embargo));
        if self.hook == Some(false) {
            let warning = page.bad("git does not run the hook: debcut patch embargo NAME sets it");
            page.line(warning);
        }
    }
}

fn goes_to(embargo: &Embargo) -> String {
    let target = &embargo.target;
    let own = target.suites.iter();
    let own = own.map(|(branch, suite)| format!("{suite} ({branch})"));
    let suites = target.suite.iter().map(ToString::to_string).chain(own);
    let suites = suites.collect::<Vec<_>>().join(", ");
    match &target.archive {
        Some(archive) => format!("{}; {suites} in {archive}", target.remote),
        None => target.remote.clone(),
    }
}

/// What `patch lift` answers.
#[derive(Debug, Default, Serialize)]
pub struct LiftDocument {
    /// The embargo; none: there is none.
    pub name: Option<String>,
    /// `none`, `not-due`, `refused`, `aborted`, `would-abort`, `planned`, `stopped` or `lifted`.
    pub state: &'static str,
    /// When it is due, where it is not yet.
    pub due: Option<Timestamp>,
    /// What is released.
    pub lift: Option<Lift>,
    /// How many commits of each branch go out, in a plan.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub commits: BTreeMap<BranchName, usize>,
    /// Where it goes.
    pub goes_to: Option<String>,
    /// The steps that are done.
    pub steps: Vec<LiftStep>,
}

/// A step of a lift.
#[derive(Debug, Serialize)]
pub struct LiftStep {
    /// Its name.
    pub step: &'static str,
    /// What came of it.
    pub what: String,
    /// Whether it changed anything.
    pub changed: bool,
}

impl LiftDocument {
    /// Begins the answer about an embargo.
    pub fn of(embargo: &Embargo, state: &'static str) -> Self {
        Self {
            name: Some(embargo.mark.name.clone()),
            state,
            lift: embargo.lift.clone(),
            goes_to: Some(goes_to(embargo)),
            ..Self::default()
        }
    }
}

impl Document for LiftDocument {
    const SCHEMA: &'static str = "debcut/patch-lift/1";

    fn text(&self, page: &mut Page) {
        let Some(name) = &self.name else {
            page.line("there is no embargo");
            return;
        };
        let name = page.bold(name);
        match (self.state, self.due) {
            ("not-due", Some(due)) => page.line(format!("{name}: not before {due}")),
            ("lifted", _) => page.line(format!("{name}: {}", page.good("lifted"))),
            ("stopped", _) => page.line(format!("{name}: {}", page.bad("stopped half-way"))),
            ("planned", _) => page.line(format!("{name} would be lifted")),
            ("would-abort", _) => page.line(format!("{name} would be closed; nothing is out")),
            ("aborted", _) => page.line(format!("{name}: closed; nothing is out")),
            ("none", _) => page.line(format!("{name} is over")),
            _ => page.line(format!(
                "{name}: {}",
                page.warning("not lifted; nothing is out")
            )),
        }
        if let (Some(lift), "planned") = (&self.lift, self.state) {
            for upload in &lift.uploads {
                let Upload {
                    source,
                    version,
                    suite,
                    ..
                } = upload;
                page.line(format!("  publish {source} {version} to {suite}"));
            }
            for (branch, head) in &lift.branches {
                let commits = match self.commits.get(branch) {
                    Some(1) => " (1 commit)".to_owned(),
                    Some(count) => format!(" ({count} commits)"),
                    None => String::new(),
                };
                page.line(format!("  push {branch} at {head:.12}{commits}"));
            }
            for tag in &lift.tags {
                page.line(format!("  push {tag}"));
            }
            for channel in &lift.channels {
                page.line(format!("  tell {channel}"));
            }
            page.field("goes to", self.goes_to.as_deref().unwrap_or_default());
        }
        for step in &self.steps {
            let done = match step.changed {
                true => page.good("done"),
                false => page.dim("was done"),
            };
            page.line(format!("  {} {}: {done}", step.step, step.what));
        }
    }
}
