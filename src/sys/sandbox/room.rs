//! A room while it is open.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::description::{Description, Limits, Manner, Root};
use super::groups::Groups;
use super::ids::Ids;
use super::opening::{self, First, Holder};
use super::wire::{Ask, Order, Word};
use super::{enter, refusal};
use crate::sys::process::{Outlived, Tool};

/// Why there is no room.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The machine does not let this user have namespaces.
    #[error("this machine does not allow user namespaces: {why}")]
    NotAllowed {
        /// What was tried, and what the system said.
        why: String,
    },
    /// The room needs accounts of its own, and this user has none to give.
    #[error("a system that packages are installed in needs accounts of its own: {why}")]
    NoAccounts {
        /// What is missing, and how to get it.
        why: String,
    },
    /// Something that is to be seen inside cannot be looked up.
    #[error("cannot show {} in the room", path.display())]
    Source {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The room could not be set up.
    #[error("cannot set up the build's room: {why}")]
    SetUp {
        /// What was tried, and what the system said.
        why: String,
    },
    /// The room's first process cannot be spoken to.
    #[error("the build's room does not answer")]
    Broken {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program of the machine's that makes rooms could not be run.
    #[error("cannot run {program}")]
    Run {
        /// Its name.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// An open room. Dropped, everybody in it is ended and what was in its tmpfs
/// is gone.
#[derive(Debug)]
pub struct Room {
    first: Mutex<First>,
    namespaces: Vec<(&'static str, File)>,
    ids: Ids,
    // After the first process: a group can be removed when nobody is in it.
    groups: Mutex<Groups>,
    account: u32,
    limits: Limits,
    unapplied: Vec<String>,
    outlived: Outlived,
}

/// What was seen in a room so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// Addresses and names that somebody wanted (`93.184.216.34:80/tcp`,
    /// `example.org (DNS)`), each once, in order.
    pub network: Vec<String>,
    /// Forbidden paths that somebody opened.
    pub forbidden: Vec<String>,
    /// Limits that somebody ran into (`processes`, `memory`, `space`).
    pub limits: Vec<String>,
    /// Programs that ran on when the tool that started them had ended.
    pub left_behind: Vec<String>,
}

impl Room {
    /// Opens a room. `program` is this program, whose hidden verb is the
    /// room's first process.
    pub fn open(description: &Description, program: &Path) -> Result<Self, SandboxError> {
        let description = opening::looked_up(description)?;
        let holder = Holder::start()?;
        let ids = holder.give_numbers()?;
        if let (Some(why), Root::Layers { upper: Some(_), .. }) = (&ids.why_one, &description.root)
        {
            let why = why.clone();
            return Err(SandboxError::NoAccounts { why });
        }
        opening::hand_over(&description, &ids)?;
        let mut first = First::start(&holder, &ids, &description, program)?;
        let process = match first.hear()? {
            Word::Started(process) => process,
            word => return Err(word.unexpected()),
        };
        let namespaces = opening::namespaces(process, description.network)?;
        let (sent, trees) = opening::trees(&description);
        first.send(&trees)?;
        drop(trees);
        let order = Order {
            sent,
            accounts: ids.accounts,
            decoys: opening::decoys(&description),
            description,
        };
        first.say(&order)?;
        let mut unapplied = match first.hear()? {
            Word::Ready(unapplied) => unapplied,
            Word::Failed(why) => return Err(refusal::of_set_up(why)),
            word => return Err(word.unexpected()),
        };
        first.trust()?;
        let limits = order.description.limits;
        let (groups, without) = Groups::make(&limits, process);
        unapplied.extend(without);
        Ok(Self {
            first: Mutex::new(first),
            namespaces,
            ids,
            groups: Mutex::new(groups),
            account: order.description.account.uid,
            limits,
            unapplied,
            outlived: Outlived::default(),
        })
    }

    /// Makes a tool run inside: its directory and program are the room's, its
    /// environment, input, output and limits stay its own.
    pub fn enter(&self, tool: Tool, manner: &Manner) -> Tool {
        let own = std::process::id();
        let paths: Vec<(&str, String)> = self
            .namespaces
            .iter()
            .map(|(name, file)| (*name, format!("/proc/{own}/fd/{}", file.as_raw_fd())))
            .collect();
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        tool.noting(&self.outlived).through(enter::words(
            &paths,
            &groups,
            self.ids.accounts,
            self.account,
            &self.limits,
            manner,
        ))
    }

    /// Returns what was seen since the last call, after a tool has ended:
    /// whoever it left behind is ended now. Where the first process is gone,
    /// everybody is, and nobody knows what they did.
    pub fn sightings(&self) -> Result<Sightings, SandboxError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.say(&Ask::Clear)?;
        let mut seen = match first.hear()? {
            Word::Seen(seen) => seen,
            word => return Err(word.unexpected()),
        };
        drop(first);
        let mut outlived = self.outlived.lock().unwrap_or_else(PoisonError::into_inner);
        for name in outlived.drain(..) {
            if !seen.left_behind.contains(&name) {
                seen.left_behind.push(name);
            }
        }
        drop(outlived);
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        for limit in groups.run_into() {
            if !seen.limits.contains(&limit) {
                seen.limits.push(limit);
            }
        }
        Ok(seen)
    }

    /// Names the limits that could not be applied, and why.
    pub fn unapplied(&self) -> &[String] {
        &self.unapplied
    }
}
