//! `doctor`: everything a release needs, checked before it starts.
//!
//! One file a subject: each collects what it judges, and judges it in a
//! function of its own without asking anything again. Writes nothing, fetches
//! nothing; what cannot be known is said so, as a finding that is only info.

mod archives;
mod branches;
mod clock;
mod configuration;
mod disk;
mod git;
mod git_signing;
mod identity;
mod keys;
mod releases;
mod tags;
mod tools;
mod versions;

use std::path::Path;

pub(super) use archives::certificates;

use super::FlowError;
use super::embargoing;
use super::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding, Timestamp};
use crate::release::observe::ObserveError;
use crate::release::{self, Policy};
use crate::sys::environment::Environment;
use crate::sys::git::{GitError, Repository};

/// Whose release is looked at.
pub struct Patient<'a> {
    /// Where the verb was started.
    pub directory: &'a Path,
    /// The configuration that replaces the work tree's.
    pub config: Option<&'a Path>,
    /// The environment of the process.
    pub environment: &'a Environment,
    /// The present moment.
    pub now: Timestamp,
}

/// Checks everything. Only where there is no repository, nothing is said.
pub fn examine(patient: &Patient<'_>) -> Result<Checkup, FlowError> {
    let repository = Repository::discover(patient.directory)?;
    let mut checkup = Checkup::default();
    let workspace = configuration::opened(patient, &mut checkup)?;
    let policy = workspace
        .as_ref()
        .and_then(|workspace| policy(workspace, patient, &mut checkup));
    let stand = git::observe(&repository, policy.as_ref())?;
    checkup.extend(git::judge(&stand));
    checkup.extend(embargo(&repository, patient)?);
    checkup.extend(identity::judge(&identity::observe(patient)));
    if let Some(workspace) = &workspace {
        checkup.extend(keys::check(workspace, patient)?);
    }
    checkup.extend(git_signing::check(&repository, patient));
    checkup.extend(tools::check(&repository, workspace.as_ref(), patient));
    if let Some(workspace) = &workspace {
        checkup.extend(archives::check(workspace, patient));
    }
    checkup.extend(disk::check(&repository, patient));
    let (Some(workspace), Some(policy)) = (&workspace, &policy) else {
        let why = "not checked: they need a configuration that can be read and a commit";
        checkup.find(Finding::info("packages", "packages", why));
        return Ok(checkup);
    };
    match release::observe::observe(&repository, "HEAD", policy) {
        Ok(facts) => {
            let tags = tags::observe(&repository, &facts, policy)?;
            checkup.extend(clock::check(&repository, &facts, &tags, patient.now)?);
            checkup.extend(configuration::check(&repository, policy, &facts)?);
            checkup.extend(versions::judge(policy, &facts));
            checkup.extend(tags::judge(policy, &tags));
            checkup.extend(releases::check(workspace, policy, &facts));
        }
        Err(error) => checkup.find(history(&error)),
    }
    checkup.extend(branches::check(workspace, policy)?);
    Ok(checkup)
}

/// Checks an embargo. That there is one stands in no release's way.
fn embargo(repository: &Repository, patient: &Patient<'_>) -> Result<Checkup, FlowError> {
    let found = embargoing::standing(repository, patient.environment, patient.now)?;
    let mut checkup = Checkup::default();
    if let Some(line) = found.embargo {
        checkup.pass("embargo", line.subject, line.message);
    }
    for finding in found.findings {
        checkup.find(finding);
    }
    Ok(checkup)
}

/// Reads how the project releases; what stands against that is a finding.
fn policy(workspace: &Workspace, patient: &Patient<'_>, checkup: &mut Checkup) -> Option<Policy> {
    match workspace.policy("HEAD") {
        Ok(policy) => {
            if workspace.project.packages.is_empty() {
                let why = "no package is described: debian/ is taken as it is";
                checkup.pass("configuration", crate::config::FILE_NAME, why);
            }
            Some(policy)
        }
        // What lacks is told with the repository's state.
        Err(FlowError::Git(GitError::Unborn { .. })) => None,
        Err(FlowError::NoPackage { .. }) => {
            let why = "it describes no package, and the tree has no debian/control";
            let finding = Finding::error("configuration", crate::config::FILE_NAME, why);
            let usual = workspace.repository.top().join(crate::config::FILE_NAME);
            let fix = match patient.config.unwrap_or(&usual).exists() {
                true => "uncomment [[package]] in debcut.toml, fill it in, and commit it",
                false => "debcut init writes a debcut.toml to start from",
            };
            checkup.find(finding.fix(fix));
            None
        }
        Err(error) => {
            let why = with_causes(&error);
            checkup.find(Finding::error(
                "configuration",
                crate::config::FILE_NAME,
                why,
            ));
            None
        }
    }
}

/// Says that the history cannot be read, and what to do about it.
fn history(error: &ObserveError) -> Finding {
    let fix = match error {
        ObserveError::Git(GitError::Shallow { .. }) => "git fetch --unshallow --tags",
        ObserveError::Git(GitError::MissingObject { .. } | GitError::BrokenObject { .. }) => {
            "git fsck; or clone the repository again"
        }
        ObserveError::Git(GitError::Substituted { .. }) => {
            "git replace --list; git replace --delete"
        }
        ObserveError::Changelog { .. } => "correct it as dpkg-parsechangelog says, and commit",
        ObserveError::Git(_) => "",
    };
    Finding::error("history", "HEAD", with_causes(error)).fix(fix)
}

/// How many names a line tells before it only counts.
const SHOWN: usize = 5;

/// Lists names, and counts those that are too many for a line.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let first = names.iter().take(SHOWN).map(AsRef::as_ref);
    let mut text = first.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text += &format!(" and {} more", names.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::model::{Checkup, Severity};

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (0..7).map(|n| format!("d{n}")).collect();
        assert_eq!(super::listed(&names), "d0, d1, d2, d3, d4 and 2 more");
        assert_eq!(super::listed(&names[..2]), "d0, d1");
    }

    /// Shows findings as `SEVERITY RULE`.
    pub(super) fn shown(checkup: &Checkup) -> Vec<String> {
        let word = |severity| match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let found = checkup.findings.iter();
        found
            .map(|finding| format!("{} {}", word(finding.severity), finding.rule))
            .collect()
    }
}
