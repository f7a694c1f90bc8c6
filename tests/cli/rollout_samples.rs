//! Journals of rollouts, made by hand: three rings of hosts, and what happened
//! on them. Nobody is asked anything.

use std::path::PathBuf;

use debcut::format::version::Version;
use debcut::model::{Architecture, HostName, PackageName, RingName, Sha256, Suite, Timestamp};
use debcut::rollout::calendar::Calendar;
use debcut::rollout::event::{Entry, Event, Generation};
use debcut::rollout::facts::{HostFacts, Installed, Job, Selection, Status, System};
use debcut::rollout::health::{Check, Verdict, What};
use debcut::rollout::journal::Journal;
use debcut::rollout::policy::{
    Approval, Engine, Members, Rehearsal, Restart, Ring, RingSuite, Share, Supersede,
};
use debcut::rollout::state::{Fault, Halt, RolloutId};
use debcut::rollout::target::{Binary, Meant, Target};
use debcut::rollout::{Policy, Rollout};

use crate::world::World;

/// What a host or a person may say to be trouble.
pub const EVIL: &str =
    "</title><script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }}";

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect(text)
}

pub fn host(name: &str) -> HostName {
    HostName::new(name).expect(name)
}

pub fn ring(name: &str) -> RingName {
    RingName::new(name).expect(name)
}

fn suite(name: &str) -> Suite {
    Suite::new(name).expect(name)
}

fn version(text: &str) -> Version {
    Version::new(text).expect(text)
}

pub fn id() -> RolloutId {
    RolloutId::first(PackageName::new("hello").expect("a name"), version("1.2-1"))
}

fn hosts(prefix: &str, count: usize) -> Vec<HostName> {
    (1..=count)
        .map(|n| host(&format!("{prefix}{n:02}.example.org")))
        .collect()
}

pub fn policy(approval: Approval) -> Policy {
    let one = |name: &str, members: Vec<HostName>, open: &str, soak_seconds: u32, batch| Ring {
        name: ring(name),
        members: Members::Hosts(members),
        suites: vec![RingSuite {
            release: None,
            suite: suite(open),
        }],
        soak_seconds,
        batch,
        concurrency: 20,
        checks: vec![
            Check {
                name: "answers".to_owned(),
                what: What::OnHost("curl -f http://localhost/health".to_owned()),
                limit_seconds: 10,
                failures: 1,
            },
            Check {
                name: "errors".to_owned(),
                what: What::OnController("./error-rate --below 1%".to_owned()),
                limit_seconds: 30,
                failures: 2,
            },
        ],
        check_seconds: 300,
        max_failures: Share::Count(0),
        max_unreachable: Share::Percent(10),
        min_sample: 1,
    };
    Policy {
        rings: vec![
            one(
                "canary",
                hosts("canary", 2),
                "canary",
                86_400,
                Share::Count(1),
            ),
            one(
                "early",
                hosts("web", 12),
                "early",
                43_200,
                Share::Percent(25),
            ),
            one(
                "everyone",
                hosts("node", 80),
                "stable",
                21_600,
                Share::Percent(10),
            ),
        ],
        engine: Engine::Ssh,
        calendar: Calendar::default(),
        supersede: Supersede::Refuse,
        approval,
        rehearsal: Rehearsal::Wanted,
        restart: Restart::Nothing,
        sources_file: None,
        job_seconds: 600,
        lock_seconds: 60,
        attempts: 3,
        retry_seconds: 60,
    }
}

pub fn target() -> Target {
    let binary = |name: &str| Binary {
        package: PackageName::new(name).expect(name),
        architecture: Architecture::new("amd64").expect("a name"),
        version: version("1.2-1"),
        sha256: Sha256::of(name.as_bytes()),
    };
    Target {
        source: id().source,
        versions: vec![Meant {
            release: None,
            source_version: version("1.2-1"),
            from: suite("incoming"),
            generation: 41,
            binaries: vec![binary("hello"), binary("hello-doc")],
        }],
    }
}

fn facts(runs: &str) -> Box<HostFacts> {
    Box::new(HostFacts {
        clock: at("2025-06-01T12:00:00Z"),
        machine_id: "85acb55e5a8466ca646fe990fe239699".to_owned(),
        boot_id: "b".to_owned(),
        system: System {
            id: "debian".to_owned(),
            version_id: "12".to_owned(),
            codename: "bookworm".to_owned(),
        },
        architecture: Architecture::new("amd64").expect("a name"),
        installed: vec![Installed {
            package: PackageName::new("hello").expect("a name"),
            architecture: Architecture::new("amd64").expect("a name"),
            version: version(runs),
            selection: Selection::Install,
            status: Status::Installed,
            auto: false,
        }],
        unfinished: Vec::new(),
        job: Job::Absent,
        services: Vec::new(),
        stale: Vec::new(),
        reboot_required: false,
        free_bytes: 1 << 30,
    })
}

/// A journal that grows.
pub struct Story {
    pub entries: Vec<Entry>,
}

impl Story {
    /// Plans it.
    pub fn new(reason: &str, approval: Approval) -> Self {
        let mut story = Self {
            entries: Vec::new(),
        };
        let planned = Event::Planned {
            id: id(),
            target: target(),
            policy: Box::new(policy(approval)),
            reason: Some(reason.to_owned()),
            profile: None,
            after: None,
        };
        story.add("2025-06-02T08:00:00Z", planned);
        story
    }

