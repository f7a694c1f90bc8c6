//! Which event can follow: what a journal may not say.

use super::{Host, HostState, Phase, Rollout, Stage, Unfit, Way};
use crate::model::{HostName, RingName};
use crate::rollout::event::Event;

impl Rollout {
    /// Says whether an event can follow.
    pub fn admits(&self, event: &Event) -> Result<(), Unfit> {
        if let Some(ring) = event.ring() {
            self.ring_admits(event, ring)?;
        }
        if let Some(host) = event.host() {
            self.host_admits(event, host)?;
        }
        let phase = &self.phase;
        let here = match event {
            Event::Planned { .. } => return Err(Unfit::PlannedBefore),
            Event::Notified { .. } => true,
            Event::Requested { .. } | Event::Approved { .. } => {
                matches!(phase.beneath(), Phase::Planned | Phase::Rehearsed)
            }
            Event::Rehearsed { .. } => matches!(phase, Phase::Planned),
            Event::RehearsalSkipped { .. } => matches!(phase.beneath(), Phase::Planned),
            Event::Halted { .. } => !matches!(phase, Phase::Halted { .. }) && !phase.has_ended(),
            Event::Paused { .. } => !phase.has_ended(),
            Event::Resumed { .. } => {
                self.paused.is_some()
                    || matches!(phase, Phase::Halted { .. } | Phase::Blocked { .. })
            }
            Event::RollbackBegun { .. } => !matches!(
                phase,
                Phase::RollingBack { .. } | Phase::RolledBack | Phase::Superseded
            ),
            Event::Withdrawing { .. } | Event::Withdrawn { .. } => !matches!(
                phase,
                Phase::Planned | Phase::Rehearsed | Phase::Done | Phase::RolledBack
            ),
            Event::RolledBack => matches!(phase, Phase::RollingBack { withdrawn: true }),
            Event::Blocked { .. } => {
                matches!(phase, Phase::RollingBack { .. } | Phase::Converging { .. })
            }
            Event::Converging => matches!(
                phase,
                Phase::Done | Phase::RolledBack | Phase::Blocked { .. } | Phase::Ring { .. }
            ),
            Event::Converged => matches!(phase, Phase::Converging { .. }),
            Event::Aborted { .. } => !phase.has_ended() || matches!(phase, Phase::Blocked { .. }),
            Event::Superseded { .. } => !phase.has_ended(),
            Event::Done => matches!(phase, Phase::Ring { index, stage: Stage::Passed }
                if index + 1 == self.rings.len()),
            // What is about a ring or a host was looked at.
            _ => true,
        };
        match here {
            true => Ok(()),
            false => Err(self.not_now(event)),
        }
    }

    fn not_now(&self, event: &Event) -> Unfit {
        Unfit::NotNow {
            event: event.word(),
            phase: self.phase.word().to_owned(),
        }
    }

    fn ring_admits(&self, event: &Event, name: &RingName) -> Result<(), Unfit> {
        let place = self.rings.iter().position(|ring| ring.name == *name);
        let Some(index) = place else {
            return Err(Unfit::UnknownRing(name.clone()));
        };
        // Whoever looked at a ring may write it down after it halted.
        let at = match self.phase.beneath() {
            Phase::Ring { index, stage } => Some((*index, *stage)),
            _ => None,
        };
        let current = at.filter(|(now, _)| *now == index).map(|(_, stage)| stage);
        let moving = matches!(self.phase, Phase::Ring { .. });
        let here = match event {
            Event::Opening { .. } => match (&self.phase, at) {
                (Phase::Rehearsed, _) => index == 0,
                (Phase::Ring { .. }, Some((now, Stage::Passed))) => index == now + 1,
                _ => moving && current.is_some(),
            },
            Event::Opened { .. } => moving && current == Some(Stage::Opening),
            Event::Phased { .. } => moving && current.is_some_and(|stage| stage != Stage::Passed),
            Event::Counted { .. } => current.is_some(),
            Event::Checked { .. } => self.rings[index].opened.is_some(),
            Event::Soaking { .. } => {
                moving && matches!(current, Some(Stage::Installing | Stage::Verifying))
            }
            Event::SoakSkipped { .. } => current.is_some_and(|stage| stage != Stage::Passed),
            Event::Passed { .. } => {
                moving && matches!(current, Some(Stage::Verifying | Stage::Soaking { .. }))
            }
            _ => true,
        };
        match here {
            true => Ok(()),
            false => Err(Unfit::WrongRing {
                event: event.word(),
                ring: name.clone(),
                phase: self.phase.word().to_owned(),
            }),
        }
    }

