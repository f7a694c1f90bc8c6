//! Taking packages out of a suite. Their files stay in the pool: older
//! generations and other suites may have them.

use std::cmp::Ordering;

use crate::archive::admission::{Admission, Listed};
use crate::archive::admit::{no_such_suite, unread};
use crate::archive::current::Current;
use crate::format::version::Version;
use crate::model::{Finding, PackageName};

/// A package to be removed: source and binaries of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The package's name.
    pub name: PackageName,
    /// Which version; `None` for all.
    pub version: Option<Version>,
}

/// Returns the change that removes packages; one that is not there is only
/// noted, so that doing it again is no error. `current` must have been observed
/// for these names.
pub fn remove(current: &Current, removals: &[Removal]) -> Result<Admission, Vec<Finding>> {
    let Some(manifest) = current.manifest() else {
        return Err(vec![no_such_suite(current)]);
    };
    let mut admission = Admission::of(current, manifest.settings.clone());
    for removal in removals {
        let mut found = false;
        for index in manifest.listings() {
            let versions = current.versions(index, &removal.name);
            let versions = versions.map_err(|error| vec![unread(&error)])?;
            let wanted = versions.iter().filter(|stanza| {
                let is = |v: &Version| v.compare(stanza.version()) == Ordering::Equal;
                removal.version.as_ref().is_none_or(is)
            });
            for stanza in wanted {
                found = true;
                let listed = Listed::of(stanza, index.name.component());
                admission.removed.push(listed);
                let edit = admission.edits.entry(index.name.clone()).or_default();
                edit.remove.push(stanza.clone());
            }
        }
        if !found {
            admission.notes.push(absent(current, removal));
        }
    }
    Ok(admission.tidied())
}

fn absent(current: &Current, Removal { name, version }: &Removal) -> Finding {
    let subject = match version {
        Some(version) => format!("{name}={version}"),
        None => name.to_string(),
    };
    let message = format!("it is not in {}", current.suite);
    Finding::warning("not-in-suite", subject, message)
}
