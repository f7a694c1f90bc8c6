//! The clock, as a value that is passed in: tests and reruns fix it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// Where “now” comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always the same moment (`DEBCUT_NOW`).
    Fixed(Timestamp),
}

impl Clock {
    /// Returns the present moment, in whole seconds.
    pub fn now(self) -> Timestamp {
        match self {
            Self::Fixed(moment) => moment,
            Self::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => Timestamp::from_unix(since.as_secs() as i64),
                Err(before) => Timestamp::from_unix(-(before.duration().as_secs() as i64)),
            },
        }
    }
}
