//! `plan`: the history → what would be released, for all that follow to make
//! true.

use super::FlowError;
use super::patching::parents;
use super::project::Workspace;
use crate::model::{Finding, PackageName};
use crate::release::{self, Facts, Policy, ReleasePlan, Request};

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
    let mut facts = release::observe::observe(&workspace.repository, revision, &policy)?;
    parents::complete(workspace, &mut facts.commits)?;
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
