//! `release`: from the plan to packages in a suite, resumable: what is already
//! so is not done again.
//!
//! The order is: plan, prepare, build the release commits, tag them, take those
//! builds for the tags (or build again where that is not proven), publish
//! everything in one transaction. A version that was released before and is
//! not in the suite yet goes there too: so a run that was killed between tag
//! and publish is completed by the next one, on any machine.

mod mock;
mod remote;
pub(in crate::flow) mod target;
mod ways_out;

use std::path::PathBuf;

use super::FlowError;
use super::archiving::{Act, Desk, Outcome as PublishOutcome};
use super::building::{self, Outcome as BuildOutcome};
use super::builds;
use super::hooks::{HookPackage, Hooks, Occasion};
use super::planning::{self, Planned};
use super::preparing::{self, Extent};
use super::project::Workspace;
use super::signing::KeyWanted;
use super::tagging::{self, Signing};
use crate::archive::Older;
use crate::build::observe::Wanted as Revision;
use crate::build::plan::Scope;
use crate::keys::Ask;
use crate::model::{DigestPrefix, Finding, Suite, Timestamp};
use crate::publish::Question;
use crate::release::commit::Person;
use crate::release::plan::Request;
use crate::release::policy::Hook;
use crate::sys::files::{self, Access};
use crate::sys::git::Pushed;

pub use mock::mock;
pub use target::Target;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to be released.
    pub request: Request,
    /// The digest of the plan that was approved.
    pub expected: Option<DigestPrefix>,
    /// The suite that gets it.
    pub to: Suite,
    /// Whether branch and tags are pushed before anything is published.
    pub push: bool,
    /// Who signs artifacts and the archive.
    pub key: KeyWanted,
    /// Who signs tags.
    pub signing: Signing,
    /// How packages are built.
    pub how: building::How,
    /// The upstream tarball or its directory.
    pub orig: Option<PathBuf>,
    /// Whether versions older than what the suite has go there.
    pub older: Older,
    /// What becomes of releases that are tagged and that the suite lacks.
    pub tagged: Tagged,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Who releases.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// What becomes of releases that are tagged and that the suite lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// They go there, too.
    Published,
    /// They are left alone: the suite is empty for another reason.
    LeftAlone,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// A step said no; what was done before it stays, and running again goes on
    /// there.
    Refused {
        /// How far it came.
        released: Box<Released>,
        /// The reasons.
        findings: Vec<Finding>,
    },
    /// This would be released.
    Planned {
        /// The plan.
        planned: Box<Planned>,
        /// What would be in the suite that is not there yet.
        targets: Vec<Target>,
        /// The suite's generation now; none: it is empty.
        base: Option<u64>,
        /// The project's commands that would be run.
        commands: Vec<Hook>,
    },
    /// Done, or nothing was left to do.
    Done(Box<Released>),
}

impl Outcome {
    /// Says no before anything was done.
    fn refused(findings: Vec<Finding>) -> Self {
        Self::Refused {
            released: Box::default(),
            findings,
        }
    }
}

