//! A rollout at a glance: one screen for who is called at three in the morning.

use serde::Serialize;

use crate::model::{HostName, Suite, Timestamp};
use crate::report::Page;
use crate::report::document::plain;
use crate::report::rolling::{Badge, RolloutView, Tone, words};
use crate::rollout::event::Entry;
use crate::rollout::{HostState, Phase, Rollout, Stage, Step, Way};

/// How many of the newest entries a screen has room for.
const EVENTS: usize = 6;
/// How many hosts are named one by one.
const HOSTS: usize = 12;

/// A rollout as it is now.
#[derive(Debug, Serialize)]
pub struct Picture {
    id: String,
    source: String,
    versions: Vec<Version>,
    state: &'static str,
    headline: String,
    paused: Option<String>,
    way: &'static str,
    reason: Option<String>,
    profile: Option<String>,
    planned: Timestamp,
    by: String,
    rehearsal: String,
    request: Option<String>,
    approved: Vec<String>,
    rings: Vec<Ring>,
    hosts: Vec<Host>,
    events: Vec<Event>,
    next: String,
    next_at: Option<Timestamp>,
    earliest_end: Option<Timestamp>,
    now: Timestamp,
    #[serde(skip)]
    view: RolloutView,
}

#[derive(Debug, Serialize)]
struct Version {
    release: Option<String>,
    version: String,
    suite: Suite,
    generation: u64,
}

#[derive(Debug, Serialize)]
struct Ring {
    name: String,
    pull: bool,
    state: &'static str,
    hosts: crate::report::rolling::Counts,
    suites: Vec<String>,
    soak_seconds: u32,
    opened: Option<Timestamp>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    soak_until: Option<Timestamp>,
    soak_left_seconds: Option<i64>,
    soak_skipped: Option<String>,
    passed: Option<Timestamp>,
    phased_percent: Option<u8>,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    state: &'static str,
    said: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Host {
    name: HostName,
    ring: String,
    state: &'static str,
    detail: String,
    since: Timestamp,
    packages: Vec<Package>,
    /// Programs that still run files which are gone.
    stale: Vec<String>,
    reboot_required: bool,
    job: Option<String>,
}

#[derive(Debug, Serialize)]
struct Package {
    package: String,
    architecture: String,
    from: String,
    to: String,
}

#[derive(Debug, Serialize)]
struct Event {
    number: u64,
    at: Timestamp,
    by: String,
    text: String,
}

impl Picture {
    /// Takes a rollout, its journal, and what its planner says next.
    pub fn new(rollout: &Rollout, entries: &[Entry], next: &Step, now: Timestamp) -> Self {
        let view = RolloutView::new(&rollout.id.to_string(), rollout, entries, next, now);
        let rings = rollout
            .rings
            .iter()
            .zip(&rollout.policy.rings)
            .zip(&view.rings);
        let rings = rings.map(|((state, policy), view)| Ring {
            name: state.name.to_string(),
            pull: view.pull,
            state: view.state.word,
            hosts: view.hosts,
            suites: view.suites.clone(),
            soak_seconds: policy.soak_seconds,
            opened: state.opened,
            first: state.first,
            last: state.last,
            soak_until: state.soak,
            soak_left_seconds: soak_left(rollout, state, now),
            soak_skipped: state.soak_skipped.clone(),
            passed: state.passed,
            phased_percent: state.phased.map(|(percent, _)| percent),
            checks: (view.checks.iter())
                .map(|check| Check {
                    name: check.name.clone(),
                    state: check.state.word,
                    said: check.said.clone(),
                })
                .collect(),
        });
        let hosts = rollout.hosts.iter().map(|(name, host)| {
            let now = host.now.as_deref();
            Host {
                name: name.clone(),
                ring: rollout.rings[host.ring].name.to_string(),
                state: words::host_word(&host.state),
                detail: words::host_detail(&host.state),
                since: host.since,
                packages: (host.moves.iter())
                    .map(|one| Package {
                        package: one.package.to_string(),
                        architecture: one.architecture.to_string(),
                        from: one.from.to_string(),
                        to: one.to.to_string(),
                    })
                    .collect(),
                stale: now.map_or_else(Vec::new, |facts| {
                    let stale = facts.stale.iter();
                    let shown = stale.map(|stale| match &stale.unit {
                        Some(unit) => format!("{} ({unit})", stale.program),
                        None => stale.program.clone(),
                    });
                    let mut shown: Vec<String> = shown.collect();
                    shown.sort();
                    shown.dedup();
                    shown
                }),
                reboot_required: host.touched && now.is_some_and(|facts| facts.reboot_required),
                job: host.job.clone(),
            }
        });
        let versions = rollout.target.versions.iter().map(|meant| Version {
            release: meant.release.clone(),
            version: meant.source_version.to_string(),
            suite: meant.from.clone(),
            generation: meant.generation,
        });
        let events = entries.iter().rev().take(EVENTS * 4).map(|entry| Event {
            number: entry.number,
            at: entry.at,
            by: entry.by.clone(),
            text: words::event(entry),
        });
        Self {
            id: view.id.clone(),
            source: view.source.clone(),
            versions: versions.collect(),
            state: view.state.word,
            headline: view.headline.clone(),
            paused: rollout.paused.clone(),
            way: match rollout.way {
                Way::Forward => "forward",
                Way::Back => "back",
            },
            reason: rollout.reason.clone(),
            profile: rollout.profile.clone(),
            planned: rollout.planned,
            by: rollout.by.clone(),
            rehearsal: view.rehearsal.clone(),
            request: rollout.request.clone(),
            approved: rollout.approvers().map(ToString::to_string).collect(),
            rings: rings.collect(),
            hosts: hosts.collect(),
            events: events.collect(),
            next: view.next.clone(),
            next_at: match next {
                Step::Hold { until, .. } => *until,
                _ => None,
            },
            earliest_end: view
                .earliest_end
                .as_ref()
                .and_then(|at| at.iso.parse().ok()),
            now,
            view,
        }
    }

