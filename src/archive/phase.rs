//! To how many hosts a suite offers a version: `Phased-Update-Percentage`, which
//! apt obeys when it upgrades by itself.
//!
//! The percentage is a field of the stanza in this suite, so that chunks stay
//! what their stanzas say and a suite is rebuilt from what is published. It is
//! the suite's own: what is promoted from here leaves it behind, and going back
//! to an older generation brings back what that one said.

use crate::archive::admission::Admission;
use crate::archive::admit::unread;
use crate::archive::current::Current;
use crate::format::index::{Kind, Stanza};
use crate::format::version::Version;
use crate::model::{Finding, PackageName};

/// One version of a source, with all that was built from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The source.
    pub source: PackageName,
    /// Its version.
    pub version: Version,
}

impl Release {
    /// Tells whether a stanza is of it.
    pub fn has(&self, stanza: &Stanza) -> bool {
        let (source, version) = stanza.source();
        source == self.source && version.compare(&self.version).is_eq()
    }
}

/// Returns the change that also offers these versions to so many of a hundred
/// hosts, whether they come with it or are there; 100: to all, without the
/// field. `current` must have been observed for `names`, which are those of all
/// their binaries.
pub fn phase(
    current: &Current,
    mut admission: Admission,
    releases: &[Release],
    names: &[PackageName],
    percent: u8,
) -> Result<Admission, Vec<Finding>> {
    let wanted = (percent < 100).then_some(percent);
    let is = |stanza: &Stanza| {
        stanza.kind() == Kind::Packages && releases.iter().any(|release| release.has(stanza))
    };
    for edit in admission.edits.values_mut() {
        for stanza in &mut edit.add {
            if is(stanza) {
                *stanza = stanza.phased(wanted);
            }
        }
    }
    for index in current.manifest().into_iter().flat_map(|m| m.listings()) {
        for name in names {
            let there = current.versions(index, name);
            let there = there.map_err(|error| vec![unread(&error)])?;
            for stanza in there.iter().filter(|stanza| is(stanza)) {
                if stanza.percentage() == wanted {
                    continue;
                }
                let edit = admission.edits.entry(index.name.clone()).or_default();
                edit.remove.push(stanza.clone());
                edit.add.push(stanza.phased(wanted));
            }
        }
    }
    Ok(admission)
}
