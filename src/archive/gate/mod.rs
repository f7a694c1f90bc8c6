//! What is asked of packages beyond what makes an archive consistent: whether
//! they say what they should, who uploaded them, and whether hosts could
//! install them beside all others.
//!
//! [`fields`] and [`uploads`] look at one package and are asked by
//! [`admit`](crate::archive::admit()). The others look at a whole change and at
//! what is [`Around`] it, of which they ask for as little as they can: a suite
//! may have 60,000 packages, and a change one.

pub mod bases;
pub mod built_using;
pub mod conflicts;
pub mod dependencies;
pub mod elsewhere;
pub mod fields;
pub mod offer;
pub mod uploads;

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::Admission;
use crate::archive::layout::IndexName;
use crate::archive::settings::Gate;
use crate::format::index::contents::FileList;
use crate::format::index::{PoolFile, Stanza};
use crate::model::{Architecture, Component, Finding, PackageName, Suite};

use offer::Offer;

/// Names of packages, each once.
pub type Names = BTreeSet<PackageName>;

/// What is around a change: the suite as it is before it, the other suites of
/// the archive, and what hosts have beside it.
pub trait Around {
    /// Why it could not be looked at.
    type Error;

    /// Returns what the suite's `Packages` for an architecture say of these.
    fn packages(&self, of: &Architecture, names: &Names) -> Result<Vec<Stanza>, Self::Error>;

    /// Returns what packages of the suite provide of these names.
    fn provided(&self, of: &Architecture, names: &Names) -> Result<Vec<Offer>, Self::Error>;

    /// Returns the packages whose text for an architecture has one of these
    /// names in it: all that could depend on them are among these.
    fn mentioning(&self, of: &Architecture, names: &Names) -> Result<Vec<Stanza>, Self::Error>;

    /// Returns the suite's source packages of these names.
    fn sources(&self, names: &Names) -> Result<Vec<Stanza>, Self::Error>;

    /// Returns what the declared bases have and provide of these names.
    fn based(&self, of: &Architecture, names: &Names) -> Result<Vec<Offer>, Self::Error>;

    /// Returns which bases could not be looked into, and why: then nobody can
    /// tell that something is missing.
    fn unread_bases(&self) -> Vec<(String, String)>;

    /// Returns which of these paths the suite's `Contents` for an architecture
    /// list, and for which packages.
    fn bringing(
        &self,
        of: &Architecture,
        lists: &[&FileList],
    ) -> Result<BTreeMap<String, Names>, Self::Error>;

    /// Returns the files that a package brings.
    fn list(&self, deb: &PoolFile) -> Result<FileList, Self::Error>;

    /// Returns what other suites that share the pool say of packages, or of
    /// sources, of these names.
    fn elsewhere(
        &self,
        kind: crate::format::index::Kind,
        names: &Names,
    ) -> Result<Vec<(Suite, Component, Stanza)>, Self::Error>;
}

/// Which way packages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Into the archive.
    In,
    /// From one suite of it to another: what the pool has was asked before.
    Across,
    /// Out of a suite.
    Out,
}

/// Asks every gate of the suite about a change.
pub fn judge<A: Around>(
    way: Way,
    admission: &Admission,
    around: &A,
) -> Result<Vec<Finding>, A::Error> {
    let gates = &admission.settings.gates;
    let mut findings = Vec::new();
    if way == Way::Out {
        if gates.dependencies != Gate::Off {
            findings.extend(dependencies::broken(admission, around)?);
        }
        return Ok(findings);
    }
    // What goes into another pool is new there.
    if way == Way::In || !admission.copies.is_empty() {
        findings.extend(elsewhere::judge(admission, around)?);
    }
    if gates.dependencies != Gate::Off {
        findings.extend(dependencies::judge(admission, around)?);
    }
    if gates.file_conflicts != Gate::Off {
        findings.extend(conflicts::judge(admission, around)?);
    }
    if gates.built_using != Gate::Off {
        findings.extend(built_using::judge(admission, around)?);
    }
    Ok(findings)
}

impl Gate {
    /// Makes a finding that weighs as the gate says.
    fn finding(self, rule: &'static str, subject: &str, message: String) -> Finding {
        match self {
            Self::Refuse => Finding::error(rule, subject, message),
            Self::Off | Self::Warn => Finding::warning(rule, subject, message),
        }
    }
}

/// What a change does to the packages of one architecture, whatever their
/// components.
#[derive(Default)]
struct Change<'a> {
    added: Vec<&'a Stanza>,
    removed: BTreeSet<&'a Stanza>,
}

/// Sorts a change by the architectures it touches.
fn changes(admission: &Admission) -> BTreeMap<&Architecture, Change<'_>> {
    let mut found = BTreeMap::<_, Change<'_>>::new();
    for (name, edit) in &admission.edits {
        if let IndexName::Packages { architecture, .. } = name {
            let change = found.entry(architecture).or_default();
            change.added.extend(&edit.add);
            change.removed.extend(&edit.remove);
        }
    }
    found
}

/// Names a package for a reader: `NAME VERSION`.
fn label(stanza: &Stanza) -> String {
    format!("{} {}", stanza.name(), stanza.version())
}

/// Writes names with commas between them.
fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    words.join(", ")
}
