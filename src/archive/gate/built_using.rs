//! Whether the sources that packages were built with are in the suite: their
//! licences may demand that they stay as long as the package does (Debian
//! Policy 7.8; `Static-Built-Using`, deb-control(5)).

use std::collections::{BTreeMap, BTreeSet};

use super::{Around, Names, changes, label, listed, offer};
use crate::archive::admission::Admission;
use crate::archive::layout::IndexName;
use crate::format::version::Version;
use crate::model::{Finding, PackageName};

/// Says which of these sources are not there in exactly that version.
pub(super) fn judge<A: Around>(
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    let mut wanted = BTreeMap::<(PackageName, Version), BTreeSet<String>>::new();
    for change in changes(admission).into_values() {
        for stanza in change.added {
            let fields = stanza.paragraph();
            for name in ["Built-Using", "Static-Built-Using"] {
                for (source, bound) in offer::pairs(&fields, name) {
                    if let Some((_, version)) = bound {
                        wanted
                            .entry((source, version))
                            .or_default()
                            .insert(label(stanza));
                    }
                }
            }
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let names: Names = wanted.keys().map(|(name, _)| name.clone()).collect();
    let mut there = around.sources(&names)?;
    for (name, edit) in &admission.edits {
        if let IndexName::Sources { .. } = name {
            there.retain(|stanza| !edit.remove.contains(stanza));
            there.extend(edit.add.iter().cloned());
        }
    }
    let (suite, gate) = (&admission.suite, admission.settings.gates.built_using);
    wanted.retain(|(name, version), _| {
        let same = |s: &_| {
            let stanza: &crate::format::index::Stanza = s;
            stanza.name() == name && stanza.version().compare(version).is_eq()
        };
        !there.iter().any(same)
    });
    let tell = |((name, version), by): ((PackageName, Version), BTreeSet<String>)| {
        let message = format!(
            "{suite} has no such source, and {} was built with it",
            listed(by)
        );
        gate.finding("built-using-missing", &format!("{name} {version}"), message)
            .fix("add that source package (.dsc) too")
    };
    Ok(wanted.into_iter().map(tell).collect())
}
