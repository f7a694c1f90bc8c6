//! What is rehearsed: for each release the ways that hosts of it may go. Pure.

use crate::archive::Current;
use crate::flow::rolling::opening::choosing::{self, Offer};
use crate::format::version::Version;
use crate::model::{Architecture, PackageName};
use crate::rollout::target::{Binary, Meant};

/// One package in one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its name.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
}

impl Item {
    /// Writes it as apt-get(8) takes it.
    pub fn word(&self) -> String {
        format!("{}={}", self.package, self.version)
    }
}

/// One way there, back and there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The versions that a host had before; empty: no version is older, and the
    /// new one is only installed.
    pub old: Vec<Item>,
    /// The versions that are meant for it: of the same packages.
    pub new: Vec<Item>,
}

impl Course {
    /// Returns the same course of one of its packages alone.
    pub fn only(&self, package: &PackageName) -> Self {
        let own = |items: &[Item]| -> Vec<Item> {
            let own = items.iter().filter(|item| item.package == *package);
            own.cloned().collect()
        };
        Self {
            old: own(&self.old),
            new: own(&self.new),
        }
    }
}

/// Returns the courses for hosts that get `meant`: one for each different
/// version before it that the suites have which such hosts read.
pub fn courses(
    meant: &Meant,
    source: &PackageName,
    architecture: &Architecture,
    suites: &[Current],
) -> Vec<Course> {
    let mut found: Vec<Course> = Vec::new();
    let new = items(&meant.binaries, architecture);
    for suite in suites {
        let offers = choosing::offers(suite, source);
        let Some(before) = before(meant, &offers) else {
            continue;
        };
        let mut old = items(&before.binaries, architecture);
        let has = |items: &[Item], item: &Item| items.iter().any(|o| o.package == item.package);
        // A package that is no longer built stays on a host as it is, and none
        // comes that it does not have.
        old.retain(|item| has(&new, item));
        let new: Vec<Item> = new.iter().filter(|item| has(&old, item)).cloned().collect();
        let course = Course { old, new };
        if !course.old.is_empty() && !found.contains(&course) {
            found.push(course);
        }
    }
    if found.is_empty() && !new.is_empty() {
        found.push(Course {
            old: Vec::new(),
            new,
        });
    }
    found
}

/// Finds the newest version that hosts of this release may have had before.
fn before<'a>(meant: &Meant, offers: &'a [Offer]) -> Option<&'a Offer> {
    let own = choosing::built_for(&meant.source_version).map(|(_, release)| release);
    let fits = |offer: &&Offer| {
        let other = choosing::built_for(&offer.version).map(|(_, release)| release);
        let same = own.is_none() || other.is_none() || own == other;
        same && !offer.binaries.is_empty() && offer.version.compare(&meant.source_version).is_lt()
    };
    offers.iter().rfind(fits)
}

/// Returns what of these can be installed on a machine, without what only
/// debuggers want.
fn items(binaries: &[Binary], architecture: &Architecture) -> Vec<Item> {
    let is = |binary: &&Binary| {
        let fits = binary.architecture.is_all() || binary.architecture == *architecture;
        fits && !binary.package.as_str().ends_with("-dbgsym")
    };
    let item = |binary: &Binary| Item {
        package: binary.package.clone(),
        version: binary.version.clone(),
    };
    let mut found: Vec<Item> = binaries.iter().filter(is).map(item).collect();
    found.sort();
    found.dedup_by(|a, b| a.package == b.package);
    found
}