    pub fn add(&mut self, when: &str, event: Event) -> &mut Self {
        let number = self.entries.len() as u64 + 1;
        self.entries.push(Entry {
            number,
            at: at(when),
            by: "ada@control".to_owned(),
            event,
        });
        // What cannot follow is a mistake of the test.
        Rollout::from_entries(&self.entries).expect("it follows");
        self
    }

    pub fn rehearsed(&mut self, when: &str) -> &mut Self {
        let problems = Vec::new();
        self.add(when, Event::Rehearsed { problems })
    }

    pub fn opened(&mut self, when: &str, name: &str, open: &str) -> &mut Self {
        self.add(when, Event::Opening { ring: ring(name) });
        let suites = vec![Generation {
            suite: suite(open),
            number: 17,
        }];
        let ring = ring(name);
        self.add(when, Event::Opened { ring, suites })
    }

    pub fn installed(&mut self, when: &str, names: &[HostName]) -> &mut Self {
        for name in names {
            self.begun(when, name);
            let facts = facts("1.2-1");
            let host = name.clone();
            self.add(when, Event::Succeeded { host, facts });
        }
        self
    }

    pub fn begun(&mut self, when: &str, name: &HostName) -> &mut Self {
        let moves = vec![debcut::rollout::Move {
            package: PackageName::new("hello").expect("a name"),
            architecture: Architecture::new("amd64").expect("a name"),
            from: version("1.1-1"),
            to: version("1.2-1"),
            auto: false,
        }];
        let host = name.clone();
        self.add(
            when,
            Event::Probed {
                host: host.clone(),
                facts: facts("1.1-1"),
                moves,
            },
        );
        let job = format!("{}-1", id());
        self.add(
            when,
            Event::Starting {
                host: host.clone(),
                job,
            },
        );
        self.add(when, Event::Begun { host })
    }

    pub fn checked(&mut self, when: &str, name: &str, found: Verdict) -> &mut Self {
        let event = Event::Checked {
            ring: ring(name),
            host: None,
            check: "errors".to_owned(),
            found,
        };
        self.add(when, event)
    }

    /// The first ring, whole.
    pub fn canaries(&mut self) -> &mut Self {
        self.rehearsed("2025-06-02T08:10:00Z");
        self.opened("2025-06-02T08:20:00Z", "canary", "canary");
        self.installed("2025-06-02T08:30:00Z", &hosts("canary", 2));
        let until = at("2025-06-03T08:31:00Z");
        let canary = || ring("canary");
        self.add(
            "2025-06-02T08:31:00Z",
            Event::Soaking {
                ring: canary(),
                until,
            },
        );
        self.checked("2025-06-02T08:32:00Z", "canary", Verdict::Passed);
        self.add("2025-06-03T08:31:00Z", Event::Passed { ring: canary() })
    }

    /// The second ring, in which two hosts fail and one is away.
    pub fn halted(&mut self) -> &mut Self {
        self.opened("2025-06-03T08:40:00Z", "early", "early");
        let web = hosts("web", 12);
        self.installed("2025-06-03T08:50:00Z", &web[..5]);
        self.begun("2025-06-03T08:55:00Z", &web[5]);
        self.begun("2025-06-03T08:55:00Z", &web[6]);
        let log = format!("Setting up hello (1.2-1) ...\n{EVIL}\n");
        let found = Vec::new();
        let fault = Fault::NotAsMeant { found, log };
        let failed = |host: &HostName, fault: Fault| Event::Failed {
            host: host.clone(),
            fault,
        };
        self.add("2025-06-03T09:00:00Z", failed(&web[5], fault));
        let said = "HTTP 500 from /health".to_owned();
        let check = "answers".to_owned();
        self.add(
            "2025-06-03T09:00:10Z",
            failed(&web[6], Fault::Check { check, said }),
        );
        let why = "ssh: connect to host web08.example.org port 22: No route to host".to_owned();
        let host = web[7].clone();
        self.add("2025-06-03T09:00:20Z", Event::Silent { host, why });
        let why = Halt::Failures {
            ring: ring("early"),
            failed: 2,
            allowed: 0,
        };
        self.add("2025-06-03T09:00:30Z", Event::Halted { why })
    }

    /// Every ring, whole.
    pub fn done(&mut self) -> &mut Self {
        for (name, open, all, day, hours) in [
            ("early", "early", hosts("web", 12), 3, 12),
            ("everyone", "stable", hosts("node", 80), 4, 6),
        ] {
            let own = || ring(name);
            let when = |hour: u32| format!("2025-06-0{day}T{hour:02}:00:00Z");
            self.opened(&when(9), name, open);
            self.installed(&when(10), &all);
            let until = at(&when(10)).plus_seconds(i64::from(hours) * 3_600);
            self.add(&when(10), Event::Soaking { ring: own(), until });
            self.add(&until.to_string(), Event::Passed { ring: own() });
        }
        self.add("2025-06-04T16:00:00Z", Event::Done)
    }

    pub fn rollout(&self) -> Rollout {
        Rollout::from_entries(&self.entries).expect("it follows")
    }

    /// Writes the journal where debcut looks for it; returns the directory of
    /// journals.
    pub fn write(&self, world: &World) -> PathBuf {
        let state = world.path("state");
        let mut journal = Journal::create(&state, &id(), "ada@control").expect("a journal");
        for entry in &self.entries {
            let written = journal.append(entry.event.clone(), entry.at, &entry.by);
            written.expect("written");
        }
        state
    }
}
