//! The hosts of a rollout as the controller knows them: questions and orders
//! become scripts, answers become facts, and what is no answer is silence.

use std::ops::ControlFlow;
use std::time::Duration;

use super::facts::{HostFacts, Service};
use super::hands::{Answer, Each, Order, Outside, Question, Silence, Told};
use super::health::{Check, Verdict, What};
use super::state::Rollout;
use super::word::WordError;
use super::{script, word};
use crate::model::HostName;
use crate::sys::host::{Call, Hosts, Said, Script};

/// Why hosts could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It was stopped; the others were not asked.
    #[error("stopped when {answered} of {asked} hosts had answered")]
    Stopped {
        /// How many answered.
        answered: usize,
        /// How many were to be asked.
        asked: usize,
    },
    /// The check is made elsewhere.
    #[error("the check {check} is made on the controller, not on hosts")]
    NotOnHosts {
        /// Its name.
        check: String,
    },
}

/// Hosts, by whatever reaches them.
#[derive(Clone, Copy)]
pub struct Remote<'a> {
    hosts: &'a dyn Hosts,
}

/// How long a probe may take: connecting, and dpkg on a slow disk.
const PROBE: Duration = Duration::from_secs(60);
/// How long telling may take: the job has ten seconds to start.
const BEGIN: Duration = Duration::from_secs(60);
/// How long a check may take beside its own limit.
const AROUND_CHECK: Duration = Duration::from_secs(30);

impl<'a> Remote<'a> {
    /// Takes what reaches the hosts.
    pub fn new(hosts: &'a dyn Hosts) -> Self {
        Self { hosts }
    }

    /// Asks hosts what they have, as [`Hands::probe`](super::hands::Hands::probe).
    pub fn probe(
        &self,
        rollout: &Rollout,
        questions: &[Question],
        each: Each<'_, Answer<HostFacts>>,
    ) -> Result<(), Outside> {
        let calls = questions.iter().map(|question| {
            let script = script::probe(&rollout.target.source, question);
            (question.host.clone(), script)
        });
        self.ask(rollout, calls.collect(), PROBE, &mut |host, said| {
            each(host, understood(&said, word::facts))
        })
    }

    /// Tells hosts to begin, as [`Hands::begin`](super::hands::Hands::begin).
    pub fn begin(
        &self,
        rollout: &Rollout,
        orders: &[Order],
        each: Each<'_, Answer<Told>>,
    ) -> Result<(), Outside> {
        let calls = orders
            .iter()
            .map(|order| (order.host.clone(), script::begin(&rollout.policy, order)));
        self.ask(rollout, calls.collect(), BEGIN, &mut |host, said| {
            each(host, understood(&said, word::told))
        })
    }

    /// Makes a check on hosts, as
    /// [`Hands::check_hosts`](super::hands::Hands::check_hosts).
    pub fn check(
        &self,
        rollout: &Rollout,
        check: &Check,
        hosts: &[HostName],
        each: Each<'_, Verdict>,
    ) -> Result<(), Outside> {
        match &check.what {
            What::OnHost(command) => self.check_command(rollout, check, command, hosts, each),
            What::Service(unit) => self.check_service(rollout, unit, hosts, each),
            What::OnController(_) | What::Installed => Err(Box::new(RemoteError::NotOnHosts {
                check: check.name.clone(),
            })),
        }
    }

    fn check_command(
        &self,
        rollout: &Rollout,
        check: &Check,
        command: &str,
        hosts: &[HostName],
        each: Each<'_, Verdict>,
    ) -> Result<(), Outside> {
        let (source, seconds) = (&rollout.target.source, check.limit_seconds);
        let calls = hosts
            .iter()
            .map(|host| (host.clone(), script::check(host, source, command, seconds)));
        let limit = Duration::from_secs(seconds.into()) + AROUND_CHECK;
        self.ask(rollout, calls.collect(), limit, &mut |host, said| {
            let verdict = understood(&said, word::verdict);
            each(host, verdict.unwrap_or_else(cannot_tell))
        })
    }

