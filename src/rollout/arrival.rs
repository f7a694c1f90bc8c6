//! When a rollout reached its first host and its last.

use super::state::{Rollout, Way};
use crate::model::Timestamp;

impl Rollout {
    /// Returns when the first host of the first ring had the version; `None`
    /// before one had.
    pub fn canary(&self) -> Option<Timestamp> {
        self.rings.first()?.first
    }

    /// Tells whether it was taken back, or is about to be: nobody is to have it.
    pub fn is_taken_back(&self) -> bool {
        self.way == Way::Back
    }

    /// Returns when the last ring passed; `None` before it did.
    pub fn everyone(&self) -> Option<Timestamp> {
        self.rings.last()?.passed
    }
}
