//! The world: what hosts and the archive are, whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::format::version::Version;
use crate::model::{Architecture, Fingerprint, HostName, Suite, Timestamp};
use crate::rollout::event::{Event, Generation};
use crate::rollout::facts::{HostFacts, Installed, Job, Selection, Service, Status, System};
use crate::rollout::hands::{Answer, Hands, Moved, Order, Outside, Question, Silence, Timed, Told};
use crate::rollout::health::{Check, Verdict, What};
use crate::rollout::journal::Journal;
use crate::rollout::policy::{Members, Pull, RingSuite};
use crate::rollout::state::{Counted, Rollout, Way};
use crate::rollout::target::Move;

/// What becomes of a host's next job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It installs.
    Well,
    /// It installs, and the link is cut while it is told.
    Cut,
    /// The link is cut before anything begins.
    CutBefore,
    /// The link is cut, and what was said arrives a while later.
    Late,
    /// The host refuses to begin.
    Refused,
    /// The lists cannot be read.
    Update,
    /// The version is gone.
    Gone,
    /// A maintainer script fails, each time.
    Script,
    /// The host falls over in the middle, and comes back.
    Crash,
    /// The host is started again when all is done, before the job says so.
    Reboot,
    /// It never ends.
    Hangs,
    /// It installs, and the host is never heard of again.
    Vanishes,
}

/// A simulated host.
#[derive(Debug, Clone)]
pub struct Machine {
    pub version: Option<Version>,
    pub half: bool,
    pub selection: Selection,
    pub codename: &'static str,
    pub boot: u32,
    pub service: Option<(u32, bool)>,
    /// What becomes of jobs, one after the other; then all is well.
    pub fates: Vec<Fate>,
    /// It says nothing so many times.
    pub silent: u32,
    /// It never says anything again.
    pub down: bool,
    /// A check on it says this, one after the other; then it passes.
    pub verdicts: Vec<Verdict>,
    pub foreign: bool,
    jobs: BTreeMap<String, Running>,
    /// Jobs that were asked for when it did not know them: they never begin.
    tombs: BTreeSet<String>,
    /// Orders on their way, and when they arrive.
    late: Vec<(Timestamp, Order)>,
    /// The newest job that it was told of.
    newest: String,
}

#[derive(Debug, Clone)]
struct Running {
    order: Order,
    fate: Fate,
    until: Timestamp,
    is: Job,
}

impl Machine {
    pub fn new(version: &str) -> Self {
        Self {
            version: (!version.is_empty()).then(|| super::version(version)),
            half: false,
            selection: Selection::Install,
            codename: "bookworm",
            boot: 1,
            service: Some((100, true)),
            fates: Vec::new(),
            silent: 0,
            down: false,
            verdicts: Vec::new(),
            foreign: false,
            jobs: BTreeMap::new(),
            tombs: BTreeSet::new(),
            late: Vec::new(),
            newest: String::new(),
        }
    }

    /// Begins what arrives late, unless somebody has asked for it meanwhile;
    /// returns how much.
    fn arrive(&mut self, now: Timestamp, job_seconds: i64) -> usize {
        let (come, late) = self.late.drain(..).partition(|(when, _)| *when <= now);
        self.late = late;
        let come: Vec<(Timestamp, Order)> = come;
        let mut begun = 0;
        for (when, order) in come {
            let busy = self.jobs.values().any(|job| job.is == Job::Running);
            if self.down || busy || self.tombs.contains(&order.job) {
                continue;
            }
            assert_eq!(order.job, self.newest, "it was told anew meanwhile");
            begun += 1;
            let running = Running {
                until: when.plus_seconds(job_seconds),
                fate: Fate::Well,
                is: Job::Running,
                order,
            };
            self.jobs.insert(running.order.job.clone(), running);
        }
        begun
    }

    /// Tells whether a job of ours moves it now; one that hangs is known to.
    pub fn is_away(&self, now: Timestamp) -> bool {
        self.jobs
            .values()
            .any(|job| job.is == Job::Running && job.until > now && job.fate != Fate::Hangs)
    }

