//! Why two builds differ, as far as what differs tells, and what helps.
//!
//! What was varied is known, so it is looked for in what differs: the two
//! years, paths, names, numbers. Where nothing known is found, the form of the
//! difference speaks: lines in another order, digits without sense. What a
//! bisection has shown outranks every such guess ([`settle`]).

mod clues;
mod known;
mod remedy;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::bisect::Culprits;
use super::difference::{Difference, Place, Side, What};
use super::variation::Variation;

pub use known::Known;

/// Why something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The time of the build.
    Timestamp,
    /// The time zone.
    Zone,
    /// The language or character set.
    Locale,
    /// The umask.
    Umask,
    /// Who builds.
    User,
    /// The machine's name.
    HostName,
    /// How many processors there are, and who is first.
    Parallelism,
    /// The order in which files are found.
    Order,
    /// Variables.
    Environment,
    /// The kernel's name.
    Kernel,
    /// The build's directory.
    Path,
    /// Chance: a generator's, a hash table's, a process's number.
    Randomness,
    /// It differs because something else does: a checksum, a size.
    Follows,
    /// Nothing known shows.
    Unknown,
}

impl Cause {
    /// Returns its name, as in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Zone => "zone",
            Self::Locale => "locale",
            Self::Umask => "umask",
            Self::User => "user",
            Self::HostName => "host-name",
            Self::Parallelism => "parallelism",
            Self::Order => "order",
            Self::Environment => "environment",
            Self::Kernel => "kernel",
            Self::Path => "path",
            Self::Randomness => "randomness",
            Self::Follows => "follows",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what a variation shows.
    pub fn of(variation: Variation) -> Self {
        match variation {
            Variation::Time => Self::Timestamp,
            Variation::Zone => Self::Zone,
            Variation::Locale => Self::Locale,
            Variation::Umask => Self::Umask,
            Variation::User => Self::User,
            Variation::HostName => Self::HostName,
            Variation::Processors => Self::Parallelism,
            Variation::DirectoryOrder => Self::Order,
            Variation::Environment => Self::Environment,
            Variation::Kernel => Self::Kernel,
            Variation::Path => Self::Path,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How sure a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Builds have shown it.
    Shown,
    /// Something known was found in what differs.
    Likely,
    /// The form of the difference suggests it.
    Guess,
}

/// Why something differs, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Why.
    pub cause: Cause,
    /// How sure that is.
    pub certainty: Certainty,
    /// What speaks for it, one clause.
    pub evidence: String,
    /// What to do, one clause; empty where nothing has to be done.
    pub remedy: String,
}

/// A difference and why there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
    /// Why.
    pub why: Explanation,
}

/// Explains all the differences of an artifact.
pub fn explain(
    differences: Vec<Difference>,
    (first, second): (&Known, &Known),
    varied: &BTreeSet<Variation>,
) -> Vec<Explained> {
    let only = OnlyOnOneSide::of(&differences);
    let explained = differences.into_iter().map(|difference| {
        let (cause, certainty, evidence) = only
            .renamed(&difference, (first, second))
            .or_else(|| clues::find(&difference, (first, second), varied))
            .unwrap_or_else(|| {
                let evidence = match varied.len() {
                    0 => "nothing that is known of the builds shows in it",
                    _ => {
                        "nothing that was varied shows in it; --bisect finds which variation it is"
                    }
                };
                (Cause::Unknown, Certainty::Guess, evidence.to_owned())
            });
        let why = Explanation {
            cause,
            certainty,
            evidence,
            remedy: remedy::of(cause, &difference),
        };
        Explained { difference, why }
    });
    explained.collect()
}

/// Files that only one side has: where both have some in one directory, their
/// names may tell the same story as contents do.
struct OnlyOnOneSide(BTreeMap<(Place, bool), String>);

impl OnlyOnOneSide {
    fn of(differences: &[Difference]) -> Self {
        let only = differences.iter().filter_map(|difference| {
            let What::OnlyIn { side } = difference.what else {
                return None;
            };
            let place = difference.place.outside()?;
            let name = difference.place.innermost().to_owned();
            Some(((place, side == Side::First), name))
        });
        // The first of each side stands for the others.
        let mut found = BTreeMap::new();
        for (place, name) in only {
            found.entry(place).or_insert(name);
        }
        Self(found)
    }

    fn renamed(
        &self,
        difference: &Difference,
        known: (&Known, &Known),
    ) -> Option<(Cause, Certainty, String)> {
        let What::OnlyIn { .. } = difference.what else {
            return None;
        };
        let place = difference.place.outside()?;
        let a = self.0.get(&(place.clone(), true))?;
        let b = self.0.get(&(place, false))?;
        clues::in_words(a.as_bytes(), b.as_bytes(), known)
    }
}

/// Puts what builds have shown in the place of what was guessed.
pub fn settle(explained: &mut [Explained], culprits: &Culprits<Place>) {
    for one in explained {
        let place = &one.difference.place;
        if one.why.cause == Cause::Follows {
            continue;
        }
        let alone = culprits
            .alone
            .iter()
            .filter(|(_, places)| places.contains(place));
        let alone: Vec<Variation> = alone.map(|(variation, _)| *variation).collect();
        let together = culprits
            .together
            .iter()
            .find(|(_, places)| places.contains(place));
        let guessed = one.why.cause;
        let (cause, shown) = if culprits.unstable.contains(place) {
            // Nothing was varied: of the guesses only these can be right.
            let by_itself = [
                Cause::Timestamp,
                Cause::Parallelism,
                Cause::Randomness,
                Cause::Order,
            ];
            let cause = match by_itself.contains(&guessed) {
                true => guessed,
                false => Cause::Randomness,
            };
            (
                cause,
                "two builds under the same conditions differ in it".to_owned(),
            )
        } else if let Some(variation) = alone
            .iter()
            .find(|variation| Cause::of(**variation) == guessed)
            .or(alone.first())
        {
            let others: Vec<_> = alone.iter().filter(|v| *v != variation).collect();
            let mut shown =
                format!("a build in which only the {variation} was varied differs in it");
            for other in others {
                shown.push_str(&format!(", and so does one with another {other}"));
            }
            (Cause::of(*variation), shown)
        } else if let Some((set, _)) = together {
            let names: Vec<_> = set.iter().map(|variation| variation.name()).collect();
            let shown = format!("only {} together make it differ", names.join(" and "));
            let cause = set.iter().map(|variation| Cause::of(*variation));
            let cause = cause.min_by_key(|cause| *cause != guessed);
            (cause.unwrap_or(Cause::Unknown), shown)
        } else {
            continue;
        };
        let evidence = match guessed == cause {
            true => format!("{shown}; {}", one.why.evidence),
            false => shown,
        };
        one.why = Explanation {
            cause,
            certainty: Certainty::Shown,
            evidence,
            remedy: remedy::of(cause, &one.difference),
        };
    }
}

#[cfg(test)]
mod tests;
