//! When something may be begun: working days and maintenance windows.

use serde::{Deserialize, Serialize};

/// The times when rings may be opened and batches begun. What has begun is
/// finished at any time; going back is allowed at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Calendar {
    /// The time zone of all that follows (`Europe/Berlin`); UTC where it is
    /// empty.
    pub zone: String,
    /// The days when a rollout may be started; empty: all.
    pub start_days: Vec<Day>,
    /// When rings are opened and batches begun; empty: always.
    pub windows: Vec<Window>,
    /// Days of no windows and no start (`2026-12-24`).
    pub closed: Vec<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the days of the week")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A window of each of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days on which it begins; empty: all.
    pub days: Vec<Day>,
    /// When it begins, in minutes after midnight.
    pub from: u16,
    /// When it ends, in minutes after midnight; not after `from`: on the next
    /// day.
    pub to: u16,
}
