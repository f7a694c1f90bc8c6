//! Hosts that are reached from here: a script goes in, what it prints comes
//! back, or silence.

use std::time::Duration;

use crate::model::HostName;

pub mod ansible;
mod destination;
mod fan;
pub mod reason;
pub mod script;
pub mod scripted;
pub mod ssh;

pub use ansible::Ansible;
pub use script::Script;
pub use scripted::Scripted;
pub use ssh::Ssh;

/// A script for a host.
#[derive(Debug, Clone)]
pub struct Call {
    /// The host.
    pub host: HostName,
    /// What runs there, as root.
    pub script: Script,
    /// How long it may take, connecting included.
    pub limit: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The script ran to its end.
    Ended {
        /// Its exit code.
        code: i32,
        /// What it printed.
        stdout: String,
        /// What it complained about.
        stderr: String,
    },
    /// Nobody knows what the host did: no connection, cut, too slow.
    Silent {
        /// What was heard instead.
        why: String,
    },
}

/// A way to reach hosts.
pub trait Hosts {
    /// Runs scripts, so many at once, and hands over each answer as it comes, on
    /// the calling thread. When `each` says no, nothing new is begun.
    fn run(
        &self,
        calls: Vec<Call>,
        at_once: usize,
        each: &mut dyn FnMut(&HostName, Said) -> std::ops::ControlFlow<()>,
    );
}
