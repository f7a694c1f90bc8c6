//! Taking a version out of a suite again, with what it pushed out put back.
//!
//! Unlike going back to an older generation it leaves everything else as it is
//! by now: other packages may have come meanwhile.

use std::collections::BTreeSet;

use crate::archive::admission::{Admission, Listed};
use crate::archive::admit::{no_such_suite, unread};
use crate::archive::current::{Current, Unread};
use crate::archive::phase::Release;
use crate::format::index::Stanza;
use crate::model::{Finding, PackageName};

/// Tells whether a suite lists one of these versions. It must have been observed
/// for `names`, which are those of all their packages.
pub fn lists(
    current: &Current,
    releases: &[Release],
    names: &[PackageName],
) -> Result<bool, Unread> {
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        for name in names {
            let there = current.versions(index, name)?;
            if there.iter().any(|s| releases.iter().any(|r| r.has(s))) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the change that takes versions out of a suite. `turn` are two
/// generations of it, the last without them and the first with them: of the
/// same source, what the former had and the latter has not is put back. All
/// must have been observed for `names`. Nothing is put back where the suite has
/// lost the versions by itself.
pub fn withdraw(
    current: &Current,
    turn: Option<(&Current, &Current)>,
    releases: &[Release],
    names: &[PackageName],
) -> Result<Admission, Vec<Finding>> {
    let Some(manifest) = current.manifest() else {
        return Err(vec![no_such_suite(current)]);
    };
    let read = |error: Unread| vec![unread(&error)];
    let mut admission = Admission::of(current, manifest.settings.clone());
    let is = |stanza: &Stanza| releases.iter().any(|release| release.has(stanza));
    for index in manifest.listings() {
        let mut edit = crate::archive::chunk::Edit::<Stanza>::default();
        for name in names {
            let there = current.versions(index, name).map_err(read)?;
            let bad = there.iter().filter(|stanza| is(stanza)).cloned();
            edit.remove.extend(bad);
        }
        if edit.remove.is_empty() {
            continue;
        }
        for stanza in &edit.remove {
            let listed = Listed::of(stanza, index.name.component());
            admission.removed.push(listed);
        }
        if let Some((before, after)) = turn {
            let of = |seen: &Current| -> Result<BTreeSet<Stanza>, Vec<Finding>> {
                let mut found = BTreeSet::new();
                let own = seen.manifest().and_then(|m| m.index(&index.name));
                for name in own.iter().flat_map(|_| names) {
                    let own = own.expect("it is there");
                    found.extend(seen.versions(own, name).map_err(read)?.iter().cloned());
                }
                Ok(found)
            };
            let (had, kept, now) = (of(before)?, of(after)?, of(current)?);
            let is_there = |stanza: &Stanza, list: &BTreeSet<Stanza>| {
                let same = |other: &Stanza| {
                    other.name() == stanza.name()
                        && other.architecture() == stanza.architecture()
                        && other.version().compare(stanza.version()).is_eq()
                };
                list.iter().any(same)
            };
            for stanza in had {
                let source = stanza.source().0;
                let is_own = releases.iter().any(|release| release.source == source);
                if is_own && !is_there(&stanza, &kept) && !is_there(&stanza, &now) {
                    let listed = Listed::of(&stanza, index.name.component());
                    admission.added.push(listed);
                    edit.add.push(stanza);
                }
            }
            let described = before.translations.iter().cloned();
            admission.translations.extend(described);
        }
        admission.edits.insert(index.name.clone(), edit);
    }
    Ok(admission.tidied())
}
