//! What of a source package is published already, for versions that count on.

use std::path::Path;

use super::super::FlowError;
use super::super::archiving::open_store;
use super::variant::ArchiveAt;
use crate::archive::query;
use crate::build::source::{Recipe, TaggedSource};
use crate::format::version::Version;
use crate::model::PackageName;
use crate::publish::{self, PublishError, Question, observe};
use crate::release::debian_version::source_of;

/// Versions of a package that suites have.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// Of the source.
    pub sources: Vec<Version>,
    /// Of the binaries, rebuilds among them.
    pub binaries: Vec<Version>,
}

/// Asks an archive; one that is not there, or has no such suite yet, has
/// nothing.
pub(super) fn read(
    at: Option<&ArchiveAt>,
    source: &TaggedSource,
    directory: &Path,
) -> Result<Published, FlowError> {
    let mut found = Published::default();
    let (Some(at), Recipe::Debian(debian)) = (at, &source.recipe) else {
        return Ok(found);
    };
    let store = open_store(&at.location, directory)?;
    let binaries = debian.control.binaries.iter();
    let mut names: Vec<PackageName> = binaries.map(|binary| binary.package.clone()).collect();
    names.push(debian.control.source.clone());
    names.sort();
    names.dedup();
    for suite in publish::suites(store.as_ref())? {
        if at.suite.as_ref().is_some_and(|wanted| *wanted != suite) {
            continue;
        }
        let current = observe(store.as_ref(), &suite, Question::Packages(&names))?;
        for name in &names {
            for (_, stanza) in query::show(&current, name).map_err(PublishError::from)? {
                let version = stanza.version().clone();
                if stanza.architecture().as_str() == "source" {
                    found.sources.push(version);
                } else {
                    found.sources.extend(source_of(&version));
                    found.binaries.push(version);
                }
            }
        }
    }
    if found.sources.is_empty() {
        // An archive that takes binaries alone.
        found.sources.clone_from(&found.binaries);
    }
    Ok(found)
}
