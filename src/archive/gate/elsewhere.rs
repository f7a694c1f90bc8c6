//! Whether another suite of the archive has the same version with other
//! content, wherever in the pool: hosts that see both would take the one for
//! the other.
//!
//! At the same path the pool itself refuses it; another component, or another
//! source package, is another path.

use std::collections::{BTreeMap, BTreeSet};

use super::{Around, Names, label};
use crate::archive::admission::Admission;
use crate::archive::admit::{same_content, same_version};
use crate::archive::settings::PoolLayout;
use crate::format::index::{Kind, Stanza};
use crate::model::Finding;

/// Says what other suites have under the same name, version and architecture.
/// Suites with a pool of their own are told apart by it, and not compared.
pub(super) fn judge<A: Around>(
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    if admission.settings.pool == PoolLayout::OfSuite {
        return Ok(Vec::new());
    }
    let added: BTreeSet<&Stanza> = admission
        .edits
        .values()
        .flat_map(|edit| &edit.add)
        .collect();
    let mut findings = Vec::new();
    for kind in [Kind::Packages, Kind::Sources] {
        let own: Vec<_> = added
            .iter()
            .filter(|stanza| stanza.kind() == kind)
            .collect();
        let names: Names = own.iter().map(|stanza| stanza.name().clone()).collect();
        if names.is_empty() {
            continue;
        }
        let mut others = BTreeMap::<_, Vec<_>>::new();
        for other in around.elsewhere(kind, &names)? {
            others
                .entry(other.2.name().clone())
                .or_default()
                .push(other);
        }
        for stanza in own {
            let differs = |other: &Stanza| {
                same_version(other, stanza)
                    && other.architecture() == stanza.architecture()
                    && !same_content(other, stanza)
            };
            let mut named = others.get(stanza.name()).into_iter().flatten();
            let other = named.find(|(_, _, other)| differs(other));
            let Some((suite, component, _)) = other else {
                continue;
            };
            let message = format!("{suite} has it in {component} with other content");
            let fix = "give each distribution's build a version of its own (1.0-1+deb12u1), or \
                       keep a suite's files in a pool of its own (archive init --own-pool)";
            let subject = format!("{} {}", label(stanza), stanza.architecture());
            let finding = Finding::error("same-version-other-content", subject, message);
            findings.push(finding.fix(fix));
        }
    }
    Ok(findings)
}
