//! What is different between two generations, of one suite or of two.
//!
//! Chunks with the same digest say the same and are not read; what the others
//! say names the packages to look at, and these are compared whole, because a
//! package for all architectures stands in several indices.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::archive::admission::Listed;
use crate::archive::chunk::Chunk;
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::archive::manifest::{Index, Manifest};
use crate::format::index::{self, IndexError, Kind, Stanza};
use crate::format::version::Version;
use crate::model::{Architecture, Component, PackageName, Sha256};

/// What is in one of two generations only, and what differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Only in the second one.
    pub added: Vec<Listed>,
    /// Only in the first one.
    pub removed: Vec<Listed>,
    /// In both, but not the same.
    pub changed: Vec<Change>,
}

impl Comparison {
    /// Tells whether both say the same of every package.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// A package that both generations have, but not the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The package's name.
    pub name: PackageName,
    /// Its architecture; `source` for a source package.
    pub architecture: Architecture,
    /// The version in the first generation.
    pub from: Version,
    /// The version in the second one.
    pub to: Version,
    /// The component in the first generation.
    pub from_component: Component,
    /// The component in the second one.
    pub to_component: Component,
    /// In which way it changed.
    pub how: How,
}

/// In which way a package changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// To a newer version.
    Upgraded,
    /// To an older version.
    Downgraded,
    /// Into another component, in the same version.
    Moved,
    /// The same version says something else of itself.
    Altered,
}

/// Returns the chunks of each index of `one` that `other` has nowhere.
pub fn only_in<'a>(one: &'a Manifest, other: &Manifest) -> Vec<(&'a Index, &'a Chunk)> {
    let there: BTreeMap<_, BTreeSet<Sha256>> = (other.listings())
        .map(|index| (&index.name, index.chunks.iter().map(|c| c.sha256).collect()))
        .collect();
    let mut found = Vec::new();
    for index in one.listings() {
        let same = there.get(&index.name);
        let is_same = |chunk: &&Chunk| same.is_some_and(|same| same.contains(&chunk.sha256));
        let chunks = index.chunks.iter().filter(|chunk| !is_same(chunk));
        found.extend(chunks.map(|chunk| (index, chunk)));
    }
    found
}

const LISTS: &str = "only indices that list packages are compared";

/// Names the packages of those stanzas that stand in an index of only one side.
/// Each side is the texts of the chunks that [`only_in`] names, with their
/// indices. Only what differs is parsed.
pub fn names_in(
    old: &[(&IndexName, &str)],
    new: &[(&IndexName, &str)],
) -> Result<BTreeSet<PackageName>, IndexError> {
    let mut differing: BTreeMap<Kind, String> = BTreeMap::new();
    for (index, stanza) in stanzas_of(old).symmetric_difference(&stanzas_of(new)) {
        let text = differing.entry(index.kind().expect(LISTS)).or_default();
        text.push_str(stanza);
        text.push_str("\n\n");
    }
    let mut names = BTreeSet::new();
    for (kind, text) in differing {
        let stanzas = index::parse(text.as_bytes(), kind)?;
        names.extend(stanzas.into_iter().map(|stanza| stanza.name().clone()));
    }
    Ok(names)
}

/// Splits the texts of chunks into the texts of stanzas: an empty line ends one.
fn stanzas_of<'a, 't>(texts: &[(&'a IndexName, &'t str)]) -> BTreeSet<(&'a IndexName, &'t str)> {
    let mut found = BTreeSet::new();
    for (index, text) in texts {
        let stanzas = text.split("\n\n").map(|stanza| stanza.trim_matches('\n'));
        let stanzas = stanzas.filter(|stanza| !stanza.is_empty());
        found.extend(stanzas.map(|stanza| (*index, stanza)));
    }
    found
}

/// Reads the stanzas of some packages out of a chunk; the others are not parsed.
pub fn stanzas_named(
    text: &str,
    kind: Kind,
    names: &BTreeSet<PackageName>,
) -> Result<Vec<Stanza>, IndexError> {
    let mut wanted = String::new();
    for stanza in text.split("\n\n") {
        let mut lines = stanza.lines();
        let name = lines.find_map(|line| {
            let (field, name) = line.split_once(':')?;
            field.eq_ignore_ascii_case("Package").then(|| name.trim())
        });
        let name = name.and_then(|name| PackageName::new(name).ok());
        if name.is_some_and(|name| names.contains(&name)) {
            wanted.push_str(stanza);
            wanted.push_str("\n\n");
        }
    }
    index::parse(wanted.as_bytes(), kind)
}

