//! Entries of the journal as templates see them.

use serde::Serialize;

use super::At;
use super::standing::Tone;
use crate::report::rolling::words;
use crate::rollout::event::{Entry, Event};
use crate::rollout::health::Verdict;
use crate::rollout::telling::News;

/// An entry of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct EventView {
    /// Its number.
    pub number: u64,
    /// When it was written.
    pub at: At,
    /// Who ran the controller.
    pub by: String,
    /// What happened.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// Leaves out of the page what is there for the machine's sake.
pub(super) fn is_worth_showing(entry: &&Entry) -> bool {
    !matches!(
        entry.event,
        Event::Starting { .. }
            | Event::Opening { .. }
            | Event::Notified { error: None, .. }
            | Event::Checked {
                found: Verdict::Passed,
                ..
            }
    )
}

pub(super) fn event_view(entry: &Entry) -> EventView {
    let tone = match &entry.event {
        Event::Failed { .. }
        | Event::Halted { .. }
        | Event::Blocked { .. }
        | Event::RollbackBegun { .. }
        | Event::Silent { .. }
        | Event::Lost { .. }
        | Event::Stuck { .. }
        | Event::WithdrawalRefused { .. }
        | Event::Doubted { .. }
        | Event::Notified { .. }
        | Event::Checked {
            found: Verdict::Failed { .. },
            ..
        } => Tone::Bad,
        Event::Rehearsed { problems } if !problems.is_empty() => Tone::Bad,
        Event::Rehearsed { .. }
        | Event::Succeeded { .. }
        | Event::Repaired { .. }
        | Event::Passed { .. }
        | Event::Approved { .. }
        | Event::Converged
        | Event::RolledBack
        | Event::Done => Tone::Good,
        Event::Soaking { .. } | Event::Paused { .. } | Event::Requested { .. } => Tone::Wait,
        _ => Tone::Busy,
    };
    EventView {
        number: entry.number,
        at: At::of(entry.at),
        by: entry.by.clone(),
        text: words::event(entry),
        tone,
    }
}

pub(super) fn rehearsal(entries: &[Entry]) -> String {
    let newest = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Rehearsed { .. } | Event::RehearsalSkipped { .. } => Some(words::event(entry)),
        _ => None,
    });
    newest.unwrap_or_else(|| "not rehearsed yet".to_owned())
}

/// Tells whether an entry is worth a message to who was told of all before it:
/// a change of the whole, or of what a host runs.
pub fn is_news(entry: &Entry) -> bool {
    News::of(&entry.event).is_some()
        || matches!(
            entry.event,
            Event::Succeeded { .. }
                | Event::Repaired { .. }
                | Event::Failed { .. }
                | Event::HalfDone { .. }
                | Event::Phased { .. }
                | Event::Withdrawn { .. }
                | Event::Excluded { .. }
                | Event::Included { .. }
                | Event::Stuck { .. }
                | Event::WithdrawalRefused { .. }
                | Event::Doubted { .. }
                | Event::Rehearsed { .. }
                | Event::Checked {
                    found: Verdict::Failed { .. },
                    ..
                }
        )
}
