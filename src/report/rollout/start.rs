//! `rollout start`: what it brings, to whom, when at the earliest.

use serde::Serialize;

use crate::model::{HostName, Timestamp};
use crate::report::rolling::words;
use crate::report::{Document, Page};
use crate::rollout::Rollout;
use crate::rollout::calendar::Calendar;
use crate::rollout::health::What;
use crate::rollout::policy::{Approval, Members, Rehearsal, Share};

/// What `rollout start` answers.
#[derive(Debug, Serialize)]
pub struct StartDocument {
    id: String,
    source: String,
    versions: Vec<Version>,
    profile: Option<String>,
    reason: Option<String>,
    rehearsal: Option<String>,
    approvals: u32,
    calendar: Option<Calendar>,
    rings: Vec<Ring>,
    begins: Option<Timestamp>,
    earliest_end: Timestamp,
    archive: String,
    journal: String,
    #[serde(skip)]
    standing: Standing,
}

/// What became of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there to be advanced.
    There,
    /// It is there, and has ended.
    Ended,
    /// It would be.
    Planned,
    /// It is refused: there is none.
    Refused,
}

#[derive(Debug, Serialize)]
struct Version {
    release: Option<String>,
    version: String,
    suite: String,
    generation: u64,
    packages: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Ring {
    name: String,
    hosts: Option<Vec<HostName>>,
    observe: Option<String>,
    phases: Vec<u8>,
    suites: Vec<String>,
    soak_seconds: u32,
    batch: String,
    concurrency: u32,
    max_failures: String,
    max_unreachable: String,
    min_sample: u32,
    checks: Vec<String>,
}

impl StartDocument {
    /// Shows a rollout that is planned, or would be. `least_seconds` is how long
    /// it takes at least; `begins` is when its first ring may open, where that is
    /// not now.
    pub fn new(rollout: &Rollout, begins: Option<Timestamp>, least_seconds: i64) -> Self {
        let policy = &rollout.policy;
        let share = |share: Share| words::share(share);
        let rings = policy.rings.iter().map(|ring| {
            let (hosts, observe, phases) = match &ring.members {
                Members::Hosts(hosts) => (Some(hosts.clone()), None, Vec::new()),
                Members::Pull(pull) => (None, Some(pull.observe.clone()), pull.phases.clone()),
            };
            let suites = ring.suites.iter().map(|one| match &one.release {
                Some(release) => format!("{} for {release}", one.suite),
                None => one.suite.to_string(),
            });
            Ring {
                name: ring.name.to_string(),
                hosts,
                observe,
                phases,
                suites: suites.collect(),
                soak_seconds: ring.soak_seconds,
                batch: share(ring.batch),
                concurrency: ring.concurrency,
                max_failures: share(ring.max_failures),
                max_unreachable: share(ring.max_unreachable),
                min_sample: ring.min_sample,
                checks: ring.checks.iter().map(check).collect(),
            }
        });
        let versions = rollout.target.versions.iter().map(|meant| {
            let binaries = meant.binaries.iter();
            let mut packages: Vec<String> = binaries
                .map(|one| format!("{} {} {}", one.package, one.version, one.architecture))
                .collect();
            packages.sort();
            Version {
                release: meant.release.clone(),
                version: meant.source_version.to_string(),
                suite: meant.from.to_string(),
                generation: meant.generation,
                packages,
            }
        });
        Self {
            id: rollout.id.to_string(),
            source: rollout.target.source.to_string(),
            versions: versions.collect(),
            profile: rollout.profile.clone(),
            reason: rollout.reason.clone(),
            rehearsal: match &policy.rehearsal {
                Rehearsal::Wanted => None,
                Rehearsal::Skipped(why) => Some(format!("skipped: {why}")),
            },
            approvals: match &policy.approval {
                Approval::NotNeeded => 0,
                Approval::Needed { count, .. } => *count,
            },
            calendar: (policy.calendar != Calendar::default()).then(|| policy.calendar.clone()),
            rings: rings.collect(),
            earliest_end: begins
                .unwrap_or(rollout.planned)
                .plus_seconds(least_seconds),
            begins,
            archive: String::new(),
            journal: String::new(),
            standing: Standing::Planned,
        }
    }

