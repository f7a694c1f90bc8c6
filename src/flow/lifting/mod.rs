//! `patch lift`: everything that an embargo kept goes out at once.
//!
//! The order is: packages, then branches and tags in one atomic push, then
//! announcements. Whoever reads of a hole can install its fix by then. What can
//! be known to fail is tried first, while nothing is out: the push without
//! sending, the archive's rules, the commands before a publish.
//!
//! The mark is the journal: it says that the lift has begun and what it
//! releases, and it goes last. Each step asks the world whether it is already
//! so, so that running again finishes what a crash left.

mod agenda;

use super::FlowError;
use super::announcing::{self, Again, How};
use super::archiving::{Act, Desk, Outcome as PublishOutcome};
use super::embargoing;
use super::hooks::{HookPackage, Hooks, Occasion};
use super::project::Workspace;
use super::signing::KeyWanted;
use crate::archive::Older;
use crate::keys::Ask;
use crate::model::{Finding, Listener, Sha256, Timestamp};
use crate::patch::embargo::{Due, Embargo, Ended, Lift, OnDate};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::git::{Pushed, push, push_places, try_push};
use crate::sys::outward::{Phase, Places};

pub use agenda::Planned;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When it may happen.
    pub when: When,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Whether nobody is told.
    pub quiet: bool,
    /// Which key signs the archive.
    pub key: KeyWanted,
    /// Who lifts.
    pub by: Person,
    /// When.
    pub now: Timestamp,
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
    let begun = embargo.lift.is_some();
    if !begun && let Some(outcome) = too_early(&embargo, wanted) {
        return Ok(outcome);
    }
    let planned = match agenda::plan(workspace, &embargo, wanted, environment)? {
        Ok(planned) => planned,
        Err(findings) => return Ok(Outcome::Refused(Box::new(embargo), findings)),
    };
    if wanted.dry_run {
        return Ok(Outcome::Planned(Box::new(embargo), Box::new(planned)));
    }
    let Planned { lift, findings } = planned;
    embargo.mark.phase = Phase::Lifting;
    embargo.mark.public = public(workspace, &embargo, &lift, wanted, environment)?;
    embargo.lift = Some(lift.clone());
    embargoing::write(repository, &embargo)?;
    let mut run = Run {
        workspace,
        embargo: &embargo,
        lift: &lift,
        desk,
        environment,
        listener,
        key: &wanted.key,
        ask,
        steps: Vec::new(),
    };
    // Until the first step nothing is out, and a no changes nothing.
    if !begun {
        let tried = run.tried();
        if !matches!(&tried, Ok(found) if found.is_empty()) {
            embargo.mark.phase = Phase::Sealed;
            embargo.mark.public = Places::default();
            embargo.lift = None;
            embargoing::write(repository, &embargo)?;
            return Ok(Outcome::Refused(Box::new(embargo), tried?));
        }
    }
    let stopped = run.all()?;
    let steps = run.steps;
    if !stopped.is_empty() {
        return Ok(Outcome::Stopped(Box::new(embargo), steps, stopped));
    }
    let over = Ended {
        name: embargo.mark.name.clone(),
        at: lift.at,
        by: lift.by.clone(),
        reason: lift.reason.clone(),
        lift: Some(lift),
    };
    embargoing::end(repository, &embargo, over, environment)?;
    Ok(Outcome::Lifted(Box::new(embargo), steps, findings))
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

/// One run of the steps.
struct Run<'a, 'b> {
    workspace: &'a Workspace,
    embargo: &'a Embargo,
    lift: &'a Lift,
    desk: Option<&'a Desk<'a>>,
    environment: &'a Environment,
    listener: &'a dyn Listener,
    key: &'a KeyWanted,
    ask: &'a mut Ask<'b>,
    steps: Vec<Step>,
}

impl Run<'_, '_> {
    /// Tries what can be tried while nothing is out.
    fn tried(&mut self) -> Result<Vec<Finding>, FlowError> {
        try_push(
            &self.workspace.repository,
            self.environment,
            &self.embargo.target.remote,
            &self.refspecs(),
            self.listener,
        )?;
        if let Some(PublishOutcome::Refused(findings)) = self.publish(true)? {
            return Ok(findings);
        }
        let hooks = Hooks::new(self.workspace, self.environment, self.listener);
        let stopped = self.occasion().and_then(|told| hooks.before(&told));
        Ok(stopped.into_iter().collect())
    }

