//! A rollout goes on: step after step, until what an operator sees as one step
//! is done, or until it ends or needs a person.

use super::changing::take_asked;
use super::controller::Controller;
use super::delivering::Courier;
use super::shelf::{Shelf, has_ended};
use super::{opening, requesting, telling};
use crate::flow::FlowError;
use crate::model::Timestamp;
use crate::model::finding::with_causes;
use crate::rollout::drive::{self, DriveError, Stepped};
use crate::rollout::event::{Entry, Event};
use crate::rollout::hands::Hands as _;
use crate::rollout::journal::Journal;
use crate::rollout::plan::{self, Hold, Step};
use crate::rollout::policy::Rehearsal;
use crate::rollout::state::RolloutId;
use crate::rollout::telling::Channel;
use crate::rollout::{Phase, Rollout};
use crate::sys::interrupt;

/// How far a rollout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// One step that changes something: a rehearsal, a batch that was waited
    /// for, a ring that passes.
    Changed,
    /// The same, without waiting for what runs on hosts.
    Begun,
    /// Until it ends, halts, or needs a person.
    Settled,
    /// Until those who were away are where the others are, as far as they can
    /// be reached; what comes after that is left for another time.
    Converged,
}

/// Why it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A step is done, and there is more to do.
    Progressed,
    /// Nothing can be done now.
    Waiting {
        /// Why.
        why: Hold,
        /// When to look again.
        until: Option<Timestamp>,
    },
    /// An older rollout of the same source goes first.
    Behind(RolloutId),
    /// It has ended.
    Over,
    /// Somebody asked this process to stop.
    Stopped,
}

/// A rollout and who controls it.
pub struct Controlled<'a> {
    /// Where it is kept.
    pub shelf: &'a Shelf,
    /// Its journal, which no other controller has.
    pub journal: Journal,
    /// Its state.
    pub rollout: Rollout,
    /// What does its steps.
    pub controller: Controller<'a>,
    /// Who is told.
    pub channels: Vec<Channel>,
}

/// How often it is looked whether somebody wants something.
const TICK_SECONDS: u32 = 1;

