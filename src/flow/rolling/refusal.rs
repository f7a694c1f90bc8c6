//! Why a rollout cannot be started, found or moved.

use std::path::PathBuf;

use crate::model::name::NameError;
use crate::model::{HostName, RingName};
use crate::sys::process::ToolError;

/// Why a rollout cannot be started, found or moved.
#[derive(Debug, thiserror::Error)]
pub enum RollingError {
    /// No directory is named for journals.
    #[error("neither XDG_STATE_HOME nor HOME says where journals of rollouts are kept")]
    NoStateHome,
    /// Nobody says who the hosts are.
    #[error("nobody says which hosts there are")]
    NoHosts,
    /// The canaries are nobody.
    #[error("the first ring, {ring}, has no host")]
    EmptyFirstRing {
        /// The ring.
        ring: RingName,
    },
    /// A ring of the rest without anybody to take it from.
    #[error("ring {ring} is the rest of all hosts, and nobody says who they all are")]
    RestOfNobody {
        /// The ring.
        ring: RingName,
    },
    /// A command that prints hosts failed.
    #[error("`{command}`, which prints hosts, failed")]
    HostsCommand {
        /// The command.
        command: String,
        /// How.
        source: ToolError,
    },
    /// A command printed something else.
    #[error("`{command}` printed what is no host, in line {line}")]
    HostsLine {
        /// The command.
        command: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        source: NameError,
    },
    /// An inventory gave no hosts.
    #[error("the group @{group} cannot be read")]
    Group {
        /// The group.
        group: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A group of no inventory.
    #[error("@{group} is a group of an inventory, and none is named")]
    NoInventory {
        /// The group.
        group: String,
    },
    /// There is no such profile.
    #[error("there is no profile “{wanted}”; there is {}", known.join(", "))]
    NoProfile {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The profile demands a reason.
    #[error("the profile {profile} demands a reason, which goes on record")]
    NoReason {
        /// The profile.
        profile: String,
    },
    /// A command that counts hosts failed.
    #[error("`{command}`, which says what hosts run, failed")]
    CountCommand {
        /// The command.
        command: String,
        /// How.
        source: ToolError,
    },
    /// A command that counts hosts printed something else.
    #[error("`{command}` printed what says nothing of hosts: {why}")]
    CountLine {
        /// The command.
        command: String,
        /// What is wrong.
        why: String,
    },
    /// There is no rollout.
    #[error("there is no {}rollout in {}", if *only_open { "open " } else { "" }, directory.display())]
    NoRollout {
        /// Where journals are.
        directory: PathBuf,
        /// Whether only those that have not ended were looked at.
        only_open: bool,
    },
    /// There is no rollout of this name.
    #[error("there is no rollout “{wanted}”{}", match known.as_slice() {
        [] => String::new(),
        known => format!("; there is {}", known.join(", ")),
    })]
    UnknownRollout {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Several could be meant.
    #[error("several rollouts may be meant: {}: say which", found.join(", "))]
    SeveralRollouts {
        /// Their names.
        found: Vec<String>,
    },
    /// No ring has this host.
    #[error("no ring has the host “{wanted}”{}", nearest.as_ref().map_or(String::new(), |near| format!("; is {near} meant?")))]
    UnknownHost {
        /// What was asked for.
        wanted: HostName,
        /// The host that is most like it.
        nearest: Option<HostName>,
    },
    /// It is not in a state for this.
    #[error("{id} {why}")]
    NotNow {
        /// The rollout.
        id: String,
        /// What it is, as the end of a sentence.
        why: String,
        /// What to do instead.
        fix: String,
    },
    /// What a rollout was started with cannot be read.
    #[error("{} is damaged", path.display())]
    Means {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}
