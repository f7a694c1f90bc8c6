//! How many versions of a package a suite keeps: what comes pushes the oldest
//! ones out.

use std::collections::BTreeSet;

use crate::archive::admission::{Admission, Listed};
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::format::index::{self, Stanza};
use crate::format::version::Version;
use crate::model::{Finding, PackageName};

/// Removes all but the newest versions of the packages that a change adds, in
/// each index by itself: what hosts of one architecture see is counted. What
/// comes and would go at once does not come, and that is told.
///
/// Packages that the change does not touch stay as they are until one of them
/// comes: nothing of them was read.
pub(super) fn newest(current: &Current, admission: &mut Admission) -> Result<(), Unread> {
    let names = |edit: &crate::archive::chunk::Edit<Stanza>| -> BTreeSet<PackageName> {
        edit.add
            .iter()
            .map(|stanza| stanza.name().clone())
            .collect()
    };
    let edits = &admission.edits;
    let touched: Vec<_> = edits.iter().map(|(i, e)| (i.clone(), names(e))).collect();
    within(current, admission, touched)
}

/// As [`newest`], of every package of the suite: for a suite that is told to
/// keep fewer. `current` must have been observed whole.
pub(super) fn newest_of_all(current: &Current, admission: &mut Admission) -> Result<(), Unread> {
    let mut touched = Vec::new();
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        let stanzas = current.stanzas(index)?.into_iter();
        let names = stanzas.map(|stanza| stanza.name().clone()).collect();
        touched.push((index.name.clone(), names));
    }
    within(current, admission, touched)
}

fn within(
    current: &Current,
    admission: &mut Admission,
    touched: Vec<(IndexName, BTreeSet<PackageName>)>,
) -> Result<(), Unread> {
    let Some(kept) = admission.settings.versions_kept else {
        return Ok(());
    };
    let mut never_came = BTreeSet::new();
    for (name, packages) in touched {
        let index = current.manifest().and_then(|m| m.index(&name));
        let edit = admission.edits.entry(name.clone()).or_default();
        for package in packages {
            let there = match index {
                Some(index) => current.versions(index, &package)?,
                None => &[],
            };
            let goes: BTreeSet<_> = edit.remove.iter().cloned().collect();
            let there = there.iter().filter(|stanza| !goes.contains(stanza));
            let comes = edit.add.iter().filter(|stanza| *stanza.name() == package);
            let mut versions: Vec<&Version> =
                there.clone().chain(comes).map(Stanza::version).collect();
            versions.sort_by(|a, b| b.compare(a));
            versions.dedup_by(|a, b| a.compare(b).is_eq());
            let Some(last) = versions.get(kept.get() as usize - 1).map(|v| (*v).clone()) else {
                continue;
            };
            let is_old = |stanza: &Stanza| stanza.version().compare(&last).is_lt();
            for stanza in there.filter(|stanza| is_old(stanza)) {
                admission.removed.push(Listed::of(stanza, name.component()));
                edit.remove.push(stanza.clone());
            }
            let (old, stays): (Vec<_>, Vec<_>) = (std::mem::take(&mut edit.add).into_iter())
                .partition(|stanza| *stanza.name() == package && is_old(stanza));
            edit.add = stays;
            never_came.extend(
                old.into_iter()
                    .map(|stanza| (name.component().clone(), stanza)),
            );
        }
        if edit.add.is_empty() && edit.remove.is_empty() {
            admission.edits.remove(&name);
        }
    }
    for (component, stanza) in never_came {
        let still = admission
            .edits
            .values()
            .any(|edit| edit.add.contains(&stanza));
        if still {
            continue;
        }
        let listed = Listed::of(&stanza, &component);
        let message = format!(
            "it is not published: {} keeps {kept} of its versions and has newer ones",
            current.suite
        );
        let fix = "let the suite keep more versions (archive init --keep-versions)";
        let note = Finding::warning("older-than-kept", listed.to_string(), message).fix(fix);
        admission.notes.push(note);
        admission.added.retain(|other| *other != listed);
        let files = index::files(&stanza).unwrap_or_default();
        let needed: BTreeSet<_> = (admission.edits.values())
            .flat_map(|edit| &edit.add)
            .flat_map(|stanza| index::files(stanza).unwrap_or_default())
            .map(|file| file.path)
            .collect();
        for file in files {
            if !needed.contains(&file.path) {
                admission
                    .pool
                    .retain(|incoming| incoming.file.path != file.path);
                admission.lists.remove(&file.sha256);
            }
        }
    }
    Ok(())
}
