//! Finding what a rollout is to bring in the suites where versions enter.

use std::fmt::Display;

use super::choosing::{self, Offer, Unclear};
use crate::archive::Current;
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::format::version::Version;
use crate::model::{PackageName, Suite};
use crate::publish::{Question, observe_source};
use crate::rollout::policy::RingSuite;
use crate::rollout::target::{Meant, Target};

/// What somebody wants to roll out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The source package.
    pub source: PackageName,
    /// Its version, with or without what a build for one release adds to it;
    /// `None` for the newest.
    pub version: Option<Version>,
    /// The suites where versions enter: one for all hosts, or one for each
    /// release. Empty: the archive's only suite.
    pub from: Vec<RingSuite>,
}

impl Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} {version}", self.source),
            None => write!(f, "{}", self.source),
        }
    }
}

/// Why there is nothing to roll out.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No suite has it.
    #[error("{wanted} is not in {}, which has {}", list(suites), match known.as_slice() {
        [] => "no version of it".to_owned(),
        known => list(known),
    })]
    NotThere {
        /// Source and version.
        wanted: String,
        /// Where it was looked for.
        suites: Vec<Suite>,
        /// The versions that are there, the oldest first.
        known: Vec<Version>,
    },
    /// Several versions fit.
    #[error("{wanted} may be each of {} in {suite}: say which", list(found))]
    Ambiguous {
        /// Source and version.
        wanted: String,
        /// The suite.
        suite: Suite,
        /// What fits.
        found: Vec<Version>,
    },
    /// A binary package was named.
    #[error("{binary} is a binary package; it is built from the source {origin}")]
    Binary {
        /// What was named.
        binary: PackageName,
        /// Its source.
        origin: PackageName,
    },
    /// The suite has the source and nothing that could be installed.
    #[error("{suite} has the source {wanted} and no binary package of it")]
    NoBinaries {
        /// Source and version.
        wanted: String,
        /// The suite.
        suite: Suite,
    },
}

fn list<T: Display>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// Finds what is meant in the suites where versions enter, as they are now.
///
/// One suite may hold a version for each release, told apart by what was added
/// to it (`+deb12u1`); a table of suites has one for each of its releases, those
/// left out whose suite has nothing of the source at all.
pub fn target(desk: &Desk<'_>, wanted: &Wanted) -> Result<Target, FlowError> {
    let from = match wanted.from.as_slice() {
        [] => only_suite(desk)?,
        from => from.to_vec(),
    };
    let (mut versions, mut known) = (Vec::new(), Vec::new());
    for place in &from {
        let mut current = desk.look(&place.suite, None, Question::Manifest)?;
        observe_source(desk.store.as_ref(), &mut current, &wanted.source)?;
        let offers = choosing::offers(&current, &wanted.source);
        if offers.is_empty() {
            refuse_binary(desk, wanted, &place.suite)?;
            continue;
        }
        let there: Vec<Version> = offers.iter().map(|offer| offer.version.clone()).collect();
        let found = meant(wanted, place, &current, &offers)?;
        if found.is_empty() {
            let error = TargetError::NotThere {
                wanted: wanted.to_string(),
                suites: vec![place.suite.clone()],
                known: there,
            };
            return Err(error.into());
        }
        known.extend(there);
        versions.extend(found);
    }
    if versions.is_empty() {
        let error = TargetError::NotThere {
            wanted: wanted.to_string(),
            suites: from.into_iter().map(|place| place.suite).collect(),
            known,
        };
        return Err(error.into());
    }
    // The first that fits a host is the host's: those for all hosts last.
    versions.sort_by_key(|meant| meant.release.is_none());
    Ok(Target {
        source: wanted.source.clone(),
        versions,
    })
}

/// Returns what one suite has of what is wanted.
fn meant(
    wanted: &Wanted,
    place: &RingSuite,
    current: &Current,
    offers: &[Offer],
) -> Result<Vec<Meant>, FlowError> {
    let suite = &place.suite;
    let own = place.release.as_deref().map(choosing::release_number);
    let fits = |offer: &&Offer| match (own, choosing::built_for(&offer.version)) {
        // What was built for another release is not meant in this one's suite.
        (Some(own), Some((_, release))) => own == Some(release),
        _ => true,
    };
    let offers: Vec<Offer> = offers.iter().filter(fits).cloned().collect();
    let mut found = match choosing::meant(wanted.version.as_ref(), &offers) {
        Ok(found) => found,
        Err(Unclear::NotThere) => Vec::new(),
        Err(Unclear::Several(found)) => {
            let error = TargetError::Ambiguous {
                wanted: wanted.to_string(),
                suite: suite.clone(),
                found,
            };
            return Err(error.into());
        }
    };
    if place.release.is_some() {
        found.truncate(1);
    }
    let number = current.base().map_or(0, |base| base.number);
    let meant = |(release, offer): (Option<u32>, &Offer)| {
        if offer.binaries.is_empty() {
            return Err(TargetError::NoBinaries {
                wanted: format!("{} {}", wanted.source, offer.version),
                suite: suite.clone(),
            });
        }
        let built = release.map(|number| number.to_string());
        Ok(Meant {
            release: place.release.clone().or(built),
            source_version: offer.version.clone(),
            from: suite.clone(),
            generation: number,
            binaries: offer.binaries.clone(),
        })
    };
    let found: Result<Vec<_>, TargetError> = found.into_iter().map(meant).collect();
    Ok(found?)
}

fn only_suite(desk: &Desk<'_>) -> Result<Vec<RingSuite>, FlowError> {
    let known = desk.suites()?;
    match known.as_slice() {
        [suite] => Ok(vec![RingSuite {
            release: None,
            suite: suite.clone(),
        }]),
        _ => Err(FlowError::WhichSuite {
            place: desk.store.place(),
            known: known.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// Says so where a binary package was named instead of its source.
fn refuse_binary(desk: &Desk<'_>, wanted: &Wanted, suite: &Suite) -> Result<(), FlowError> {
    let names = std::slice::from_ref(&wanted.source);
    let current = desk.look(suite, None, Question::Packages(names))?;
    let named = choosing::stanzas(&current).find(|stanza| *stanza.name() == wanted.source);
    match named {
        Some(stanza) => Err(TargetError::Binary {
            binary: wanted.source.clone(),
            origin: stanza.source().0,
        }
        .into()),
        None => Ok(()),
    }
}
