//! A change of a suite that may happen: the proof that every rule was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::archive::chunk::Edit;
use crate::archive::current::Current;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Base;
use crate::archive::proofs::{ProofFile, Shelves};
use crate::archive::settings::Settings;
use crate::format::index::contents::FileList;
use crate::format::index::translation::Translation;
use crate::format::index::{PoolFile, Stanza};
use crate::format::version::Version;
use crate::model::{Architecture, ArchivePath, Component, Finding, PackageName, Sha256, Suite};

/// A change of one generation of one suite that breaks no rule.
///
/// Only the functions that ask the rules make one; it fits no other generation
/// than the one they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    pub(super) suite: Suite,
    pub(super) base: Option<Base>,
    pub(super) settings: Settings,
    pub(super) resettled: bool,
    pub(super) edits: BTreeMap<IndexName, Edit<Stanza>>,
    pub(super) pool: Vec<Incoming>,
    pub(super) copies: Vec<PoolCopy>,
    pub(super) lists: BTreeMap<Sha256, FileList>,
    pub(super) translations: BTreeSet<Translation>,
    pub(super) added: Vec<Listed>,
    pub(super) removed: Vec<Listed>,
    pub(super) unchanged: Vec<Listed>,
    pub(super) notes: Vec<Finding>,
    pub(super) shelves: Shelves,
    pub(super) proof_files: Vec<ProofFile>,
}

/// A file on its way into the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where it comes from.
    pub origin: PathBuf,
    /// Where it goes and what it must be.
    pub file: PoolFile,
}

/// A file that another pool of the archive has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolCopy {
    /// Where it is.
    pub from: ArchivePath,
    /// Where it goes and what it must be.
    pub file: PoolFile,
}

/// A package as a suite lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listed {
    /// The package's name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture; `source` for a source package.
    pub architecture: Architecture,
    /// The component it is in.
    pub component: Component,
}

impl Listed {
    /// Returns how `stanza` is listed in `component`.
    pub fn of(stanza: &Stanza, component: &Component) -> Self {
        Self {
            name: stanza.name().clone(),
            version: stanza.version().clone(),
            architecture: stanza.architecture().clone(),
            component: component.clone(),
        }
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            version,
            architecture,
            ..
        } = self;
        write!(f, "{name} {version} {architecture}")
    }
}

impl Admission {
    /// Returns the suite it is for.
    pub fn suite(&self) -> &Suite {
        &self.suite
    }

    /// Returns the generation it was asked for; `None` for a new suite.
    pub fn base(&self) -> Option<Base> {
        self.base
    }

    /// Returns what comes, each package once.
    pub fn added(&self) -> &[Listed] {
        &self.added
    }

    /// Returns what goes, each package once.
    pub fn removed(&self) -> &[Listed] {
        &self.removed
    }

    /// Returns what was to come and is there already.
    pub fn unchanged(&self) -> &[Listed] {
        &self.unchanged
    }

    /// Returns remarks that stop nothing.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// Returns what the suite is afterwards.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the edits of the indices that list packages.
    pub fn edits(&self) -> &BTreeMap<IndexName, Edit<Stanza>> {
        &self.edits
    }

    /// Returns a file of the pool as it is before the change.
    pub fn before(&self, file: &PoolFile) -> PoolFile {
        let at = (self.copies).binary_search_by(|copy| copy.file.path.cmp(&file.path));
        let copy = at.ok().map(|at| &self.copies[at]);
        PoolFile {
            path: copy.map_or(&file.path, |copy| &copy.from).clone(),
            ..file.clone()
        }
    }

    /// Tells whether it changes anything.
    pub fn is_change(&self) -> bool {
        self.resettled
            || !self.edits.is_empty()
            || !self.pool.is_empty()
            || !self.shelves.is_empty()
    }

    /// Brings lists of files along that are kept nowhere yet.
    #[must_use]
    pub fn with_lists(mut self, lists: BTreeMap<Sha256, FileList>) -> Self {
        self.lists.extend(lists);
        self
    }

    /// Starts with no change of what `current` is.
    pub(super) fn of(current: &Current, settings: Settings) -> Self {
        Self {
            suite: current.suite.clone(),
            base: current.base(),
            resettled: current.manifest().is_none_or(|m| m.settings != settings),
            settings,
            edits: BTreeMap::new(),
            pool: Vec::new(),
            copies: Vec::new(),
            lists: BTreeMap::new(),
            translations: BTreeSet::new(),
            added: Vec::new(),
            removed: Vec::new(),
            unchanged: Vec::new(),
            notes: Vec::new(),
            shelves: Shelves::new(),
            proof_files: Vec::new(),
        }
    }

    /// Puts the lists in order and drops what is said twice (a package for all
    /// architectures is in every index).
    pub(super) fn tidied(mut self) -> Self {
        for list in [&mut self.added, &mut self.removed, &mut self.unchanged] {
            list.sort();
            list.dedup();
        }
        self.pool.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        self.pool.dedup_by(|a, b| a.file.path == b.file.path);
        self.copies.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        self.copies.dedup();
        self
    }
}
