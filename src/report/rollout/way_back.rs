//! `rollout rollback --dry-run`: who would go back, and to what.

use serde::Serialize;

use crate::model::{HostName, Suite};
use crate::report::rolling::words;
use crate::report::{Document, Page};
use crate::rollout::policy::Members;
use crate::rollout::{HostState, Rollout, Way};

/// How many hosts a screen has room for.
const HOSTS: usize = 30;

/// What the way back would be, as far as the journal knows: each host is asked
/// before anything is done to it.
#[derive(Debug, Serialize)]
pub struct WayBackDocument {
    id: String,
    /// They lose the version first.
    suites: Vec<Suite>,
    hosts: Vec<Going>,
    /// How many hosts the rollout never touched.
    untouched: usize,
    /// Rings whose hosts update themselves: they keep what they took.
    pull: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Going {
    name: HostName,
    ring: String,
    /// How far it is.
    state: &'static str,
    packages: Vec<Package>,
}

#[derive(Debug, Serialize)]
struct Package {
    package: String,
    architecture: String,
    from: String,
    to: String,
}

impl WayBackDocument {
    /// Reads it from a rollout, and the suites that it opened.
    pub fn new(rollout: &Rollout, suites: Vec<Suite>) -> Self {
        let is_back = |state: &HostState| {
            rollout.way == Way::Back && matches!(state, HostState::Ok | HostState::Repaired)
        };
        let touched = rollout.hosts.iter().filter(|(_, host)| host.touched);
        let going = touched.filter(|(_, host)| !is_back(&host.state));
        let mut hosts: Vec<_> = going.collect();
        hosts.sort_by_key(|(name, host)| (host.ring, (*name).clone()));
        let hosts = hosts.into_iter().map(|(name, host)| Going {
            name: name.clone(),
            ring: rollout.rings[host.ring].name.to_string(),
            state: words::host_word(&host.state, rollout.way),
            packages: (host.moves.iter())
                .map(|one| Package {
                    package: one.package.to_string(),
                    architecture: one.architecture.to_string(),
                    from: one.to.to_string(),
                    to: one.from.to_string(),
                })
                .collect(),
        });
        let pull = rollout.policy.rings.iter().zip(&rollout.rings);
        let pull = pull
            .filter(|(policy, state)| matches!(policy.members, Members::Pull(_)) && state.opening);
        Self {
            id: rollout.id.to_string(),
            suites,
            hosts: hosts.collect(),
            untouched: rollout.hosts.values().filter(|host| !host.touched).count(),
            pull: pull.map(|(policy, _)| policy.name.to_string()).collect(),
        }
    }
}

impl Document for WayBackDocument {
    const SCHEMA: &'static str = "debcut/rollout-rollback/1";

    fn text(&self, page: &mut Page) {
        page.line(format!("{} would go back", page.bold(&self.id)));
        let suites = match self.suites.is_empty() {
            true => "none was opened".to_owned(),
            false => format!("{} lose the version first", words::names(&self.suites)),
        };
        page.field("suites", suites);
        let untouched = words::count(self.untouched, "host was", "hosts were");
        if self.untouched > 0 {
            page.field("untouched", format!("{untouched} never touched"));
        }
        for ring in &self.pull {
            page.field(
                "pull",
                format!("hosts of ring {ring} update themselves, and keep what they took"),
            );
        }
        page.line("");
        if self.hosts.is_empty() {
            page.line("no host goes back");
            return;
        }
        let rows = self.hosts.iter().take(HOSTS).flat_map(|host| {
            let bare = host.packages.is_empty().then(|| {
                let dash = || "–".to_owned();
                [
                    host.name.to_string(),
                    host.ring.clone(),
                    host.state.into(),
                    dash(),
                    dash(),
                    dash(),
                ]
            });
            let packages = host.packages.iter().map(|one| {
                [
                    host.name.to_string(),
                    host.ring.clone(),
                    host.state.to_owned(),
                    format!("{}:{}", one.package, one.architecture),
                    one.from.clone(),
                    one.to.clone(),
                ]
            });
            bare.into_iter().chain(packages).collect::<Vec<_>>()
        });
        let rows: Vec<[String; 6]> = rows.collect();
        page.table(["HOST", "RING", "STATE", "PACKAGE", "FROM", "TO"], &rows);
        let more = self.hosts.len().saturating_sub(HOSTS);
        if more > 0 {
            page.line(format!("and {more} more; --json names them all"));
        }
    }
}
