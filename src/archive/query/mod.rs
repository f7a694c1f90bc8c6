//! Questions to a generation: what it lists, what it says of a package, and
//! what is different in another one.

pub mod compare;
pub mod filter;
pub mod relatives;

use std::collections::BTreeSet;

use crate::archive::admission::Listed;
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::archive::query::filter::Filter;
use crate::format::index::Stanza;
use crate::model::PackageName;

/// Returns every package, once each, in order. Needs the whole suite.
pub fn list(current: &Current) -> Result<Vec<Listed>, Unread> {
    filtered(current, &Filter::default())
}

/// Returns every package that is wanted, once each, in order. Needs the chunks
/// of the wanted names where the filter names them, else the whole suite.
pub fn filtered(current: &Current, wanted: &Filter) -> Result<Vec<Listed>, Unread> {
    let mut found = BTreeSet::new();
    let exact = wanted.exact_names();
    let indices = current.manifest().into_iter().flat_map(|m| m.listings());
    for index in indices.filter(|index| wanted.takes_index(&index.name)) {
        let stanzas: Vec<&Stanza> = match &exact {
            None => current.stanzas(index)?,
            Some(names) => {
                let mut found = Vec::new();
                for name in names {
                    found.extend(current.versions(index, name)?);
                }
                found
            }
        };
        let stanzas = stanzas.into_iter().filter(|stanza| wanted.takes(stanza));
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
