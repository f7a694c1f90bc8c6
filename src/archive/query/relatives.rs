//! Sources and their binaries, as the stanzas name each other.

use crate::format::index::{Kind, Stanza};
use crate::format::version::Version;
use crate::model::PackageName;

/// Reads of which source, in which version, a package is; a source is its own.
pub fn source_of(stanza: &Stanza) -> Option<(PackageName, Version)> {
    let own = || (stanza.name().clone(), stanza.version().clone());
    if stanza.kind() == Kind::Sources {
        return Some(own());
    }
    let fields = stanza.paragraph();
    let Some(source) = fields.get("Source") else {
        return Some(own());
    };
    let (name, version) = match source.split_once('(') {
        Some((name, version)) => {
            let version = version.trim_end().trim_end_matches(')').trim();
            (name, Version::new(version).ok()?)
        }
        None => (source, stanza.version().clone()),
    };
    Some((PackageName::new(name.trim()).ok()?, version))
}

/// Reads which binary packages a source package says it builds.
pub fn binaries_of(stanza: &Stanza) -> Vec<PackageName> {
    if stanza.kind() != Kind::Sources {
        return Vec::new();
    }
    let fields = stanza.paragraph();
    let listed = fields.get("Binary").unwrap_or_default();
    let names = listed.split([',', '\n', ' ']).map(str::trim);
    // A name that is none is nothing to look for.
    let mut names: Vec<_> = names
        .filter_map(|name| PackageName::new(name).ok())
        .collect();
    names.sort();
    names.dedup();
    names
}
