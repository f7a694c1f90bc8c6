//! Which event can follow: what a journal may not say.

use super::{Blocked, Host, HostState, Phase, Rollout, Skip, Stage, Unfit, Way};
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
            Event::Notified { .. } | Event::Stuck { .. } => true,
            Event::Cleared { of } => self.after.as_ref() == Some(of),
            Event::Doubted { key, .. } => self.approvers().any(|known| known == key),
            Event::Requested { .. } | Event::Approved { .. } => {
                matches!(phase.beneath(), Phase::Planned | Phase::Rehearsed)
            }
            Event::Rehearsed { .. } => matches!(phase, Phase::Planned),
            Event::RehearsalSkipped { .. } => matches!(phase.beneath(), Phase::Planned),
            Event::Halted { .. } => {
                let stands = matches!(phase, Phase::Halted { .. } | Phase::Blocked { .. });
                !stands && !phase.has_ended()
            }
            Event::Paused { .. } => !phase.has_ended() && !matches!(phase, Phase::Blocked { .. }),
            Event::Resumed { .. } => self.can_be_resumed(),
            // One that gave its place away too: the newer one may never have begun.
            Event::RollbackBegun { .. } => {
                !matches!(phase, Phase::RollingBack { .. } | Phase::RolledBack)
            }
            Event::Withdrawing { .. }
            | Event::Withdrawn { .. }
            | Event::WithdrawalRefused { .. } => !matches!(
                phase,
                Phase::Planned | Phase::Rehearsed | Phase::Done | Phase::RolledBack
            ),
            Event::RolledBack => matches!(phase, Phase::RollingBack { withdrawn: true }),
            Event::Blocked { .. } => {
                matches!(phase, Phase::RollingBack { .. } | Phase::Converging { .. })
            }
            // Suites that still have the version would bring it back.
            Event::Converging => match phase {
                Phase::Blocked { why } => !matches!(why, Blocked::Withdrawal { .. }),
                Phase::Done | Phase::RolledBack => true,
                Phase::Ring { index, .. } => !self.rings[*index].withdrawn,
                _ => false,
            },
            Event::Converged => matches!(phase, Phase::Converging { .. }),
            Event::Aborted { .. } => !phase.has_ended(),
            // What runs on hosts is not left to another rollout half-way, nor is
            // what goes back or catches up.
            Event::Superseded { .. } => {
                let moves = matches!(phase, Phase::RollingBack { .. } | Phase::Converging { .. });
                let open = !phase.has_ended() && !moves;
                let flying = self.flying();
                if open && !flying.is_empty() {
                    return Err(Unfit::InFlight { hosts: flying });
                }
                open
            }
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

    /// Names the hosts whose jobs run or may run.
    pub fn flying(&self) -> Vec<HostName> {
        if self.rings.iter().all(|ring| ring.counts.in_flight == 0) {
            return Vec::new();
        }
        let hosts = self.hosts.iter().filter(|(_, host)| host.flies());
        hosts.map(|(name, _)| name.clone()).collect()
    }

    /// Tells whether somebody's word makes it go on: when it is paused, halted
    /// or blocked, when something waits for its next try, and when hosts failed
    /// to go back.
    pub fn can_be_resumed(&self) -> bool {
        let back = self.way == Way::Back;
        let waits = |host: &Host| match &host.state {
            HostState::Failed { .. } => back,
            HostState::Skipped { .. } | HostState::Ok | HostState::Repaired => false,
            _ => host.asked.is_some(),
        };
        let stands = matches!(self.phase, Phase::Halted { .. } | Phase::Blocked { .. });
        let tries = self.refused.is_some() || self.hosts.values().any(waits);
        !self.phase.has_ended() && (self.paused.is_some() || stands || tries)
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
            // What was withdrawn while it halted is opened once more.
            Event::Opened { .. } => {
                let again = current.is_some() && self.rings[index].withdrawn;
                moving && (again || current == Some(Stage::Opening))
            }
            Event::Phased { .. } => moving && current.is_some_and(|stage| stage != Stage::Passed),
            // On the way back too: who updates itself keeps what it has.
            Event::Counted { .. } => current.is_some() || self.way == Way::Back,
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
        let anywhere = matches!(event, Event::Excluded { .. } | Event::Included { .. });
        if ring.opened.is_none() && !anywhere {
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
        use HostState::{HalfDone, Pending, Probed, Unreachable};
        let state = &host.state;
        let flies = host.flies();
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
            Event::Lost { .. } | Event::NotBegun { .. } | Event::Unheard { .. } => flies,
            Event::HalfDone { .. } => waits || flies || matches!(state, HalfDone),
            Event::Succeeded { .. } | Event::Repaired { .. } => {
                host.touched && (waits || flies || matches!(state, HalfDone))
            }
            Event::Failed { .. } => waits || flies || matches!(state, HalfDone),
            Event::Excluded { .. } => !flies,
            Event::Included { .. } => {
                let gone = matches!(self.phase, Phase::Aborted | Phase::Superseded);
                !gone
                    && matches!(
                        state,
                        HostState::Skipped {
                            why: Skip::Excluded { .. }
                        }
                    )
            }
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

    /// Tells whether it is over: another rollout of the same source may take its
    /// turn. What is blocked is not over, nor is what is halted.
    pub fn has_ended(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::RolledBack | Self::Aborted | Self::Superseded
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
            Self::Skipped {
                why: Skip::Untouched,
            } => "untouched",
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
