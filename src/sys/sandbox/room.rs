//! A room while it is open.

use std::path::Path;

use super::description::{Description, Manner};
use crate::sys::process::Tool;

/// Why there is no room.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The machine does not let this user have namespaces.
    #[error("this machine does not allow user namespaces: {why}")]
    NotAllowed {
        /// What was tried, and what the system said.
        why: String,
    },
}

/// An open room. Dropped, everybody in it is ended and what was in its tmpfs
/// is gone.
#[derive(Debug)]
pub struct Room {}

/// What was seen in a room so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
        let _ = (description, program);
        let why = "not yet".to_owned();
        Err(SandboxError::NotAllowed { why })
    }

    /// Makes a tool run inside: its directory and program are the room's, its
    /// environment, input, output and limits stay its own.
    pub fn enter(&self, tool: Tool, manner: &Manner) -> Tool {
        let _ = manner;
        tool
    }

    /// Returns what was seen since the last call, after a tool has ended:
    /// whoever it left behind is ended now.
    pub fn sightings(&self) -> Sightings {
        Sightings::default()
    }

    /// Names the limits that could not be applied, and why.
    pub fn unapplied(&self) -> &[String] {
        &[]
    }
}