/// Returns the chunks of each index in which some packages are, if they are.
pub fn places<'a>(
    manifest: &'a Manifest,
    names: &BTreeSet<PackageName>,
) -> Vec<(&'a Index, &'a Chunk)> {
    let mut found = Vec::new();
    for index in manifest.listings() {
        let mut last = None;
        for name in names {
            let after = index
                .chunks
                .partition_point(|chunk| *chunk.first <= *name.as_str());
            let at = after.checked_sub(1);
            // Names are in order, and so are the chunks they are in.
            if let Some(at) = at.filter(|_| at != last) {
                found.push((index, &index.chunks[at]));
                last = Some(at);
            }
        }
    }
    found
}

/// Compares what two generations say of some packages. Needs the chunks of
/// these names of either.
pub fn compare<'a>(
    before: &Current,
    after: &Current,
    names: impl IntoIterator<Item = &'a PackageName>,
) -> Result<Comparison, Unread> {
    let mut found = Comparison::default();
    for name in names {
        let (old, new) = (group(before, name)?, group(after, name)?);
        pair(name, &old, &new, &mut found);
    }
    found.added.sort();
    found.removed.sort();
    found.changed.sort();
    Ok(found)
}

/// What a generation says of a package, each version once: where, and what.
type Group<'a> = BTreeMap<(&'a Architecture, &'a Version, &'a Component), &'a Stanza>;

fn group<'a>(current: &'a Current, name: &PackageName) -> Result<Group<'a>, Unread> {
    let mut found = Group::new();
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        for stanza in current.versions(index, name)? {
            let key = (
                stanza.architecture(),
                stanza.version(),
                index.name.component(),
            );
            found.entry(key).or_insert(stanza);
        }
    }
    Ok(found)
}

/// Tells what comes and goes of one package: what goes and what comes on the
/// same architecture is one change, the newest with the newest.
fn pair(name: &PackageName, old: &Group<'_>, new: &Group<'_>, found: &mut Comparison) {
    let listed =
        |(architecture, version, component): &(&Architecture, &Version, &Component)| Listed {
            name: name.clone(),
            version: (*version).clone(),
            architecture: (*architecture).clone(),
            component: (*component).clone(),
        };
    let change = |from: Listed, to: Listed, how| Change {
        name: name.clone(),
        architecture: to.architecture,
        from: from.version,
        to: to.version,
        from_component: from.component,
        to_component: to.component,
        how,
    };
    for (key, stanza) in old {
        if new.get(key).is_some_and(|there| there != stanza) {
            let both = listed(key);
            found.changed.push(change(both.clone(), both, How::Altered));
        }
    }
    let mut gone: Vec<_> = old
        .keys()
        .filter(|key| !new.contains_key(*key))
        .map(listed)
        .collect();
    let mut come: Vec<_> = new
        .keys()
        .filter(|key| !old.contains_key(*key))
        .map(listed)
        .collect();
    // The same version in another component first: it did not change itself.
    let moved = take_pairs(&mut gone, &mut come, |from, to| {
        let same = from.architecture == to.architecture && from.version == to.version;
        same.then_some(How::Moved)
    });
    let replaced = take_pairs(&mut gone, &mut come, |from, to| {
        if from.architecture != to.architecture {
            return None;
        }
        Some(match from.version.cmp(&to.version) {
            Ordering::Greater => How::Downgraded,
            _ => How::Upgraded,
        })
    });
    let pairs = moved.into_iter().chain(replaced);
    (found.changed).extend(pairs.map(|(from, to, how)| change(from, to, how)));
    found.removed.extend(gone);
    found.added.extend(come);
}

/// Takes pairs out of two lists, from their newest ends.
fn take_pairs(
    gone: &mut Vec<Listed>,
    come: &mut Vec<Listed>,
    how: impl Fn(&Listed, &Listed) -> Option<How>,
) -> Vec<(Listed, Listed, How)> {
    let mut pairs = Vec::new();
    for at in (0..gone.len()).rev() {
        let mate = come.iter().enumerate().rev();
        let mut mate = mate.filter_map(|(to, listed)| Some((to, how(&gone[at], listed)?)));
        if let Some((to, how)) = mate.next() {
            pairs.push((gone.remove(at), come.remove(to), how));
        }
    }
    pairs
}
