//! How a rollout and its rings stand: a word with its colour, and a clause.

use serde::Serialize;

use super::counts::Counts;
use super::ring_name;
use crate::model::Timestamp;
use crate::model::calendar::Opens;
use crate::report::rolling::words;
use crate::rollout::state::{Skip, Standing};
use crate::rollout::{HostState, Phase, Rollout, Stage, Way};

/// How something stands, in one word; the colour never says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// The word.
    pub word: &'static str,
    /// Its colour.
    pub tone: Tone,
}

/// What a word means for who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// It is well.
    Good,
    /// It goes on.
    Busy,
    /// It waits for time to pass, or for its turn.
    Wait,
    /// Somebody must look.
    Bad,
    /// It is over, or was left out.
    Dim,
}

impl Badge {
    pub(super) const fn new(word: &'static str, tone: Tone) -> Self {
        Self { word, tone }
    }

    /// Says how a host stands.
    pub fn of_host(state: &HostState, way: Way) -> Self {
        let tone = match state {
            HostState::Ok | HostState::Repaired => Tone::Good,
            HostState::Failed { .. } | HostState::Unreachable { .. } => Tone::Bad,
            HostState::Skipped { .. } => Tone::Dim,
            HostState::Pending | HostState::Probed => Tone::Wait,
            _ => Tone::Busy,
        };
        Self::new(words::host_word(state, way), tone)
    }

    pub(super) fn of_phase(rollout: &Rollout) -> Self {
        if rollout.paused.is_some() && !is_over(&rollout.phase) {
            return Self::new("paused", Tone::Wait);
        }
        match &rollout.phase {
            Phase::Planned => Self::new("planned", Tone::Wait),
            Phase::Rehearsed => Self::new("rehearsed", Tone::Wait),
            Phase::Ring { stage, .. } => match stage {
                Stage::Opening => Self::new("opening", Tone::Busy),
                Stage::Installing => Self::new("installing", Tone::Busy),
                Stage::Verifying => Self::new("verifying", Tone::Busy),
                Stage::Soaking { .. } => Self::new("soaking", Tone::Wait),
                Stage::Passed => Self::new("passed", Tone::Good),
            },
            Phase::Halted { .. } => Self::new("halted", Tone::Bad),
            Phase::RollingBack { .. } => Self::new("rolling back", Tone::Bad),
            Phase::RolledBack => Self::new("rolled back", Tone::Dim),
            Phase::Blocked { .. } => Self::new("blocked", Tone::Bad),
            Phase::Done => Self::new("done", Tone::Good),
            Phase::Aborted => Self::new("aborted", Tone::Dim),
            Phase::Superseded => Self::new("superseded", Tone::Dim),
            Phase::Converging { .. } => Self::new("converging", Tone::Busy),
        }
    }
}

/// Tells whether nothing more happens by itself.
pub(super) fn is_over(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::RolledBack | Phase::Done | Phase::Aborted | Phase::Superseded
    )
}

/// Returns the place of the ring where the rollout is, also while it is halted.
fn current(phase: &Phase) -> Option<(usize, Option<Stage>)> {
    match phase {
        Phase::Ring { index, stage } => Some((*index, Some(*stage))),
        Phase::Halted { from, .. } | Phase::Converging { from } => {
            current(from).map(|(index, _)| (index, None))
        }
        _ => None,
    }
}

