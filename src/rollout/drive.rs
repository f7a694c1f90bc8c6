//! One step of a rollout, done: what is intended is in the journal before the
//! world is touched, what came of it after.
//!
//! Killed after any entry, the rollout goes on from its journal: the archive's
//! work and the rehearsal are done again (done twice they are as done once), a
//! host that was about to be told is asked whether it began, which keeps it from
//! beginning later, and is told again under another job's name when it did not.

use std::collections::BTreeMap;

use super::event::{Entry, Event, Generation};
use super::facts::{HostFacts, Job};
use super::gate::{self, Looked};
use super::hands::{Answer, Hands, Moved, Order, Outside, Question, Told};
use super::health::{Check, Verdict, What};
use super::journal::Journal;
use super::judge::{self, After};
use super::plan::{self, Hold, Step};
use super::policy::{Members, Rehearsal};
use super::state::{Blocked, Fault, Halt, Host, HostState, ReplayError, Rollout, Unfit, Way};
use super::target::Move;
use crate::model::{HostName, PackageName, Sha256, Suite, Timestamp};
use crate::sys::files::FileError;

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

    /// Asks hosts and writes down what each one's word means.
    fn probe(&mut self, hosts: &[HostName]) -> Result<(), DriveError> {
        let questions: Vec<_> = hosts.iter().map(|name| self.question(name)).collect();
        let mut made = Vec::new();
        let asked = {
            let (rollout, journal) = (&*self.rollout, &mut *self.journal);
            let now = self.hands.now();
            self.hands.probe(rollout, &questions, &mut |name, answer| {
                let events = heard(rollout, name, answer, now);
                let appended = journal.append_all(events, now);
                made.extend(appended?);
                Ok(())
            })
        };
        self.applied(made)?;
        asked.map_err(outside("asking hosts"))
    }

    fn applied(&mut self, made: Vec<Entry>) -> Result<(), DriveError> {
        for entry in &made {
            self.rollout.apply(entry)?;
        }
        Ok(())
    }

    fn question(&self, name: &HostName) -> Question {
        let host = self.rollout.hosts.get(name);
        let ring = host.map(|host| &self.rollout.policy.rings[host.ring]);
        let services = ring.into_iter().flat_map(|ring| &ring.checks);
        let services = services.filter_map(|check| match &check.what {
            What::Service(unit) => Some(unit.clone()),
            _ => None,
        });
        Question {
            host: name.clone(),
            job: host.and_then(|host| host.job.clone()),
            services: services.collect(),
        }
    }

    /// Tells a batch to begin: all of it is written down before the first one
    /// is told.
    fn install(&mut self, hosts: &[(HostName, Vec<Move>)]) -> Result<(), DriveError> {
        let mut missing = Missing::default();
        let mut there = Vec::new();
        for (name, moves) in hosts {
            match missing.of(self, moves)? {
                None => there.push((name, moves)),
                Some(lost) => {
                    let fault = Fault::NoWayBack { missing: lost };
                    let host = name.clone();
                    self.record(Event::Failed { host, fault })?;
                }
            }
        }
        let mut orders = Vec::new();
        for (name, moves) in there {
            let Some(host) = self.rollout.hosts.get(name) else {
                continue;
            };
            let number = self.rollout.entries + orders.len() as u64 + 1;
            orders.push(Order {
                host: name.clone(),
                job: job(self.rollout, number),
                moves: moves.clone(),
                way: self.rollout.way,
                repair: host.repair || host.state == HostState::HalfDone,
            });
        }
        let starting = orders.iter().map(|order| Event::Starting {
            host: order.host.clone(),
            job: order.job.clone(),
        });
        let starting = starting.collect();
        let at = self.hands.now();
        record_all(self.rollout, self.journal, starting, at)?;
        let mut made = Vec::new();
        let told = {
            let (rollout, journal) = (&*self.rollout, &mut *self.journal);
            self.hands.begin(rollout, &orders, &mut |name, answer| {
                let events = told(rollout, name, answer);
                made.extend(journal.append_all(events, at)?);
                Ok(())
            })
        };
        self.applied(made)?;
        told.map_err(outside("telling hosts"))
    }

    /// Makes the checks that are due on a ring.
    fn check(&mut self, index: usize, now: Timestamp) -> Result<(), DriveError> {
        let round = gate::round(self.rollout, index, now);
        let ring = self.rollout.policy.rings[index].clone();
        for looked in gate::checks(&ring) {
            let Some(hosts) = round.due.get(looked.name) else {
                continue;
            };
            // A check before may have found some of them failed.
            let well = |name: &&HostName| {
                let host = self.rollout.hosts.get(*name);
                host.is_some_and(|host| !matches!(host.state, HostState::Failed { .. }))
            };
            let hosts: Vec<_> = hosts.iter().filter(well).cloned().collect();
            let Some(check) = looked.check else {
                self.look(index, looked, &hosts)?;
                continue;
            };
            match &check.what {
                What::OnController(_) => {
                    let found = self.hands.check_here(self.rollout, check);
                    let found = found.map_err(outside("a check on the controller"))?;
                    self.record(Event::Checked {
                        ring: ring.name.clone(),
                        host: None,
                        check: check.name.clone(),
                        found,
                    })?;
                }
                What::OnHost(_) => self.check_hosts(index, check, &hosts)?,
                What::Service(_) => self.look(index, looked, &hosts)?,
            }
        }
        Ok(())
    }

    fn check_hosts(
        &mut self,
        index: usize,
        check: &Check,
        hosts: &[HostName],
    ) -> Result<(), DriveError> {
        let ring = self.ring(index);
        let mut made = Vec::new();
        let asked = {
            let (rollout, journal) = (&*self.rollout, &mut *self.journal);
            let at = self.hands.now();
            self.hands
                .check_hosts(rollout, check, hosts, &mut |name, found| {
                    let event = Event::Checked {
                        ring: ring.clone(),
                        host: Some(name.clone()),
                        check: check.name.clone(),
                        found,
                    };
                    made.extend(journal.append_all(vec![event], at)?);
                    Ok(())
                })
        };
        self.applied(made)?;
        asked.map_err(outside("a check on hosts"))
    }

    /// Makes a check that a probe answers.
    fn look(
        &mut self,
        index: usize,
        check: Looked<'_>,
        hosts: &[HostName],
    ) -> Result<(), DriveError> {
        let ring = self.ring(index);
        let questions: Vec<_> = hosts.iter().map(|name| self.question(name)).collect();
        let mut made = Vec::new();
        let asked = {
            let (rollout, journal) = (&*self.rollout, &mut *self.journal);
            let at = self.hands.now();
            self.hands.probe(rollout, &questions, &mut |name, answer| {
                let Some(host) = rollout.hosts.get(name) else {
                    return Ok(());
                };
                let event = Event::Checked {
                    ring: ring.clone(),
                    host: Some(name.clone()),
                    check: check.name.to_owned(),
                    found: looked(check, host, answer),
                };
                made.extend(journal.append_all(vec![event], at)?);
                Ok(())
            })
        };
        self.applied(made)?;
        asked.map_err(outside("asking hosts"))
    }
}

