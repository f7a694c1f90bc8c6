//! What a person says of a rollout: written into its journal, or, where a
//! controller runs, left for it to write.

use std::time::Duration;

use super::RollingError;
use super::shelf::{Asked, Note, Shelf};
use crate::flow::FlowError;
use crate::model::name::nearest;
use crate::model::{Fingerprint, HostName};
use crate::rollout::approval::ApprovalError;
use crate::rollout::asked::Asked as Word;
use crate::rollout::event::{Entry, Event};
use crate::rollout::journal::{Journal, JournalError};
use crate::rollout::state::{RolloutId, Unfit};
use crate::rollout::{Phase, Rollout, Stage};
use crate::sys::files;

/// What became of a word.
#[derive(Debug)]
pub enum Changed {
    /// It is in the journal.
    Written,
    /// A controller runs; it has taken the word.
    Taken,
    /// A controller runs; it takes the word before its next step.
    Left {
        /// Who controls it.
        holder: String,
    },
    /// It is so already.
    Already,
}

/// How long a running controller is waited for to take a word; it looks after
/// every step and several times a second while it waits.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// Says something of a rollout.
pub fn change(shelf: &Shelf, id: &RolloutId, asked: Asked) -> Result<Changed, FlowError> {
    let mut journal = match Journal::open(&shelf.directory, id, &asked.by) {
        Ok(journal) => journal,
        Err(JournalError::Locked { holder, .. }) => return leave(shelf, id, asked, holder),
        Err(error) => return Err(error.into()),
    };
    let mut rollout = Rollout::from_entries(journal.entries())?;
    take_asked(shelf, &mut rollout, &mut journal, None)?;
    match is_so(&rollout, &asked.event) {
        true => Ok(Changed::Already),
        false => {
            write(&mut rollout, &mut journal, asked)?;
            Ok(Changed::Written)
        }
    }
}

fn leave(
    shelf: &Shelf,
    id: &RolloutId,
    asked: Asked,
    holder: String,
) -> Result<Changed, FlowError> {
    // What cannot be is told at once.
    if let Some((rollout, _)) = shelf.look(id)? {
        if is_so(&rollout, &asked.event) {
            return Ok(Changed::Already);
        }
        admitted(&rollout, &asked.event)?;
    }
    let Some(asks) = word(&asked.event) else {
        return Err(RollingError::NotNow {
            id: id.to_string(),
            why: format!("is controlled by {holder}"),
            fix: "wait until that has ended".to_owned(),
        }
        .into());
    };
    let (at, by) = (asked.at, asked.by);
    let note = shelf.ask(id, &Note { at, by, asks })?;
    let mut waited = Duration::ZERO;
    while note.exists() {
        if waited >= PATIENCE {
            return Ok(Changed::Left { holder });
        }
        std::thread::sleep(LOOK);
        waited += LOOK;
    }
    Ok(Changed::Taken)
}

/// Says whose signed statement approves a rollout, or why it does not count.
pub type Judge<'a> = &'a dyn Fn(&Rollout, &str) -> Result<Fingerprint, ApprovalError>;

/// Takes what was asked while somebody controlled it; returns what was written.
/// A word that came too late is dropped. Approvals wait for who can judge them.
pub fn take_asked(
    shelf: &Shelf,
    rollout: &mut Rollout,
    journal: &mut Journal,
    judge: Option<Judge<'_>>,
) -> Result<Vec<Entry>, FlowError> {
    let mut written = Vec::new();
    for (path, note) in shelf.asked(&rollout.id)? {
        let found = match (&note.asks, judge) {
            (Word::Approve { .. }, None) => continue,
            (asks, judge) => asks.event(rollout, &|statement| match judge {
                Some(judge) => judge(rollout, statement),
                None => unreachable!("approvals are left for who can judge them"),
            }),
        };
        if let Ok(Some(event)) = found {
            let (at, by) = (note.at, note.by);
            written.push(write(rollout, journal, Asked { at, by, event })?);
        }
        files::remove(&path)?;
    }
    Ok(written)
}