/// How far a release came.
#[derive(Debug, Default)]
pub struct Released {
    /// The packages.
    pub targets: Vec<Target>,
    /// The steps.
    pub steps: Vec<StepDone>,
    /// The suite's generation after it.
    pub generation: Option<u64>,
    /// Whether anything was changed.
    pub changed: bool,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
    /// Whether branch and tags were pushed.
    pub pushed: bool,
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDone {
    /// Its name.
    pub step: &'static str,
    /// What came of it.
    pub what: String,
    /// Whether it changed anything.
    pub changed: bool,
}

/// Whether the chain goes on.
type Go<T> = Result<Result<T, Vec<Finding>>, FlowError>;

/// Releases what a workspace's history asks for, into a suite.
pub fn release(
    workspace: &Workspace,
    wanted: &Wanted,
    desk: &Desk<'_>,
    ask: &mut Ask<'_>,
) -> Result<Outcome, FlowError> {
    // A suite or a remote that is not there is known before anything is changed.
    if wanted.push {
        preparing::remote_is_named(workspace)?;
    }
    let suite = desk.look(&wanted.to, None, Question::Manifest)?;
    // What an embargo would refuse later: nothing is made for it.
    let place = desk.store.place();
    let mut refused = ways_out::closed(workspace, desk.environment, wanted.push, Some(&place))?;
    let mut planned = match planning::plan(workspace, "HEAD", &wanted.request)? {
        planning::Outcome::Planned(planned) => planned,
        planning::Outcome::Refused(findings) => {
            refused.extend(findings);
            return Ok(Outcome::refused(refused));
        }
    };
    let hooks = Hooks::new(workspace, desk.environment, desk.listener);
    if !hooks.forbidden(&STEPS).is_empty() {
        let targets = target::of(workspace, &planned, desk, wanted)?;
        refused.extend(hooks.forbidden(steps(&targets)));
    }
    if !refused.is_empty() {
        return Ok(Outcome::refused(refused));
    }
    let (environment, listener) = (desk.environment, desk.listener);
    let ahead = remote::in_the_way(workspace, wanted, &planned, environment, listener)?;
    if ahead.iter().any(Finding::is_error) {
        return Ok(Outcome::refused(ahead));
    }
    planned.findings.extend(ahead);
    // Before there is a release commit that the suite would not take.
    let older = target::older(&planned, desk, wanted)?;
    if !older.is_empty() {
        return Ok(Outcome::refused(older));
    }
    if wanted.dry_run {
        let targets = target::of(workspace, &planned, desk, wanted)?;
        return Ok(Outcome::Planned {
            base: suite.generation.as_ref().map(|(base, _)| base.number),
            commands: hooks.around(steps(&targets)),
            planned,
            targets,
        });
    }
    let mut run = Run {
        workspace,
        wanted,
        desk,
        ask,
        hooks,
        released: Released {
            findings: planned.findings.clone(),
            ..Released::default()
        },
    };
    let ended = run.all(*planned)?;
    let released = Box::new(run.released);
    Ok(match ended {
        Ok(()) => Outcome::Done(released),
        Err(findings) => Outcome::Refused { released, findings },
    })
}

/// The steps that hooks may stand before, in their order.
const STEPS: [&str; 5] = ["release", "prepare", "tag", "build", "publish"];

/// Returns those of them that are still to be taken.
fn steps(targets: &[Target]) -> &'static [&'static str] {
    let is_tagged = targets.iter().all(|target| target.is_tagged);
    let is_built = is_tagged && targets.iter().all(|target| target.place.is_dir());
    match (targets.is_empty(), is_tagged, is_built) {
        (true, ..) => &[],
        (_, false, _) => &STEPS,
        (_, true, false) => &["release", "build", "publish"],
        (_, true, true) => &["release", "publish"],
    }
}

/// Builds what is tagged and publishes it, as the end of a release does: for a
/// tag that its branch has left behind. What the suite has is left alone.
pub fn publish_tagged(
    workspace: &Workspace,
    wanted: &Wanted,
    desk: &Desk<'_>,
    ask: &mut Ask<'_>,
    target: Target,
) -> Result<Outcome, FlowError> {
    let is_there = target::has(desk, wanted, &target)?;
    let mut run = Run {
        workspace,
        wanted,
        desk,
        ask,
        hooks: Hooks::new(workspace, desk.environment, desk.listener),
        released: Released {
            targets: vec![target],
            ..Released::default()
        },
    };
    if is_there {
        desk.complete(&wanted.to)?;
        return Ok(Outcome::Done(Box::new(run.released)));
    }
    run.hooks.run_due()?;
    let mut ended = run.builds()?;
    if ended.is_ok() {
        ended = run.publish()?;
    }
    let released = Box::new(run.released);
    Ok(match ended {
        Ok(()) => Outcome::Done(released),
        Err(findings) => Outcome::Refused { released, findings },
    })
}

/// One run of the chain.
struct Run<'a, 'b> {
    workspace: &'a Workspace,
    wanted: &'a Wanted,
    desk: &'a Desk<'a>,
    ask: &'a mut Ask<'b>,
    hooks: Hooks<'a>,
    released: Released,
}

impl Run<'_, '_> {
    fn all(&mut self, planned: Planned) -> Go<()> {
        self.hooks.run_due()?;
        let whole = Occasion::new("release", preparing::packages(&planned.plan));
        if let Some(finding) = self.hooks.before(&whole) {
            return Ok(Err(vec![finding]));
        }
        let prepared = preparing::prepare(
            self.workspace,
            &self.preparation(),
            self.desk.environment,
            None,
            self.desk.listener,
        )?;
        match prepared {
            preparing::Outcome::Refused { findings, .. } => return Ok(Err(findings)),
            preparing::Outcome::Done(done) => {
                let commit = done.commit.unwrap_or_default();
                self.done("prepare", format!("release commit {commit:.12}"), true);
            }
            _ => self.done("prepare", "nothing to write".into(), false),
        }
        // What is prepared is planned anew: from here on the tree is the truth.
        let again = Request {
            again: false,
            ..self.wanted.request.clone()
        };
        let planned = match planning::plan(self.workspace, "HEAD", &again)? {
            planning::Outcome::Planned(planned) => planned,
            planning::Outcome::Refused(findings) => return Ok(Err(findings)),
        };
        // What came behind an approved plan is not of it.
        let (author, date) = (&self.wanted.author, self.wanted.date);
        let unwritten = preparing::unwritten(self.workspace, &planned, author, date)?;
        let planned = Planned {
            plan: planned
                .plan
                .only(|package| !unwritten.contains(&package.name)),
            ..*planned
        };
        self.released.targets = target::of(self.workspace, &planned, self.desk, self.wanted)?;
        self.write_notes()?;
        if let Err(findings) = self.candidates()? {
            return Ok(Err(findings));
        }
        if let Err(findings) = self.admission()? {
            return Ok(Err(findings));
        }
        if let Err(findings) = self.tags()? {
            return Ok(Err(findings));
        }
        if let Err(findings) = self.builds()? {
            return Ok(Err(findings));
        }
        if let Err(findings) = self.publish()? {
            return Ok(Err(findings));
        }
        self.hooks
            .after(&Occasion::new("release", self.packages()))?;
        Ok(Ok(()))
    }

