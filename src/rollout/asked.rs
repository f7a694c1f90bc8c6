//! What a person may say of a rollout: these words and no others. Whoever can
//! leave word for a controller can say no more than this; what is found and
//! what was done is the controller's own to write.

use serde::{Deserialize, Serialize};

use super::approval::ApprovalError;
use super::event::Event;
use super::state::{Approved, HostState, Phase, RingState, Rollout, RolloutId, Skip, Stage, Unfit};
use crate::model::{Fingerprint, HostName};

/// A person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "asks"
)]
pub enum Asked {
    /// Begin nothing new.
    Pause {
        /// Why.
        reason: Option<String>,
    },
    /// Go on now: what failed is tried again, and nothing that waits for its
    /// next try waits any longer.
    Resume {
        /// Why.
        reason: Option<String>,
    },
    /// Let the rest of the soak go.
    SkipSoak {
        /// Why.
        reason: String,
    },
    /// Leave a host out.
    Exclude {
        /// The host.
        host: HostName,
        /// Why.
        reason: String,
    },
    /// Take a host that was left out in again.
    Include {
        /// The host.
        host: HostName,
        /// Why.
        reason: Option<String>,
    },
    /// End where it is.
    Abort {
        /// Why.
        reason: Option<String>,
    },
    /// Go back.
    RollBack {
        /// Why.
        reason: Option<String>,
    },
    /// Bring those who were away to where the others are.
    Converge,
    /// Approve the request.
    Approve {
        /// The signed statement.
        statement: String,
    },
    /// End where it is: a newer rollout takes its place.
    Supersede {
        /// The newer one.
        by: RolloutId,
    },
}

/// Why a word cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Not when the rollout is where it is.
    #[error("that is not possible now")]
    NotNow(#[source] Unfit),
    /// No ring soaks.
    #[error("no ring soaks now")]
    NothingSoaks,
    /// The statement approves nothing.
    #[error("the approval does not count")]
    Approval(#[source] ApprovalError),
}

impl Asked {
    /// Returns what is to be written down; `None`: it is so already. `judge`
    /// says whose signed statement it is, or why it does not count: it is asked
    /// whenever a word is taken, not only when it was left.
    pub fn event(
        &self,
        rollout: &Rollout,
        judge: &dyn Fn(&str) -> Result<Fingerprint, ApprovalError>,
    ) -> Result<Option<Event>, AskError> {
        if self.is_so(rollout) {
            return Ok(None);
        }
        let event = match self.clone() {
            Self::Pause { reason } => Event::Paused { reason },
            Self::Resume { reason } => Event::Resumed { reason },
            Self::SkipSoak { reason } => {
                let ring = rollout.soaking().ok_or(AskError::NothingSoaks)?;
                let ring = ring.name.clone();
                Event::SoakSkipped { ring, reason }
            }
            Self::Exclude { host, reason } => Event::Excluded { host, reason },
            Self::Include { host, reason } => Event::Included { host, reason },
            Self::Abort { reason } => Event::Aborted { reason },
            Self::RollBack { reason } => Event::RollbackBegun { reason },
            Self::Converge => Event::Converging,
            Self::Approve { statement } => {
                let key = judge(&statement).map_err(AskError::Approval)?;
                if rollout.approved.iter().any(|known| known.key == key) {
                    return Ok(None);
                }
                Event::Approved { key, statement }
            }
            Self::Supersede { by } => Event::Superseded { by: by.to_string() },
        };
        rollout.admits(&event).map_err(AskError::NotNow)?;
        Ok(Some(event))
    }

    /// Tells whether saying it changes nothing.
    fn is_so(&self, rollout: &Rollout) -> bool {
        let phase = &rollout.phase;
        match self {
            Self::Pause { .. } => rollout.paused.is_some(),
            Self::Resume { .. } => !phase.has_ended() && !rollout.can_be_resumed(),
            Self::Abort { .. } => *phase == Phase::Aborted,
            Self::Supersede { .. } => *phase == Phase::Superseded,
            Self::RollBack { .. } => {
                matches!(phase, Phase::RollingBack { .. } | Phase::RolledBack)
            }
            Self::Converge => matches!(phase, Phase::Converging { .. }),
            Self::Exclude { host, .. } => rollout.is_left_out(host),
            // Only of a host that is one of its own: an unknown one is refused.
            Self::Include { host, .. } => {
                rollout.hosts.contains_key(host) && !rollout.is_left_out(host)
            }
            Self::SkipSoak { .. } | Self::Approve { .. } => false,
        }
    }
}

impl Rollout {
    /// Returns the ring that soaks, or that soaked when it halted.
    pub fn soaking(&self) -> Option<&RingState> {
        match self.phase.beneath() {
            Phase::Ring {
                index,
                stage: Stage::Soaking { .. },
            } => self.rings.get(*index),
            _ => None,
        }
    }

    fn is_left_out(&self, host: &HostName) -> bool {
        let state = self.hosts.get(host).map(|host| &host.state);
        matches!(
            state,
            Some(HostState::Skipped {
                why: Skip::Excluded { .. }
            })
        )
    }

    /// Returns the keys that have approved.
    pub fn approvers(&self) -> impl Iterator<Item = &Fingerprint> {
        self.approved.iter().map(|Approved { key, .. }| key)
    }
}

#[cfg(test)]
mod tests;
