//! A newer rollout takes the place of an open one: the older one has ended, and
//! that was read back, before the newer one is anything at all. Killed between
//! the two, the start is run again and finds nobody in its way.

use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::rolling::changing::{self, Changed};
use crate::flow::rolling::opening;
use crate::flow::rolling::shelf::{Asked, Shelf};
use crate::model::{Finding, HostName, PackageName};
use crate::rollout::event::Event;
use crate::rollout::state::RolloutId;
use crate::rollout::{HostState, Phase, Rollout};

/// How many hosts are named one by one.
const NAMED: usize = 10;

/// Ends the older one; `Some`: it goes on, and why.
pub fn end(
    shelf: &Shelf,
    before: &RolloutId,
    by: &RolloutId,
    asked: impl FnOnce(Event) -> Asked,
) -> Result<Option<Finding>, FlowError> {
    let event = Event::Superseded { by: by.to_string() };
    let changed = changing::change(shelf, before, asked(event))?;
    let phase = || -> Result<Option<Phase>, FlowError> {
        Ok(shelf.look(before)?.map(|(rollout, _)| rollout.phase))
    };
    if phase()? == Some(Phase::Superseded) {
        return Ok(None);
    }
    let why = match changed {
        Changed::Left { holder } => {
            // A word that nobody waits for must not end it later.
            shelf.take_back(before)?;
            // It may have been taken at the last moment.
            if phase()? == Some(Phase::Superseded) {
                return Ok(None);
            }
            format!("{holder} controls it and is busy: it has not ended")
        }
        _ => "it went on meanwhile: installations run, which are not left half-way".to_owned(),
    };
    let finding = Finding::error("open-rollout", before.to_string(), why);
    Ok(Some(finding.fix(format!(
        "debcut rollout pause {before}, wait until its installations have ended, then start again"
    ))))
}

/// Removes what an older start left pinned: of rollouts that a newer one has
/// taken the place of.
pub fn unpin(desk: &Desk<'_>, shelf: &Shelf, source: &PackageName) -> Result<(), FlowError> {
    for (rollout, _) in shelf.all()? {
        if rollout.target.source == *source && rollout.phase == Phase::Superseded {
            opening::unpin_way_back(desk, &rollout, &rollout.id.to_string())?;
        }
    }
    Ok(())
}

/// Names the hosts that are not where an open rollout wants them: whoever takes
/// its place has to know.
pub fn astray(rollout: &Rollout) -> Vec<&HostName> {
    let stands = matches!(
        rollout.phase.beneath(),
        Phase::Blocked { .. } | Phase::RollingBack { .. }
    );
    let stands = stands || matches!(rollout.phase, Phase::Halted { .. });
    let is_astray = |state: &HostState| {
        matches!(
            state,
            HostState::Failed { .. }
                | HostState::Unreachable { .. }
                | HostState::HalfDone
                | HostState::Unknown { .. }
        )
    };
    let hosts = rollout.hosts.iter();
    let astray = hosts.filter(|(_, host)| stands && host.touched && is_astray(&host.state));
    astray.map(|(name, _)| name).collect()
}

/// Says so, and what it means.
pub fn warning(rollout: &Rollout) -> Option<Finding> {
    let astray = astray(rollout);
    if astray.is_empty() {
        return None;
    }
    let mut names: Vec<_> = astray.iter().take(NAMED).map(|n| n.to_string()).collect();
    if astray.len() > NAMED {
        names.push(format!("{} more", astray.len() - NAMED));
    }
    let id = rollout.id.to_string();
    let message = format!(
        "it is {}, and these hosts are not where it wants them: {}",
        rollout.phase.word(),
        names.join(", ")
    );
    let finding = Finding::warning("hosts-astray", &id, message);
    Some(finding.fix(format!(
        "debcut rollout status {id} says how each failed; what keeps it from going back may keep \
         it from going forward too"
    )))
}
