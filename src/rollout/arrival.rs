//! When a rollout reached its first host and its last.

use super::state::Rollout;
use crate::model::Timestamp;

impl Rollout {
    /// Returns when the first host of the first ring had the version; `None`
    /// before one had.
    pub fn canary(&self) -> Option<Timestamp> {
        self.rings.first()?.first
    }

    /// Returns when the last ring passed; `None` before it did.
    pub fn everyone(&self) -> Option<Timestamp> {
        self.rings.last()?.passed
    }
}
