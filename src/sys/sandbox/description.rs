//! What stands in a room, as a value.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything about a room that does not depend on the machine's present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The system that tools find.
    pub root: Root,
    /// Further files and directories of the machine's that are seen inside.
    pub binds: Vec<Bind>,
    /// Further files with this content, by absolute path, read-only
    /// (`/etc/hosts`); what the room itself needs is there without.
    pub files: BTreeMap<PathBuf, String>,
    /// The host name.
    pub host_name: String,
    /// Whether there is a way out.
    pub network: Network,
    /// The directory that builds happen in: empty, the account's own, in the
    /// room's tmpfs. `/tmp`, `/var/tmp`, `/run`, `/dev/shm` and the account's
    /// home are in the same tmpfs.
    pub build_path: PathBuf,
    /// The account that builds.
    pub account: Account,
    /// What a build may use up.
    pub limits: Limits,
    /// Paths that a build has no business with (the user's home, agents'
    /// sockets): decoys stand there, and whoever opens one is reported.
    pub forbidden: Vec<PathBuf>,
}

/// The system that tools find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// The machine's own system, read-only: its programs, libraries and
    /// configuration, nobody's data.
    Host,
    /// Directories that hold systems, laid over each other, the last on top.
    Layers {
        /// The layers, read-only.
        lower: Vec<PathBuf>,
        /// Where changes go; without it the system is read-only. Both
        /// directories lie on one file system that is no overlay itself.
        upper: Option<Upper>,
    },
}

/// Where changes to a layered system go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upper {
    /// The directory that becomes a layer.
    pub changes: PathBuf,
    /// An empty directory that the kernel works in.
    pub work: PathBuf,
}

impl Upper {
    /// Returns the directory that both lie in, however deep: an overlay wants
    /// them in one mount.
    pub(super) fn common(&self) -> PathBuf {
        let (changes, work) = (self.changes.components(), self.work.components());
        let both = changes.zip(work).take_while(|(a, b)| a == b);
        both.map(|(component, _)| component).collect()
    }
}

/// A file or directory of the machine's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// Where it is.
    pub from: PathBuf,
    /// Where it is seen.
    pub to: PathBuf,
    /// Whether it may be changed.
    pub writable: bool,
}

/// Whether there is a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Nobody but the room itself; whoever tries is reported.
    None,
    /// The machine's: for installing build dependencies, never for a build.
    Host,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number, and that of its group; 1 to 59999.
    pub uid: u32,
    /// Its home directory: empty.
    pub home: PathBuf,
}

/// What a build may use up. Time is each tool's own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes and threads, all together.
    pub processes: u64,
    /// Memory of all together, in bytes, where a cgroup can be made; else of
    /// each process.
    pub memory_bytes: u64,
    /// What may be written, all together, in bytes: the size of the tmpfs.
    pub space_bytes: u64,
}

/// Who a tool runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The account that builds.
    Account,
    /// The room's root, which is nobody special outside.
    Root,
}

/// How a tool runs inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// As whom.
    pub who: Who,
    /// The umask.
    pub umask: u32,
    /// On how many processors; none: on all.
    pub processors: Option<u32>,
    /// Whether the kernel calls itself `2.6.x`, as `setarch --uname-2.6` says.
    pub old_kernel_name: bool,
}