enum Offered {
    Done(Vec<Generation>),
    Not(Halt),
}

fn looked(check: Looked<'_>, host: &Host, answer: Answer<HostFacts>) -> Verdict {
    match (answer, check.check.map(|check| &check.what)) {
        (Err(silence), _) => Verdict::Inconclusive { said: silence.why },
        (Ok(facts), Some(What::Service(unit))) => {
            let moved = !matches!(host.state, HostState::Skipped { .. });
            judge::service(unit, host.before.as_deref(), &facts, moved)
        }
        (Ok(facts), _) => judge::installed(host, &facts),
    }
}

/// What the archive no longer has, asked once for each way.
#[derive(Default)]
struct Missing {
    known: BTreeMap<Vec<(PackageName, String, String)>, Vec<String>>,
}

impl Missing {
    /// Before hosts go back, the archive must still have what they go to.
    fn of(&mut self, doing: &mut Doing, moves: &[Move]) -> Result<Option<Vec<String>>, DriveError> {
        if doing.rollout.way == Way::Forward {
            return Ok(None);
        }
        let key: Vec<_> = moves
            .iter()
            .map(|made| {
                let (architecture, to) = (made.architecture.to_string(), made.to.to_string());
                (made.package.clone(), architecture, to)
            })
            .collect();
        if !self.known.contains_key(&key) {
            let lost = doing.hands.missing(doing.rollout, moves);
            let lost = lost.map_err(outside("asking the archive for the way back"))?;
            self.known.insert(key.clone(), lost);
        }
        let lost = &self.known[&key];
        Ok((!lost.is_empty()).then(|| lost.clone()))
    }
}

