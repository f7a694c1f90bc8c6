//! What a rollout brings: the binaries of one source, for each release of the
//! system the version that is meant for it.

use serde::{Deserialize, Serialize};

use crate::format::version::Version;
use crate::model::{Architecture, PackageName, Sha256, Suite};

/// What is rolled out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The source package.
    pub source: PackageName,
    /// Its versions, one for each release of the system, the first that fits a
    /// host is the host's.
    pub versions: Vec<Meant>,
}

/// The version that is meant for hosts of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Meant {
    /// The hosts' `VERSION_CODENAME` or `VERSION_ID` in os-release(5); `None`
    /// for every host.
    pub release: Option<String>,
    /// The version of the source.
    pub source_version: Version,
    /// The suite that has it when the rollout starts.
    pub from: Suite,
    /// That suite's generation then.
    pub generation: u64,
    /// The binaries that were built of it.
    pub binaries: Vec<Binary>,
}

/// A binary package of the target. Its version may differ from the source's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// Its name.
    pub package: PackageName,
    /// Its architecture, `all` included.
    pub architecture: Architecture,
    /// Its version.
    pub version: Version,
    /// The digest of the `.deb` that the suite lists.
    pub sha256: Sha256,
}

/// One package's way on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The binary package.
    pub package: PackageName,
    /// Its architecture on the host, as dpkg shows it.
    pub architecture: Architecture,
    /// The version that was installed before: the way back.
    pub from: Version,
    /// The version that is meant for the host.
    pub to: Version,
    /// Whether it was marked as automatically installed (apt-mark(8)).
    pub auto: bool,
}
