//! `plan`: the history → what would be released, for all that follow to make
//! true.

use std::collections::BTreeSet;

use super::FlowError;
use super::project::Workspace;
use crate::model::{Finding, PackageName, Sha256};
use crate::release::{self, Facts, Policy, ReleasePlan, Request, prepare};
use crate::sys::git::{GitError, ObjectId, Repository};

/// A plan with what it was made of.
#[derive(Debug)]
pub struct Planned {
    /// The repository as it is.
    pub facts: Facts,
    /// How the project releases.
    pub policy: Policy,
    /// The plan.
    pub plan: ReleasePlan,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

impl Planned {
    /// Tells whether the plan of this digest was made true: a release commit
    /// that awaits its tag names it, or the one of a package's newest release.
    pub fn was_made_by(&self, digest: &Sha256, repository: &Repository) -> Result<bool, GitError> {
        let trailer = format!("{}: {digest}", prepare::message::PLAN_TRAILER);
        let units = self.facts.units.iter();
        let pending = units.filter_map(|unit| Some(&unit.pending.as_ref()?.commit));
        let packages = self.plan.packages.iter();
        let released = packages.filter_map(|package| Some(&package.current.as_ref()?.commit));
        let commits: BTreeSet<_> = pending.chain(released).collect();
        let objects = repository.objects()?;
        for id in commits.into_iter().filter_map(|id| ObjectId::from_hex(id)) {
            let message = objects.commit(id)?.message();
            if message.lines().any(|line| line.trim() == trailer) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What came of planning.
#[derive(Debug)]
pub enum Outcome {
    /// A plan.
    Planned(Box<Planned>),
    /// There can be none, for these reasons.
    Refused(Vec<Finding>),
}

/// Plans the release of a revision. Writes nothing.
pub fn plan(
    workspace: &Workspace,
    revision: &str,
    request: &Request,
) -> Result<Outcome, FlowError> {
    let policy = workspace.policy(revision)?;
    check(revision, &policy, request)?;
    let facts = release::observe::observe(&workspace.repository, revision, &policy)?;
    Ok(match release::plan::plan(&facts, &policy, request) {
        Ok((plan, findings)) => Outcome::Planned(Box::new(Planned {
            facts,
            policy,
            plan,
            findings,
        })),
        Err(findings) => Outcome::Refused(findings),
    })
}

/// Refuses a request that names no package, or leaves open which one it means.
fn check(revision: &str, policy: &Policy, request: &Request) -> Result<(), FlowError> {
    let known = || policy.units.iter().map(|unit| unit.name.to_string());
    let is_known = |name: &&PackageName| !policy.units.iter().any(|unit| unit.name == **name);
    if let Some(wanted) = request.packages.iter().find(is_known) {
        return Err(FlowError::UnknownPackage {
            revision: revision.to_owned(),
            wanted: wanted.to_string(),
            known: known().collect(),
        });
    }
    let meant = match request.packages.len() {
        0 => policy.units.len(),
        n => n,
    };
    let one_group = policy.groups.iter().any(|group| group.units.len() == meant);
    if request.set_version.is_some() && meant > 1 && !one_group {
        return Err(FlowError::OneVersionForSeveral {
            packages: known().collect(),
        });
    }
    Ok(())
}
