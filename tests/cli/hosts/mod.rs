//! What runs on hosts, run: the scripts as a host's sh reads them, with the real
//! apt and dpkg, in a throw-away system over this machine's own files.

use std::time::{Duration, Instant};

use debcut::model::{HostName, PackageName};
use debcut::rollout::facts::{HostFacts, Installed, Job, Status};
use debcut::rollout::hands::{Order, Question, Told};
use debcut::rollout::health::Verdict;
use debcut::rollout::policy::{Approval, Engine, Policy, Rehearsal, Restart, Supersede};
use debcut::rollout::{Move, Way, script, word};
use debcut::sys::host::Script;

mod ansible;
mod course;
mod machine;
mod packages;
mod races;
mod refusals;
mod repairs;
mod server;
mod ssh;

use machine::Machine;

/// A policy of one host: what scripts read of it.
fn policy() -> Policy {
    Policy {
        rings: Vec::new(),
        engine: Engine::Ssh,
        calendar: Default::default(),
        supersede: Supersede::Refuse,
        approval: Approval::NotNeeded,
        rehearsal: Rehearsal::Wanted,
        restart: Restart::Nothing,
        sources_file: Some("debcut.sources".to_owned()),
        job_seconds: 60,
        lock_seconds: 20,
        attempts: 3,
        retry_seconds: 60,
    }
}

fn host() -> HostName {
    "one".parse().expect("a host")
}

/// A source on a machine: what the controller would ask and tell.
struct Course<'a> {
    machine: &'a Machine,
    source: &'a str,
    policy: Policy,
}

impl<'a> Course<'a> {
    fn of(machine: &'a Machine, source: &'a str) -> Self {
        let policy = policy();
        Self {
            machine,
            source,
            policy,
        }
    }

    fn source(&self) -> PackageName {
        self.source.parse().expect("a name")
    }

    fn said(&self, script: &Script) -> String {
        let ran = self.machine.run(&script.text());
        assert_eq!(ran.code, 0, "{}: {ran:?}", script.name);
        assert_eq!(ran.stderr, "", "{} complains", script.name);
        ran.stdout
    }

    fn probe(&self, job: Option<&str>, services: &[&str]) -> Script {
        let question = Question {
            host: host(),
            job: job.map(str::to_owned),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
        };
        script::probe(&self.source(), &question)
    }

    fn asked(&self, job: Option<&str>, services: &[&str]) -> HostFacts {
        let text = self.said(&self.probe(job, services));
        word::facts(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Why it has no answer.
    fn unanswered(&self) -> String {
        let text = self.said(&self.probe(None, &[]));
        word::facts(&text).expect_err(&text).to_string()
    }

    fn facts(&self) -> HostFacts {
        self.asked(None, &[])
    }

    /// All that is installed goes to a version each.
    fn moves(&self, to: &str) -> Vec<Move> {
        let facts = self.facts();
        let of = |installed: &Installed| Move {
            package: installed.package.clone(),
            architecture: installed.architecture.clone(),
            from: installed.version.clone(),
            to: to.parse().expect("a version"),
            auto: installed.auto,
        };
        facts.installed.iter().map(of).collect()
    }

    fn order(&self, job: &str, moves: Vec<Move>, way: Way, repair: bool) -> Order {
        Order {
            host: host(),
            job: job.to_owned(),
            moves,
            way,
            repair,
        }
    }

    fn told(&self, order: &Order) -> Told {
        let text = self.said(&script::begin(&self.source(), &self.policy, order));
        word::told(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Tells it, and asks until it has ended.
    fn done(&self, order: &Order) -> HostFacts {
        assert_eq!(self.told(order), Told::Begun);
        self.waited(&order.job)
    }

    fn waited(&self, job: &str) -> HostFacts {
        let started = Instant::now();
        loop {
            let facts = self.asked(Some(job), &[]);
            if facts.job != Job::Running {
                return facts;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{facts:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Forward to a version, to its end.
    fn forward(&self, job: &str, to: &str) -> HostFacts {
        self.done(&self.order(job, self.moves(to), Way::Forward, false))
    }

    fn checked(&self, command: &str, seconds: u32) -> Verdict {
        let text = self.said(&script::check(&host(), &self.source(), command, seconds));
        word::verdict(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// How a job ended: its stage, exit code and log.
#[track_caller]
fn ended(facts: &HostFacts) -> (&str, i32, &str) {
    match &facts.job {
        Job::Ended { stage, code, log } => (stage, *code, log),
        other => panic!("{other:?}"),
    }
}

/// What is installed, in short.
fn shown(facts: &HostFacts) -> Vec<String> {
    let one = |known: &Installed| {
        let mark = if known.auto { " auto" } else { "" };
        let state = match known.status {
            Status::Installed => String::new(),
            other => format!(" {other:?}"),
        };
        format!(
            "{}:{} {}{mark}{state}",
            known.package, known.architecture, known.version
        )
    };
    facts.installed.iter().map(one).collect()
}
