//! What follows from a change of packages for the indices that say more of
//! them: the lines of `Contents` and the paragraphs of `Translation-en` that
//! come and go.
//!
//! Which files a package brings is not in its stanza; whoever asks reads the
//! lists that [`wanted`] names and hands them to [`contents`].

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::Admission;
use crate::archive::chunk::Edit;
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::format::index::contents::{Brings, FileList, location};
use crate::format::index::translation::{self, Translation};
use crate::format::index::{self, Entry, PoolFile, Stanza};
use crate::model::Sha256;

/// What follows from an admitted change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// What follows for `Contents`.
    pub contents: Edits<Brings>,
    /// What follows for `Translation-en`.
    pub translations: Edits<Translation>,
}

/// The edits of indices of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edits<T> {
    /// The edit of each index that is concerned.
    pub edits: BTreeMap<IndexName, Edit<T>>,
    /// The chunks that these touch, by digest.
    pub chunks: BTreeMap<Sha256, Vec<T>>,
}

impl<T> Default for Edits<T> {
    fn default() -> Self {
        Self {
            edits: BTreeMap::new(),
            chunks: BTreeMap::new(),
        }
    }
}

/// The packages of one `Packages` that a change concerns.
#[derive(Default)]
struct Concerned<'a> {
    before: Vec<&'a Stanza>,
    after: Vec<&'a Stanza>,
}

/// Returns the packages whose file lists are needed to derive what follows, each
/// once. What the change itself brings is not among them.
pub fn wanted(current: &Current, admission: &Admission) -> Result<Vec<PoolFile>, Unread> {
    let mut found = BTreeMap::new();
    for (_, concerned) in of_contents(current, admission)? {
        for stanza in concerned.before.into_iter().chain(concerned.after) {
            let file = deb(stanza);
            if !admission.lists.contains_key(&file.sha256) {
                found.insert(file.sha256, file);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Returns the edits of every `Contents` that a change touches. `lists` must
/// have what [`wanted`] names; a package without a list brings nothing.
pub fn contents(
    current: &Current,
    admission: &Admission,
    lists: &BTreeMap<Sha256, FileList>,
) -> Result<BTreeMap<IndexName, Edit<Brings>>, Unread> {
    let mut edits = BTreeMap::new();
    for (name, concerned) in of_contents(current, admission)? {
        let brought = |stanzas: &[&Stanza]| {
            let mut lines = BTreeSet::new();
            for stanza in stanzas {
                let sha256 = deb(stanza).sha256;
                let list = admission.lists.get(&sha256).or(lists.get(&sha256));
                let package = location(stanza);
                lines.extend(list.iter().flat_map(|list| list.brought_by(&package)));
            }
            lines
        };
        // Two versions of a package bring the same line: it goes with the last.
        let (before, after) = (brought(&concerned.before), brought(&concerned.after));
        edits.insert(name, difference(&before, after));
    }
    Ok(edits)
}

/// Returns the edits of every `Translation-en` that a change touches.
pub fn translations(
    current: &Current,
    admission: &Admission,
) -> Result<BTreeMap<IndexName, Edit<Translation>>, Unread> {
    let mut edits = BTreeMap::new();
    for name in admission.settings.indices() {
        let IndexName::Translation { component } = &name else {
            continue;
        };
        let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
        for packages in admission.settings.packages_of(component) {
            let concerned = concerned(current, admission, &name, &packages)?;
            let described = |stanza: &&Stanza| {
                let md5 = translation::digest(&stanza.paragraph())?;
                let key = Translation::unread(stanza.name(), &md5);
                let known = admission.translations.get(&key);
                Some(
                    known
                        .or(current.translations.get(&key))
                        .unwrap_or(&key)
                        .clone(),
                )
            };
            before.extend(concerned.before.iter().filter_map(described));
            after.extend(concerned.after.iter().filter_map(described));
        }
        let edit = difference(&before, after);
        if edit != Edit::default() || current.manifest().is_none_or(|m| m.index(&name).is_none()) {
            edits.insert(name, edit);
        }
    }
    Ok(edits)
}

fn difference<T: Entry>(before: &BTreeSet<T>, after: BTreeSet<T>) -> Edit<T> {
    Edit {
        remove: before.difference(&after).cloned().collect(),
        add: match before.is_empty() {
            true => after.into_iter().collect(),
            false => after.difference(before).cloned().collect(),
        },
    }
}

/// Finds what a change concerns of every `Contents` that it touches.
fn of_contents<'a>(
    current: &'a Current,
    admission: &'a Admission,
) -> Result<Vec<(IndexName, Concerned<'a>)>, Unread> {
    let mut found = Vec::new();
    for name in admission.settings.indices() {
        let IndexName::Contents {
            component,
            architecture,
        } = &name
        else {
            continue;
        };
        let packages = IndexName::Packages {
            component: component.clone(),
            architecture: architecture.clone(),
        };
        let is_there = current.manifest().is_some_and(|m| m.index(&name).is_some());
        if is_there && !admission.edits.contains_key(&packages) {
            continue;
        }
        let concerned = concerned(current, admission, &name, &packages)?;
        found.push((name, concerned));
    }
    Ok(found)
}

/// Finds what a change of `packages` concerns of `index`, which says more of
/// them: all versions of the packages that come and go, or everything where
/// that index is new.
fn concerned<'a>(
    current: &'a Current,
    admission: &'a Admission,
    index: &IndexName,
    packages: &IndexName,
) -> Result<Concerned<'a>, Unread> {
    let manifest = current.manifest();
    let is_there = manifest.is_some_and(|m| m.index(index).is_some());
    let edit = admission.edits.get(packages);
    let removed: BTreeSet<_> = edit.iter().flat_map(|edit| &edit.remove).collect();
    let added: BTreeSet<_> = edit.iter().flat_map(|edit| &edit.add).collect();
    let listed = match manifest.and_then(|m| m.index(packages)) {
        None => Vec::new(),
        Some(listing) if !is_there => current.stanzas(listing)?,
        Some(listing) => {
            let names: BTreeSet<_> = removed.iter().chain(&added).map(|s| s.name()).collect();
            let mut listed = Vec::new();
            for name in names {
                listed.extend(current.versions(listing, name)?);
            }
            listed
        }
    };
    let stays = listed.iter().copied().filter(|s| !removed.contains(s));
    let after = stays.chain(added).collect();
    Ok(Concerned {
        before: if is_there { listed } else { Vec::new() },
        after,
    })
}

/// Returns the file of a binary package.
fn deb(stanza: &Stanza) -> PoolFile {
    let files = index::files(stanza).expect("was read when it was listed");
    files.into_iter().next().expect("a .deb is one file")
}
