//! Archives: made, added to, looked at. A publish that lost against another
//! one looks and plans again.

mod changing;
mod keys;
mod looking;
mod opening;

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use super::FlowError;
use super::evidence::{self, Rules};
use super::signing::KeyWanted;
use crate::archive::gate::Way;
use crate::archive::{
    Candidate, Current, Grounds, Older, Removal, Settings, draft, remove, settle,
};
use crate::keys::Ask;
use crate::model::{Component, Event, Finding, Listener, Suite};
use crate::publish::incoming::{self, Incoming};
use crate::publish::{PublishError, PublishPlan, Published, Question, observe};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::store::{Store, StoreError};

pub use opening::{local_directory, open_store, open_to_read};

pub(super) use changing::{Change, Judged};

/// An archive and what working on it takes.
pub struct Desk<'a> {
    /// Where the archive is.
    pub store: Box<dyn Store>,
    /// The environment of the process.
    pub environment: &'a Environment,
    /// What tells the present moment.
    pub clock: Clock,
    /// What dates the generations that are made, and nothing else.
    pub dates: Clock,
    /// The key that the configuration names.
    pub configured_key: Option<String>,
    /// What the configuration demands of a publish.
    pub rules: Rules,
    /// How long to wait for another publisher.
    pub wait: Duration,
    /// Who works: recorded in each generation.
    pub who: String,
    /// The command as it was given: recorded in each generation.
    pub command: String,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// How a change of a suite is signed, and whether it is made at all.
pub struct Act<'a> {
    /// Which key signs.
    pub key: KeyWanted,
    /// Asks for its passphrase.
    pub ask: &'a mut Ask<'a>,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Why it is made, for the history.
    pub reason: Option<String>,
}

/// What came of a change.
#[derive(Debug)]
pub enum Outcome {
    /// Not done, for these reasons.
    Refused(Vec<Finding>),
    /// This would be done.
    Planned(Box<PublishPlan>, Vec<Finding>),
    /// There is nothing to change.
    Unchanged(Box<Current>, Vec<Finding>),
    /// Done.
    Done(Box<Published>, Vec<Finding>),
}

impl Drop for Desk<'_> {
    /// Tells what the store was asked for, to whoever wants to know all.
    fn drop(&mut self) {
        if let Some(traffic) = self.store.traffic() {
            self.listener.hear(Event::Output(traffic));
        }
    }
}

/// So many packages are forgotten once they are judged, and read again in the
/// rare case that somebody else was faster: 60,000 take 130 MB.
const TOO_MANY_TO_KEEP: usize = 1000;

impl Desk<'_> {
    /// Creates a suite, or gives one that is there what it lacks. `adjust`
    /// makes the wanted settings of those there are.
    pub fn settle(
        &self,
        suite: &Suite,
        adjust: &dyn Fn(Option<&Settings>) -> Settings,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        self.change(suite, act, &[], &|| {
            let current = observe(self.store.as_ref(), suite, Question::Whole)?;
            let before = current.manifest().map(|manifest| &manifest.settings);
            let admission = settle(&current, &adjust(before));
            Ok(Judged::new(current, admission))
        })
    }

    /// Adds packages to a suite: all of them or none.
    pub fn add(
        &self,
        paths: &[PathBuf],
        suite: &Suite,
        component: Option<&Component>,
        older: Older,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let keyring = self.keyring()?;
        let reader = incoming::Reader {
            keyring: &keyring,
            component,
            now: self.clock.now(),
            listener: self.listener,
        };
        let Incoming {
            candidates,
            mut findings,
            distributions,
            proofs,
            evidence,
            uncounted,
            uploads,
        } = incoming::read(paths, &reader)?;
        for meant in distributions {
            if meant != suite.as_str() && meant != "UNRELEASED" {
                let note = format!("an upload is meant for {meant}; it goes to {suite}, as asked");
                self.listener.note(note);
            }
        }
        if act.dry_run {
            findings.extend(not_admitted(self.store.as_ref(), &candidates));
        }
        let grounds = Grounds {
            evidence,
            demand: self.rules.demand.clone(),
            uploads,
        };
        let judged = |candidates: &[Candidate]| -> Result<_, PublishError> {
            let question = Question::Candidates(candidates);
            let current = observe(self.store.as_ref(), suite, question)?;
            let draft = draft(&current, candidates, older, &grounds);
            let answer = self.gated(&current, draft, Way::In)?;
            Ok((current, answer))
        };
        if findings.iter().any(Finding::is_error) {
            // Everything that is wrong is told at once.
            let (_, answer) = judged(&candidates)?;
            findings.extend(answer.err().unwrap_or_default());
            return Ok(Outcome::Refused(findings));
        }
        let offered = RefCell::new(Some(candidates));
        self.change(suite, act, &findings, &|| {
            let candidates = match offered.take() {
                Some(candidates) => candidates,
                None => {
                    (incoming::read(paths, &reader))
                        .map_err(|error| StoreError::Local {
                            file: error.path,
                            source: error.source,
                        })?
                        .candidates
                }
            };
            let (current, answer) = judged(&candidates)?;
            let admission = match answer {
                Ok(admission) => {
                    let store = self.store.as_ref();
                    let (there, offered) = evidence::joined(store, &current, proofs.clone())?;
                    Ok(admission.with_proofs(&there, offered))
                }
                // Where attestations are missed, those that do not count matter.
                Err(reasons) => Err([reasons, uncounted.clone()].concat()),
            };
            if candidates.len() < TOO_MANY_TO_KEEP {
                offered.replace(Some(candidates));
            }
            Ok(Judged::new(current, admission))
        })
    }

    /// Removes packages from a suite: all of them or none.
    pub fn remove(
        &self,
        removals: &[Removal],
        suite: &Suite,
        act: &mut Act<'_>,
    ) -> Result<Outcome, FlowError> {
        let names: Vec<_> = removals
            .iter()
            .map(|removal| removal.name.clone())
            .collect();
        self.change(suite, act, &[], &|| {
            let current = observe(self.store.as_ref(), suite, Question::Packages(&names))?;
            let admission = match remove(&current, removals) {
                Ok(admission) => self.gated(&current, admission.into(), Way::Out)?,
                Err(findings) => Err(findings),
            };
            Ok(Judged::new(current, admission))
        })
    }
}

/// Finds the first of what is offered that an embargo keeps from a store: where
/// nothing is written, nothing else asks it.
fn not_admitted(store: &dyn Store, candidates: &[Candidate]) -> Option<Finding> {
    candidates.iter().find_map(|candidate| {
        let sha256 = match candidate {
            Candidate::Binary(binary) => &binary.sha256,
            Candidate::Source(source) => &source.digests.sha256,
        };
        let error = store.admits(Some(sha256)).err()?;
        let why = format!("{error}; this is only a plan");
        Some(Finding::warning("embargoed", candidate.subject(), why))
    })
}
