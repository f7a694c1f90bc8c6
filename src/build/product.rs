//! What a build leaves: artifacts, their digests, and how they came about.

use std::path::PathBuf;

use serde::Serialize;

use super::plan::BuildPlan;
use super::root::Provided;
use super::root::debs::Debs;
use crate::format::checksums::{FileName, ListedFile};
use crate::format::statement::{
    BuildDefinition, Builder, Provenance, Resource, RunDetails, RunMetadata, Statement, Subject,
};
use crate::model::{Finding, Sha256, Timestamp};

use super::plan::{Builder as BinaryBuilder, RecipePlan, Scope};
use super::source::{Origin, Revision};

/// The name of the list of digests.
pub const SUMS: &str = "SHA256SUMS";

/// A finished build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Where the artifacts are, side by side.
    pub directory: PathBuf,
    /// Everything in it, by name.
    pub artifacts: Vec<Artifact>,
    /// What was odd about the build and stopped nothing.
    pub findings: Vec<Finding>,
}

/// A file that a build leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

impl Artifact {
    /// Takes name, size and digest of a listed file.
    pub fn of(file: &ListedFile) -> Self {
        let ListedFile { name, digests } = file;
        Self {
            name: name.to_string(),
            size: digests.size,
            sha256: digests.sha256,
        }
    }
}

impl Built {
    /// Returns the `.changes`, which names everything to publish.
    pub fn changes(&self) -> Option<PathBuf> {
        let found = self
            .artifacts
            .iter()
            .find(|artifact| artifact.name.ends_with(".changes"));
        found.map(|artifact| self.directory.join(&artifact.name))
    }
}

/// Returns the name of a plan's provenance.
pub fn provenance_name(plan: &BuildPlan) -> FileName {
    FileName::new(format!("{}.intoto.jsonl", plan.file_stem())).expect("names have no slash")
}

/// Where the plan's digest stands among the internal parameters.
pub const PLAN_DIGEST: &str = "planDigest";

/// Where the digest of what the artifacts are made of stands there.
pub const PRODUCT_DIGEST: &str = "productDigest";

/// States of some artifacts that this plan made them (SLSA provenance v1).
pub fn statement(
    plan: &BuildPlan,
    files: &[ListedFile],
    began: Timestamp,
    ended: Timestamp,
    root: Option<&Provided>,
) -> Statement {
    let subject = |file: &ListedFile| Subject {
        name: file.name.to_string(),
        sha256: file.digests.sha256,
    };
    let scope = match plan.scope {
        Scope::Full => "full",
        Scope::Source => "source",
    };
    let kind = match plan.revision {
        Revision::Tag { .. } => "tag",
        Revision::Candidate { .. } => "candidate",
    };
    let text = |text: &str| serde_json::Value::from(text);
    Statement {
        subjects: files.iter().map(subject).collect(),
        provenance: Provenance {
            build_definition: BuildDefinition {
                build_type: "urn:debcut:build:1".into(),
                external_parameters: [
                    (kind.to_owned(), text(plan.revision.shown())),
                    ("package".to_owned(), text(plan.package.as_str())),
                    ("version".to_owned(), text(plan.version.as_str())),
                    ("scope".to_owned(), text(scope)),
                ]
                .into(),
                internal_parameters: [
                    (PLAN_DIGEST.to_owned(), text(&plan.digest().hex())),
                    (
                        PRODUCT_DIGEST.to_owned(),
                        text(&plan.product_digest().hex()),
                    ),
                    (
                        "plan".to_owned(),
                        serde_json::to_value(plan).expect("a plan has string keys"),
                    ),
                ]
                .into_iter()
                .chain(root.map(|root| ("root".to_owned(), root_told(root))))
                .collect(),
                resolved_dependencies: sources(plan, root.map(|root| &root.debs)),
            },
            run_details: RunDetails {
                builder: Builder {
                    // What an auditor weighs is what stood between the build
                    // and the machine, not the machine's name.
                    id: match plan.builder {
                        BinaryBuilder::Debcut => {
                            format!("urn:debcut:builder:isolation-{}", plan.isolation.word())
                        }
                        BinaryBuilder::Sbuild { .. } => "urn:debcut:builder:sbuild".to_owned(),
                    },
                    version: [("debcut".to_owned(), plan.builder_version.clone())].into(),
                },
                metadata: RunMetadata {
                    invocation_id: None,
                    started_on: Some(began),
                    finished_on: Some(ended),
                },
            },
        },
    }
}

/// Tells which system the build happened in: its packages, and the digest of
/// their list.
fn root_told(root: &Provided) -> serde_json::Value {
    let packages = root.packages.iter().map(|installed| {
        let architecture = installed.architecture.as_ref();
        let architecture = architecture.map_or(String::new(), |a| format!(":{a}"));
        format!("{}{architecture}={}", installed.package, installed.version)
    });
    serde_json::json!({
        "identity": root.identity,
        "packages": packages.collect::<Vec<_>>(),
    })
}

/// Lists what the artifacts were made of, by digest: commits, tarballs, and the
/// packages of the system that they were built in.
fn sources(plan: &BuildPlan, debs: Option<&Debs>) -> Vec<Resource> {
    let resource = |name: &str, kind: &str, digest: &str| Resource {
        uri: None,
        name: Some(name.to_owned()),
        digest: [(kind.to_owned(), digest.to_owned())].into(),
    };
    let mut found = Vec::new();
    if let Revision::Tag {
        name,
        object: Some(object),
        ..
    } = &plan.revision
    {
        found.push(resource(&format!("refs/tags/{name}"), "gitTag", object));
    }
    found.push(resource("commit", "gitCommit", &plan.commit));
    found.push(resource("tree", "gitTree", &plan.tree));
    if let RecipePlan::Debian {
        orig: Some(orig), ..
    } = &plan.recipe
    {
        found.extend(orig.tarballs().map(|tarball| match &tarball.origin {
            Origin::Given { sha256, .. }
            | Origin::PristineTar {
                sha256: Some(sha256),
                ..
            } => resource(&tarball.name, "sha256", &sha256.hex()),
            Origin::PristineTar { commit, .. } => {
                resource("refs/heads/pristine-tar", "gitCommit", commit)
            }
            Origin::Tag { tag, commit, .. } => {
                resource(&format!("refs/tags/{tag}"), "gitCommit", commit)
            }
        }));
    }
    let debs = debs.into_iter().flatten();
    found.extend(debs.map(|(name, digest)| resource(name, "sha256", &digest.hex())));
    found
}
