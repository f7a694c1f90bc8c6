//! The hosts of a rollout as the controller knows them: questions and orders
//! become scripts, answers become facts, and what is no answer is silence.

use std::ops::ControlFlow;
use std::time::Duration;

use super::facts::HostFacts;
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
    /// The check is no command for hosts.
    #[error("the check {check} is no command for hosts")]
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
        let calls = orders.iter().map(|order| {
            let script = script::begin(&rollout.target.source, &rollout.policy, order);
            (order.host.clone(), script)
        });
        self.ask(rollout, calls.collect(), BEGIN, &mut |host, said| {
            each(host, understood(&said, word::told))
        })
    }

    /// Runs a check's command on hosts, as
    /// [`Hands::check_hosts`](super::hands::Hands::check_hosts).
    pub fn check(
        &self,
        rollout: &Rollout,
        check: &Check,
        hosts: &[HostName],
        each: Each<'_, Verdict>,
    ) -> Result<(), Outside> {
        // A service, and what is installed, is read from what a probe says.
        let What::OnHost(command) = &check.what else {
            return Err(Box::new(RemoteError::NotOnHosts {
                check: check.name.clone(),
            }));
        };
        let (source, seconds) = (&rollout.target.source, check.limit_seconds);
        let calls = hosts
            .iter()
            .map(|host| (host.clone(), script::check(host, source, command, seconds)));
        let limit = Duration::from_secs(seconds.into()) + AROUND_CHECK;
        self.ask(rollout, calls.collect(), limit, &mut |host, said| {
            let cannot_tell = |silence: Silence| Verdict::Inconclusive { said: silence.why };
            each(
                host,
                understood(&said, word::verdict).unwrap_or_else(cannot_tell),
            )
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

#[cfg(test)]
mod tests;
