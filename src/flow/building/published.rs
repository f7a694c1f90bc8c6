//! What of a source package is published already, for versions that count on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::FlowError;
use super::super::archiving::open_store;
use super::variant::ArchiveAt;
use crate::archive::query;
use crate::build::source::{Recipe, TaggedSource};
use crate::format::index::{self, PoolFile};
use crate::format::version::Version;
use crate::model::{Architecture, PackageName};
use crate::publish::{self, PublishError, Question, observe};
use crate::release::debian_version::source_of;
use crate::sys::environment::Environment;
use crate::sys::files;

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
    environment: &Environment,
) -> Result<Published, FlowError> {
    let mut found = Published::default();
    let (Some(at), Recipe::Debian(debian)) = (at, &source.recipe) else {
        return Ok(found);
    };
    let store = open_store(&at.location, directory, environment)?;
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

/// Fetches the published packages that a build's own would replace: of each
/// name the newest version before the build's, for its architecture.
pub(super) fn packages(
    at: Option<&ArchiveAt>,
    source: &TaggedSource,
    architecture: &Architecture,
    (directory, environment): (&Path, &Environment),
    into: &Path,
) -> Result<Vec<PathBuf>, FlowError> {
    let Some(at) = at else {
        return Ok(Vec::new());
    };
    let (names, own): (Vec<PackageName>, _) = match &source.recipe {
        Recipe::Debian(debian) => {
            let binaries = debian.control.binaries.iter();
            let names = binaries.map(|binary| binary.package.clone()).collect();
            (names, Some(&debian.changelog.version))
        }
        // Its version is the plan's to say; a later one than that is published
        // by mistake, and the upgrade fails.
        Recipe::Declared { .. } => (vec![source.package.name.clone()], None),
    };
    let store = open_store(&at.location, directory, environment)?;
    let mut newest = BTreeMap::<PackageName, (Version, PoolFile)>::new();
    for suite in publish::suites(store.as_ref())? {
        if at.suite.as_ref().is_some_and(|wanted| *wanted != suite) {
            continue;
        }
        let current = observe(store.as_ref(), &suite, Question::Packages(&names))?;
        for name in &names {
            for (_, stanza) in query::show(&current, name).map_err(PublishError::from)? {
                let built_for = stanza.architecture();
                let fits = built_for == architecture || built_for.is_all();
                let version = stanza.version();
                let known = newest.get(name).map(|(version, _)| version);
                let is_newer = known.is_none_or(|known| version.compare(known).is_gt());
                let file = index::files(stanza).unwrap_or_default().into_iter().next();
                if let Some(file) = file
                    && fits
                    && is_newer
                    && own.is_none_or(|own| version.compare(own).is_lt())
                {
                    newest.insert(name.clone(), (version.clone(), file));
                }
            }
        }
    }
    let mut fetched = Vec::new();
    for (_, file) in newest.into_values() {
        let name = file.path.as_str().rsplit('/').next().unwrap_or_default();
        let to = into.join(name);
        let Some(from) = store.open(&file.path)? else {
            continue;
        };
        files::copy_to_new(from, &to)?;
        fetched.push(to);
    }
    Ok(fetched)
}