    /// Says what became of it.
    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// Says where the archive and the journal are.
    #[must_use]
    pub fn places(mut self, archive: &str, journal: String) -> Self {
        self.archive = archive.to_owned();
        self.journal = journal;
        self
    }
}

impl StartDocument {
    /// Says how much may go wrong: in a line, where it is the same in all rings.
    fn limits(&self, page: &mut Page) {
        let limits = |ring: &Ring| {
            if ring.hosts.is_none() {
                return format!("more than {} failed: it halts", ring.max_failures);
            }
            format!(
                "at most {} at once; more than {} failed: it halts; more than {} away, or fewer \
                 than {} there: it waits",
                ring.concurrency, ring.max_failures, ring.max_unreachable, ring.min_sample
            )
        };
        let all: Vec<String> = self.rings.iter().map(limits).collect();
        let same = all.iter().all(|one| *one == all[0]);
        for (ring, limits) in self.rings.iter().zip(&all) {
            let name = match same {
                true => "each ring",
                false => &ring.name,
            };
            page.line(page.dim(&format!("  {name}: {limits}")));
            if same {
                break;
            }
        }
    }
}

fn check(check: &crate::rollout::health::Check) -> String {
    let what = match &check.what {
        What::OnHost(command) => format!("on hosts: {command}"),
        What::OnController(command) => format!("here: {command}"),
        What::Service(unit) => format!("service {unit}"),
    };
    format!("{} ({what})", check.name)
}

impl Document for StartDocument {
    const SCHEMA: &'static str = "debcut/rollout-start/1";

    fn text(&self, page: &mut Page) {
        let id = page.bold(&self.id);
        page.line(match self.standing {
            Standing::There => id,
            Standing::Ended => format!("{id}  {}", page.dim("has ended")),
            Standing::Planned => format!("{id}  {}", page.dim("would be")),
            Standing::Refused => format!("{id}  {}", page.bad("NOT STARTED")),
        });
        for version in &self.versions {
            let release = version.release.as_ref();
            let release = release.map_or(String::new(), |release| format!(" for {release}"));
            let (suite, generation) = (&version.suite, version.generation);
            page.field(
                "version",
                format!("{}{release}, in {suite}@{generation}", version.version),
            );
            page.field("", page.dim(&version.packages.join(", ")));
        }
        if let Some(profile) = &self.profile {
            let why = self.reason.as_deref().unwrap_or_default();
            page.field("profile", format!("{profile}: {why}"));
        } else if let Some(reason) = &self.reason {
            page.field("why", reason);
        }
        let usual = "old, new and old again, in a throw-away root";
        page.field("rehearsal", self.rehearsal.as_deref().unwrap_or(usual));
        if self.approvals > 0 {
            page.field("approvals", self.approvals.to_string());
        }
        page.line("");
        let rows: Vec<[String; 6]> = (self.rings.iter())
            .map(|ring| {
                let hosts = match &ring.hosts {
                    Some(hosts) if hosts.is_empty() => "–".to_owned(),
                    Some(hosts) => format!("{}: {}", hosts.len(), words::names(hosts)),
                    None => "those that update themselves".to_owned(),
                };
                [
                    ring.name.clone(),
                    hosts,
                    match ring.suites.is_empty() {
                        true => "–".to_owned(),
                        false => ring.suites.join(", "),
                    },
                    match ring.phases.is_empty() {
                        true => ring.batch.clone(),
                        false => {
                            let phases = ring.phases.iter().map(|p| format!("{p} %"));
                            phases.collect::<Vec<_>>().join(", ")
                        }
                    },
                    words::span(ring.soak_seconds.into()),
                    match ring.checks.len() {
                        0 => "–".to_owned(),
                        count => count.to_string(),
                    },
                ]
            })
            .collect();
        page.table(["RING", "HOSTS", "OPENS", "BATCH", "SOAK", "CHECKS"], &rows);
        let mut shown: Vec<&String> = Vec::new();
        for check in self.rings.iter().flat_map(|ring| &ring.checks) {
            if !shown.contains(&check) {
                shown.push(check);
                page.line(page.dim(&format!("  check {check}")));
            }
        }
        self.limits(page);
        page.line("");
        if self.standing == Standing::Refused {
            return;
        }
        if let Some(begins) = self.begins {
            let begins = words::moment(begins);
            page.field(
                "begins",
                format!("{begins}: until then it waits for its window"),
            );
        }
        let end = words::moment(self.earliest_end);
        page.field("ends", format!("{end} at the earliest"));
        page.field("journal", &self.journal);
    }

    fn ending(&self, page: &mut Page) {
        let (id, source) = (&self.id, &self.source);
        match self.standing {
            Standing::There => {
                page.line(format!("next: debcut rollout advance {id} [--watch]"));
            }
            Standing::Ended => page.line(format!(
                "next: debcut rollout start {source} --again rolls it out once more"
            )),
            Standing::Planned => {}
            Standing::Refused => page.line(format!("{id} was NOT STARTED")),
        }
    }
}
