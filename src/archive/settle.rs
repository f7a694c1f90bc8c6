//! Creating a suite and changing what it is.

use crate::archive::admission::Admission;
use crate::archive::admit::{no_such_suite, unread};
use crate::archive::current::{Current, Unread};
use crate::archive::descriptions::formed;
use crate::archive::keep;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Manifest;
use crate::archive::settings::Settings;
use crate::format::index::Stanza;
use crate::model::Finding;

/// Returns the change that creates a suite, or gives one that is there other
/// settings. `current` must have been observed whole.
///
/// A new architecture lists what is for all architectures. What still has
/// packages cannot be taken away; where the indices are cut stays as it was, and
/// so does the pool. A suite that is told to keep fewer versions loses the rest.
pub fn settle(current: &Current, wanted: &Settings) -> Result<Admission, Vec<Finding>> {
    let mut settings = wanted.clone();
    let mut findings = settings.findings(&current.suite);
    let Some(manifest) = current.manifest() else {
        return match findings.is_empty() {
            true => Ok(Admission::of(current, settings)),
            false => Err(findings),
        };
    };
    settings.chunks = manifest.settings.chunks;
    settings.pool = manifest.settings.pool;
    let indices = settings.indices();
    for index in manifest.listings() {
        if !indices.contains(&index.name) && index.size > 0 && index.name.kind().is_some() {
            let message = format!("{} still lists packages", index.name);
            findings.push(
                Finding::error("not-empty", current.suite.as_str(), message)
                    .fix("remove these packages first"),
            );
        }
    }
    let mut admission = Admission::of(current, settings);
    for name in indices {
        match for_all(current, manifest, &name) {
            Err(error) => findings.push(unread(&error)),
            Ok(add) if add.is_empty() => {}
            Ok(add) => admission.edits.entry(name).or_default().add = add,
        }
    }
    if admission.settings.descriptions != manifest.settings.descriptions
        && let Err(error) = reform(current, manifest, &mut admission)
    {
        findings.push(unread(&error));
    }
    if manifest.settings.versions_kept != admission.settings.versions_kept
        && let Err(error) = keep::newest_of_all(current, &mut admission)
    {
        findings.push(unread(&error));
    }
    match findings.is_empty() {
        true => Ok(admission.tidied()),
        false => Err(findings),
    }
}

/// Returns the change that renews a suite's dates and signatures and nothing
/// else.
pub fn refresh(current: &Current) -> Result<Admission, Vec<Finding>> {
    let Some(manifest) = current.manifest() else {
        return Err(vec![no_such_suite(current)]);
    };
    let mut admission = Admission::of(current, manifest.settings.clone());
    admission.resettled = true;
    Ok(admission)
}

/// Returns the change that leaves a suite as it is.
pub fn as_it_is(current: &Current) -> Result<Admission, Vec<Finding>> {
    let Some(manifest) = current.manifest() else {
        return Err(vec![no_such_suite(current)]);
    };
    Ok(Admission::of(current, manifest.settings.clone()))
}

/// Gives every stanza the form that the new settings want.
fn reform(current: &Current, manifest: &Manifest, admission: &mut Admission) -> Result<(), Unread> {
    let settings = admission.settings.clone();
    for edit in admission.edits.values_mut() {
        for stanza in &mut edit.add {
            let (next, _) = formed(&settings, stanza.clone(), &current.translations);
            *stanza = next;
        }
    }
    for index in manifest.listings() {
        for stanza in current.stanzas(index)? {
            let (next, translation) = formed(&settings, stanza.clone(), &current.translations);
            admission.translations.extend(translation);
            if next != *stanza {
                let edit = admission.edits.entry(index.name.clone()).or_default();
                edit.remove.push(stanza.clone());
                edit.add.push(next);
            }
        }
    }
    Ok(())
}

/// Returns what a new index has to list from its beginning.
fn for_all(
    current: &Current,
    manifest: &Manifest,
    name: &IndexName,
) -> Result<Vec<Stanza>, Unread> {
    let is_new = manifest.index(name).is_none();
    let mut others = manifest.listings().filter(|index| {
        index.name.kind() == name.kind() && index.name.component() == name.component()
    });
    match others.next() {
        Some(other) if is_new => {
            let stanzas = current.stanzas(other)?.into_iter();
            let for_all = stanzas.filter(|stanza| stanza.architecture().is_all());
            Ok(for_all.cloned().collect())
        }
        _ => Ok(Vec::new()),
    }
}
