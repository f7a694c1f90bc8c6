//! Setting an embargo, and changing what it knows.

use std::collections::BTreeMap;
use std::path::Path;

use super::{archives, conditions, hook, sharing};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Suite, Timestamp};
use crate::patch::embargo::{Embargo, OnDate, Part, Target};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::push_places;
use crate::sys::outward::{Mark, Phase, Places, archive_place};

/// What is wanted; what is left empty stays as it is.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The embargo's name.
    pub name: String,
    /// The branches that it is about.
    pub branches: Vec<BranchName>,
    /// What is marked private.
    pub private: Marks,
    /// The remote that gets everything in the end.
    pub remote: Option<String>,
    /// The location of the archive that does.
    pub archive: Option<String>,
    /// The suites there: one for everything, or of one branch.
    pub suites: Vec<(Option<BranchName>, Suite)>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// What happens then.
    pub on_date: Option<OnDate>,
    /// Why a private remote that looks like a fork is none.
    pub no_fork: Option<String>,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Who sets it.
    pub by: Person,
    /// When.
    pub now: Timestamp,
}

/// What is marked private, as it was given.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Git remotes, by name or address.
    pub remotes: Vec<String>,
    /// Archives, by location.
    pub archives: Vec<String>,
    /// Addresses of messages.
    pub addresses: Vec<String>,
    /// Commands.
    pub commands: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Not done, for these reasons.
    Refused(Vec<Finding>),
    /// This would be set.
    Planned(Box<Embargo>, Vec<Finding>),
    /// It is set.
    Set {
        /// The embargo.
        embargo: Box<Embargo>,
        /// Whether anything was changed.
        changed: bool,
        /// What is worth a warning.
        findings: Vec<Finding>,
    },
}

impl Outcome {
    fn refused(finding: Finding) -> Result<Self, FlowError> {
        Ok(Self::Refused(vec![finding]))
    }
}

/// Sets an embargo, or changes the one that is there. Run again, it completes
/// what a killed run left.
pub fn set(
    workspace: &Workspace,
    directory: &Path,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Outcome, FlowError> {
    let repository = &workspace.repository;
    let there = super::read(repository)?;
    if let Some(other) = &there
        && other.mark.name != wanted.name
    {
        let message = "this repository is under it already: one at a time";
        let finding = Finding::error("other-embargo", &other.mark.name, message);
        return Outcome::refused(finding.fix("another one gets another clone"));
    }
    if let Some(other) = &there
        && other.mark.phase == Phase::Lifting
    {
        let finding = Finding::error("lifting", &other.mark.name, "it is being lifted");
        return Outcome::refused(
            finding.fix("debcut patch lift finishes it; --abort closes it while nothing is out"),
        );
    }
    let next = next(workspace, directory, wanted, there.as_ref(), environment)?;
    let mut findings = conditions::findings(workspace, &next, wanted, environment)?;
    // Who takes part is closed first; what lacks here is asked for by the lift.
    let came_along = sharing::came_along(repository, &wanted.name)?;
    if there.is_none()
        && let Some(mark) = &came_along
    {
        for finding in &mut findings {
            conditions::soften(finding, mark, wanted);
        }
    }
    if findings.iter().any(Finding::is_error) {
        return Ok(Outcome::Refused(findings));
    }
    if wanted.dry_run {
        return Ok(Outcome::Planned(Box::new(next), findings));
    }
    let complete = hook::standing(repository, environment)? == hook::Standing::There;
    let changed = there.as_ref() != Some(&next) || !complete;
    // From the first of these on nothing leaves any more.
    super::write(repository, &next)?;
    super::list(repository, environment)?;
    hook::install(repository, next.hooks_path.as_deref(), environment)?;
    for place in &next.mark.private.archives {
        archives::mark(place, &next.mark.name, environment)?;
    }
    let remotes = &wanted.private.remotes;
    findings.extend(sharing::share(repository, &next, remotes, environment)?);
    Ok(Outcome::Set {
        embargo: Box::new(next),
        changed,
        findings,
    })
}

/// Returns the embargo as it will be.
fn next(
    workspace: &Workspace,
    directory: &Path,
    wanted: &Wanted,
    there: Option<&Embargo>,
    environment: &Environment,
) -> Result<Embargo, FlowError> {
    let repository = &workspace.repository;
    let usual = || Embargo {
        mark: Mark {
            name: wanted.name.clone(),
            phase: Phase::Sealed,
            private: Places::default(),
            public: Places::default(),
        },
        part: Part::Founding,
        since: wanted.now,
        by: wanted.by.clone(),
        until: None,
        on_date: OnDate::Wait,
        branches: Vec::new(),
        target: Target {
            remote: workspace.project.release.remote.clone(),
            archive: None,
            suite: None,
            suites: BTreeMap::new(),
        },
        hooks_path: None,
        lift: None,
    };
    let came_along = match there {
        Some(there) => Some(there.clone()),
        None => sharing::came_along_here(repository, &wanted.name, environment)?,
    };
    let mut next = came_along.unwrap_or_else(usual);
    if there.is_none() {
        next.hooks_path = hook::before(repository, environment)?;
    }
    let private = &mut next.mark.private;
    for remote in &wanted.private.remotes {
        for place in push_places(repository, environment, remote)? {
            add(&mut private.remotes, place);
        }
    }
    for location in &wanted.private.archives {
        let location = located(workspace, directory, location);
        add(&mut private.archives, archive_place(&location, directory));
    }
    for address in &wanted.private.addresses {
        add(&mut private.addresses, address.clone());
    }
    for command in &wanted.private.commands {
        add(&mut private.commands, command.clone());
    }
    for branch in &wanted.branches {
        add(&mut next.branches, branch.clone());
    }
    if let Some(remote) = &wanted.remote {
        next.target.remote.clone_from(remote);
    }
    if let Some(location) = &wanted.archive {
        let location = located(workspace, directory, location);
        next.target.archive = Some(archive_place(&location, directory));
    }
    for (branch, suite) in &wanted.suites {
        let suite = suite.clone();
        match branch {
            Some(branch) => {
                next.target.suites.insert(branch.clone(), suite);
            }
            None => next.target.suite = Some(suite),
        }
    }
    next.until = wanted.until.or(next.until);
    next.on_date = wanted.on_date.unwrap_or(next.on_date);
    Ok(next)
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// Returns where an archive is: of a name of the configuration what that says,
/// with directories made absolute.
fn located(workspace: &Workspace, directory: &Path, location: &str) -> String {
    match workspace.project.archives.get(location) {
        Some(configured) if !location.contains('/') => {
            archive_place(configured, workspace.repository.top())
        }
        _ => archive_place(location, directory),
    }
}
