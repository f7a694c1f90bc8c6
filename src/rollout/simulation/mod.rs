//! A fleet that is only thought: hosts that install, fail, fall silent and come
//! back, an archive that opens and closes, and a controller that dies. It says
//! so when something is done that must not be.

mod edges;
mod fleet;
mod health;
mod killed;
mod property;
mod pulling;
mod returning;
mod words;
mod world;

use self::world::World;
use super::calendar::Calendar;
use super::drive::{self, Stepped};
use super::event::{Entry, Event};
use super::health::{Check, What};
use super::journal::Journal;
use super::plan::Hold;
use super::policy::{
    Approval, Engine, Members, Policy, Rehearsal, Restart, Ring, RingSuite, Share, Supersede,
};
use super::state::{Rollout, RolloutId};
use super::target::{Binary, Meant, Target};
use crate::format::version::Version;
use crate::model::{
    Architecture, Fingerprint, HostName, PackageName, RingName, Sha256, Suite, Timestamp,
};

/// When simulated rollouts are planned: a Monday.
pub fn epoch() -> Timestamp {
    Timestamp::parse_rfc3339("2026-01-05T09:00:00Z").expect("a date")
}

pub fn host(name: &str) -> HostName {
    HostName::new(name).expect("a name")
}

pub fn version(text: &str) -> Version {
    Version::new(text).expect("a version")
}

pub fn package(name: &str) -> PackageName {
    PackageName::new(name).expect("a name")
}

pub fn suite(name: &str) -> Suite {
    Suite::new(name).expect("a name")
}

/// Returns version 2 of hello.
pub fn target() -> Target {
    Target {
        source: package("hello"),
        versions: vec![Meant {
            release: Some("bookworm".to_owned()),
            source_version: version("2"),
            from: suite("candidate"),
            generation: 1,
            binaries: vec![Binary {
                package: package("hello"),
                architecture: Architecture::new("amd64").expect("a name"),
                version: version("2"),
                sha256: Sha256::of(b""),
            }],
        }],
    }
}

/// Returns a ring of these hosts, without checks, that lets nothing fail.
pub fn ring(name: &str, hosts: &[&str]) -> Ring {
    let hosts = hosts.iter().map(|name| host(name)).collect();
    Ring {
        name: RingName::new(name).expect("a name"),
        members: Members::Hosts(hosts),
        suites: vec![RingSuite {
            release: None,
            suite: suite(&format!("suite-{name}")),
        }],
        soak_seconds: 3600,
        batch: Share::Percent(100),
        concurrency: 10,
        checks: Vec::new(),
        check_seconds: 600,
        max_failures: Share::Count(0),
        max_unreachable: Share::Count(0),
        min_sample: 1,
    }
}

/// Returns a policy of these rings that needs nobody's word.
pub fn policy(rings: Vec<Ring>) -> Policy {
    Policy {
        rings,
        engine: Engine::Ssh,
        calendar: Calendar::default(),
        supersede: Supersede::Refuse,
        approval: Approval::NotNeeded,
        rehearsal: Rehearsal::Wanted,
        restart: Restart::Nothing,
        sources_file: None,
        job_seconds: 600,
        lock_seconds: 60,
        attempts: 3,
        retry_seconds: 60,
    }
}

/// Returns a key's name that ends in a digit.
pub fn key(digit: u8) -> Fingerprint {
    Fingerprint::new(format!("{digit:040}")).expect("a fingerprint")
}

pub fn check(name: &str, what: What, failures: u32) -> Check {
    Check {
        name: name.to_owned(),
        what,
        limit_seconds: 10,
        failures,
    }
}

/// Returns the first entry of a rollout.
pub fn planned(policy: Policy) -> Entry {
    Entry {
        number: 1,
        at: epoch(),
        by: "tester@here".to_owned(),
        event: Event::Planned {
            id: RolloutId::first(package("hello"), version("2")),
            target: target(),
            policy: Box::new(policy),
            reason: None,
            profile: None,
            after: None,
        },
    }
}

pub fn rollout(policy: Policy) -> Rollout {
    Rollout::from_entries(&[planned(policy)]).expect("it is planned")
}

/// A rollout in a world.
pub struct Run {
    pub rollout: Rollout,
    pub journal: Journal,
    pub world: World,
}

impl Run {
    pub fn new(policy: Policy) -> Self {
        Self::of(vec![planned(policy)])
    }

    /// Goes on from a journal.
    pub fn of(entries: Vec<Entry>) -> Self {
        let rollout = Rollout::from_entries(&entries).expect("it is planned");
        let world = World::new(&rollout.policy);
        Self {
            rollout,
            journal: Journal::in_memory(entries, None),
            world,
        }
    }

    pub fn step(&mut self) -> Stepped {
        let done = drive::step(&mut self.rollout, &mut self.journal, &mut self.world);
        done.expect("nothing outside fails")
    }

    /// Goes on until nothing goes on by itself any more, or a ring soaks, and
    /// says why; `None`: it is over.
    pub fn go(&mut self) -> Option<Hold> {
        for _ in 0..1000 {
            match self.step() {
                Stepped::Did(_) => self.world.now = self.world.now.plus_seconds(1),
                Stepped::Waiting { why, until } => match (why, until) {
                    (Hold::Running(_), Some(until)) => self.world.now = until,
                    (why, _) => return Some(why),
                },
                Stepped::Over => return None,
            }
        }
        panic!("no end: {:?}", self.rollout.phase);
    }

    /// Goes on to the end, waiting as long as is asked for.
    pub fn finish(&mut self) -> Option<Hold> {
        for _ in 0..1000 {
            match self.step() {
                Stepped::Did(_) => {}
                Stepped::Waiting {
                    until: Some(until), ..
                } => self.world.now = until.max(self.world.now.plus_seconds(1)),
                Stepped::Waiting { why, .. } => return Some(why),
                Stepped::Over => return None,
            }
        }
        panic!("no end: {:?}", self.rollout.phase);
    }

    pub fn say(&mut self, event: Event) {
        let at = self.world.now;
        let said = drive::record(&mut self.rollout, &mut self.journal, event, at);
        said.expect("it can follow");
    }

    pub fn state(&self, name: &str) -> &'static str {
        self.rollout.hosts[&host(name)].state.word()
    }

    /// Returns what the journal says, in words.
    pub fn words(&self) -> Vec<&'static str> {
        self.journal
            .entries()
            .iter()
            .map(|entry| entry.event.word())
            .collect()
    }

    pub fn wait(&mut self, seconds: i64) {
        self.world.now = self.world.now.plus_seconds(seconds);
    }
}
