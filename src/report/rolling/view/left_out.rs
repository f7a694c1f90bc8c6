//! Hosts that somebody left out: who, when and why.

use serde::Serialize;

use super::{At, ring_name};
use crate::model::HostName;
use crate::rollout::Rollout;
use crate::rollout::event::{Entry, Event};
use crate::rollout::state::{HostState, Skip};

/// A host that somebody left out.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: HostName,
    /// Its ring.
    pub ring: String,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: At,
}

/// Returns those that are left out now, by name.
pub(super) fn left_out(rollout: &Rollout, entries: &[Entry]) -> Vec<LeftOut> {
    let out = rollout.hosts.iter().filter_map(|(name, host)| {
        let HostState::Skipped {
            why: Skip::Excluded { reason, .. },
        } = &host.state
        else {
            return None;
        };
        let said = entries
            .iter()
            .rev()
            .find(|entry| matches!(&entry.event, Event::Excluded { host, .. } if host == name))?;
        Some(LeftOut {
            name: name.clone(),
            ring: ring_name(rollout, host.ring),
            reason: reason.clone(),
            by: said.by.clone(),
            at: At::of(said.at),
        })
    });
    out.collect()
}
