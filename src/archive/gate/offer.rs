//! What can satisfy a relation: a package under its own name, or under one that
//! it provides (Debian Policy 7.1, 7.5; deb-control(5)).
//!
//! A catalogue is the offers of an index as text, one a line, in order of the
//! names: an index of 60,000 packages is read once, and a name is found in its
//! catalogue by halving.

use std::collections::BTreeSet;

use super::Names;
use crate::format::control::MultiArch;
use crate::format::deb822::Paragraph;
use crate::format::index::Stanza;
use crate::format::relation::{Alternative, Clause, Form, Operator, Relation, relations};
use crate::format::version::Version;
use crate::model::{Architecture, PackageName};

/// A name under which a package can satisfy a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The name.
    pub name: PackageName,
    /// Its version; none where a name is provided without one, which satisfies
    /// no relation that asks for a version.
    pub version: Option<Version>,
    /// How the package serves other architectures.
    pub multi_arch: Option<MultiArch>,
    /// The package.
    pub by: PackageName,
    /// The package's version.
    pub by_version: Version,
}

impl Offer {
    /// Returns a package under its own name.
    pub fn of(stanza: &Stanza) -> Self {
        Self {
            name: stanza.name().clone(),
            version: Some(stanza.version().clone()),
            multi_arch: multi_arch(&stanza.paragraph()),
            by: stanza.name().clone(),
            by_version: stanza.version().clone(),
        }
    }

    /// Returns what a package provides.
    pub fn provided(stanza: &Stanza) -> Vec<Self> {
        let fields = stanza.paragraph();
        let multi_arch = multi_arch(&fields);
        let provides = field(&fields, "Provides").into_iter();
        let relations = provides.flat_map(|clause| clause.alternatives);
        let offer = |alternative| {
            let Alternative::Relation(relation) = alternative else {
                return None;
            };
            Some(Self {
                name: relation.name,
                version: relation.version.map(|(_, version)| version),
                multi_arch,
                by: stanza.name().clone(),
                by_version: stanza.version().clone(),
            })
        };
        relations.filter_map(offer).collect()
    }

    /// Tells whether a package that has `architecture` or none of its own can
    /// rely on it for `relation`.
    ///
    /// What is for other architectures is not among the offers, so that a name
    /// without qualifier is always served. `:any` wants `Multi-Arch: allowed`,
    /// as apt has it. What another architecture's packages are asked for cannot
    /// be told here, and counts as there.
    pub fn satisfies(&self, relation: &Relation, architecture: &Architecture) -> bool {
        if self.name != relation.name {
            return false;
        }
        let version = match (&relation.version, &self.version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((operator, bound)), Some(version)) => operator.holds(version, bound),
        };
        let reached = match relation.qualifier.as_deref() {
            Some("any") => self.multi_arch == Some(MultiArch::Allowed),
            None => true,
            Some(named) => named == architecture.as_str(),
        };
        version && reached
    }

    /// Writes it as a line of a catalogue.
    pub fn line(&self) -> String {
        let version = self.version.as_ref().map_or("-", Version::as_str);
        let multi_arch = self.multi_arch.map_or("-".to_owned(), |m| m.to_string());
        let Self {
            name,
            by,
            by_version,
            ..
        } = self;
        format!("{name}\t{version}\t{multi_arch}\t{by}\t{by_version}\n")
    }

    /// Reads a line of a catalogue; none when it is not one.
    pub fn of_line(line: &str) -> Option<Self> {
        let mut words = line.split('\t');
        let mut next = || words.next();
        let (name, version, multi_arch) = (next()?, next()?, next()?);
        Some(Self {
            name: PackageName::new(name).ok()?,
            version: match version {
                "-" => None,
                text => Some(Version::new(text).ok()?),
            },
            multi_arch: multi_arch.parse().ok(),
            by: PackageName::new(next()?).ok()?,
            by_version: Version::new(next()?).ok()?,
        })
    }
}

/// Makes the catalogue of a `Packages`. What cannot be read in somebody else's
/// index offers nothing.
pub fn catalogue(packages: &str) -> String {
    let mut lines = BTreeSet::new();
    for text in packages.split("\n\n") {
        let text = text.trim_matches('\n');
        let kind = crate::format::index::Kind::Packages;
        let Ok(stanzas) = crate::format::index::parse(text.as_bytes(), kind) else {
            continue;
        };
        for stanza in stanzas {
            lines.insert(Offer::of(&stanza).line());
            lines.extend(Offer::provided(&stanza).iter().map(Offer::line));
        }
    }
    lines.into_iter().collect()
}

/// Finds what a catalogue has of these names.
pub fn find(catalogue: &str, names: &Names) -> Vec<Offer> {
    let mut found = Vec::new();
    for name in names {
        let rest = &catalogue[first(catalogue, name.as_str())..];
        let own = |line: &&str| line.split('\t').next() == Some(name.as_str());
        found.extend(rest.lines().take_while(own).filter_map(Offer::of_line));
    }
    found
}

/// Returns where the first line starts whose name is not before `name`.
fn first(catalogue: &str, name: &str) -> usize {
    let (mut low, mut high) = (0, catalogue.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let bytes = &catalogue.as_bytes()[..middle];
        let start = memchr::memrchr(b'\n', bytes)
            .map_or(0, |at| at + 1)
            .max(low);
        let line = catalogue[start..].lines().next().unwrap_or_default();
        match line.split('\t').next().unwrap_or_default() < name {
            true => low = start + line.len() + 1,
            false => high = start,
        }
    }
    low.min(catalogue.len())
}

fn multi_arch(fields: &Paragraph<'_>) -> Option<MultiArch> {
    fields.get("Multi-Arch")?.parse().ok()
}

/// Reads a field of relations; one that cannot be read holds none: what comes
/// in was read before, and what is there is not judged.
pub(super) fn field(fields: &Paragraph<'_>, name: &str) -> Vec<Clause> {
    let Some(field) = fields.field(name) else {
        return Vec::new();
    };
    let lines: Vec<_> = field.lines().map(|(_, line)| line).collect();
    relations(&lines.join("\n"), Form::Handwritten).unwrap_or_default()
}

/// Returns the relations of a field that a package is named by, each with the
/// bound on its version.
pub(super) fn pairs(
    fields: &Paragraph<'_>,
    name: &str,
) -> Vec<(PackageName, Option<(Operator, Version)>)> {
    let clauses = field(fields, name).into_iter();
    let pair = |alternative| match alternative {
        Alternative::Relation(relation) => Some((relation.name, relation.version)),
        Alternative::Unsettled(_) => None,
    };
    clauses
        .flat_map(|clause| clause.alternatives)
        .filter_map(pair)
        .collect()
}
