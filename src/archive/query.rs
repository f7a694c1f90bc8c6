//! Questions to a generation: what it lists, what it says of a package, and
//! what is different in another one.

use std::collections::BTreeSet;

use crate::archive::admission::Listed;
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::format::index::Stanza;
use crate::model::PackageName;

/// What is in one of two generations only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only in the second one.
    pub added: Vec<Listed>,
    /// Only in the first one.
    pub removed: Vec<Listed>,
}

/// Returns every package, once each, in order. Needs the whole suite.
pub fn list(current: &Current) -> Result<Vec<Listed>, Unread> {
    let mut found = BTreeSet::new();
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        let stanzas = current.stanzas(index)?.into_iter();
        found.extend(stanzas.map(|stanza| Listed::of(stanza, index.name.component())));
    }
    Ok(found.into_iter().collect())
}

/// Returns all that a suite says of a package, source and binaries, each stanza
/// once with the first index that has it. Needs the chunks of that name.
pub fn show<'a>(
    current: &'a Current,
    name: &PackageName,
) -> Result<Vec<(&'a IndexName, &'a Stanza)>, Unread> {
    let mut found = Vec::<(&IndexName, &Stanza)>::new();
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        for stanza in current.versions(index, name)? {
            if !found.iter().any(|(_, there)| *there == stanza) {
                found.push((&index.name, stanza));
            }
        }
    }
    Ok(found)
}

/// Compares two lists of packages.
pub fn difference(before: &[Listed], after: &[Listed]) -> Difference {
    let (old, new) = (BTreeSet::from_iter(before), BTreeSet::from_iter(after));
    Difference {
        added: new.difference(&old).map(|l| (*l).clone()).collect(),
        removed: old.difference(&new).map(|l| (*l).clone()).collect(),
    }
}
