//! What the archive still has of the way back: the pins that keep it, and
//! whether a host can go there.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::{names_of, releases_of};
use crate::archive::{PinName, withdraw};
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::generations::State;
use crate::format::index::{self, Kind};
use crate::model::{PackageName, Suite};
use crate::publish::{self, Question};
use crate::rollout::{Move, Rollout};
use crate::sys::store::Guard;

/// How the pins of rollouts begin.
const MARK: &str = "rollout-";

/// Another rollout that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Its pin's name, which has its id.
    pub pin: PinName,
    /// The suite that it pinned.
    pub suite: Suite,
    /// Who started it.
    pub who: String,
    /// What is written about it: its id first.
    pub why: Option<String>,
}

/// Returns the name of a rollout's pins: its id, with what a pin's name cannot
/// have written as `_t` (`~`) and `_c` (`:`).
pub fn pin_name(id: &str) -> PinName {
    let id = id.replace('~', "_t").replace(':', "_c");
    let mut name = format!("{MARK}{id}");
    // An id is ASCII; a longer one than a pin's name is still told by its start.
    name.truncate(100);
    PinName::new(name).expect("an id has only what names and versions have")
}

/// Pins, in every suite that a rollout may touch, the generation that has what
/// was there before its version came: the newest kept one without it. A pin that
/// is there stays where it is.
pub fn pin_way_back(desk: &Desk<'_>, rollout: &Rollout, id: &str) -> Result<(), FlowError> {
    let name = pin_name(id);
    let (releases, names) = (releases_of(&rollout.target), names_of(&rollout.target));
    for suite in touched(rollout) {
        if publish::find_pin(desk.store.as_ref(), &suite, &name)?.is_some() {
            continue;
        }
        let mut before = None;
        publish::history(desk.store.as_ref(), &suite, &names, &mut |seen| {
            if withdraw::lists(seen, &releases, &names)? {
                return Ok(ControlFlow::Continue(()));
            }
            before = seen.base().map(|base| base.number);
            Ok(ControlFlow::Break(()))
        })?;
        let state = State {
            suite,
            number: before,
        };
        let why = format!("{id}: the way back");
        desk.pin(&state, &name, Some(why), false)?;
    }
    Ok(())
}

/// Removes the pins of a rollout that has ended.
pub fn unpin_way_back(desk: &Desk<'_>, rollout: &Rollout, id: &str) -> Result<(), FlowError> {
    let (name, store) = (pin_name(id), desk.store.as_ref());
    let mut guard: Option<Guard> = None;
    for suite in touched(rollout) {
        if publish::find_pin(store, &suite, &name)?.is_some() {
            if guard.is_none() {
                guard = Some(desk.lock()?);
            }
            publish::unpin(store, &suite, &name)?;
        }
    }
    Ok(())
}

/// Finds another rollout of the same source that has pinned its way back in one
/// of these suites, whichever machine controls it.
pub fn other_rollout(
    desk: &Desk<'_>,
    source: &PackageName,
    id: &str,
    suites: &[Suite],
) -> Result<Option<Other>, FlowError> {
    let (own, start) = (pin_name(id), format!("{MARK}{source}_"));
    for suite in suites {
        for pin in publish::pins(desk.store.as_ref(), suite)? {
            if pin.name != own && pin.name.as_str().starts_with(&start) {
                return Ok(Some(Other {
                    pin: pin.name,
                    suite: pin.suite,
                    who: pin.who,
                    why: pin.why,
                }));
            }
        }
    }
    Ok(None)
}

/// Returns the suites that a rollout may touch: where its version enters, and
/// those that its rings open.
pub fn touched(rollout: &Rollout) -> Vec<Suite> {
    let from = rollout.target.versions.iter().map(|meant| &meant.from);
    let rings = rollout.policy.rings.iter().flat_map(|ring| &ring.suites);
    let all: BTreeSet<_> = from.chain(rings.map(|ring| &ring.suite)).collect();
    all.into_iter().cloned().collect()
}

/// Names which of these versions no suite that hosts read offers any more: it
/// lists them no longer, or their file is gone. Nothing may be moved there.
///
/// Where rings open suites, hosts read those and the one where versions enter;
/// else nobody knows, and every suite of the archive counts that can change.
pub fn missing(
    desk: &Desk<'_>,
    rollout: &Rollout,
    moves: &[Move],
) -> Result<Vec<String>, FlowError> {
    let store = desk.store.as_ref();
    let mut suites = touched(rollout);
    if rollout
        .policy
        .rings
        .iter()
        .all(|ring| ring.suites.is_empty())
    {
        suites.extend(desk.suites()?);
    }
    let names: Vec<_> = moves.iter().map(|one| one.package.clone()).collect();
    let mut wanted: Vec<&Move> = moves.iter().collect();
    let mut without_file = BTreeSet::new();
    for suite in suites {
        let current = publish::observe(store, &suite, Question::Packages(&names))?;
        let Some(manifest) = current.manifest() else {
            continue;
        };
        if manifest.settings.snapshot_of.is_some() {
            continue;
        }
        let mut lacking = Vec::new();
        for one in wanted {
            let mut is_there = false;
            for index in manifest.listings() {
                if index.name.kind() != Some(Kind::Packages) {
                    continue;
                }
                let there = current.versions(index, &one.package);
                for stanza in there.map_err(publish::PublishError::from)? {
                    let own = stanza.architecture();
                    let is_its = own == &one.architecture || own.is_all();
                    // One that is for all now may have been for one before.
                    let fits = is_its || one.architecture.is_all();
                    if !fits || stanza.version().compare(&one.to).is_ne() {
                        continue;
                    }
                    for file in index::files(stanza).unwrap_or_default() {
                        match store.size(&file.path)? == Some(file.size) {
                            true => is_there = true,
                            false => drop(without_file.insert(file.path)),
                        }
                    }
                }
            }
            if !is_there {
                lacking.push(one);
            }
        }
        wanted = lacking;
    }
    let mut found = BTreeSet::new();
    for one in wanted {
        let what = format!("{}:{}={}", one.package, one.architecture, one.to);
        let name = format!("{}_{}_", one.package, one.to.without_epoch());
        let file = (without_file.iter()).find(|path| path.as_str().contains(&name));
        found.insert(match file {
            Some(path) => format!("{what} ({path} is no longer in the pool)"),
            None => what,
        });
    }
    Ok(found.into_iter().collect())
}
