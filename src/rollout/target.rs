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
    /// Its versions, one for each release of the system.
    pub versions: Vec<Meant>,
}

impl Target {
    /// Returns what is meant for a release, which has these names: what was
    /// built for it; where nothing was, what is for all. The first is its
    /// hosts'.
    pub fn meant_for(&self, names: &[&String]) -> Vec<&Meant> {
        let own = |meant: &&Meant| {
            let release = meant.release.as_deref();
            release.is_some_and(|own| names.iter().any(|name| same_release(own, name)))
        };
        let found: Vec<_> = self.versions.iter().filter(own).collect();
        match found.is_empty() {
            false => found,
            true => {
                let all = self.versions.iter();
                all.filter(|meant| meant.release.is_none()).collect()
            }
        }
    }
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

/// The versions that Debian has given names to, of which hosts say either.
const RELEASES: [(&str, u32); 7] = [
    ("buster", 10),
    ("bullseye", 11),
    ("bookworm", 12),
    ("trixie", 13),
    ("forky", 14),
    ("duke", 15),
    ("sid", 0),
];

/// Returns the number of a release that is named by it or by its code name.
pub fn release_number(name: &str) -> Option<u32> {
    let named = RELEASES.iter().find(|(codename, _)| *codename == name);
    named
        .map(|(_, number)| *number)
        .or_else(|| name.parse().ok())
}

/// Returns the code name of a release that is named by either.
pub fn release_name(name: &str) -> Option<&'static str> {
    let number = release_number(name)?;
    let named = RELEASES.iter().find(|(_, own)| *own == number);
    named.map(|(codename, _)| *codename)
}

/// Tells whether two names are of the same release.
pub fn same_release(a: &str, b: &str) -> bool {
    a == b || matches!((release_number(a), release_number(b)), (Some(a), Some(b)) if a == b)
}