    /// Names the rollout.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Says where it is, in a line.
    pub fn line(&self, page: &Page) -> String {
        let state = painted(page, self.view.state, self.state);
        format!(
            "{}  {state}  {}",
            page.bold(&self.view.title),
            plain(&self.headline)
        )
    }

    /// Writes the screen.
    pub fn text(&self, page: &mut Page) {
        let title = page.bold(&self.view.title);
        let state = painted(page, self.view.state, self.state);
        page.line(format!("{title}  {state}: {}", plain(&self.headline)));
        let mut about = format!(
            "{}  planned {} by {}",
            self.id,
            words::moment(self.planned),
            self.by
        );
        if let Some(profile) = &self.profile {
            about.push_str(&format!(", {profile}"));
        }
        if let Some(reason) = &self.reason {
            about.push_str(&format!(": {reason}"));
        }
        page.line(page.dim(&plain(&about)));
        page.line("");
        self.table(page);
        self.named(page);
        let shown: Vec<_> = self.view.events.iter().take(EVENTS).collect();
        if !shown.is_empty() {
            page.line("");
        }
        for event in shown.iter().rev() {
            let at = page.dim(&event.at.iso);
            let text = plain(&event.text);
            let text = match event.tone {
                Tone::Bad => page.bad(&text),
                _ => text,
            };
            page.line(format!("{at}  {text}"));
        }
        page.line("");
        page.line(format!("{} {}", page.bold("next:"), plain(&self.next)));
        if let Some(at) = self.next_at.filter(|at| *at > self.now) {
            let left = words::span(at.unix() - self.now.unix());
            page.line(page.dim(&format!("      in {left}, at {at}")));
        }
        if let Some(end) = self.earliest_end.filter(|end| *end > self.now) {
            page.line(page.dim(&format!("ends:  {end} at the earliest")));
        }
    }

