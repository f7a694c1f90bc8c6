//! What a build leaves: artifacts, their digests, and how they came about.

use std::path::PathBuf;

use serde::Serialize;

use super::gates::Passed;
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

/// Returns the name of a plan's provenance: that of the whole release, or of a
/// part of it, called as dpkg calls the part's `.changes`.
pub fn provenance_name(plan: &BuildPlan) -> FileName {
    let stem = plan.file_stem();
    let name = match plan.scope {
        Scope::Full | Scope::Source => format!("{stem}.intoto.jsonl"),
        Scope::Binary | Scope::Any => format!("{stem}_{}.intoto.jsonl", plan.architecture),
        Scope::All => format!("{stem}_all.intoto.jsonl"),
    };
    FileName::new(name).expect("names have no slash")
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
                    ("scope".to_owned(), text(plan.scope.word())),
                ]
                .into(),
                internal_parameters: [
                    (PLAN_DIGEST.to_owned(), text(&plan.digest().hex())),
                    (
                        PRODUCT_DIGEST.to_owned(),
                        text(&plan.product_digest().hex()),
                    ),
                    (
                        PLAN.to_owned(),
                        serde_json::to_value(plan).expect("a plan has string keys"),
                    ),
                ]
                .into_iter()
                .chain(root.map(|root| (ROOT.to_owned(), root_told(root))))
                .collect(),
                resolved_dependencies: sources(plan, root.map(|root| &root.debs)),
            },
            run_details: RunDetails {
                builder: Builder {
                    // What an auditor weighs is what stood between the build
                    // and the machine, not the machine's name.
                    id: match plan.builder {
                        BinaryBuilder::Debcut => {
                            format!("{ISOLATION}{}", plan.isolation.word())
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

/// Makes a statement tell of the circumstances in which another says that the
/// same artifacts were made: when that began, by which builder, in which system
/// and environment.
pub fn state_circumstances(statement: &mut Statement, made: &Statement) {
    let own = &mut statement.provenance;
    let theirs = &made.provenance;
    own.run_details.builder = theirs.run_details.builder.clone();
    own.run_details.metadata.started_on = theirs.run_details.metadata.started_on;
    let own = &mut own.build_definition.internal_parameters;
    let theirs = &theirs.build_definition.internal_parameters;
    own.remove(ROOT);
    own.extend(theirs.get(ROOT).map(|root| (ROOT.to_owned(), root.clone())));
    if let (Some(own), Some(theirs)) = (own.get_mut(PLAN), theirs.get(PLAN)) {
        for name in ["environment", "host_environment", "builder_version"] {
            if let (Some(own), Some(theirs)) = (own.get_mut(name), theirs.get(name)) {
                *own = theirs.clone();
            }
        }
    }
}

/// Where the plan stands among the internal parameters.
const PLAN: &str = "plan";

/// Where the system stands there that the build happened in.
const ROOT: &str = "root";

/// Adds to a statement which checks were passed.
pub fn state_gates(statement: &mut Statement, passed: &[Passed]) {
    if !passed.is_empty() {
        let passed = serde_json::to_value(passed).expect("a check has string keys");
        let parameters = &mut statement.provenance.build_definition.internal_parameters;
        parameters.insert(GATES.to_owned(), passed);
    }
}

/// Returns which checks a statement says were passed: an array of objects, as
/// [`Passed`] is written.
pub fn stated_gates(statement: &Statement) -> Vec<serde_json::Value> {
    let parameters = &statement.provenance.build_definition.internal_parameters;
    let stated = parameters.get(GATES).and_then(|gates| gates.as_array());
    stated.cloned().unwrap_or_default()
}

/// How the name of a builder starts that is told by its isolation.
pub const ISOLATION: &str = "urn:debcut:builder:isolation-";
/// Where the checks that were passed stand among the internal parameters.
const GATES: &str = "gates";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_tells_its_own_circumstances() {
        let statement = |system: &str, began: i64| {
            let mut parameters = serde_json::json!({
                "planDigest": system,
                "plan": {"environment": {"tools": system}, "version": system},
            });
            if system == "first" {
                parameters["root"] = system.into();
            }
            let parameters = parameters.as_object().cloned().unwrap_or_default();
            Statement {
                subjects: Vec::new(),
                provenance: Provenance {
                    build_definition: BuildDefinition {
                        build_type: "urn:debcut:build:1".into(),
                        external_parameters: Default::default(),
                        internal_parameters: parameters.into_iter().collect(),
                        resolved_dependencies: Vec::new(),
                    },
                    run_details: RunDetails {
                        builder: Builder {
                            id: system.to_owned(),
                            version: Default::default(),
                        },
                        metadata: RunMetadata {
                            invocation_id: None,
                            started_on: Some(Timestamp::from_unix(began)),
                            finished_on: Some(Timestamp::from_unix(began)),
                        },
                    },
                },
            }
        };
        let (first, mut now) = (statement("first", 1), statement("now", 2));
        state_circumstances(&mut now, &first);
        let told = &now.provenance.build_definition.internal_parameters;
        let want = serde_json::json!({
            "planDigest": "now",
            "plan": {"environment": {"tools": "first"}, "version": "now"},
            "root": "first",
        });
        assert_eq!(serde_json::to_value(told).expect("JSON"), want);
        let details = now.provenance.run_details;
        assert_eq!(details.builder.id, "first");
        assert_eq!(details.metadata.started_on, Some(Timestamp::from_unix(1)));
        assert_eq!(details.metadata.finished_on, Some(Timestamp::from_unix(2)));
    }
}