    fn settle(&mut self, now: Timestamp) {
        for job in self.jobs.values_mut() {
            if job.is != Job::Running || job.until > now || job.fate == Fate::Hangs {
                continue;
            }
            let to = job.order.moves.first().map(|made| made.to.clone());
            let ended = |stage: &str, code, log: &str| Job::Ended {
                stage: stage.to_owned(),
                code,
                log: log.to_owned(),
            };
            job.is = match job.fate {
                Fate::Update => ended("update", 100, "Err:1 http://archive"),
                Fate::Gone => ended("simulate", 100, "E: Version '2' for 'hello' was not found"),
                Fate::Script => {
                    self.version = to;
                    self.half = true;
                    ended("install", 100, "postinst failed")
                }
                Fate::Crash => {
                    self.version = to;
                    self.half = true;
                    self.boot += 1;
                    Job::Lost
                }
                fate => {
                    self.version = to;
                    self.half = false;
                    if let Some((pid, _)) = &mut self.service {
                        *pid += 1;
                    }
                    self.down |= fate == Fate::Vanishes;
                    match fate {
                        Fate::Reboot => {
                            self.boot += 1;
                            Job::Lost
                        }
                        _ => ended("done", 0, ""),
                    }
                }
            };
        }
    }

    fn facts(&self, question: &Question, now: Timestamp) -> HostFacts {
        let status = match self.half {
            true => Status::HalfConfigured,
            false => Status::Installed,
        };
        let installed = self.version.iter().map(|version| Installed {
            package: super::package("hello"),
            architecture: Architecture::new("amd64").expect("a name"),
            version: version.clone(),
            selection: self.selection,
            status,
            auto: false,
        });
        let mut unfinished = Vec::new();
        if self.half {
            unfinished.push(super::package("hello"));
        }
        if self.foreign {
            unfinished.push(super::package("other"));
        }
        let job = question.job.as_ref().and_then(|job| self.jobs.get(job));
        let service = |name: &String| {
            self.service.map(|(pid, active)| Service {
                name: name.clone(),
                active,
                pid,
                since: u64::from(pid),
            })
        };
        HostFacts {
            clock: now,
            machine_id: String::new(),
            boot_id: self.boot.to_string(),
            system: System {
                id: "debian".to_owned(),
                version_id: match self.codename {
                    "bookworm" => "12".to_owned(),
                    _ => "13".to_owned(),
                },
                codename: self.codename.to_owned(),
            },
            architecture: Architecture::new("amd64").expect("a name"),
            installed: installed.collect(),
            unfinished,
            job: job.map_or(Job::Absent, |job| job.is.clone()),
            services: question.services.iter().filter_map(service).collect(),
            stale: Vec::new(),
            reboot_required: false,
            free_bytes: 1 << 30,
        }
    }
}

/// The world, and what was done to it.
#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    pub hosts: BTreeMap<HostName, Machine>,
    /// Suites that have version 2.
    pub open: BTreeSet<Suite>,
    pub generation: u64,
    pub problems: Vec<String>,
    /// What the archive says next when it is to open a ring.
    pub moved: Vec<Moved>,
    pub here: Vec<Verdict>,
    pub counts: Vec<(u64, u64, u64)>,
    /// So many withdrawals are refused first.
    pub refusals: u32,
    /// Approvals that do not count.
    pub doubts: Vec<(Fingerprint, String)>,
    /// So often nobody can say what a pull ring runs.
    pub uncounted: u32,
    /// Where the journal is on disk: it is read whenever something is done.
    pub disk: Option<PathBuf>,
    pub gone: Vec<String>,
    /// How often hosts were asked.
    pub asked: usize,
    pub told: usize,
    pub percents: Vec<u8>,
    /// How long a job takes, in seconds.
    pub job_seconds: i64,
}

impl World {
    pub fn new(policy: &crate::rollout::Policy) -> Self {
        let mut hosts = BTreeMap::new();
        for ring in &policy.rings {
            if let Members::Hosts(members) = &ring.members {
                hosts.extend(members.iter().map(|name| (name.clone(), Machine::new("1"))));
            }
        }
        Self {
            now: super::epoch(),
            hosts,
            open: BTreeSet::new(),
            generation: 1,
            problems: Vec::new(),
            moved: Vec::new(),
            here: Vec::new(),
            counts: Vec::new(),
            refusals: 0,
            doubts: Vec::new(),
            uncounted: 0,
            disk: None,
            gone: Vec::new(),
            asked: 0,
            told: 0,
            percents: Vec::new(),
            job_seconds: 20,
        }
    }

    pub fn host(&mut self, name: &str) -> &mut Machine {
        self.hosts.get_mut(&super::host(name)).expect("it is there")
    }

    /// Returns which version each host has, `-` behind one that is half done.
    pub fn versions(&self) -> Vec<String> {
        let shown = |host: &Machine| match &host.version {
            None => String::new(),
            Some(version) if host.half => format!("{version}-"),
            Some(version) => version.to_string(),
        };
        self.hosts.values().map(shown).collect()
    }