/// Names a host's next job, by the number of the entry that says so: a host that
/// was asked for a job that it does not know never begins it, so each order has
/// its own. Rollouts of one name, from other controllers or in other years, have
/// other jobs.
fn job(rollout: &Rollout, number: u64) -> String {
    let id = &rollout.id;
    let of = format!("{id} {} {}", rollout.planned, rollout.by);
    let digest = Sha256::of(of.as_bytes()).hex();
    let source = id.source.as_str().replace('+', "_");
    format!("{source}-{}-{number}", &digest[..8])
}

/// Turns what a host says into events.
fn heard(
    rollout: &Rollout,
    name: &HostName,
    answer: Answer<HostFacts>,
    now: Timestamp,
) -> Vec<Event> {
    let Some(host) = rollout.hosts.get(name) else {
        return Vec::new();
    };
    let policy = &rollout.policy;
    let late = || judge::is_late(host, policy.job_seconds, policy.lock_seconds, now);
    let flies = matches!(host.state, HostState::Started | HostState::Unknown { .. });
    let failed = |fault| {
        let host = name.clone();
        vec![Event::Failed { host, fault }]
    };
    let facts = match answer {
        // It was well, was told, and is silent: that is what canaries are for.
        Err(_) if flies && late() => return failed(Fault::Late),
        Err(silence) => {
            let host = name.clone();
            let why = silence.why;
            return vec![Event::Silent { host, why }];
        }
        Ok(facts) => facts,
    };
    let boxed = || Box::new(facts.clone());
    if !host.touched {
        return untouched(rollout, name, facts);
    }
    let again = |why: &str| match host.attempts >= policy.attempts {
        true => failed(Fault::NeverBegan {
            why: why.to_owned(),
        }),
        false => {
            let (host, why) = (name.clone(), why.to_owned());
            vec![Event::NotBegun { host, why }]
        }
    };
    match judge::after(host, &facts, rollout.way) {
        After::Running if late() => failed(Fault::Late),
        After::Running if host.state == HostState::Started => Vec::new(),
        After::Running => vec![Event::Begun { host: name.clone() }],
        After::Ok => vec![Event::Succeeded {
            host: name.clone(),
            facts: boxed(),
        }],
        After::Repaired => vec![Event::Repaired {
            host: name.clone(),
            facts: boxed(),
        }],
        After::Repair if host.attempts >= policy.attempts => {
            let log = match &facts.job {
                Job::Ended { log, .. } => log.clone(),
                _ => String::new(),
            };
            failed(Fault::NotAsMeant {
                found: judge::of_ours(host, &facts),
                log,
            })
        }
        After::Repair => vec![Event::HalfDone {
            host: name.clone(),
            facts: boxed(),
        }],
        After::NotBegun if flies && host.attempts > 0 => again("the host knows nothing of the job"),
        After::NotBegun => match judge::moves(&rollout.target, host, &facts, rollout.way) {
            Ok(moves) => vec![Event::Probed {
                host: name.clone(),
                facts: boxed(),
                moves,
            }],
            Err(why) => vec![Event::Skipped {
                host: name.clone(),
                why,
            }],
        },
        After::Failed(fault) => failed(fault),
    }
}

fn untouched(rollout: &Rollout, name: &HostName, facts: HostFacts) -> Vec<Event> {
    let host = name.clone();
    let moves = judge::before(&rollout.target, &facts);
    let ours = |package: &&PackageName| !facts.installed.iter().any(|i| i.package == **package);
    let foreign: Vec<_> = facts.unfinished.iter().filter(ours).cloned().collect();
    vec![match moves {
        Err(why) => Event::Skipped { host, why },
        // apt does nothing on such a host, and it is not for us to repair.
        Ok(_) if !foreign.is_empty() => Event::Failed {
            host,
            fault: Fault::Foreign { packages: foreign },
        },
        Ok(moves) => Event::Probed {
            host,
            facts: Box::new(facts),
            moves,
        },
    }]
}

/// Turns what became of an order into events.
fn told(rollout: &Rollout, name: &HostName, answer: Answer<Told>) -> Vec<Event> {
    let host = name.clone();
    let attempts = rollout.hosts.get(name).map_or(0, |host| host.attempts);
    match answer {
        Ok(Told::Begun) => vec![Event::Begun { host }],
        Ok(Told::NotBegun { why }) if attempts >= rollout.policy.attempts => {
            let fault = Fault::NeverBegan { why };
            vec![Event::Failed { host, fault }]
        }
        Ok(Told::NotBegun { why }) => vec![Event::NotBegun { host, why }],
        Err(silence) => vec![Event::Lost {
            host,
            why: silence.why,
        }],
    }
}