    fn check_service(
        &self,
        rollout: &Rollout,
        unit: &str,
        hosts: &[HostName],
        each: Each<'_, Verdict>,
    ) -> Result<(), Outside> {
        let question = |host: &HostName| Question {
            host: host.clone(),
            job: None,
            services: vec![unit.to_owned()],
        };
        let questions: Vec<Question> = hosts.iter().map(question).collect();
        self.probe(rollout, &questions, &mut |host, answer| {
            let known = rollout.hosts.get(host);
            let before = known.and_then(|known| known.before.as_deref());
            let verdict = answer.map(|now| restarted(unit, before, &now));
            each(host, verdict.unwrap_or_else(cannot_tell))
        })
    }

    /// Runs scripts on hosts, as many at once as their rings allow.
    fn ask(
        &self,
        rollout: &Rollout,
        scripts: Vec<(HostName, Script)>,
        limit: Duration,
        each: &mut dyn FnMut(&HostName, Said) -> Result<(), Outside>,
    ) -> Result<(), Outside> {
        let at_once = at_once(rollout, scripts.iter().map(|(host, _)| host));
        let calls = scripts.into_iter().map(|(host, script)| Call {
            host,
            script,
            limit,
        });
        let calls: Vec<Call> = calls.collect();
        let (asked, mut answered, mut failed) = (calls.len(), 0, None);
        self.hosts.run(calls, at_once, &mut |host, said| {
            answered += 1;
            match each(host, said) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        match failed {
            Some(error) => Err(error),
            None if answered < asked => Err(Box::new(RemoteError::Stopped { answered, asked })),
            None => Ok(()),
        }
    }
}

/// How many connections there may be: what the most generous ring of these
/// hosts allows.
fn at_once<'a>(rollout: &Rollout, hosts: impl Iterator<Item = &'a HostName>) -> usize {
    let rings = hosts.filter_map(|host| rollout.hosts.get(host));
    let rings = rings.filter_map(|host| rollout.policy.rings.get(host.ring));
    let most = rings.map(|ring| ring.concurrency).max();
    usize::try_from(most.unwrap_or(1))
        .unwrap_or(usize::MAX)
        .max(1)
}

/// Reads an answer; what cannot be read is silence, with whatever explains it.
fn understood<T>(said: &Said, read: impl Fn(&str) -> Result<T, WordError>) -> Answer<T> {
    match said {
        Said::Silent { why } => Err(Silence { why: why.clone() }),
        Said::Ended {
            code,
            stdout,
            stderr,
        } => read(stdout).map_err(|error| Silence {
            why: explained(&error, *code, stdout, stderr),
        }),
    }
}

/// Says why there was no answer: a host that speaks otherwise (`sudo: a
/// password is required`) explains it best.
fn explained(error: &WordError, code: i32, stdout: &str, stderr: &str) -> String {
    let heard = match (error, stderr.trim(), stdout.trim()) {
        (WordError::NoBeginning, "", heard) => heard,
        (_, heard, _) => heard,
    };
    let lines: Vec<&str> = heard.lines().filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    let last: String = last.chars().take(400).collect();
    match (last.is_empty(), code) {
        (true, 0) => error.to_string(),
        (true, code) => format!("{error} (exit code {code})"),
        (false, _) => format!("{error}: {last}"),
    }
}

fn cannot_tell(silence: Silence) -> Verdict {
    Verdict::Inconclusive { said: silence.why }
}

/// Tells whether a unit is active with another main process than before. A
/// host that never had it needs none.
fn restarted(unit: &str, before: Option<&HostFacts>, now: &HostFacts) -> Verdict {
    let of = |facts: &HostFacts| -> Option<Service> {
        let found = facts.services.iter().find(|service| service.name == unit);
        found.cloned()
    };
    let failed = |said: String| Verdict::Failed { said };
    match (before.and_then(of), of(now)) {
        (None, None) => Verdict::Passed,
        (Some(_), None) => failed(format!("{unit} is gone")),
        (_, Some(now)) if !now.active => failed(format!("{unit} is not active")),
        // It was started by nobody before: active is all there is to ask.
        (None, Some(_)) => Verdict::Passed,
        (Some(old), Some(new)) => {
            let same_boot = before.is_some_and(|before| before.boot_id == now.boot_id);
            let same = same_boot && old.pid != 0 && (old.pid, old.since) == (new.pid, new.since);
            match same {
                true => failed(format!(
                    "{unit} still has the process {} of before",
                    new.pid
                )),
                false => Verdict::Passed,
            }
        }
    }
}