pub(super) fn headline(rollout: &Rollout, now: Timestamp) -> String {
    let hosts = Counts::of(rollout.hosts.values());
    let ring = |at: usize| {
        let all = rollout.rings.len();
        format!("ring {} ({} of {all})", ring_name(rollout, at), at + 1)
    };
    if let (Some(reason), false) = (&rollout.paused, is_over(&rollout.phase)) {
        return match reason.trim() {
            "" => "Nothing new is begun".to_owned(),
            reason => reason.to_owned(),
        };
    }
    match &rollout.phase {
        Phase::Planned => "Nothing has been done yet".to_owned(),
        Phase::Rehearsed => "Ready for its first ring".to_owned(),
        Phase::Ring { index, stage } => match stage {
            Stage::Opening => format!("{} opens", capital(&ring(*index))),
            Stage::Installing => format!("{} gets it", capital(&ring(*index))),
            Stage::Verifying => format!("{} is being verified", capital(&ring(*index))),
            Stage::Soaking { until } => {
                let left = words::span(until.unix() - now.unix());
                match *until > now {
                    true => format!("{} soaks for another {left}", capital(&ring(*index))),
                    false => format!("{} has soaked", capital(&ring(*index))),
                }
            }
            Stage::Passed => format!("{} has passed", capital(&ring(*index))),
        },
        Phase::Halted { why, .. } => capital(&words::halt(why)),
        Phase::RollingBack { withdrawn: false } => {
            "Going back: the version leaves the suites first".to_owned()
        }
        Phase::RollingBack { withdrawn: true } => {
            format!("Going back: {}", hosts.text(rollout.way))
        }
        Phase::RolledBack => "Every host that could be reached is as it was before".to_owned(),
        Phase::Blocked { why } => capital(&words::blocked(why)),
        Phase::Done => {
            let mut text = "Every ring has passed".to_owned();
            let left_out = rollout.hosts.values().filter(|host| {
                let why = |why: &Skip| matches!(why, Skip::Excluded { .. });
                matches!(&host.state, HostState::Skipped { why: own } if why(own))
            });
            for (number, one, many) in [
                (hosts.failed, "host failed", "hosts failed"),
                (
                    hosts.unreachable,
                    "host has still to converge",
                    "hosts have still to converge",
                ),
                (left_out.count(), "host is left out", "hosts are left out"),
            ] {
                if number > 0 {
                    text.push_str(&format!("; {}", words::count(number, one, many)));
                }
            }
            text
        }
        Phase::Aborted => "It stays where it was".to_owned(),
        Phase::Superseded => "A newer rollout has taken its place".to_owned(),
        Phase::Converging { .. } => "Hosts that were away catch up".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

pub(super) fn ring_badge(rollout: &Rollout, at: usize) -> Badge {
    if rollout.way == Way::Back {
        return badge_back(rollout, at);
    }
    if rollout.rings[at].passed.is_some() {
        return Badge::new("passed", Tone::Good);
    }
    match current(&rollout.phase) {
        Some((index, Some(stage))) if index == at => match stage {
            Stage::Opening => Badge::new("opening", Tone::Busy),
            Stage::Installing => Badge::new("installing", Tone::Busy),
            Stage::Verifying => Badge::new("verifying", Tone::Busy),
            Stage::Soaking { .. } => Badge::new("soaking", Tone::Wait),
            Stage::Passed => Badge::new("passed", Tone::Good),
        },
        Some((index, None)) if index == at => match rollout.phase {
            Phase::Converging { .. } => Badge::new("catching up", Tone::Busy),
            _ => Badge::new("halted", Tone::Bad),
        },
        _ if rollout.rings[at].opened.is_some() => Badge::new("stopped", Tone::Dim),
        _ if is_over(&rollout.phase) => Badge::new("never opened", Tone::Dim),
        _ => Badge::new("waits", Tone::Wait),
    }
}

/// Says how a ring stands that the rollout brings back, by its hosts: that it
/// passed once says nothing of what they run now.
fn badge_back(rollout: &Rollout, at: usize) -> Badge {
    match rollout.standing(at) {
        Standing::GoingBack => Badge::new("going back", Tone::Busy),
        Standing::Back => Badge::new("back", Tone::Dim),
        Standing::NotBack => Badge::new("not back", Tone::Bad),
        _ => Badge::new("untouched", Tone::Dim),
    }
}

/// Returns when the first ring may open, where its windows are shut now; `None`
/// too once it was opened, and where no window comes.
pub fn begins(rollout: &Rollout, now: Timestamp) -> Option<Timestamp> {
    let waits = matches!(rollout.phase, Phase::Planned | Phase::Rehearsed);
    match rollout.policy.calendar.starts(now) {
        Opens::At(at) if waits => Some(at),
        _ => None,
    }
}

/// Returns when the last ring may pass at the earliest: every soak that is left,
/// as if installing took no time. None while it is paused, and once it goes back or
/// has ended.
pub fn earliest_end(rollout: &Rollout, now: Timestamp) -> Option<Timestamp> {
    if rollout.paused.is_some() {
        return None;
    }
    let from = match &rollout.phase {
        Phase::Planned | Phase::Rehearsed => 0,
        Phase::Ring { index, .. } => *index,
        _ => return None,
    };
    let mut at = begins(rollout, now).unwrap_or(now);
    for (ring, state) in rollout.policy.rings.iter().zip(&rollout.rings).skip(from) {
        if state.passed.is_some() || state.soak_skipped.is_some() {
            continue;
        }
        at = match state.soak {
            Some(until) => until.max(at),
            None => at.plus_seconds(i64::from(ring.soak_seconds)),
        };
    }
    Some(at)
}
