//! A rollout as templates see it: plain texts, numbers and moments.

use serde::Serialize;

use super::next::{Command, Next};
use super::words;
use crate::model::Timestamp;
use crate::rollout::event::Entry;
use crate::rollout::{HostState, Rollout, Step};

mod counts;
mod events;
mod left_out;
mod ring;
mod standing;

use events::{event_view, is_worth_showing, rehearsal};
use ring::ring_view;
use standing::headline;

pub use counts::Counts;
pub use events::{EventView, is_news};
pub use left_out::LeftOut;
use left_out::left_out;
pub use ring::RingView;
use standing::begins;
pub use standing::{Badge, Tone, earliest_end};

/// How many hosts are named one by one; the rest is counted.
const HOSTS: usize = 60;
/// How many of the newest entries are shown.
const EVENTS: usize = 40;

/// What a template sees of a rollout.
#[derive(Debug, Clone, Serialize)]
pub struct RolloutView {
    /// Its id.
    pub id: String,
    /// The source package.
    pub source: String,
    /// Source and versions, as people name it.
    pub title: String,
    /// The versions, one for each release of the system.
    pub versions: Vec<VersionView>,
    /// Where it is, in a word.
    pub state: Badge,
    /// Where it is, in a clause.
    pub headline: String,
    /// Which way hosts are moved: forward or back.
    pub way: &'static str,
    /// When it was planned.
    pub planned: At,
    /// Who planned it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// The profile that was asked for.
    pub profile: Option<String>,
    /// What became of the rehearsal.
    pub rehearsal: String,
    /// The request's digest.
    pub request: Option<String>,
    /// Keys that approved.
    pub approved: Vec<String>,
    /// The rings, in their order.
    pub rings: Vec<RingView>,
    /// All hosts that the controller reaches.
    pub hosts: Counts,
    /// The hosts that somebody left out.
    pub left_out: Vec<LeftOut>,
    /// The hosts that somebody should look at.
    pub matter: Vec<HostView>,
    /// How many more there are.
    pub matter_more: usize,
    /// The newest entries, the newest first.
    pub events: Vec<EventView>,
    /// How many older ones there are.
    pub events_more: usize,
    /// What happens next.
    pub next: String,
    /// When, where a moment is known.
    pub next_at: Option<At>,
    /// What a person may do about it.
    pub commands: Vec<Command>,
    /// When the first ring may open, where its windows are shut now.
    pub begins: Option<At>,
    /// When the last ring may pass at the earliest, while it goes forward.
    pub earliest_end: Option<At>,
    /// When this was written.
    pub now: At,
}

/// A version and where it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct VersionView {
    /// The release of the system; none for all.
    pub release: Option<String>,
    /// The version of the source.
    pub version: String,
    /// The suite that had it.
    pub suite: String,
    /// At this generation.
    pub generation: u64,
    /// The binaries.
    pub binaries: Vec<BinaryView>,
}

/// A package that hosts get.
#[derive(Debug, Clone, Serialize)]
pub struct BinaryView {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// The digest of the `.deb`, in hexadecimal.
    pub sha256: String,
}

/// A moment, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct At {
    /// RFC 3339.
    pub iso: String,
    /// To the minute, in UTC.
    pub shown: String,
    /// To the second, in UTC.
    pub second: String,
}

/// A host.
#[derive(Debug, Clone, Serialize)]
pub struct HostView {
    /// Its name.
    pub name: String,
    /// Its ring.
    pub ring: String,
    /// How it stands.
    pub state: Badge,
    /// What more there is to say.
    pub detail: String,
    /// Since when.
    pub since: At,
}

impl At {
    /// Takes a moment.
    pub fn of(at: Timestamp) -> Self {
        Self {
            iso: at.to_string(),
            shown: words::moment(at),
            second: words::second(at),
        }
    }
}

impl RolloutView {
    /// Takes a rollout, its journal and what happens next.
    pub fn new(
        id: &str,
        rollout: &Rollout,
        entries: &[Entry],
        next: &Step,
        now: Timestamp,
    ) -> Self {
        let mut hosts: Vec<_> = rollout.hosts.iter().collect();
        hosts.sort_by_key(|(name, host)| (worst(&host.state), host.ring, (*name).clone()));
        let mut matter: Vec<HostView> = hosts
            .iter()
            .filter(|(_, host)| worst(&host.state) < 3)
            .map(|(name, host)| HostView {
                name: name.to_string(),
                ring: ring_name(rollout, host.ring),
                state: Badge::of_host(&host.state, rollout.way),
                detail: words::host_detail(&host.state),
                since: At::of(host.since),
            })
            .collect();
        let matter_more = matter.len().saturating_sub(HOSTS);
        matter.truncate(HOSTS);
        let told: Vec<_> = entries.iter().rev().filter(is_worth_showing).collect();
        let events_more = told.len().saturating_sub(EVENTS);
        let events = told.into_iter().take(EVENTS).map(event_view).collect();
        let ahead = Next::of(rollout, next, now);
        let rings: Vec<_> = (0..rollout.rings.len())
            .map(|at| ring_view(rollout, at, now))
            .collect();
        Self {
            id: id.to_owned(),
            source: rollout.target.source.to_string(),
            title: words::target(&rollout.target),
            versions: versions(rollout),
            state: Badge::of_phase(rollout),
            headline: headline(rollout, now),
            way: words::way(rollout),
            planned: At::of(rollout.planned),
            by: rollout.by.clone(),
            reason: rollout.reason.clone(),
            profile: rollout.profile.clone(),
            rehearsal: rehearsal(entries),
            request: rollout.request.clone(),
            approved: rollout.approvers().map(ToString::to_string).collect(),
            hosts: Counts::sum(rings.iter().map(|ring| ring.hosts)),
            rings,
            left_out: left_out(rollout, entries),
            matter,
            matter_more,
            events,
            events_more,
            next: ahead.text,
            next_at: ahead.at.map(At::of),
            commands: ahead.commands,
            begins: begins(rollout, now).map(At::of),
            earliest_end: earliest_end(rollout, now).map(At::of),
            now: At::of(now),
        }
    }
}

/// Orders hosts by how much they matter.
fn worst(state: &HostState) -> u8 {
    match state {
        HostState::Failed { .. } => 0,
        HostState::Unreachable { .. } => 1,
        HostState::Unknown { .. } => 2,
        HostState::Started => 3,
        _ => 4,
    }
}

fn ring_name(rollout: &Rollout, at: usize) -> String {
    let ring = rollout.policy.rings.get(at);
    ring.map_or_else(String::new, |ring| ring.name.to_string())
}

fn versions(rollout: &Rollout) -> Vec<VersionView> {
    let versions = rollout.target.versions.iter();
    versions
        .map(|meant| VersionView {
            release: meant.release.clone(),
            version: meant.source_version.to_string(),
            suite: meant.from.to_string(),
            generation: meant.generation,
            binaries: meant
                .binaries
                .iter()
                .map(|binary| BinaryView {
                    package: binary.package.to_string(),
                    version: binary.version.to_string(),
                    architecture: binary.architecture.to_string(),
                    sha256: binary.sha256.hex(),
                })
                .collect(),
        })
        .collect()
}