    fn host_admits(&self, event: &Event, name: &HostName) -> Result<(), Unfit> {
        let Some(host) = self.hosts.get(name) else {
            return Err(Unfit::UnknownHost(name.clone()));
        };
        let ring = &self.rings[host.ring];
        if ring.opened.is_none() && !matches!(event, Event::Excluded { .. }) {
            return Err(Unfit::WrongRing {
                event: event.word(),
                ring: ring.name.clone(),
                phase: self.phase.word().to_owned(),
            });
        }
        if let (Some(of), Event::Checked { .. }) = (event.ring(), event)
            && *of != ring.name
        {
            return Err(Unfit::UnknownHost(name.clone()));
        }
        match self.is_fit(event, host) {
            true => Ok(()),
            false => Err(Unfit::WrongHost {
                event: event.word(),
                host: name.clone(),
                state: host.state.word(),
            }),
        }
    }

    fn is_fit(&self, event: &Event, host: &Host) -> bool {
        use HostState::{HalfDone, Pending, Probed, Started, Unknown, Unreachable};
        let state = &host.state;
        let flies = matches!(state, Started | Unknown { .. });
        let waits = matches!(state, Pending | Probed | Unreachable { .. });
        match event {
            // A job is begun only while the rollout moves; the way back is for
            // hosts that were on the way there.
            Event::Starting { .. } => {
                let moves = matches!(
                    self.phase,
                    Phase::Ring { .. }
                        | Phase::RollingBack { withdrawn: true }
                        | Phase::Converging { .. }
                );
                let known = self.way == Way::Forward || host.touched;
                moves && self.paused.is_none() && known && matches!(state, Probed | HalfDone)
            }
            Event::Probed { .. } => waits || flies,
            Event::Skipped { .. } => waits || flies,
            Event::Silent { .. } => waits || flies || matches!(state, HalfDone),
            // A job that was begun before may be found.
            Event::Begun { .. } => flies || (waits && host.job.is_some()),
            Event::Lost { .. } | Event::NotBegun { .. } => flies,
            Event::HalfDone { .. } => waits || flies || matches!(state, HalfDone),
            Event::Succeeded { .. } | Event::Repaired { .. } => {
                host.touched && (waits || flies || matches!(state, HalfDone))
            }
            Event::Failed { .. } => waits || flies || matches!(state, HalfDone),
            Event::Excluded { .. } => !flies,
            Event::Checked { .. } => !waits && !flies,
            _ => true,
        }
    }
}

impl Phase {
    /// Returns where it is, or was when it halted or others caught up.
    pub fn beneath(&self) -> &Phase {
        match self {
            Self::Halted { from, .. } | Self::Converging { from } => from.beneath(),
            phase => phase,
        }
    }

    /// Tells whether nothing goes on by itself any more.
    pub fn has_ended(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::RolledBack | Self::Aborted | Self::Superseded | Self::Blocked { .. }
        )
    }

    /// Names it in a word or two.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Rehearsed => "rehearsed",
            Self::Ring { stage, .. } => match stage {
                Stage::Opening => "opening a ring",
                Stage::Installing => "installing",
                Stage::Verifying => "verifying",
                Stage::Soaking { .. } => "soaking",
                Stage::Passed => "past a ring",
            },
            Self::Halted { .. } => "halted",
            Self::RollingBack { .. } => "rolling back",
            Self::RolledBack => "rolled back",
            Self::Blocked { .. } => "blocked",
            Self::Done => "done",
            Self::Aborted => "aborted",
            Self::Superseded => "superseded",
            Self::Converging { .. } => "converging",
        }
    }
}

impl HostState {
    /// Names it in a word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Probed => "probed",
            Self::Skipped { .. } => "skipped",
            Self::Started => "started",
            Self::Unknown { .. } => "unknown",
            Self::HalfDone => "half done",
            Self::Ok => "ok",
            Self::Failed { .. } => "failed",
            Self::Repaired => "repaired",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}