    fn settle(&mut self) {
        let now = self.now;
        for host in self.hosts.values_mut() {
            self.told += host.arrive(now, self.job_seconds);
            host.settle(now);
        }
    }

    /// What is done was written down before, and is on the disk.
    fn was_intended(&self, rollout: &Rollout, is: impl Fn(&Event) -> bool) {
        let Some(disk) = &self.disk else { return };
        let entries = Journal::look(disk, &rollout.id).expect("it is there");
        let mut newest = entries.iter().rev();
        assert!(newest.any(|entry| is(&entry.event)), "{:?}", entries.last());
    }

    /// What must hold whenever hosts are told to begin.
    fn may_begin(&self, rollout: &Rollout, orders: &[Order]) {
        let mut touched: BTreeMap<usize, usize> = BTreeMap::new();
        for order in orders {
            let host = &rollout.hosts[&order.host];
            *touched.entry(host.ring).or_default() += 1;
            if rollout.way == Way::Forward {
                let before = rollout.rings[..host.ring].iter();
                let mut shut = before.filter(|ring| ring.passed.is_none());
                let shut = shut.next().map(|ring| ring.name.as_str());
                assert_eq!(shut, None, "{} is told too early", order.host);
                for made in &order.moves {
                    assert!(made.from < made.to, "{made:?} is no way there");
                }
                for own in &rollout.policy.rings[host.ring].suites {
                    assert!(self.open.contains(&own.suite), "{} is shut", own.suite);
                }
            } else {
                for own in rollout.policy.rings.iter().flat_map(|ring| &ring.suites) {
                    assert!(!self.open.contains(&own.suite), "{} is open", own.suite);
                }
                assert!(host.touched, "{} was never touched", order.host);
            }
        }
        for (index, ring) in rollout.policy.rings.iter().enumerate() {
            let Members::Hosts(members) = &ring.members else {
                continue;
            };
            let new = |name: &&HostName| orders.iter().any(|order| order.host == **name);
            let away = |name: &&HostName| self.hosts[*name].is_away(self.now) && !new(name);
            let away = members.iter().filter(away).count();
            let told = touched.get(&index).copied().unwrap_or_default();
            let batch = ring.batch.batch_of(rollout.rings[index].counts.wanted());
            // What was told before it was known how few there are may still run.
            assert!(
                told == 0 || away + told <= batch,
                "{away} + {told} of {batch}"
            );
        }
    }
}

