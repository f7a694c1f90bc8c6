//! dpkg's database of installed packages: whose a library is, and what that
//! package says of depending on it (`/var/lib/dpkg/info`).

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::format::symbols::Symbols;
use crate::format::symbols::shlibs_dependency;

/// What was found of some libraries.
pub(super) struct Database {
    root: PathBuf,
    info: PathBuf,
    /// The packages that own a library, by the names of their files.
    owners: HashMap<PathBuf, Vec<String>>,
    texts: BTreeMap<PathBuf, Option<String>>,
}

impl Database {
    /// Finds the owners of these libraries in the system at `root`.
    pub(super) fn read<'a>(root: &Path, libraries: impl Iterator<Item = &'a Path>) -> Self {
        let info = root.join("var/lib/dpkg/info");
        // What the lists may call each one, as bytes of a line.
        let mut wanted: HashMap<Vec<u8>, Vec<PathBuf>> = HashMap::new();
        for library in libraries {
            for name in names(root, library) {
                let known = wanted.entry(name).or_default();
                if !known.iter().any(|known| known == library) {
                    known.push(library.to_owned());
                }
            }
        }
        let mut owners: HashMap<PathBuf, Vec<String>> = HashMap::new();
        let mut lists: Vec<PathBuf> = fs::read_dir(&info)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "list"))
            .collect();
        lists.sort();
        for list in lists {
            let (Some(package), Ok(bytes)) = (list.file_stem(), fs::read(&list)) else {
                continue;
            };
            let package = package.to_string_lossy();
            for line in bytes.split(|b| *b == b'\n') {
                for library in wanted.get(line).into_iter().flatten() {
                    let known = owners.entry(library.clone()).or_default();
                    if !known.iter().any(|known| *known == package) {
                        known.push(package.clone().into_owned());
                    }
                }
            }
        }
        Self {
            root: root.to_owned(),
            info,
            owners,
            texts: BTreeMap::new(),
        }
    }

    /// Reads the symbols of a library from its package, where it lists them.
    pub(super) fn symbols(&mut self, library: &Path, soname: &str) -> Option<Symbols> {
        let owners = self.owners.get(library)?.clone();
        owners.iter().find_map(|owner| {
            let path = self.info.join(format!("{owner}.symbols"));
            Symbols::read(self.text(path)?, soname)
        })
    }

    /// Reads what depending on a library looks like: from the administrator,
    /// its package, or dpkg's defaults.
    pub(super) fn shlibs(&mut self, library: &Path, soname: &str) -> Option<String> {
        let owners = self.owners.get(library).cloned().unwrap_or_default();
        let own = owners
            .iter()
            .map(|owner| self.info.join(format!("{owner}.shlibs")));
        let mut files = vec![self.root.join("etc/dpkg/shlibs.override")];
        files.extend(own);
        files.push(self.root.join("etc/dpkg/shlibs.default"));
        files.into_iter().find_map(|file| {
            let text = self.text(file)?;
            shlibs_dependency(text, soname).map(str::to_owned)
        })
    }

    fn text(&mut self, path: PathBuf) -> Option<&str> {
        let read = |path: &PathBuf| {
            let bytes = fs::read(path).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = self
            .texts
            .entry(path.clone())
            .or_insert_with(|| read(&path));
        text.as_deref()
    }
}

/// Lists the names that a package may have installed a file under: `/lib` may
/// be `/usr/lib` by now, and the file a link to the real one.
fn names(root: &Path, library: &Path) -> Vec<Vec<u8>> {
    let real = fs::canonicalize(library).ok();
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut found = Vec::new();
    for path in std::iter::once(library.to_owned()).chain(real) {
        let below = path
            .strip_prefix(&root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let bare = below.trim_start_matches('/');
        let merged = bare.strip_prefix("usr/").unwrap_or(bare);
        for name in [format!("/{merged}"), format!("/usr/{merged}")] {
            found.push(name.into_bytes());
        }
    }
    found
}
