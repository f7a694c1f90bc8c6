//! What a host says of itself, as a probe reads it back.

use serde::{Deserialize, Serialize};

use crate::format::version::Version;
use crate::model::{Architecture, PackageName, Timestamp};

/// A host's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostFacts {
    /// The host's own clock.
    pub clock: Timestamp,
    /// Its machine-id(5); empty where it has none.
    pub machine_id: String,
    /// The kernel's boot id: another one means that it was started again.
    pub boot_id: String,
    /// Its system (os-release(5)).
    pub system: System,
    /// Its native architecture.
    pub architecture: Architecture,
    /// The binaries of the source that are installed or half installed, in the
    /// order of their names.
    pub installed: Vec<Installed>,
    /// Every package that dpkg calls unfinished, of any source, but others that
    /// only wait for triggers; of the source's own binaries, also those that
    /// `dpkg --audit` finds fault with.
    pub unfinished: Vec<PackageName>,
    /// What became of the job that was asked for.
    pub job: Job,
    /// The services that were asked for.
    pub services: Vec<Service>,
    /// Processes that still map files of these packages that are gone.
    pub stale: Vec<Stale>,
    /// Whether the host says that it wants to be started again.
    pub reboot_required: bool,
    /// Free space of the file system that has /var/cache/apt, in bytes.
    pub free_bytes: u64,
}

/// Which system a host runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct System {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`; empty in unstable.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
}

/// A binary package as dpkg knows it (dpkg-query(1)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Its name.
    pub package: PackageName,
    /// Its architecture.
    pub architecture: Architecture,
    /// Its version.
    pub version: Version,
    /// What dpkg is to do with it.
    pub selection: Selection,
    /// How far it is.
    pub status: Status,
    /// Whether apt marks it as automatically installed.
    pub auto: bool,
}

/// `db:Status-Want`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// It is to be there.
    Install,
    /// It is to stay as it is.
    Hold,
    /// It is to go.
    Deinstall,
    /// Anything else.
    Other,
}

/// `db:Status-Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All is done.
    Installed,
    /// Its configuration began and did not end.
    HalfConfigured,
    /// It is unpacked and not configured.
    Unpacked,
    /// Its unpacking began and did not end.
    HalfInstalled,
    /// It waits for a trigger, or another package does.
    Triggers,
}

/// What became of a job on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Job {
    /// None was asked for, or the host knows none of this name.
    Absent,
    /// It runs.
    Running,
    /// It was started and has neither ended nor does it run: the host was
    /// started again, or it was killed.
    Lost,
    /// It ended.
    Ended {
        /// How far it came: update, simulate, install, restart.
        stage: String,
        /// Its exit code.
        code: i32,
        /// The last lines of its log.
        log: String,
    },
}

/// A service (systemd.unit(5)) as systemctl shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The unit's name.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
    /// The number of its main process; 0 without one.
    pub pid: u32,
    /// When that began, in clock ticks since the host was started: with the
    /// number and the boot, it tells one process from another.
    pub since: u64,
}

/// A process that maps files which are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    /// Its number.
    pub pid: u32,
    /// Its program's name.
    pub program: String,
    /// The unit it belongs to, where it belongs to one.
    pub unit: Option<String>,
}
