//! The builds of a release as jobs for a CI service, each on a machine of its
//! own.

use serde::Serialize;

use super::super::FlowError;
use super::super::project::Workspace;
use super::Request;
use super::variant::BinaryPart;
use crate::build::observe::Wanted;
use crate::build::package::Kind;
use crate::config::IsolationWord;
use crate::format::control::SourceControl;
use crate::model::{Architecture, PackageName, Suite};

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The package.
    pub package: PackageName,
    /// The distribution; empty: the release's own.
    pub suite: String,
    /// The architecture of the machine that runs it; `all` where any will do.
    pub architecture: Architecture,
    /// What stands between the build and that machine.
    pub isolation: String,
    /// The words behind `debcut build`.
    pub args: String,
}

/// Lists the jobs of every package that a revision releases: for each suite one
/// on each architecture. The first makes the source and what is for all
/// architectures, so that nothing is made twice.
pub fn matrix(
    workspace: &Workspace,
    request: &Request,
    suites: &[Suite],
    architectures: &[Architecture],
) -> Result<Vec<Job>, FlowError> {
    let wanted = match &request.wanted {
        Some(wanted) => vec![wanted.clone()],
        None => {
            let tags = workspace.repository.tags_at_head()?;
            let mut wanted: Vec<_> = tags.into_iter().map(Wanted::Tag).collect();
            wanted.retain(|wanted| {
                let found = workspace.package(wanted, request.package.as_ref());
                !matches!(found, Err(FlowError::UnknownTagStyle { .. }))
            });
            if wanted.is_empty() {
                return Err(FlowError::NoTagAtHead { tags: Vec::new() });
            }
            wanted
        }
    };
    let mut jobs = Vec::new();
    for wanted in &wanted {
        let package = workspace.package(wanted, request.package.as_ref())?;
        let (revision, word) = match wanted {
            Wanted::Tag(tag) => (tag.to_string(), tag.to_string()),
            Wanted::Commit(commit) | Wanted::Release { commit, .. } => {
                (commit.clone(), format!("--commit {commit}"))
            }
        };
        let usual = match package.kind {
            Kind::Debian(_) => IsolationWord::Chroot,
            Kind::Declared(_) => IsolationWord::Namespace,
        };
        let configured = workspace.project.build.isolation;
        let isolation = match request.how.isolation.or(configured).unwrap_or(usual) {
            IsolationWord::None => "none",
            IsolationWord::Namespace => "namespace",
            IsolationWord::Chroot => "chroot",
        };
        let only_all = match &package.kind {
            Kind::Declared(declared) => declared.architecture.is_all(),
            Kind::Debian(_) => {
                let tree = workspace.repository.commit(&revision)?.tree;
                let control = package.file("debian/control");
                let control = workspace
                    .repository
                    .file(&tree, &control)?
                    .unwrap_or_default();
                let control = SourceControl::parse(&control);
                control.is_ok_and(|control| {
                    let mut all = control.binaries.iter().flat_map(|b| &b.architectures);
                    all.all(Architecture::is_all)
                })
            }
        };
        let places: Vec<Option<&Suite>> = match suites {
            [] => vec![None],
            suites => suites.iter().map(Some).collect(),
        };
        for suite in places {
            let own = match only_all {
                true => &architectures[..architectures.len().min(1)],
                false => architectures,
            };
            for (at, architecture) in own.iter().enumerate() {
                let mut words = vec![word.clone(), format!("--package {}", package.name)];
                words.extend(suite.map(|suite| format!("--for {suite}")));
                let part = match request.variant.part {
                    None if at > 0 => Some("any"),
                    None => None,
                    Some(BinaryPart::Any) => Some("any"),
                    Some(BinaryPart::All) => Some("all"),
                    Some(BinaryPart::Both) => Some("both"),
                };
                words.extend(part.map(|part| format!("--only {part}")));
                words.push(format!("--arch {architecture} --isolation {isolation}"));
                jobs.push(Job {
                    package: package.name.clone(),
                    suite: suite.map(ToString::to_string).unwrap_or_default(),
                    architecture: architecture.clone(),
                    isolation: isolation.to_owned(),
                    args: words.join(" "),
                });
            }
        }
    }
    Ok(jobs)
}