impl Hands for World {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn probe(
        &mut self,
        _: &Rollout,
        questions: &[Question],
        each: Timed<'_, Answer<HostFacts>>,
    ) -> Result<(), Outside> {
        self.settle();
        for question in questions {
            self.asked += 1;
            let now = self.now;
            let host = self.hosts.get_mut(&question.host).expect("it is there");
            let answer = match host.down || host.silent > 0 {
                true => {
                    host.silent = host.silent.saturating_sub(1);
                    let why = "connection timed out".to_owned();
                    Err(Silence { why })
                }
                false => {
                    if let Some(job) = &question.job
                        && !host.jobs.contains_key(job)
                    {
                        host.tombs.insert(job.clone());
                    }
                    Ok(host.facts(question, now))
                }
            };
            each(&question.host, answer, now)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        rollout: &Rollout,
        orders: &[Order],
        each: Timed<'_, Answer<Told>>,
    ) -> Result<(), Outside> {
        for order in orders {
            self.was_intended(
                rollout,
                |event| matches!(event, Event::Starting { job, .. } if *job == order.job),
            );
        }
        self.settle();
        self.may_begin(rollout, orders);
        let now = self.now;
        let until = now.plus_seconds(self.job_seconds);
        let mut each = |host: &HostName, told| each(host, told, now);
        for order in orders {
            let host = self.hosts.get_mut(&order.host).expect("it is there");
            let silence = |why: &str| {
                let why = why.to_owned();
                Err(Silence { why })
            };
            if host.down {
                each(&order.host, silence("connection timed out"))?;
                continue;
            }
            assert!(
                !host.tombs.contains(&order.job),
                "{} is for nobody",
                order.job
            );
            host.newest.clone_from(&order.job);
            if host.jobs.contains_key(&order.job) {
                each(&order.host, Ok(Told::Begun))?;
                continue;
            }
            let fate = match host.fates.is_empty() {
                true => Fate::Well,
                false => host.fates.remove(0),
            };
            let busy = host.jobs.values().any(|job| job.is == Job::Running);
            let refused = match fate {
                Fate::CutBefore => {
                    each(&order.host, silence("cut"))?;
                    continue;
                }
                Fate::Late => {
                    host.late.push((now.plus_seconds(7), order.clone()));
                    each(&order.host, silence("cut"))?;
                    continue;
                }
                Fate::Refused => Some("disk full"),
                _ if busy => Some("another job runs"),
                _ => None,
            };
            if let Some(why) = refused {
                let why = why.to_owned();
                each(&order.host, Ok(Told::NotBegun { why }))?;
                continue;
            }
            self.told += 1;
            // A script that fails on the way there does on the way back too,
            // unless the job repairs; what the job does was decided here.
            let running = Running {
                order: order.clone(),
                fate,
                until,
                is: Job::Running,
            };
            host.jobs.insert(order.job.clone(), running);
            match fate {
                Fate::Cut => each(&order.host, silence("cut"))?,
                _ => each(&order.host, Ok(Told::Begun))?,
            }
        }
        Ok(())
    }

    fn check_hosts(
        &mut self,
        _: &Rollout,
        check: &Check,
        hosts: &[HostName],
        each: Timed<'_, Verdict>,
    ) -> Result<(), Outside> {
        assert!(matches!(check.what, What::OnHost(_)));
        for name in hosts {
            let host = self.hosts.get_mut(name).expect("it is there");
            let verdict = match (host.down, host.verdicts.is_empty()) {
                (true, _) => Verdict::Inconclusive {
                    said: "silent".to_owned(),
                },
                (_, true) => Verdict::Passed,
                _ => host.verdicts.remove(0),
            };
            each(name, verdict, self.now)?;
        }
        Ok(())
    }

    fn check_here(&mut self, _: &Rollout, _: &Check) -> Result<Verdict, Outside> {
        Ok(match self.here.is_empty() {
            true => Verdict::Passed,
            false => self.here.remove(0),
        })
    }

    fn count(&mut self, _: &Rollout, _: &Pull) -> Result<Counted, Outside> {
        if self.uncounted > 0 {
            self.uncounted -= 1;
            return Err("the metrics do not answer".into());
        }
        let (all, there, failed) = match self.counts.len() {
            0 => (0, 0, 0),
            1 => self.counts[0],
            _ => self.counts.remove(0),
        };
        Ok(Counted {
            at: self.now,
            all,
            there,
            failed,
        })
    }

    fn rehearse(&mut self, _: &Rollout) -> Result<Vec<String>, Outside> {
        Ok(std::mem::take(&mut self.problems))
    }

    fn open(
        &mut self,
        rollout: &Rollout,
        suites: &[RingSuite],
        percent: u8,
    ) -> Result<Moved, Outside> {
        self.was_intended(rollout, |event| matches!(event, Event::Opening { .. }));
        if !self.moved.is_empty() {
            return Ok(self.moved.remove(0));
        }
        self.percents.push(percent);
        self.open.extend(suites.iter().map(|own| own.suite.clone()));
        self.generation += 1;
        let number = self.generation;
        let suites = suites.iter().map(|own| own.suite.clone());
        let done = suites.map(|suite| Generation { suite, number });
        Ok(Moved::Done(done.collect()))
    }

    fn withdraw(&mut self, rollout: &Rollout, suites: &[Suite]) -> Result<Moved, Outside> {
        self.was_intended(
            rollout,
            |event| matches!(event, Event::Withdrawing { suites: own } if own == suites),
        );
        if self.refusals > 0 {
            self.refusals -= 1;
            return Ok(Moved::Refused("frozen".to_owned()));
        }
        self.generation += 1;
        let number = self.generation;
        let done = suites.iter().map(|suite| {
            self.open.remove(suite);
            let suite = suite.clone();
            Generation { suite, number }
        });
        Ok(Moved::Done(done.collect()))
    }

    fn missing(&mut self, _: &Rollout, moves: &[Move]) -> Result<Vec<String>, Outside> {
        let gone = |made: &&Move| self.gone.contains(&made.to.to_string());
        let lost = moves.iter().filter(gone);
        Ok(lost
            .map(|made| format!("{}={}", made.package, made.to))
            .collect())
    }

    fn doubts(&mut self, _: &Rollout) -> Result<Vec<(Fingerprint, String)>, Outside> {
        Ok(std::mem::take(&mut self.doubts))
    }

    fn request(&mut self, _: &Rollout) -> Result<String, Outside> {
        Ok("digest".to_owned())
    }
}
