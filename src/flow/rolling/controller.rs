//! The hands of a rollout: hosts through ssh or Ansible, the archive, commands
//! here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::changes::changes;
use super::commands::Commands;
use super::counting::counted;
use super::delivering::Courier;
use super::requesting::{self, Asking};
use super::{RollingError, opening, rehearsing};
use crate::build::root::Refresh;
use crate::build::root::choices::RootChoices;
use crate::config::ArchiveLocation;
use crate::flow::archiving::{Act, Desk};
use crate::flow::rooting::Saying;
use crate::model::{Fingerprint, HostName, Listener, Suite, Timestamp};
use crate::rollout::event::{Entry, Generation};
use crate::rollout::facts::HostFacts;
use crate::rollout::hands::{Answer, Hands, Moved, Order, Outside, Question, Timed, Told};
use crate::rollout::health::{Check, Verdict, What};
use crate::rollout::policy::{Engine, Pull, RingSuite};
use crate::rollout::state::Counted;
use crate::rollout::{Move, Remote, Rollout, plan};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::host::Hosts;

/// A clock that goes on while a controller waits, also where it is fixed.
#[derive(Debug)]
pub struct Ticking {
    clock: Clock,
    waited_seconds: Cell<i64>,
}

impl Ticking {
    /// Starts at what a clock says.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            waited_seconds: Cell::new(0),
        }
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        match self.clock {
            Clock::System => self.clock.now(),
            Clock::Fixed(moment) => moment.plus_seconds(self.waited_seconds.get()),
        }
    }

    /// Sleeps.
    pub fn wait(&self, seconds: u32) {
        std::thread::sleep(Duration::from_secs(seconds.into()));
        let waited = self.waited_seconds.get() + i64::from(seconds);
        self.waited_seconds.set(waited);
    }
}

/// What rehearsals stand on.
pub struct Ground {
    /// What is below.
    pub base: rehearsing::Base,
    /// What the configuration says of clean systems.
    pub choices: RootChoices,
    /// Its archives, by name.
    pub archives: BTreeMap<String, ArchiveLocation>,
}

/// What does a rollout's steps.
pub struct Controller<'a> {
    /// The archive.
    pub desk: Desk<'a>,
    /// How generations are signed.
    pub act: Act<'a>,
    /// What reaches hosts.
    pub hosts: Box<dyn Hosts>,
    /// The environment of the process.
    pub environment: &'a Environment,
    /// Where commands run.
    pub directory: PathBuf,
    /// The rollout's own directory.
    pub place: PathBuf,
    /// What rehearsals stand on.
    pub ground: Ground,
    /// How approval is asked for.
    pub asking: Asking,
    /// The entries so far, for who is asked.
    pub entries: Vec<Entry>,
    /// What tells the time.
    pub clock: Ticking,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

impl Controller<'_> {
    fn commands(&self) -> Commands<'_> {
        Commands {
            environment: self.environment,
            directory: &self.directory,
            inventory: None,
            engine: Engine::Ssh,
        }
    }
}

