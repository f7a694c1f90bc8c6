//! `patch lift`: everything that an embargo kept goes out at once.
//!
//! The order is: packages, then branches and tags in one atomic push, then
//! announcements, then what the queue says of all that. Whoever reads of a hole
//! can install its fix by then. What can be known to fail is tried first, while
//! nothing is out: the push without sending, the archive's rules and its key,
//! the commands before a publish.
//!
//! The mark is the journal: it says that the lift has begun, what it releases,
//! and whether anything may be out; and it goes last. Each step asks the world
//! whether it is already so, so that running again finishes what a crash left.
//! While nothing can be out, a lift that finds something against it closes the
//! repository again.

mod agenda;
mod entries;
mod steps;

use super::FlowError;
use super::announcing;
use super::archiving::Desk;
use super::embargoing::{self, Look, Theirs};
use super::project::Workspace;
use super::signing::KeyWanted;
use crate::keys::Ask;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::embargo::{Due, Embargo, Ended, Lift, OnDate, Stage};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{Repository, push_places};
use crate::sys::outward::{Phase, Places};

pub use agenda::Planned;
use steps::Run;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When it may happen.
    pub when: When,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Whether nobody is told.
    pub quiet: bool,
    /// Why it goes on although something of it is not on the main branch.
    pub not_on_main: Option<String>,
    /// Which key signs the archive.
    pub key: KeyWanted,
    /// Who lifts.
    pub by: Person,
    /// When.
    pub now: Timestamp,
}

impl Wanted {
    /// Takes the reasons of a lift that was begun before. Who lifts by the clock
    /// alone has none.
    fn takes_up(&mut self, before: Lift) {
        if let (When::Due, Some(reason)) = (&self.when, before.reason) {
            self.when = When::Early(reason);
        }
        self.not_on_main = self.not_on_main.take().or(before.not_on_main);
    }
}

/// When a lift may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// On its day or later.
    Due,
    /// Only on its day or later, and where the embargo says that it needs nobody.
    Unattended,
    /// Before its day, for this reason.
    Early(String),
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// There is no embargo; the last one that was, where there was one.
    None(Option<Box<Ended>>),
    /// It is too early.
    NotDue(Box<Embargo>, Timestamp),
    /// Nothing is out, for these reasons.
    Refused(Box<Embargo>, Vec<Finding>),
    /// It is closed, and nothing is out; whether it had begun.
    Aborted(Box<Embargo>, bool),
    /// This would be released.
    Planned(Box<Embargo>, Box<Planned>),
    /// Something is out and something is not: running again goes on.
    Stopped(Box<Embargo>, Vec<Step>, Vec<Finding>),
    /// Everything is out.
    Lifted(Box<Embargo>, Vec<Step>, Vec<Finding>),
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub step: &'static str,
    /// What came of it.
    pub what: String,
    /// Whether it changed anything.
    pub changed: bool,
}

