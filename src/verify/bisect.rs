//! Which single variation makes a build differ, found by halving.
//!
//! Pure: whoever builds answers what differs under which variations. A build
//! under the same conditions comes first, for what differs there no variation
//! causes. Several culprits are all found, each by itself; what no half shows
//! alone is looked for as a combination.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Variation;

/// Some variations.
pub type Set = BTreeSet<Variation>;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Culprits<P: Ord> {
    /// What differs although nothing was varied.
    pub unstable: BTreeSet<P>,
    /// What each variation causes by itself, by variation.
    pub alone: BTreeMap<Variation, BTreeSet<P>>,
    /// What several variations cause only together: none of them can be left
    /// out.
    pub together: Vec<(Set, BTreeSet<P>)>,
    /// How many builds it took.
    pub builds: usize,
}

/// Returns the most builds that it takes where every culprit acts by itself:
/// one without variations and two at each halving. Combinations cost more.
pub fn most_builds(variations: usize) -> usize {
    1 + 2 * variations.saturating_sub(1)
}

/// Finds what each of the variations causes. `known` is what differs under all
/// of them; `differs` builds under some and says what differs from the build
/// under none. A failure ends the search.
pub fn bisect<P: Ord + Clone, E>(
    variations: &Set,
    known: &BTreeSet<P>,
    differs: impl FnMut(&Set) -> Result<BTreeSet<P>, E>,
) -> Result<Culprits<P>, E> {
    let mut search = Search {
        differs,
        answers: BTreeMap::new(),
        builds: 0,
        culprits: Culprits {
            unstable: BTreeSet::new(),
            alone: BTreeMap::new(),
            together: Vec::new(),
            builds: 0,
        },
    };
    let unstable = search.ask(&Set::new())?;
    search.answers.insert(variations.clone(), known.clone());
    let targets = known - &unstable;
    search.culprits.unstable = unstable;
    search.split(variations, targets)?;
    search.culprits.builds = search.builds;
    Ok(search.culprits)
}

struct Search<P: Ord, F> {
    differs: F,
    answers: BTreeMap<Set, BTreeSet<P>>,
    builds: usize,
    culprits: Culprits<P>,
}

impl<P: Ord + Clone, E, F: FnMut(&Set) -> Result<BTreeSet<P>, E>> Search<P, F> {
    fn ask(&mut self, set: &Set) -> Result<BTreeSet<P>, E> {
        if let Some(answer) = self.answers.get(set) {
            return Ok(answer.clone());
        }
        let answer = (self.differs)(set)?;
        self.builds += 1;
        self.answers.insert(set.clone(), answer.clone());
        Ok(answer)
    }

    /// Finds the causes of `targets`, all of which differ under `set`.
    fn split(&mut self, set: &Set, targets: BTreeSet<P>) -> Result<(), E> {
        if targets.is_empty() {
            return Ok(());
        }
        if let (Some(only), 1) = (set.first(), set.len()) {
            self.culprits
                .alone
                .entry(*only)
                .or_default()
                .extend(targets);
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        for half in halves(set) {
            let found = &self.ask(&half)? & &targets;
            seen.extend(found.iter().cloned());
            self.split(&half, found)?;
        }
        let rest = &targets - &seen;
        self.combine(set, rest)
    }

    /// Leaves out of `set` whatever can be left out, for the first of the
    /// targets, then for those that this does not explain.
    fn combine(&mut self, set: &Set, mut targets: BTreeSet<P>) -> Result<(), E> {
        while let Some(target) = targets.first().cloned() {
            let mut smallest = set.clone();
            for variation in set {
                let mut fewer = smallest.clone();
                fewer.remove(variation);
                if self.ask(&fewer)?.contains(&target) {
                    smallest = fewer;
                }
            }
            let explained = &self.ask(&smallest)? & &targets;
            let rest = &targets - &explained;
            // What comes and goes by itself explains not even the target.
            let explained = match explained.contains(&target) {
                true => explained,
                false => [target.clone()].into(),
            };
            targets = &rest - &explained;
            self.culprits.together.push((smallest, explained));
        }
        Ok(())
    }
}

fn halves(set: &Set) -> [Set; 2] {
    let half = set.len() / 2;
    [
        set.iter().take(half).copied().collect(),
        set.iter().skip(half).copied().collect(),
    ]
}

#[cfg(test)]
mod tests;