impl Hands for Controller<'_> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn probe(
        &mut self,
        rollout: &Rollout,
        questions: &[Question],
        each: Timed<'_, Answer<HostFacts>>,
    ) -> Result<(), Outside> {
        let clock = &self.clock;
        let mut each = |host: &HostName, said| each(host, said, clock.now());
        Remote::new(self.hosts.as_ref()).probe(rollout, questions, &mut each)
    }

    fn begin(
        &mut self,
        rollout: &Rollout,
        orders: &[Order],
        each: Timed<'_, Answer<Told>>,
    ) -> Result<(), Outside> {
        let clock = &self.clock;
        let mut each = |host: &HostName, said| each(host, said, clock.now());
        Remote::new(self.hosts.as_ref()).begin(rollout, orders, &mut each)
    }

    fn check_hosts(
        &mut self,
        rollout: &Rollout,
        check: &Check,
        hosts: &[HostName],
        each: Timed<'_, Verdict>,
    ) -> Result<(), Outside> {
        let clock = &self.clock;
        let mut each = |host: &HostName, said| each(host, said, clock.now());
        Remote::new(self.hosts.as_ref()).check(rollout, check, hosts, &mut each)
    }

    fn check_here(&mut self, rollout: &Rollout, check: &Check) -> Result<Verdict, Outside> {
        let What::OnController(command) = &check.what else {
            return Ok(Verdict::Passed);
        };
        let versions = rollout.target.versions.iter();
        let versions: Vec<_> = versions
            .map(|meant| meant.source_version.to_string())
            .collect();
        let about = [
            ("DEBCUT_ROLLOUT", rollout.id.to_string()),
            ("DEBCUT_SOURCE", rollout.target.source.to_string()),
            ("DEBCUT_VERSIONS", versions.join(" ")),
        ];
        let limit = Duration::from_secs(check.limit_seconds.into());
        Ok(self.commands().check(command, limit, &about)?)
    }

    fn count(&mut self, rollout: &Rollout, pull: &Pull) -> Result<Counted, Outside> {
        let limit = Duration::from_secs(pull.limit_seconds.into());
        let command = || pull.observe.clone();
        let printed = self.commands().counted(&pull.observe, limit);
        let printed = printed.map_err(|source| RollingError::CountCommand {
            command: command(),
            source,
        })?;
        let found = counted(&printed, &rollout.target, self.now());
        Ok(found.map_err(|why| RollingError::CountLine {
            command: command(),
            why,
        })?)
    }

    fn rehearse(&mut self, rollout: &Rollout) -> Result<Vec<String>, Outside> {
        self.listener.begin("rehearsing the way there and back");
        let stage = rehearsing::Stage {
            program: self.environment.program(),
            base: self.ground.base,
            saying: Saying {
                choices: &self.ground.choices,
                archives: &self.ground.archives,
                top: &self.directory,
            },
            refresh: Refresh::AfterDays(self.ground.choices.refresh_days),
        };
        Ok(rehearsing::rehearse(&self.desk, rollout, &stage)?)
    }

    fn open(
        &mut self,
        rollout: &Rollout,
        suites: &[RingSuite],
        percent: u8,
    ) -> Result<Moved, Outside> {
        match suites.is_empty() {
            true => Ok(Moved::Done(Vec::<Generation>::new())),
            false => Ok(opening::open(
                &self.desk,
                rollout,
                suites,
                percent,
                &mut self.act,
            )?),
        }
    }

    fn withdraw(&mut self, rollout: &Rollout, suites: &[Suite]) -> Result<Moved, Outside> {
        Ok(opening::withdraw(
            &self.desk,
            rollout,
            suites,
            &mut self.act,
        )?)
    }

    fn missing(&mut self, rollout: &Rollout, moves: &[Move]) -> Result<Vec<String>, Outside> {
        Ok(opening::missing(&self.desk, rollout, moves)?)
    }

    fn doubts(&mut self, rollout: &Rollout) -> Result<Vec<(Fingerprint, String)>, Outside> {
        let keyring = requesting::approvers(self.environment, &rollout.policy.approval)?;
        let now = self.now();
        Ok(requesting::doubted(&keyring, rollout, now))
    }

    fn request(&mut self, rollout: &Rollout) -> Result<String, Outside> {
        let courier = Courier {
            environment: self.environment,
            directory: &self.directory,
        };
        let now = self.now();
        let next = plan::next(rollout, now);
        let state = (rollout, self.entries.as_slice());
        // Said by somebody, or by the package itself.
        if self.asking.changes.is_none() {
            self.asking.changes = changes(&self.desk, rollout)?;
        }
        let made = requesting::request(&courier, &self.asking, &self.place, state, (&next, now))?;
        let kept = made.kept.display();
        self.listener.note(format!("the request is in {kept}"));
        Ok(made.digest)
    }
}
