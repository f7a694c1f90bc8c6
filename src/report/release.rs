//! What `prepare`, `tag` and `release` did, or would do.

use serde::Serialize;

use super::release_plan::{PlannedPackage, PlannedRelease};
use super::{Document, Page};
use crate::release::plan::{Decision, ReleasePlan};
use crate::release::prepare::plan::PreparePlan;

/// A package on its way, by name and version.
#[derive(Debug, Clone, Serialize)]
pub struct ReleasedPackage {
    /// Its name.
    pub name: String,
    /// Its version, as the project writes it.
    pub version: String,
    /// Its Debian version.
    pub debian_version: String,
    /// Its tag.
    pub tag: Option<String>,
}

impl ReleasedPackage {
    /// Lists what a plan releases or has prepared.
    pub fn of(plan: &ReleasePlan) -> Vec<Self> {
        let known = plan.packages.iter().filter_map(|package| {
            let (version, debian_version, tag) = match &package.decision {
                Decision::Release(next) => (&next.version, &next.debian_version, next.tag.as_ref()),
                Decision::Prepared {
                    version,
                    debian_version,
                    tag,
                    ..
                } => (version, debian_version, Some(tag)),
                Decision::Skip { .. } => return None,
            };
            Some(Self {
                name: package.name.to_string(),
                version: version.clone(),
                debian_version: debian_version.to_string(),
                tag: tag.map(ToString::to_string),
            })
        });
        known.collect()
    }

    fn shown(&self) -> String {
        match self.debian_version == self.version {
            true => format!("{} {}", self.name, self.version),
            false => format!(
                "{} {} (Debian {})",
                self.name, self.version, self.debian_version
            ),
        }
    }
}

/// What `prepare` answers.
#[derive(Debug, Default, Serialize)]
pub struct PrepareDocument {
    /// The packages that the release commit is of.
    pub packages: Vec<ReleasedPackage>,
    /// The branch that has it.
    pub branch: Option<String>,
    /// The release commit.
    pub commit: Option<String>,
    /// The commit that it stands on.
    pub parent: Option<String>,
    /// The files that it changes.
    pub files: Vec<ChangedFile>,
    /// Its message.
    pub message: Option<String>,
    /// Whether it was pushed.
    pub pushed: bool,
    /// The command that asks for a pull request.
    pub pull_request: Option<String>,
    /// What to do next.
    pub next_step: Option<String>,
}

/// A file that the release commit changes.
#[derive(Debug, Serialize)]
pub struct ChangedFile {
    path: String,
    what: String,
    sha256: String,
}

impl PrepareDocument {
    /// Shows the commit that is planned or made.
    #[must_use]
    pub fn with(mut self, plan: &PreparePlan) -> Self {
        self.parent = Some(plan.parent.clone());
        self.message = Some(plan.message.clone());
        self.branch.clone_from(&plan.branch);
        self.files = plan
            .files
            .iter()
            .map(|file| ChangedFile {
                path: file.path.clone(),
                what: file.what.clone(),
                sha256: file.sha256.to_string(),
            })
            .collect();
        self
    }
}

impl Document for PrepareDocument {
    const SCHEMA: &'static str = "debcut/prepare/1";

    fn text(&self, page: &mut Page) {
        for package in &self.packages {
            page.line(page.bold(&package.shown()));
        }
        for file in &self.files {
            page.line(format!("  {}: {}", file.path, file.what));
        }
        if let Some(commit) = &self.commit {
            let branch = self.branch.as_deref().unwrap_or("a detached HEAD");
            page.field("commit", format!("{commit} on {branch}"));
        }
        if self.pushed {
            page.field("pushed", self.branch.as_deref().unwrap_or_default());
        }
    }

    fn ending(&self, page: &mut Page) {
        if let Some(command) = &self.pull_request {
            page.line(format!("pull request: {command}"));
        }
        if let Some(next) = &self.next_step {
            page.line(format!("next: {next}"));
        }
    }
}

