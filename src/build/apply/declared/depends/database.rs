//! What the packages of libraries say of depending on them, from dpkg's
//! database (`/var/lib/dpkg/info`).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::build::database::{INFO, owners};
use crate::format::symbols::Symbols;
use crate::format::symbols::shlibs_dependency;
use crate::sys::layers::Layers;

/// What was found of some libraries.
pub(super) struct Database<'a> {
    system: &'a Layers,
    /// The packages that own a library, by the names of their files.
    owners: HashMap<PathBuf, Vec<String>>,
    texts: BTreeMap<PathBuf, Option<String>>,
}

impl<'a> Database<'a> {
    /// Finds the owners of these libraries.
    pub(super) fn read<'l>(system: &'a Layers, libraries: impl Iterator<Item = &'l Path>) -> Self {
        Self {
            system,
            owners: owners(system, libraries),
            texts: BTreeMap::new(),
        }
    }

    /// Reads the symbols of a library from its package, where it lists them.
    pub(super) fn symbols(&mut self, library: &Path, soname: &str) -> Option<Symbols> {
        let owners = self.owners.get(library)?.clone();
        owners.iter().find_map(|owner| {
            let path = Path::new(INFO).join(format!("{owner}.symbols"));
            Symbols::read(self.text(path)?, soname)
        })
    }

    /// Reads what depending on a library looks like: from the administrator,
    /// its package, or dpkg's defaults.
    pub(super) fn shlibs(&mut self, library: &Path, soname: &str) -> Option<String> {
        let owners = self.owners.get(library).cloned().unwrap_or_default();
        let own = owners
            .iter()
            .map(|owner| Path::new(INFO).join(format!("{owner}.shlibs")));
        let mut files = vec![PathBuf::from("/etc/dpkg/shlibs.override")];
        files.extend(own);
        files.push(PathBuf::from("/etc/dpkg/shlibs.default"));
        files.into_iter().find_map(|file| {
            let text = self.text(file)?;
            shlibs_dependency(text, soname).map(str::to_owned)
        })
    }

    fn text(&mut self, path: PathBuf) -> Option<&str> {
        let read = |path: &PathBuf| {
            let bytes = self.system.read(path)?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = self
            .texts
            .entry(path.clone())
            .or_insert_with(|| read(&path));
        text.as_deref()
    }
}
