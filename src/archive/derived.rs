//! What follows from a change of packages for the indices that say more of
//! them: the lines of `Contents` that come and go.
//!
//! Which files a package brings is not in its stanza; whoever asks reads the
//! lists that [`wanted`] names and hands them to [`contents`].

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::Admission;
use crate::archive::chunk::Edit;
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::format::index::contents::{Brings, FileList, location};
use crate::format::index::{self, PoolFile, Stanza};
use crate::model::Sha256;

/// What follows from an admitted change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// The edits of `Contents`.
    pub contents: BTreeMap<IndexName, Edit<Brings>>,
    /// The chunks of `Contents` that these edits touch, by digest.
    pub chunks: BTreeMap<Sha256, Vec<Brings>>,
}

/// The packages of one `Packages` that a change concerns.
struct Concerned<'a> {
    contents: IndexName,
    before: Vec<&'a Stanza>,
    after: Vec<&'a Stanza>,
}

/// Returns the packages whose file lists are needed to derive what follows, each
/// once. What the change itself brings is not among them.
pub fn wanted(current: &Current, admission: &Admission) -> Result<Vec<PoolFile>, Unread> {
    let mut found = BTreeMap::new();
    for concerned in concerned(current, admission)? {
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
    for concerned in concerned(current, admission)? {
        let brought = |stanzas: &[&Stanza]| {
            let mut lines = BTreeSet::new();
            for stanza in stanzas {
                let sha256 = deb(stanza).sha256;
                let list = admission.lists.get(&sha256).or(lists.get(&sha256));
                let package = location(stanza);
                let paths = list.iter().flat_map(|list| list.paths());
                lines.extend(paths.map(|path| Brings::new(path, &package)));
            }
            lines
        };
        // Two versions of a package bring the same line: it goes with the last.
        let (before, after) = (brought(&concerned.before), brought(&concerned.after));
        let edit = match before.is_empty() {
            true => Edit {
                add: after.into_iter().collect(),
                remove: Vec::new(),
            },
            false => Edit {
                add: after.difference(&before).cloned().collect(),
                remove: before.difference(&after).cloned().collect(),
            },
        };
        edits.insert(concerned.contents, edit);
    }
    Ok(edits)
}

/// Finds what a change concerns: all versions of the packages that come and go,
/// or everything where `Contents` begin.
fn concerned<'a>(
    current: &'a Current,
    admission: &'a Admission,
) -> Result<Vec<Concerned<'a>>, Unread> {
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
        let manifest = current.manifest();
        let is_there = manifest.is_some_and(|m| m.index(&name).is_some());
        let edit = admission.edits.get(&packages);
        if is_there && edit.is_none() {
            continue;
        }
        let removed: BTreeSet<_> = edit.iter().flat_map(|edit| &edit.remove).collect();
        let added: BTreeSet<_> = edit.iter().flat_map(|edit| &edit.add).collect();
        let listed = match manifest.and_then(|m| m.index(&packages)) {
            None => Vec::new(),
            Some(index) if !is_there => current.stanzas(index)?,
            Some(index) => {
                let names: BTreeSet<_> = removed.iter().chain(&added).map(|s| s.name()).collect();
                let mut listed = Vec::new();
                for name in names {
                    listed.extend(current.versions(index, name)?);
                }
                listed
            }
        };
        let stays = listed.iter().copied().filter(|s| !removed.contains(s));
        let after = stays.chain(added).collect();
        found.push(Concerned {
            contents: name,
            before: if is_there { listed } else { Vec::new() },
            after,
        });
    }
    Ok(found)
}

/// Returns the file of a binary package.
fn deb(stanza: &Stanza) -> PoolFile {
    let files = index::files(stanza).expect("was read when it was listed");
    files.into_iter().next().expect("a .deb is one file")
}
