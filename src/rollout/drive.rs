//! One step of a rollout, done: what is intended is in the journal before the
//! world is touched, what came of it after.
//!
//! Killed after any entry, the rollout goes on from its journal: the archive's
//! work and the rehearsal are done again (done twice they are as done once), and
//! a host that was about to be told is asked whether it began. A host that is
//! asked for a job it does not know refuses that job from then on, so that an
//! order which is late after all begins nothing; it is told anew, under another
//! name.
//!
//! What hosts answer is written when all of a group have answered, with one
//! flush: an answer that is lost with its controller is asked for again.

use super::event::{Event, Generation};
use super::hands::{Hands, Moved, Outside};
use super::journal::Journal;
use super::plan::{self, Hold, Step};
use super::policy::{Approval, Members, Rehearsal};
use super::state::{Halt, Phase, ReplayError, Rollout};
use crate::model::finding::with_causes;
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
    /// A step made an event that cannot follow: a mistake of this program. It
    /// was not written.
    #[error("a step came to what cannot follow")]
    Unfit(#[from] ReplayError),
}

/// Applies an event and writes it down; one that cannot follow is not written.
pub fn record(
    rollout: &mut Rollout,
    journal: &mut Journal,
    event: Event,
    at: Timestamp,
) -> Result<(), DriveError> {
    record_all(rollout, journal, vec![(event, at)])
}

/// Applies events one after the other, and writes them with one flush. The first
/// that cannot follow ends it: what was before it is written, it and the rest
/// are not, so that a journal can always be replayed.
fn record_all(
    rollout: &mut Rollout,
    journal: &mut Journal,
    events: Vec<(Event, Timestamp)>,
) -> Result<(), DriveError> {
    let mut made = Vec::new();
    let mut unfit = Ok(());
    for (event, at) in events {
        let entry = journal.next(made.len(), event, at);
        unfit = rollout.apply(&entry);
        if unfit.is_err() {
            break;
        }
        made.push(entry);
    }
    if made.is_empty() {
        return Ok(unfit?);
    }
    if let Err(error) = journal.write(made) {
        // What could not be written did not happen.
        *rollout = Rollout::from_entries(journal.entries())?;
        return Err(DriveError::Journal(error));
    }
    Ok(unfit?)
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
    match doing.done(&next, now) {
        Ok(None) => {}
        Ok(Some(stepped)) => return Ok(stepped),
        Err(DriveError::Outside {
            doing: what,
            source,
        }) => {
            let why = with_causes(source.as_ref());
            doing.stuck(what, why)?;
            // What hosts run is somebody else's to say; the rest goes on.
            return match next {
                Step::Count { .. } => Ok(Stepped::Waiting {
                    why: Hold::Uncounted,
                    until: Some(doing.later()),
                }),
                _ => Err(DriveError::Outside {
                    doing: what,
                    source,
                }),
            };
        }
        Err(error) => return Err(error),
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
    /// Does a step; returns what there is to wait for, where nothing was done.
    fn done(&mut self, next: &Step, now: Timestamp) -> Result<Option<Stepped>, DriveError> {
        match next {
            Step::Hold { why, until } => {
                return Ok(Some(Stepped::Waiting {
                    why: why.clone(),
                    until: *until,
                }));
            }
            Step::Over => return Ok(Some(Stepped::Over)),
            Step::Rehearse => self.rehearse()?,
            Step::Request => self.request()?,
            Step::Open { ring } => self.open(*ring)?,
            Step::Probe { hosts } => self.probe(hosts)?,
            Step::Install { hosts } => self.install(hosts)?,
            Step::Check { ring, .. } => self.check(*ring, now)?,
            Step::Count { ring } => self.count(*ring)?,
            Step::Phase { ring, percent } => self.phase(*ring, *percent)?,
            Step::Soak { ring, until } => {
                let (ring, until) = (self.ring(*ring), *until);
                self.record(Event::Soaking { ring, until })?;
            }
            Step::Pass { ring } => {
                let ring = self.ring(*ring);
                self.record(Event::Passed { ring })?;
            }
            Step::Halt { why } => self.record(Event::Halted { why: why.clone() })?,
            Step::Withdraw { suites } => self.withdraw(suites)?,
            Step::Block { why } => self.record(Event::Blocked { why: why.clone() })?,
            Step::RolledBack => self.record(Event::RolledBack)?,
            Step::Converged => self.record(Event::Converged)?,
            Step::Done => self.record(Event::Done)?,
        }
        Ok(None)
    }

    /// Writes down that something outside failed, once for each failure.
    fn stuck(&mut self, doing: &str, why: String) -> Result<(), DriveError> {
        let known = self.rollout.trouble.as_ref();
        if known.is_some_and(|known| known.doing == doing && known.why == why) {
            return Ok(());
        }
        let doing = doing.to_owned();
        self.record(Event::Stuck { doing, why })
    }

    /// Returns when something outside is tried again.
    fn later(&self) -> Timestamp {
        let retry = self.rollout.policy.retry_seconds.max(1);
        self.hands.now().plus_seconds(retry.into())
    }

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
        if self.are_approvals_in_doubt()? {
            return Ok(());
        }
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

    /// Looks at approvals once more before anything is opened; those that do not
    /// count are written down, and the rollout waits for others.
    fn are_approvals_in_doubt(&mut self) -> Result<bool, DriveError> {
        let wanted = self.rollout.policy.approval != Approval::NotNeeded;
        if !wanted || self.rollout.phase != Phase::Rehearsed {
            return Ok(false);
        }
        let doubts = self.hands.doubts(self.rollout);
        let doubts = doubts.map_err(outside("judging approvals"))?;
        let any = !doubts.is_empty();
        for (key, why) in doubts {
            self.record(Event::Doubted { key, why })?;
        }
        Ok(any)
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
                let suites = suites.to_vec();
                self.record(Event::WithdrawalRefused { suites, said })
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