/// Lifts the embargo of a repository; `desk` is of the archive that gets
/// everything, where there is one.
pub fn lift(
    workspace: &Workspace,
    wanted: &Wanted,
    desk: Option<&Desk<'_>>,
    (environment, ask, listener): (&Environment, &mut Ask<'_>, &dyn Listener),
) -> Result<Outcome, FlowError> {
    let repository = &workspace.repository;
    let Some(mut embargo) = embargoing::read(repository)? else {
        return Ok(Outcome::None(
            embargoing::ended(repository)?.pop().map(Box::new),
        ));
    };
    let mut wanted = wanted.clone();
    let before = embargo.lift.clone();
    let is_going = before.as_ref().is_some_and(|lift| !lift.can_go_back());
    if let Some(before) = before.filter(Lift::can_go_back) {
        // Nothing of it is out: it begins anew, and until then it is closed.
        match wanted.dry_run {
            true => embargo.lift = None,
            false => close(repository, &mut embargo)?,
        }
        wanted.takes_up(before);
    }
    // A plan can be looked at before its day.
    if !is_going
        && !wanted.dry_run
        && let Some(outcome) = too_early(&embargo, &wanted)
    {
        return Ok(outcome);
    }
    let wanted = &wanted;
    if !is_going
        && let Some(over) =
            embargoing::over_elsewhere(repository, Some(&embargo), Look::There, environment)?
    {
        return Ok(Outcome::Refused(Box::new(embargo), vec![over]));
    }
    let planned = match agenda::plan(workspace, &embargo, wanted, environment)? {
        Ok(planned) => planned,
        Err(findings) if is_going => {
            return Ok(Outcome::Stopped(Box::new(embargo), Vec::new(), findings));
        }
        Err(findings) => return Ok(Outcome::Refused(Box::new(embargo), findings)),
    };
    if wanted.dry_run {
        let mut planned = planned;
        if let Due::At(until) = embargo.due(wanted.now) {
            let message = format!("not before {until}");
            let finding = Finding::info("not-due", &embargo.mark.name, message);
            planned.findings.push(finding);
        }
        let remote = &embargo.target.remote;
        let message = "what its hooks and protected branches say is known when it is pushed, \
                       behind the packages";
        let finding = Finding::info("not-asked", remote, message);
        let names: Vec<&str> = planned
            .lift
            .branches
            .keys()
            .map(|one| one.as_str())
            .collect();
        let names = [
            names,
            planned.lift.tags.iter().map(|one| one.as_str()).collect(),
        ]
        .concat();
        let fix = format!("see that this account may push {} there", names.join(", "));
        planned.findings.push(finding.fix(fix));
        return Ok(Outcome::Planned(Box::new(embargo), Box::new(planned)));
    }
    let Planned {
        mut lift, findings, ..
    } = planned;
    embargo.mark.phase = Phase::Lifting;
    embargo.mark.public = public(workspace, &embargo, &lift, wanted, environment)?;
    embargo.lift = Some(lift.clone());
    embargoing::write(repository, &embargo)?;
    if !is_going {
        let tried = running(
            workspace,
            wanted,
            desk,
            (&embargo, &lift),
            (environment, ask, listener),
        )
        .tried();
        // Until the first step nothing is out, and a no changes nothing.
        if !matches!(&tried, Ok(found) if found.is_empty()) {
            close(repository, &mut embargo)?;
            return Ok(Outcome::Refused(Box::new(embargo), tried?));
        }
        lift.stage = Stage::Going;
        embargo.lift = Some(lift.clone());
        embargoing::write(repository, &embargo)?;
    }
    let mut run = running(
        workspace,
        wanted,
        desk,
        (&embargo, &lift),
        (environment, ask, listener),
    );
    let stopped = run.all();
    let steps = run.steps;
    if !stopped.is_empty() {
        return Ok(Outcome::Stopped(Box::new(embargo), steps, stopped));
    }
    let over = Ended {
        name: embargo.mark.name.clone(),
        at: lift.at,
        by: lift.by.clone(),
        since: Some(embargo.since),
        reason: lift.reason.clone(),
        lift: Some(lift),
    };
    let said = (&wanted.by, wanted.now);
    let kept = embargoing::keep(workspace, &embargo, said, environment)?;
    let stays = embargoing::end(repository, &embargo, over, Theirs::Withdrawn, environment)?;
    let findings = [findings, kept, stays].concat();
    Ok(Outcome::Lifted(Box::new(embargo), steps, findings))
}

/// Takes back a lift that has begun and of which nothing can be out.
pub fn abort(workspace: &Workspace) -> Result<Outcome, FlowError> {
    let mut outcome = to_abort(workspace)?;
    if let Outcome::Aborted(embargo, true) = &mut outcome {
        close(&workspace.repository, embargo)?;
    }
    Ok(outcome)
}

/// Finds what taking it back would come to.
pub fn to_abort(workspace: &Workspace) -> Result<Outcome, FlowError> {
    let repository = &workspace.repository;
    let Some(embargo) = embargoing::read(repository)? else {
        let last = embargoing::ended(repository)?.pop();
        return Ok(Outcome::None(last.map(Box::new)));
    };
    Ok(match &embargo.lift {
        Some(lift) if !lift.can_go_back() => {
            let message = "something of it may be out: what is public stays so";
            let finding = Finding::error("out", &embargo.mark.name, message);
            let findings = vec![finding.fix("debcut patch lift finishes it")];
            Outcome::Stopped(Box::new(embargo), Vec::new(), findings)
        }
        begun => {
            let begun = begun.is_some();
            Outcome::Aborted(Box::new(embargo), begun)
        }
    })
}

/// Closes a repository again of which nothing is out.
fn close(repository: &Repository, embargo: &mut Embargo) -> Result<(), FlowError> {
    embargo.mark.phase = Phase::Sealed;
    embargo.mark.public = Places::default();
    embargo.lift = None;
    embargoing::write(repository, embargo)
}

fn running<'a, 'b>(
    workspace: &'a Workspace,
    wanted: &'a Wanted,
    desk: Option<&'a Desk<'a>>,
    (embargo, lift): (&'a Embargo, &'a Lift),
    (environment, ask, listener): (&'a Environment, &'a mut Ask<'b>, &'a dyn Listener),
) -> Run<'a, 'b> {
    Run {
        workspace,
        embargo,
        lift,
        desk,
        environment,
        listener,
        key: &wanted.key,
        ask,
        steps: Vec::new(),
    }
}

fn too_early(embargo: &Embargo, wanted: &Wanted) -> Option<Outcome> {
    let due = embargo.due(wanted.now);
    match (&wanted.when, due) {
        (When::Unattended, _) if embargo.until.is_none() || embargo.on_date == OnDate::Wait => {
            let message = "it is lifted by somebody, not by its date";
            let finding = Finding::error("not-unattended", &embargo.mark.name, message);
            let fix = "debcut patch embargo NAME --until DATE --lift-on-date says otherwise";
            let findings = vec![finding.fix(fix)];
            Some(Outcome::Refused(Box::new(embargo.clone()), findings))
        }
        (When::Due | When::Unattended, Due::At(until)) => {
            Some(Outcome::NotDue(Box::new(embargo.clone()), until))
        }
        _ => None,
    }
}

/// Lists where things may go while an embargo is lifted.
fn public(
    workspace: &Workspace,
    embargo: &Embargo,
    lift: &Lift,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Places, FlowError> {
    use crate::sys::outward::Destination;
    let mut public = Places {
        remotes: push_places(&workspace.repository, environment, &embargo.target.remote)?,
        archives: embargo.target.archive.iter().cloned().collect(),
        addresses: Vec::new(),
        commands: workspace
            .hooks()
            .iter()
            .map(|hook| hook.command.clone())
            .collect(),
    };
    if lift.channels.is_empty() {
        return Ok(public);
    }
    for to in announcing::ways_out(workspace, environment, wanted.now, &wanted.by)? {
        match to {
            Destination::Archive(place) => public.archives.push(place),
            Destination::Address(address) => public.addresses.push(address),
            Destination::Command(command) => public.commands.push(command),
            Destination::Remote(_) | Destination::Hosts | Destination::Listeners(_) => {}
        }
    }
    Ok(public)
}
