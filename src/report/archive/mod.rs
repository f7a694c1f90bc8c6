//! Archives: what a publish changed, what is where, what a client needs.

mod diff;
mod history;
mod list;
mod pages;
mod show;
mod status;

pub use diff::DiffDocument;
pub use history::HistoryDocument;
pub use list::ListDocument;
pub use pages::PagesDocument;
pub use show::{Shape, ShowDocument};
pub use status::{ArchiveStatusDocument, Monitored};

use std::path::PathBuf;

use serde::Serialize;

use super::{Document, Page};
use crate::archive::{Current, Listed};
use crate::model::{Finding, Sha256, Suite};
use crate::publish::client::ClientSources;
use crate::publish::{PublishPlan, Published};

/// What `publish` answers.
#[derive(Debug, Serialize)]
pub struct PublishDocument {
    suite: Suite,
    generation: Option<u64>,
    parent: Option<u64>,
    added: Vec<Listed>,
    removed: Vec<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<serde_json::Value>,
}

impl PublishDocument {
    /// Shows a publish that was refused.
    pub fn refused(suite: &Suite) -> Self {
        Self {
            suite: suite.clone(),
            generation: None,
            parent: None,
            added: Vec::new(),
            removed: Vec::new(),
            plan: None,
        }
    }

    /// Shows what would be published.
    pub fn planned(plan: &PublishPlan) -> Self {
        let next = plan.next();
        Self {
            generation: Some(next.number()),
            parent: plan.base().map(|base| base.number),
            added: next.added.clone(),
            removed: next.removed.clone(),
            plan: Some(serde_json::to_value(plan).expect("a plan has string keys")),
            ..Self::refused(plan.suite())
        }
    }

    /// Shows a suite that is as it was asked for.
    pub fn unchanged(current: &Current) -> Self {
        Self {
            generation: current.base().map(|base| base.number),
            ..Self::refused(&current.suite)
        }
    }

    /// Shows what was published.
    pub fn done(published: &Published) -> Self {
        Self {
            generation: Some(published.generation.number),
            parent: published.parent.map(|base| base.number),
            added: published.added.clone(),
            removed: published.removed.clone(),
            ..Self::refused(&published.suite)
        }
    }
}

impl Document for PublishDocument {
    const SCHEMA: &'static str = "debcut/publish/1";

    fn text(&self, page: &mut Page) {
        match self.generation {
            Some(number) => page.line(page.bold(&format!("{}@{number}", self.suite))),
            None => page.line(format!("{}: not published", page.bold(self.suite.as_str()))),
        }
        for (sign, list) in [
            (page.good("+"), &self.added),
            (page.bad("-"), &self.removed),
        ] {
            for Listed {
                name,
                version,
                architecture,
                component,
            } in list
            {
                page.line(format!(
                    "  {sign} {name} {version} {architecture} in {component}"
                ));
            }
        }
    }
}

/// What `archive add` answers: the same facts, under the verb's own name.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct AddDocument(pub PublishDocument);

impl Document for AddDocument {
    const SCHEMA: &'static str = "debcut/archive-add/1";

    fn text(&self, page: &mut Page) {
        self.0.text(page);
    }
}

/// What `archive remove` answers: the same facts, under the verb's own name.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct RemoveDocument(pub PublishDocument);

impl Document for RemoveDocument {
    const SCHEMA: &'static str = "debcut/archive-remove/1";

    fn text(&self, page: &mut Page) {
        self.0.text(page);
    }
}

/// What `archive promote` answers: the same facts, under the verb's own name.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PromoteDocument(pub PublishDocument);

impl Document for PromoteDocument {
    const SCHEMA: &'static str = "debcut/archive-promote/1";

    fn text(&self, page: &mut Page) {
        self.0.text(page);
    }
}

/// What `archive init` answers.
#[derive(Debug, Serialize)]
pub struct ArchiveDocument {
    archive: String,
    suites: Vec<SuiteRow>,
}