    /// Does what is not done yet; says what stopped it.
    fn all(&mut self) -> Result<Vec<Finding>, FlowError> {
        let hooks = Hooks::new(self.workspace, self.environment, self.listener);
        if let Some(told) = self.occasion()
            && matches!(self.publish(true)?, Some(PublishOutcome::Planned(..)))
        {
            hooks.owe(&told)?;
        }
        self.listener.begin("publishing");
        let published = match self.publish(false)? {
            Some(PublishOutcome::Refused(findings)) => return Ok(findings),
            Some(PublishOutcome::Done(..)) => true,
            _ => false,
        };
        if let (Some(suite), Some(place)) =
            (&self.embargo.target.suite, &self.embargo.target.archive)
        {
            self.done("publish", format!("{suite} in {place}"), published);
        }
        self.listener.begin("pushing");
        let remote = &self.embargo.target.remote;
        let pushed = push(
            &self.workspace.repository,
            self.environment,
            remote,
            &self.refspecs(),
            self.listener,
        )?;
        let names = self.lift.tags.iter().map(ToString::to_string);
        let names = names.chain(self.lift.branches.keys().map(ToString::to_string));
        let names = names.collect::<Vec<_>>().join(", ");
        let what = format!("{names} to {remote}");
        self.done("push", what, pushed == Pushed::Changed);
        hooks.run_due()?;
        self.announce()
    }

    fn announce(&mut self) -> Result<Vec<Finding>, FlowError> {
        if self.lift.channels.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = announcing::Wanted {
            tags: self.lift.tags.clone(),
            to: self.lift.channels.clone(),
            how: How::Send,
            again: Again::Never,
            by: self.lift.by.clone(),
            now: self.lift.at,
        };
        let told = announcing::announce(self.workspace, &wanted, self.environment, self.listener)?;
        let sent = |channel: &&announcing::ChannelState| channel.state == announcing::State::Sent;
        let changed = told.channels.iter().filter(sent).count() > 0;
        if told.findings.is_empty() {
            self.done("announce", self.lift.channels.join(", "), changed);
        }
        Ok(told.findings)
    }

    /// Publishes what was built: the same bits. None where there is no archive.
    fn publish(&mut self, dry_run: bool) -> Result<Option<PublishOutcome>, FlowError> {
        let (Some(desk), Some(suite)) = (self.desk, &self.embargo.target.suite) else {
            return Ok(None);
        };
        for upload in &self.lift.uploads {
            if Sha256::of(&files::read(&upload.changes)?) != upload.sha256 {
                let subject = upload.changes.display().to_string();
                let message = "it is no longer what the lift began with";
                let finding = Finding::error("changed-upload", subject, message);
                return Ok(Some(PublishOutcome::Refused(vec![finding])));
            }
        }
        let uploads = self.lift.uploads.iter().map(|one| one.changes.clone());
        let uploads: Vec<_> = uploads.collect();
        let mut act = Act {
            key: self.key.clone(),
            ask: self.ask,
            dry_run,
            reason: None,
        };
        let added = desk.add(&uploads, suite, None, Older::Refuse, &mut act)?;
        Ok(Some(added))
    }

    /// Returns what goes: the branches where they are now, which have what was
    /// planned, and the tags.
    fn refspecs(&self) -> Vec<String> {
        let branches = self.lift.branches.iter();
        let branches = branches.map(|(name, at)| format!("{at}:refs/heads/{name}"));
        let tags = self.lift.tags.iter();
        let tags = tags.map(|tag| format!("refs/tags/{tag}:refs/tags/{tag}"));
        branches.chain(tags).collect()
    }

    /// Tells hooks of the publish; none: nothing is published.
    fn occasion(&self) -> Option<Occasion> {
        let (suite, place) = (
            self.embargo.target.suite.as_ref()?,
            self.embargo.target.archive.as_ref()?,
        );
        let packages = self.lift.uploads.iter().map(|upload| HookPackage {
            name: upload.source.clone(),
            version: upload.version.clone(),
            debian_version: upload.version.clone(),
            tag: Some(upload.tag.to_string()),
            commit: None,
            notes_file: None,
            artifacts: vec![upload.changes.display().to_string()],
        });
        let told = Occasion::new("publish", packages.collect());
        Some(told.published(suite.to_string(), place.clone()))
    }

    fn done(&mut self, step: &'static str, what: String, changed: bool) {
        self.steps.push(Step {
            step,
            what,
            changed,
        });
    }
}
