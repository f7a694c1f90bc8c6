//! A rollout at a glance: one screen for who is called at three in the morning.

use serde::Serialize;

use crate::model::{HostName, Suite, Timestamp};
use crate::report::Page;
use crate::report::document::plain;
use crate::report::rolling::{Badge, Command, RolloutView, Tone, words};
use crate::rollout::event::Entry;
use crate::rollout::{HostState, Phase, Rollout, Stage, Step};

/// How many of the newest entries a screen has room for.
const EVENTS: usize = 6;
/// How many hosts are named one by one.
const HOSTS: usize = 12;

/// A rollout as it is now.
#[derive(Debug, Serialize)]
pub struct Picture {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) versions: Vec<Version>,
    pub(super) state: &'static str,
    pub(super) headline: String,
    paused: Option<String>,
    way: &'static str,
    reason: Option<String>,
    profile: Option<String>,
    planned: Timestamp,
    by: String,
    rehearsal: String,
    request: Option<String>,
    approved: Vec<String>,
    pub(super) rings: Vec<Ring>,
    hosts: Vec<Host>,
    events: Vec<Event>,
    left_out: Vec<LeftOut>,
    pub(super) next: String,
    pub(super) next_at: Option<Timestamp>,
    commands: Vec<Command>,
    earliest_end: Option<Timestamp>,
    now: Timestamp,
    #[serde(skip)]
    view: RolloutView,
}

#[derive(Debug, Serialize)]
pub(super) struct Version {
    release: Option<String>,
    pub(super) version: String,
    suite: Suite,
    generation: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Ring {
    pub(super) name: String,
    pull: bool,
    pub(super) state: &'static str,
    pub(super) hosts: crate::report::rolling::Counts,
    suites: Vec<String>,
    soak_seconds: u32,
    opened: Option<Timestamp>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    pub(super) soak_until: Option<Timestamp>,
    pub(super) soak_left_seconds: Option<i64>,
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
struct LeftOut {
    name: HostName,
    ring: String,
    reason: String,
    by: String,
    at: String,
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
                state: words::host_word(&host.state, rollout.way),
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
            way: view.way,
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
            left_out: (view.left_out.iter())
                .map(|one| LeftOut {
                    name: one.name.clone(),
                    ring: one.ring.clone(),
                    reason: one.reason.clone(),
                    by: one.by.clone(),
                    at: one.at.iso.clone(),
                })
                .collect(),
            next: view.next.clone(),
            next_at: view.next_at.as_ref().and_then(|at| at.iso.parse().ok()),
            commands: view.commands.clone(),
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
            "{}  {state}: {}",
            page.bold(&self.view.title),
            plain(&self.headline)
        )
    }

    /// Writes what happens next, and what somebody may do about it.
    pub fn ahead(&self, page: &mut Page) {
        page.line(format!("{} {}", page.bold("next:"), plain(&self.next)));
        for one in &self.commands {
            page.line(format!("      {} {}", one.command, page.dim(&one.does)));
        }
        if let Some(end) = self.earliest_end.filter(|end| *end > self.now) {
            let end = words::moment(end);
            page.line(page.dim(&format!("ends: {end} at the earliest")));
        }
    }

    /// Writes the screen.
    pub fn text(&self, page: &mut Page) {
        page.line(self.line(page));
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
    }

    /// Writes what happened last, the newest at the end.
    pub fn happened(&self, page: &mut Page) {
        let shown: Vec<_> = self.view.events.iter().take(EVENTS).collect();
        if !shown.is_empty() {
            page.line("");
        }
        for event in shown.iter().rev() {
            let at = page.dim(&event.at.second);
            let text = plain(&event.text);
            let text = match event.tone {
                Tone::Bad => page.bad(&text),
                _ => text,
            };
            page.line(format!("{at}  {text}"));
        }
    }

    /// Writes its rings, one in a row.
    pub(super) fn table(&self, page: &mut Page) {
        let number = |count: usize| match count {
            0 => "–".to_owned(),
            count => count.to_string(),
        };
        let is_back = self.way == "back";
        let rows: Vec<[String; 10]> = (self.rings.iter())
            .map(|ring| {
                let hosts = &ring.hosts;
                let soak = match (ring.soak_left_seconds, ring.passed, &ring.soak_skipped) {
                    _ if is_back => "–".to_owned(),
                    (_, _, Some(_)) => "skipped".to_owned(),
                    (Some(left), _, _) => format!("{} left", words::span(left)),
                    (None, Some(_), _) => "over".to_owned(),
                    (None, None, None) => words::span(ring.soak_seconds.into()),
                };
                let state = match ring.phased_percent {
                    Some(percent) if !is_back && ring.passed.is_none() && percent < 100 => {
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
                    number(hosts.untouched),
                    soak,
                ]
            })
            .collect();
        let there = match is_back {
            true => "BACK",
            false => "OK",
        };
        let head = [
            "RING",
            "STATE",
            "HOSTS",
            there,
            "BUSY",
            "FAILED",
            "AWAY",
            "SKIPPED",
            "UNTOUCHED",
            "SOAK",
        ];
        page.filled(head, &rows);
    }

    /// Names hosts and checks that somebody should look at; those that failed or
    /// are away are findings.
    fn named(&self, page: &mut Page) {
        let mut lines = Vec::new();
        for one in &self.left_out {
            let (name, by, why) = (
                page.bold(one.name.as_str()),
                plain(&one.by),
                plain(&one.reason),
            );
            lines.push(format!("left out: {name}, by {by}: {why}"));
        }
        let unknown = self.view.matter.iter();
        let mut unknown = unknown.filter(|host| host.state.tone != Tone::Bad);
        for host in unknown.by_ref().take(HOSTS) {
            let word = painted(page, host.state, host.state.word);
            let detail = plain(&host.detail);
            lines.push(format!("{} {word}: {detail}", page.bold(&host.name)));
        }
        let more = unknown.count();
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
