//! What is offered to a suite: packages that were read elsewhere, with the
//! digests that were computed while reading.

use std::path::PathBuf;

use crate::archive::admission::Incoming;
use crate::archive::layout::{self, IndexName, Pool};
use crate::archive::settings::Settings;
use crate::format::checksums::{FileName, ListedFile};
use crate::format::control::BinaryControl;
use crate::format::dsc::Dsc;
use crate::format::index::PoolFile;
use crate::format::index::contents::FileList;
use crate::model::{ArchivePath, Component, FileDigests, PackageName, Sha256, Suite};

/// A package that is offered to a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// A binary package.
    Binary(Box<Binary>),
    /// A source package.
    Source(Box<Source>),
}

/// A `.deb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// The file, whatever it is called.
    pub origin: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// Its control file.
    pub control: BinaryControl,
    /// The files it brings.
    pub files: FileList,
    /// The component it must go to; otherwise its section tells.
    pub component: Option<Component>,
}

/// A `.dsc` with the files it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The `.dsc` itself, whatever it is called.
    pub origin: PathBuf,
    /// The size and digests of that file, signature included.
    pub digests: FileDigests,
    /// What it says.
    pub dsc: Dsc,
    /// The listed files that came with it; the others must be in the pool.
    pub files: Vec<SourceFile>,
    /// The section, as an accompanying `.changes` says it.
    pub section: Option<String>,
    /// The priority, as an accompanying `.changes` says it.
    pub priority: Option<String>,
    /// The component it must go to; otherwise its section tells.
    pub component: Option<Component>,
}

/// A file of a source package as it was found beside the `.dsc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file.
    pub origin: PathBuf,
    /// The name it is listed under.
    pub name: FileName,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

impl Candidate {
    /// Returns the name that indices list it under.
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Binary(binary) => &binary.control.package,
            Self::Source(source) => &source.dsc.source,
        }
    }

    /// Names it for a reader.
    pub fn subject(&self) -> String {
        match self {
            Self::Binary(binary) => binary.control.file_name(),
            Self::Source(source) => source.dsc_name().to_string(),
        }
    }

    /// Returns the component it goes to: the one it must go to, else for
    /// debugging symbols the suite's component for these, else the one before
    /// the slash of its section if the suite has that, else the suite's first.
    /// `None` when the suite lacks the one it must go to.
    pub fn component<'a>(&'a self, settings: &'a Settings) -> Option<&'a Component> {
        let find = |name: &str| settings.components.iter().find(|c| c.as_str() == name);
        match self.forced() {
            Some(component) => find(component.as_str()),
            None => (self.for_debugging(settings))
                .or_else(|| self.component_of_section().and_then(find))
                .or(settings.components.first()),
        }
    }

    /// Returns the suite's component for packages of debugging symbols, where
    /// it has one and this is such a package.
    fn for_debugging<'a>(&self, settings: &'a Settings) -> Option<&'a Component> {
        let component = settings.debug_component.as_ref()?;
        let Self::Binary(binary) = self else {
            return None;
        };
        let built = binary.control.paragraph();
        let is_debug = built.get("Auto-Built-Package") == Some("debug-symbols");
        is_debug.then_some(component)
    }

    /// Returns the component before the slash of its section, if that decides
    /// and the suite lacks it.
    pub(super) fn lacking<'a>(&'a self, settings: &Settings) -> Option<&'a str> {
        let is_there = |name: &str| settings.components.iter().any(|c| c.as_str() == name);
        let meant = self.component_of_section()?;
        let decides = self.forced().is_none() && self.for_debugging(settings).is_none();
        (decides && !is_there(meant)).then_some(meant)
    }

    fn forced(&self) -> Option<&Component> {
        match self {
            Self::Binary(binary) => binary.component.as_ref(),
            Self::Source(source) => source.component.as_ref(),
        }
    }

    fn component_of_section(&self) -> Option<&str> {
        let section = match self {
            Self::Binary(binary) => &binary.control.section,
            Self::Source(source) => &source.section,
        };
        Some(section.as_ref()?.split_once('/')?.0)
    }

    /// Returns the indices of `component` that list it.
    pub fn indices(&self, settings: &Settings, component: &Component) -> Vec<IndexName> {
        match self {
            Self::Source(_) => vec![IndexName::Sources {
                component: component.clone(),
            }],
            Self::Binary(binary) => {
                let own = &binary.control.architecture;
                let mut indices = settings.packages_of(component);
                indices.retain(|index| own.is_all() || index.is_for(own));
                indices
            }
        }
    }

    /// Returns the pool paths it takes or refers to in a suite.
    pub fn pool_paths(&self, suite: &Suite, settings: &Settings) -> Vec<ArchivePath> {
        let pool = settings.pool_of(suite);
        let Some(component) = self.component(settings) else {
            return Vec::new();
        };
        match self {
            Self::Binary(binary) => vec![binary.incoming(pool, component).file.path],
            Self::Source(source) => {
                let directory = source.directory(pool, component);
                let names = source.dsc.files.iter().map(|file| &file.name);
                let mut paths: Vec<_> = names.map(|n| layout::pool_file(&directory, n)).collect();
                paths.push(layout::pool_file(&directory, &source.dsc_name()));
                paths
            }
        }
    }
}

impl Binary {
    /// Returns where its file goes: under its package's name, whatever it was
    /// called when it came.
    pub(super) fn incoming(&self, pool: Pool<'_>, component: &Component) -> Incoming {
        let directory = pool.directory(component, &self.control.source);
        let name = FileName::new(self.control.file_name()).expect("made from valid parts");
        Incoming {
            origin: self.origin.clone(),
            file: PoolFile {
                path: layout::pool_file(&directory, &name),
                size: self.size,
                sha256: self.sha256,
            },
        }
    }
}

impl Source {
    /// Returns the name its `.dsc` gets in the pool.
    pub(super) fn dsc_name(&self) -> FileName {
        FileName::new(self.dsc.file_name()).expect("made from valid parts")
    }

    /// Returns the directory its files go to.
    pub(super) fn directory(&self, pool: Pool<'_>, component: &Component) -> ArchivePath {
        pool.directory(component, &self.dsc.source)
    }

    /// Returns where its `.dsc` goes.
    pub(super) fn incoming_dsc(&self, pool: Pool<'_>, component: &Component) -> Incoming {
        Incoming {
            origin: self.origin.clone(),
            file: PoolFile {
                path: layout::pool_file(&self.directory(pool, component), &self.dsc_name()),
                size: self.digests.size,
                sha256: self.digests.sha256,
            },
        }
    }

    /// Finds the file that came with it for a listed name.
    pub(super) fn file(&self, listed: &ListedFile) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.name == listed.name)
    }
}