/// Returns the word that asks for an event; `None` for what nobody may ask for:
/// what is found and done is the controller's own to write.
fn word(event: &Event) -> Option<Word> {
    Some(match event.clone() {
        Event::Paused { reason } => Word::Pause { reason },
        Event::Resumed { reason } => Word::Resume { reason },
        Event::SoakSkipped { reason, .. } => Word::SkipSoak { reason },
        Event::Excluded { host, reason } => Word::Exclude { host, reason },
        Event::Included { host, reason } => Word::Include { host, reason },
        Event::Aborted { reason } => Word::Abort { reason },
        Event::RollbackBegun { reason } => Word::RollBack { reason },
        Event::Converging => Word::Converge,
        Event::Approved { statement, .. } => Word::Approve { statement },
        Event::Superseded { by } => Word::Supersede {
            by: by.parse().ok()?,
        },
        _ => return None,
    })
}

/// Writes a word into the journal.
pub fn write(
    rollout: &mut Rollout,
    journal: &mut Journal,
    asked: Asked,
) -> Result<Entry, FlowError> {
    admitted(rollout, &asked.event)?;
    // A journal's clock does not run back.
    let at = asked.at.max(rollout.newest);
    let entry = journal.append(asked.event, at, &asked.by)?;
    rollout.apply(&entry)?;
    Ok(entry)
}

/// Tells whether saying it changes nothing.
fn is_so(rollout: &Rollout, event: &Event) -> bool {
    match event {
        Event::Paused { .. } => rollout.paused.is_some(),
        Event::Resumed { .. } => !rollout.phase.has_ended() && !rollout.can_be_resumed(),
        Event::Aborted { .. } => rollout.phase == Phase::Aborted,
        Event::Superseded { .. } => rollout.phase == Phase::Superseded,
        Event::RollbackBegun { .. } => {
            matches!(rollout.phase, Phase::RollingBack { .. } | Phase::RolledBack)
        }
        Event::Included { host, .. } => rollout.hosts.get(host).is_some_and(|host| {
            use crate::rollout::state::{HostState, Skip};
            let why = |why: &Skip| matches!(why, Skip::Excluded { .. });
            !matches!(&host.state, HostState::Skipped { why: own } if why(own))
        }),
        Event::Excluded { host, .. } => rollout.hosts.get(host).is_some_and(|host| {
            use crate::rollout::state::{HostState, Skip};
            let why = |why: &Skip| matches!(why, Skip::Excluded { .. });
            matches!(&host.state, HostState::Skipped { why: own } if why(own))
        }),
        _ => false,
    }
}

/// Refuses what cannot be said now, in words for the operator.
fn admitted(rollout: &Rollout, event: &Event) -> Result<(), FlowError> {
    let Err(why) = rollout.admits(event) else {
        return Ok(());
    };
    let id = rollout.id.to_string();
    if let Unfit::UnknownHost(wanted) = &why {
        let known = rollout.hosts.keys().map(HostName::as_str);
        let near = nearest(wanted.as_str(), known);
        return Err(RollingError::UnknownHost {
            wanted: wanted.clone(),
            nearest: near.and_then(|near| HostName::new(near).ok()),
        }
        .into());
    }
    let fix = match event {
        Event::SoakSkipped { .. } => format!("debcut rollout status {id} says what it waits for"),
        Event::Excluded { .. } => "wait until its installation has ended".to_owned(),
        _ => format!("debcut rollout status {id} says where it is"),
    };
    let why = match (event, &rollout.phase) {
        (Event::SoakSkipped { .. }, _) => "does not soak now".to_owned(),
        _ => format!("cannot do that now: {why}"),
    };
    Err(RollingError::NotNow { id, why, fix }.into())
}

/// Returns the ring that soaks, or that is on its way to.
pub fn soaking(rollout: &Rollout) -> Option<&crate::rollout::state::RingState> {
    let mut phase = &rollout.phase;
    while let Phase::Halted { from, .. } | Phase::Converging { from } = phase {
        phase = from;
    }
    match phase {
        Phase::Ring {
            index,
            stage: Stage::Soaking { .. },
        } => rollout.rings.get(*index),
        _ => None,
    }
}
