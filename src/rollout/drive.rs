//! One step of a rollout, done: what is intended is in the journal before the
//! world is touched, what came of it after.
//!
//! Killed after any entry, the rollout goes on from its journal: the archive's
//! work and the rehearsal are done again (done twice they are as done once), a
//! host that was about to be told is asked whether it began, which keeps it from
//! beginning later, and is told again under another job's name when it did not.

use super::event::{Entry, Event, Generation};
use super::hands::{Hands, Moved, Outside};
use super::journal::Journal;
use super::plan::{self, Hold, Step};
use super::policy::{Members, Rehearsal};
use super::state::{Blocked, Halt, ReplayError, Rollout, Unfit};
use crate::model::{Suite, Timestamp};
use crate::sys::files::FileError;

mod checks;
mod hosts;
mod words;

/// A job that runs is asked again after so many seconds.
pub const POLL_SECONDS: i64 = 5;

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stepped {
    /// This was done.
    Did(Step),
    /// Nothing can be done now, or what was asked has not changed.
    Waiting {
        /// Why.
        why: Hold,
        /// When to look again; `None`: only somebody's word changes it.
        until: Option<Timestamp>,
    },
    /// Nothing is to be done any more.
    Over,
}

/// Something that kept a step from being done to its end.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal could not be written: nothing was done after that.
    #[error("the journal could not be written")]
    Journal(#[source] FileError),
    /// Something outside failed; trying again may help.
    #[error("{doing} failed")]
    Outside {
        /// What was done.
        doing: &'static str,
        /// What was said.
        #[source]
        source: Outside,
    },
    /// A step made an event that cannot follow: a mistake of this program.
    #[error("a step came to what cannot follow")]
    Unfit(#[from] Unfit),
    /// The same, found when it was applied.
    #[error("a step came to what cannot follow")]
    Replay(#[from] ReplayError),
}

/// Writes down an event and applies it; one that cannot follow is not written.
pub fn record(
    rollout: &mut Rollout,
    journal: &mut Journal,
    event: Event,
    at: Timestamp,
) -> Result<Entry, DriveError> {
    let mut entries = record_all(rollout, journal, vec![event], at)?;
    Ok(entries.remove(0))
}

fn record_all(
    rollout: &mut Rollout,
    journal: &mut Journal,
    events: Vec<Event>,
    at: Timestamp,
) -> Result<Vec<Entry>, DriveError> {
    for event in &events {
        rollout.admits(event)?;
    }
    let entries = journal
        .append_all(events, at)
        .map_err(DriveError::Journal)?;
    for entry in &entries {
        rollout.apply(entry)?;
    }
    Ok(entries)
}

/// Does the next step of a rollout.
pub fn step(
    rollout: &mut Rollout,
    journal: &mut Journal,
    hands: &mut dyn Hands,
) -> Result<Stepped, DriveError> {
    let now = hands.now();
    let next = plan::next(rollout, now);
    let before = rollout.entries;
    let mut doing = Doing {
        rollout,
        journal,
        hands,
    };
    match &next {
        Step::Hold { why, until } => {
            return Ok(Stepped::Waiting {
                why: why.clone(),
                until: *until,
            });
        }
        Step::Over => return Ok(Stepped::Over),
        Step::Rehearse => doing.rehearse()?,
        Step::Request => doing.request()?,
        Step::Open { ring } => doing.open(*ring)?,
        Step::Probe { hosts } => doing.probe(hosts)?,
        Step::Install { hosts } => doing.install(hosts)?,
        Step::Check { ring, .. } => doing.check(*ring, now)?,
        Step::Count { ring } => doing.count(*ring)?,
        Step::Phase { ring, percent } => doing.phase(*ring, *percent)?,
        Step::Soak { ring, until } => {
            let (ring, until) = (doing.ring(*ring), *until);
            doing.record(Event::Soaking { ring, until })?;
        }
        Step::Pass { ring } => {
            let ring = doing.ring(*ring);
            doing.record(Event::Passed { ring })?;
        }
        Step::Halt { why } => doing.record(Event::Halted { why: why.clone() })?,
        Step::Withdraw { suites } => doing.withdraw(suites)?,
        Step::Block { why } => doing.record(Event::Blocked { why: why.clone() })?,
        Step::RolledBack => doing.record(Event::RolledBack)?,
        Step::Converged => doing.record(Event::Converged)?,
        Step::Done => doing.record(Event::Done)?,
    }
    // Asked, and all is as it was: asking again at once would be asking without
    // end.
    if rollout.entries == before {
        let why = match next {
            Step::Probe { hosts } => Hold::Running(hosts),
            _ => Hold::Running(Vec::new()),
        };
        let until = Some(hands.now().plus_seconds(POLL_SECONDS));
        return Ok(Stepped::Waiting { why, until });
    }
    Ok(Stepped::Did(next))
}

struct Doing<'a> {
    rollout: &'a mut Rollout,
    journal: &'a mut Journal,
    hands: &'a mut dyn Hands,
}

fn outside(doing: &'static str) -> impl FnOnce(Outside) -> DriveError {
    move |source| DriveError::Outside { doing, source }
}

impl Doing<'_> {
    fn record(&mut self, event: Event) -> Result<(), DriveError> {
        let at = self.hands.now();
        record(self.rollout, self.journal, event, at).map(drop)
    }

    fn ring(&self, index: usize) -> crate::model::RingName {
        self.rollout.rings[index].name.clone()
    }

    fn rehearse(&mut self) -> Result<(), DriveError> {
        if let Rehearsal::Skipped(reason) = &self.rollout.policy.rehearsal {
            let reason = reason.clone();
            return self.record(Event::RehearsalSkipped { reason });
        }
        let problems = self.hands.rehearse(self.rollout);
        let problems = problems.map_err(outside("the rehearsal"))?;
        self.record(Event::Rehearsed { problems })
    }

    fn request(&mut self) -> Result<(), DriveError> {
        let request = self.hands.request(self.rollout);
        let request = request.map_err(outside("asking for approval"))?;
        self.record(Event::Requested { request })
    }

    fn open(&mut self, index: usize) -> Result<(), DriveError> {
        let ring = self.ring(index);
        let percent = match &self.rollout.policy.rings[index].members {
            Members::Hosts(_) => 100,
            Members::Pull(pull) => pull.phases.first().copied().unwrap_or(100),
        };
        self.record(Event::Opening { ring: ring.clone() })?;
        match self.offer(index, percent)? {
            Offered::Done(suites) => {
                let pull = matches!(self.rollout.policy.rings[index].members, Members::Pull(_));
                let opened = Event::Opened {
                    ring: ring.clone(),
                    suites,
                };
                self.record(opened)?;
                match pull {
                    true => self.record(Event::Phased { ring, percent }),
                    false => Ok(()),
                }
            }
            Offered::Not(why) => self.record(Event::Halted { why }),
        }
    }

    fn phase(&mut self, index: usize, percent: u8) -> Result<(), DriveError> {
        let ring = self.ring(index);
        self.record(Event::Opening { ring: ring.clone() })?;
        match self.offer(index, percent)? {
            Offered::Done(_) => self.record(Event::Phased { ring, percent }),
            Offered::Not(why) => self.record(Event::Halted { why }),
        }
    }

    fn offer(&mut self, index: usize, percent: u8) -> Result<Offered, DriveError> {
        let suites = self.rollout.policy.rings[index].suites.clone();
        if suites.is_empty() {
            return Ok(Offered::Done(Vec::new()));
        }
        let moved = self.hands.open(self.rollout, &suites, percent);
        Ok(match moved.map_err(outside("opening a ring"))? {
            Moved::Done(generations) => Offered::Done(generations),
            Moved::Refused(said) => Offered::Not(Halt::Promotion {
                ring: self.ring(index),
                said,
            }),
            Moved::Gone(suites) => Offered::Not(Halt::VersionGone { suites }),
        })
    }

    fn withdraw(&mut self, suites: &[Suite]) -> Result<(), DriveError> {
        let intended = suites.to_vec();
        self.record(Event::Withdrawing { suites: intended })?;
        let moved = match suites.is_empty() {
            true => Moved::Done(Vec::new()),
            false => {
                let moved = self.hands.withdraw(self.rollout, suites);
                moved.map_err(outside("withdrawing the version"))?
            }
        };
        match moved {
            Moved::Done(suites) => self.record(Event::Withdrawn { suites }),
            // They have lost it: that is what was wanted.
            Moved::Gone(_) => self.record(Event::Withdrawn { suites: Vec::new() }),
            Moved::Refused(said) => {
                let why = Blocked::Withdrawal { said };
                self.record(Event::Blocked { why })
            }
        }
    }

    fn count(&mut self, index: usize) -> Result<(), DriveError> {
        let Members::Pull(pull) = self.rollout.policy.rings[index].members.clone() else {
            return Ok(());
        };
        let counted = self.hands.count(self.rollout, &pull);
        let counted = counted.map_err(outside("asking what hosts run"))?;
        let ring = self.ring(index);
        self.record(Event::Counted {
            ring,
            all: counted.all,
            there: counted.there,
            failed: counted.failed,
        })
    }
}

enum Offered {
    Done(Vec<Generation>),
    Not(Halt),
}