impl Controlled<'_> {
    /// Goes on; `watch` sees the rollout after every step.
    pub fn advance(
        &mut self,
        until: Until,
        watch: &mut dyn FnMut(&Rollout, &[Entry]),
    ) -> Result<Ending, FlowError> {
        self.prepare()?;
        let ending = self.go(until, watch);
        // Whatever happened: what is written is told.
        self.tell()?;
        let ending = ending?;
        if has_ended(&self.rollout.phase) {
            self.unpin();
        }
        Ok(ending)
    }

    /// Takes up what a killed controller left, and keeps the way back.
    fn prepare(&mut self) -> Result<(), FlowError> {
        self.take_asked()?;
        if matches!(self.rollout.phase, Phase::Planned | Phase::Rehearsed) {
            let id = self.rollout.id.to_string();
            opening::pin_way_back(&self.controller.desk, &self.rollout, &id)?;
        }
        self.tell()
    }

    fn go(
        &mut self,
        until: Until,
        watch: &mut dyn FnMut(&Rollout, &[Entry]),
    ) -> Result<Ending, FlowError> {
        let mut changed: Option<Step> = None;
        loop {
            if interrupt::asked() {
                return Ok(Ending::Stopped);
            }
            self.take_asked()?;
            if let Some(id) = self.behind()? {
                match until {
                    Until::Settled => self.controller.clock.wait(TICK_SECONDS),
                    _ => return Ok(Ending::Behind(id)),
                }
                continue;
            }
            let next = plan::next(&self.rollout, self.controller.now());
            // A rehearsal that is skipped is only written down.
            let skipped = matches!(self.rollout.policy.rehearsal, Rehearsal::Skipped(_));
            let is_change = |step: &Step| is_change(step) && !(skipped && *step == Step::Rehearse);
            // What is bad, or was stopped, is offered to nobody any more.
            let is_held =
                self.rollout.paused.is_some() || matches!(self.rollout.phase, Phase::Halted { .. });
            let closes = is_held && matches!(next, Step::Withdraw { .. });
            let stops = match until {
                _ if closes => false,
                Until::Settled => false,
                Until::Converged => !matches!(self.rollout.phase, Phase::Converging { .. }),
                Until::Changed | Until::Begun => !belongs(changed.as_ref(), &next),
            };
            if stops {
                return Ok(match next {
                    Step::Over => Ending::Over,
                    _ => Ending::Progressed,
                });
            }
            if next == Step::Request {
                self.controller.entries = self.journal.entries().to_vec();
            }
            let before = self.rollout.entries;
            let stepped = drive::step(&mut self.rollout, &mut self.journal, &mut self.controller);
            let stepped = match stepped {
                Err(DriveError::Outside { source, .. }) if interrupt::asked() => {
                    let _ = source;
                    return Ok(Ending::Stopped);
                }
                other => other.map_err(outside)?,
            };
            if self.rollout.entries > before {
                watch(&self.rollout, &self.journal.entries()[before as usize..]);
                self.tell()?;
            }
            match stepped {
                Stepped::Over => return Ok(Ending::Over),
                Stepped::Did(step) => {
                    if is_change(&step) {
                        changed = Some(step);
                    }
                }
                Stepped::Waiting { why, until: look } => {
                    let goes_back = matches!(self.rollout.phase, Phase::RollingBack { .. });
                    let waits = match (until, &why) {
                        // What keeps it from its end is for somebody to mend: he is
                        // told now, not when it was tried often enough.
                        (_, Hold::Uncounted | Hold::Withdrawal) if goes_back => false,
                        // Installations that run are waited for: an operator
                        // sees them and their batch as one.
                        (Until::Changed | Until::Settled | Until::Converged, Hold::Running(_)) => {
                            true
                        }
                        (Until::Settled, _) => look.is_some(),
                        (Until::Converged, Hold::Waiting(_)) => look.is_some(),
                        _ => false,
                    };
                    if !waits || (self.is_stuck() && !matches!(why, Hold::Running(_))) {
                        return Ok(Ending::Waiting { why, until: look });
                    }
                    if let Some(stopped) = self.wait(look)? {
                        return Ok(stopped);
                    }
                }
            }
        }
    }

    /// Takes what somebody left for this controller to write down.
    fn take_asked(&mut self) -> Result<(), FlowError> {
        let (environment, now) = (self.controller.environment, self.controller.now());
        let judge = |rollout: &Rollout, statement: &str| {
            requesting::judged(environment, rollout, statement, now)
        };
        let (own, journal) = (&mut self.rollout, &mut self.journal);
        take_asked(self.shelf, own, journal, Some(&judge)).map(drop)
    }

    /// Tells whether only a person brings it further.
    fn is_stuck(&self) -> bool {
        let phase = &self.rollout.phase;
        matches!(phase, Phase::Halted { .. } | Phase::Blocked { .. })
    }

    /// Names the rollout that goes first; writes down when it has ended.
    fn behind(&mut self) -> Result<Option<RolloutId>, FlowError> {
        let first = match self.rollout.phase {
            Phase::Planned | Phase::Rehearsed => self.rollout.after.clone(),
            _ => None,
        };
        let Some(of) = first else { return Ok(None) };
        let other = self.shelf.look(&of)?;
        if other.is_some_and(|(other, _)| !has_ended(&other.phase)) {
            return Ok(Some(of));
        }
        let now = self.controller.now();
        let event = Event::Cleared { of };
        drive::record(&mut self.rollout, &mut self.journal, event, now).map_err(outside)?;
        Ok(None)
    }

    /// Waits until a moment, or until somebody wants something.
    fn wait(&self, until: Option<Timestamp>) -> Result<Option<Ending>, FlowError> {
        loop {
            if interrupt::asked() {
                return Ok(Some(Ending::Stopped));
            }
            let now = self.controller.now();
            let is_time = until.is_none_or(|until| now >= until);
            if is_time || !self.shelf.asked(&self.rollout.id)?.is_empty() {
                return Ok(None);
            }
            self.controller.clock.wait(TICK_SECONDS);
        }
    }

    /// Tells who wants to hear what nobody has told yet.
    fn tell(&mut self) -> Result<(), FlowError> {
        if self.channels.is_empty() {
            return Ok(());
        }
        let now = self.controller.now();
        let next = plan::next(&self.rollout, now);
        let courier = Courier {
            environment: self.controller.environment,
            directory: &self.controller.directory,
        };
        let (rollout, entries) = (self.rollout.clone(), self.journal.entries().to_vec());
        let (own, journal) = (&mut self.rollout, &mut self.journal);
        let mut write = |event: Event| drive::record(own, journal, event, now).map(drop);
        telling::tell_all(
            &courier,
            &self.channels,
            (&rollout, &entries),
            (&next, now),
            self.controller.listener,
            &mut write,
        )
        .map_err(outside)
    }

    /// Lets the way back go: what has ended needs none that is kept for it.
    fn unpin(&self) {
        let id = self.rollout.id.to_string();
        let desk = &self.controller.desk;
        if let Err(error) = opening::unpin_way_back(desk, &self.rollout, &id) {
            let why = with_causes(&error);
            self.controller
                .listener
                .warn(format!("the pins of {id} are still there: {why}"));
        }
    }
}

/// Takes a chain's error out of a step's.
fn outside(error: DriveError) -> FlowError {
    match error {
        DriveError::Outside { doing, source } => match source.downcast::<FlowError>() {
            Ok(error) => *error,
            Err(source) => match source.downcast::<super::RollingError>() {
                Ok(error) => (*error).into(),
                Err(source) => DriveError::Outside { doing, source }.into(),
            },
        },
        error => error.into(),
    }
}

/// Tells whether a step is one that an operator sees.
fn is_change(step: &Step) -> bool {
    match step {
        Step::Rehearse
        | Step::Request
        | Step::Open { .. }
        | Step::Install { .. }
        | Step::Phase { .. }
        | Step::Pass { .. }
        | Step::Withdraw { .. } => true,
        Step::Probe { .. }
        | Step::Check { .. }
        | Step::Count { .. }
        | Step::Soak { .. }
        | Step::Halt { .. }
        | Step::Block { .. }
        | Step::RolledBack
        | Step::Converged
        | Step::Done
        | Step::Hold { .. }
        | Step::Over => false,
    }
}

/// Tells whether a step still belongs to what was changed: a ring's opening and
/// its first batch are one, and the way back begins with its suites.
fn belongs(changed: Option<&Step>, next: &Step) -> bool {
    match (changed, next) {
        (None, _) => true,
        (Some(Step::Open { .. } | Step::Withdraw { .. }), Step::Install { .. }) => true,
        (Some(_), next) => !is_change(next),
    }
}