    /// Writes the notes where hooks find them. Those of a tagged release stay.
    fn write_notes(&self) -> Result<(), FlowError> {
        for target in self
            .released
            .targets
            .iter()
            .filter(|target| !target.notes.is_empty())
        {
            let path = target::notes_file(self.workspace, &target.name, &target.version);
            files::create_dir(path.parent().expect("it is in a directory"))?;
            files::replace(&path, target.notes.as_bytes(), Access::Public)?;
        }
        Ok(())
    }

    fn preparation(&self) -> preparing::Wanted {
        preparing::Wanted {
            request: self.wanted.request.clone(),
            expected: self.wanted.expected.clone(),
            branch: None,
            extent: Extent::Commit,
            push: false,
            dry_run: false,
            author: self.wanted.author.clone(),
            date: self.wanted.date,
        }
    }

    /// Builds the release commits before anybody sees their tags.
    fn candidates(&mut self) -> Go<()> {
        let mut requests = Vec::new();
        let mut which = Vec::new();
        for (at, target) in self.released.targets.iter().enumerate() {
            if target.is_tagged {
                continue;
            }
            let out = target.candidate_place(self.workspace);
            let wanted = Revision::Release {
                commit: target.commit.clone(),
                tag: target.tag.clone(),
            };
            requests.push(self.request(target, wanted, out, None));
            which.push(at);
        }
        let outcomes = builds::side_by_side(
            self.workspace,
            requests,
            self.wanted.how.jobs,
            self.desk.environment,
            self.desk.clock,
            self.ask,
            self.desk.listener,
        )?;
        // All that were built are told, whatever became of one of them.
        let mut refused = Vec::new();
        let mut failed = None;
        for (at, outcome) in which.into_iter().zip(outcomes) {
            match outcome.map(|outcome| self.take(at, outcome)) {
                Ok(Ok(changed)) => {
                    let target = &self.released.targets[at];
                    let what = format!("{} {} as a candidate", target.name, target.debian_version);
                    self.done("build", what, changed);
                }
                Ok(Err(findings)) => refused.extend(findings),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match (failed, refused.is_empty()) {
            (Some(error), _) => Err(error),
            (None, true) => Ok(Ok(())),
            (None, false) => Ok(Err(refused)),
        }
    }

    /// Asks the archive whether it would take the candidates: a tag for what it
    /// refuses would be one too many.
    fn admission(&mut self) -> Go<()> {
        let candidates = self
            .released
            .targets
            .iter()
            .filter(|target| !target.is_tagged);
        let uploads: Vec<_> = candidates
            .filter_map(|target| target.changes.clone())
            .collect();
        if uploads.is_empty() {
            return Ok(Ok(()));
        }
        let mut act = Act {
            key: self.wanted.key.clone(),
            ask: self.ask,
            dry_run: true,
            reason: None,
        };
        let older = self.wanted.older;
        match self
            .desk
            .add(&uploads, &self.wanted.to, None, older, &mut act)?
        {
            PublishOutcome::Refused(findings) => Ok(Err(findings)),
            _ => Ok(Ok(())),
        }
    }

    fn tags(&mut self) -> Go<()> {
        let wanted = tagging::Wanted {
            request: Request {
                again: false,
                ..self.wanted.request.clone()
            },
            signing: self.wanted.signing.clone(),
            push: self.wanted.push,
            dry_run: false,
            author: self.wanted.author.clone(),
            date: self.wanted.date,
        };
        let tagged = tagging::tag(
            self.workspace,
            &wanted,
            self.desk.environment,
            self.ask,
            self.desk.listener,
        )?;
        match tagged {
            tagging::Outcome::Refused { findings, .. } => Ok(Err(findings)),
            tagging::Outcome::Done(done) => {
                let made = done.made.iter().map(|tag| tag.name.to_string());
                let made: Vec<_> = made.collect();
                let what = match made.is_empty() {
                    true => "the tags are there".to_owned(),
                    false => made.join(", "),
                };
                self.released.pushed = done.pushed.is_some();
                let pushed = done.pushed == Some(Pushed::Changed);
                self.done("tag", what, !made.is_empty() || pushed);
                Ok(Ok(()))
            }
            tagging::Outcome::Planned(_) => unreachable!("no dry run was asked for"),
        }
    }

    fn builds(&mut self) -> Go<()> {
        for at in 0..self.released.targets.len() {
            let target = &self.released.targets[at];
            let candidate = target.candidate_place(self.workspace);
            let out = target.place.clone();
            let wanted = Revision::Tag(target.tag.clone());
            match self.build(at, wanted, out, Some(candidate.clone()))? {
                Ok(changed) => {
                    let target = &self.released.targets[at];
                    let what = format!("{} {}", target.name, target.debian_version);
                    self.done("build", what, changed);
                }
                Err(findings) => return Ok(Err(findings)),
            }
            if candidate.is_dir() {
                files::remove_tree(&candidate)?;
            }
        }
        Ok(Ok(()))
    }

    fn request(
        &self,
        target: &Target,
        wanted: Revision,
        out: PathBuf,
        candidate: Option<PathBuf>,
    ) -> building::Request {
        building::Request {
            wanted: Some(wanted),
            package: Some(target.name.clone()),
            out: Some(out),
            orig: self.wanted.orig.clone(),
            scope: Scope::Full,
            variant: building::Variant::default(),
            how: self.wanted.how.clone(),
            key: self.wanted.key.clone(),
            dry_run: false,
            force: false,
            candidate,
        }
    }

    fn build(
        &mut self,
        at: usize,
        wanted: Revision,
        out: PathBuf,
        candidate: Option<PathBuf>,
    ) -> Go<bool> {
        let request = self.request(&self.released.targets[at], wanted, out, candidate);
        let built = building::build(
            self.workspace,
            &request,
            self.desk.environment,
            self.desk.clock,
            self.ask,
            self.desk.listener,
        )?;
        Ok(self.take(at, built))
    }

    /// Notes what came of a target's build.
    fn take(&mut self, at: usize, outcome: BuildOutcome) -> Result<bool, Vec<Finding>> {
        match outcome {
            BuildOutcome::Refused(refusal) => Err(refusal.findings),
            BuildOutcome::Planned(_) => unreachable!("no dry run was asked for"),
            BuildOutcome::Built {
                plan,
                built,
                changed,
            } => {
                let target = &mut self.released.targets[at];
                let artifacts = built.artifacts.iter();
                target.artifacts = artifacts.map(|a| built.directory.join(&a.name)).collect();
                target.changes = built.changes();
                self.released.findings.extend(plan.warnings);
                self.released.findings.extend(built.findings);
                Ok(changed)
            }
        }
    }

    fn publish(&mut self) -> Go<()> {
        let targets = &self.released.targets;
        let uploads: Vec<_> = targets
            .iter()
            .filter_map(|target| target.changes.clone())
            .collect();
        if uploads.is_empty() {
            // The suite's head may have it all, and its clients not yet.
            self.desk.complete(&self.wanted.to)?;
            self.done("publish", "nothing to publish".into(), false);
            return Ok(Ok(()));
        }
        let suite = &self.wanted.to;
        let occasion = Occasion::new("publish", self.packages())
            .published(suite.to_string(), self.desk.store.place());
        if let Some(finding) = self.hooks.before(&occasion) {
            return Ok(Err(vec![finding]));
        }
        let mut act = Act {
            key: self.wanted.key.clone(),
            ask: self.ask,
            dry_run: false,
            reason: None,
        };
        let (generation, changed) =
            match self
                .desk
                .add(&uploads, suite, None, self.wanted.older, &mut act)?
            {
                PublishOutcome::Refused(findings) => return Ok(Err(findings)),
                PublishOutcome::Done(published, findings) => {
                    self.released.findings.extend(findings);
                    (Some(published.generation.number), true)
                }
                PublishOutcome::Unchanged(current, findings) => {
                    self.released.findings.extend(findings);
                    (
                        current.generation.as_ref().map(|(base, _)| base.number),
                        false,
                    )
                }
                PublishOutcome::Planned(..) => unreachable!("no dry run was asked for"),
            };
        self.released.generation = generation;
        let what = format!("{} package(s) in {suite}", uploads.len());
        self.done("publish", what, changed);
        if changed {
            self.hooks.after(&occasion)?;
        }
        Ok(Ok(()))
    }

    fn packages(&self) -> Vec<HookPackage> {
        {
            let told = |target: &Target| target.told(self.workspace);
            self.released.targets.iter().map(told).collect()
        }
    }

    fn done(&mut self, step: &'static str, what: String, changed: bool) {
        self.released.changed |= changed;
        self.released.steps.push(StepDone {
            step,
            what,
            changed,
        });
    }
}