#[derive(Debug, Serialize)]
struct SuiteRow {
    suite: Suite,
    generation: u64,
}

impl ArchiveDocument {
    /// Shows an archive with its suites and their generations.
    pub fn new(archive: String, suites: Vec<(Suite, u64)>) -> Self {
        let row = |(suite, generation)| SuiteRow { suite, generation };
        Self {
            archive,
            suites: suites.into_iter().map(row).collect(),
        }
    }
}

impl Document for ArchiveDocument {
    const SCHEMA: &'static str = "debcut/archive-init/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        for SuiteRow { suite, generation } in &self.suites {
            page.line(format!("  {suite}@{generation}"));
        }
    }
}

/// What `archive check` answers.
#[derive(Debug, Serialize)]
pub struct CheckDocument {
    archive: String,
    suites: Vec<Suite>,
    /// Of a plan, nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restored: Vec<String>,
}

impl CheckDocument {
    /// Shows what would be restored.
    pub fn planned(archive: String, suites: &[Suite], restored: &[String]) -> Self {
        Self {
            archive,
            suites: suites.to_vec(),
            whole: None,
            restored: restored.to_vec(),
        }
    }

    /// Adds what was restored.
    #[must_use]
    pub fn restored(mut self, restored: &[String]) -> Self {
        self.restored = restored.to_vec();
        self
    }

    /// Shows the verdict.
    pub fn new(archive: String, suites: &[Suite], findings: &[Finding]) -> Self {
        let whole = !findings.iter().any(Finding::is_error);
        Self {
            archive,
            suites: suites.to_vec(),
            whole: Some(whole),
            restored: Vec::new(),
        }
    }
}

impl Document for CheckDocument {
    const SCHEMA: &'static str = "debcut/archive-check/1";

    fn text(&self, page: &mut Page) {
        let names: Vec<&str> = self.suites.iter().map(Suite::as_str).collect();
        let verdict = match self.whole {
            Some(true) => page.good("whole"),
            Some(false) => page.bad("damaged"),
            None => {
                for line in &self.restored {
                    page.line(format!("to restore: {line}"));
                }
                return;
            }
        };
        page.line(format!("{}: {}: {verdict}", self.archive, names.join(", ")));
    }
}

/// What `archive sources` answers: in text, the file itself.
#[derive(Debug, Serialize)]
pub struct SourcesDocument {
    uri: String,
    suites: Vec<Suite>,
    keys: Vec<String>,
    key_file: Option<String>,
    text: String,
    /// Whether a file beside the answer was; never said in the text, which is a
    /// file itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<MadePackage>,
}

/// A keyring package that was made.
#[derive(Debug, Serialize)]
pub struct MadePackage {
    /// The file.
    pub file: PathBuf,
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The file's size in bytes, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The file's digest, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

impl SourcesDocument {
    /// Shows what a client needs.
    pub fn new(sources: &ClientSources) -> Self {
        Self {
            uri: sources.uri.clone(),
            suites: sources.suites(),
            keys: sources
                .keys()
                .iter()
                .map(|key| key.fingerprint().to_string())
                .collect(),
            key_file: sources
                .key_file
                .as_ref()
                .map(|path| path.display().to_string()),
            text: sources.text(),
            changed: None,
            package: None,
        }
    }

    /// Says whether a file beside the answer was changed, if one was wanted.
    #[must_use]
    pub fn changed(mut self, changed: Option<bool>) -> Self {
        self.changed = changed;
        self
    }

    /// Adds the keyring package.
    #[must_use]
    pub fn with_package(mut self, package: MadePackage) -> Self {
        self.package = Some(package);
        self
    }
}

impl Document for SourcesDocument {
    const SCHEMA: &'static str = "debcut/archive-sources/1";

    fn text(&self, page: &mut Page) {
        match &self.package {
            None => page.line(&self.text),
            Some(made) => page.line(made.file.display().to_string()),
        }
    }
}