    fn table(&self, page: &mut Page) {
        let number = |count: usize| match count {
            0 => "–".to_owned(),
            count => count.to_string(),
        };
        let rows: Vec<[String; 9]> = (self.rings.iter())
            .map(|ring| {
                let hosts = &ring.hosts;
                let soak = match (ring.soak_left_seconds, ring.passed, &ring.soak_skipped) {
                    (_, _, Some(_)) => "skipped".to_owned(),
                    (Some(left), _, _) => format!("{} left", words::span(left)),
                    (None, Some(_), _) => "over".to_owned(),
                    (None, None, None) => words::span(ring.soak_seconds.into()),
                };
                let state = match ring.phased_percent {
                    Some(percent) if ring.passed.is_none() && percent < 100 => {
                        format!("{} at {percent} %", ring.state)
                    }
                    _ => ring.state.to_owned(),
                };
                [
                    ring.name.clone(),
                    state,
                    number(hosts.all),
                    number(hosts.ok),
                    number(hosts.busy),
                    number(hosts.failed),
                    number(hosts.unreachable),
                    number(hosts.skipped),
                    soak,
                ]
            })
            .collect();
        let head = [
            "RING", "STATE", "HOSTS", "OK", "BUSY", "FAILED", "AWAY", "SKIPPED", "SOAK",
        ];
        page.table(head, &rows);
    }

    /// Names hosts and checks that somebody should look at.
    fn named(&self, page: &mut Page) {
        let mut lines = Vec::new();
        for host in self.view.matter.iter().take(HOSTS) {
            let word = painted(page, host.state, host.state.word);
            let detail = plain(&host.detail);
            lines.push(format!("{} {word}: {detail}", page.bold(&host.name)));
        }
        let more = self.view.matter.len().saturating_sub(HOSTS) + self.view.matter_more;
        if more > 0 {
            lines.push(format!("and {more} more; --json names them all"));
        }
        for ring in &self.rings {
            for check in ring.checks.iter().filter(|check| !check.said.is_empty()) {
                let said = plain(&check.said.join("; "));
                lines.push(format!("check {} {}: {said}", check.name, check.state));
            }
        }
        let of = |which: &dyn Fn(&&Host) -> bool| -> Vec<&HostName> {
            self.hosts
                .iter()
                .filter(which)
                .map(|host| &host.name)
                .collect()
        };
        let stale = of(&|host| !host.stale.is_empty());
        if !stale.is_empty() {
            let hosts = words::count(stale.len(), "host runs", "hosts run");
            lines.push(format!(
                "{hosts} programs whose files are gone: {}",
                words::names(&stale)
            ));
        }
        let reboot = of(&|host| host.reboot_required);
        if !reboot.is_empty() {
            let hosts = words::count(reboot.len(), "host wants", "hosts want");
            lines.push(format!(
                "{hosts} to be started again: {}",
                words::names(&reboot)
            ));
        }
        if !lines.is_empty() {
            page.line("");
        }
        for line in lines {
            page.line(line);
        }
    }
}

fn soak_left(
    rollout: &Rollout,
    ring: &crate::rollout::state::RingState,
    now: Timestamp,
) -> Option<i64> {
    let soaks = matches!(&rollout.phase, Phase::Ring { index, stage: Stage::Soaking { .. } }
        if rollout.rings[*index].name == ring.name);
    let until = ring.soak.filter(|_| soaks && ring.passed.is_none())?;
    Some((until.unix() - now.unix()).max(0))
}

/// Paints a word by what it means.
pub(super) fn painted(page: &Page, badge: Badge, word: &str) -> String {
    match badge.tone {
        Tone::Good => page.good(word),
        Tone::Bad => page.bad(word),
        Tone::Wait => page.warning(word),
        Tone::Busy => page.bold(word),
        Tone::Dim => page.dim(word),
    }
}

/// Tells whether a host is one that somebody should look at.
pub(super) fn is_bad(state: &HostState) -> bool {
    matches!(
        state,
        HostState::Failed { .. } | HostState::Unreachable { .. }
    )
}