/// What `tag` answers.
#[derive(Debug, Default, Serialize)]
pub struct TagDocument {
    /// The tags, new and old.
    pub tags: Vec<TagLine>,
    /// Whether they were pushed.
    pub pushed: bool,
    /// What to do next.
    pub next_step: Option<String>,
}

/// A tag that is there or would be made.
#[derive(Debug, Serialize)]
pub struct TagLine {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The tag.
    pub name: String,
    /// The release commit.
    pub commit: String,
    /// Who signs it.
    pub signed_by: String,
    /// Whether it was there before.
    pub existed: bool,
}

impl Document for TagDocument {
    const SCHEMA: &'static str = "debcut/tag/1";

    fn text(&self, page: &mut Page) {
        for tag in &self.tags {
            let head = format!("{} ({} {})", tag.name, tag.package, tag.version);
            page.line(page.bold(&head));
            page.field("commit", &tag.commit);
            match tag.existed {
                true => page.field("state", "is there already"),
                false => page.field("signed by", &tag.signed_by),
            }
        }
        if self.pushed {
            page.line("pushed");
        }
    }

    fn ending(&self, page: &mut Page) {
        if let Some(next) = &self.next_step {
            page.line(format!("next: {next}"));
        }
    }
}

/// What `release` answers.
#[derive(Debug, Default, Serialize)]
pub struct ReleaseDocument {
    /// The packages.
    pub packages: Vec<BuiltPackage>,
    /// The suite.
    pub suite: String,
    /// The archive.
    pub archive: Option<String>,
    /// The suite's generation after it.
    pub generation: Option<u64>,
    /// The maintenance branch that it is of.
    pub branch: Option<String>,
    /// Whether it was a trial that left nothing.
    pub mock: bool,
    /// The steps, as far as they came.
    pub steps: Vec<StepLine>,
    /// Whether branch and tags were pushed.
    pub pushed: bool,
    /// What would be done, where only that was asked for.
    pub plan: Option<PlannedRelease>,
    /// What is left to do, where a maintenance branch was released.
    pub next: Vec<String>,
}

/// A package that was released.
#[derive(Debug, Serialize)]
pub struct BuiltPackage {
    /// Name and versions.
    #[serde(flatten)]
    pub package: ReleasedPackage,
    /// The release commit.
    pub commit: Option<String>,
    /// What would become of it, where only that was asked for.
    pub plan: Option<PlannedPackage>,
    /// Where its artifacts are.
    pub directory: Option<String>,
}

/// A step of a release.
#[derive(Debug, Clone, Serialize)]
pub struct StepLine {
    /// The step.
    pub step: &'static str,
    /// What came of it.
    pub what: String,
    /// Whether it changed anything.
    pub changed: bool,
}

impl Document for ReleaseDocument {
    const SCHEMA: &'static str = "debcut/release/1";

    fn text(&self, page: &mut Page) {
        for package in &self.packages {
            if let Some(plan) = &package.plan {
                plan.text(package, page);
                continue;
            }
            page.line(page.bold(&package.package.shown()));
            if let Some(directory) = &package.directory {
                page.field("in", format!("{directory}/"));
            }
        }
        for step in &self.steps {
            page.field(step.step, &step.what);
        }
        if let Some(generation) = self.generation {
            page.field("suite", format!("{}@{generation}", self.suite));
        }
        if self.pushed {
            page.field("pushed", "branch and tags");
        }
        if let Some(plan) = &self.plan {
            plan.text(self, page);
        }
        let tried = self.steps.iter().all(|one| one.step != "plan");
        if self.mock && self.plan.is_none() && tried {
            page.line(match &self.branch {
                Some(branch) => format!(
                    "a mock of {branch}: nothing of it is left but this report, also in debcut patch log"
                ),
                None => "a mock: nothing of it is left but this report".to_owned(),
            });
        }
    }

    fn ending(&self, page: &mut Page) {
        for next in &self.next {
            page.line(format!("next: {next}"));
        }
    }
}
