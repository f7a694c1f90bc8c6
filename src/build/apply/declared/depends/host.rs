//! Where the dynamic linker would find libraries: in the package, or in the
//! system that it was built in. ld.so(8), ldconfig(8).

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::build::apply::declared::Shaping;
use crate::build::apply::declared::compressed::target;
use crate::build::apply::declared::programs::Program;
use crate::format::elf::Abi;
use crate::format::tar::{Kind, Tree, TreePath};
use crate::sys::layers::Layers;

/// Where a library was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// In the package itself, in this directory.
    Own(String),
    /// In the system, at this path of it.
    System(PathBuf),
}

impl Found {
    pub(super) fn own(&self) -> Option<&str> {
        match self {
            Self::Own(directory) => Some(directory),
            Self::System(_) => None,
        }
    }

    pub(super) fn system(&self) -> Option<&Path> {
        match self {
            Self::Own(_) => None,
            Self::System(path) => Some(path),
        }
    }
}

/// What libraries there are.
pub(super) struct Libraries<'a> {
    /// Names in the package that lead to one of its libraries.
    own: Vec<(TreePath, Abi)>,
    system: &'a Layers,
    /// Where the linker looks for every program.
    usual: Vec<PathBuf>,
}

impl<'a> Libraries<'a> {
    /// Looks at the package and at the system.
    pub(super) fn new(
        shaping: &Shaping,
        programs: &[&Program],
        system: &'a Layers,
        triplet: Option<&str>,
    ) -> Self {
        let abi = |path: &TreePath| {
            let path = resolved(&shaping.data, path)?;
            let program = programs.iter().find(|program| program.path == path)?;
            Some(program.elf.abi)
        };
        let own = shaping.data.iter();
        let own = own.filter_map(|(path, _)| Some((path.clone(), abi(path)?)));
        let mut usual = Vec::new();
        for top in ["/lib", "/usr/lib"] {
            let tuple = triplet.map(|triplet| PathBuf::from(top).join(triplet));
            usual.extend(tuple);
            usual.push(PathBuf::from(top));
        }
        configured(system, Path::new("/etc/ld.so.conf"), 0, &mut usual);
        usual.extend(["/lib64", "/usr/lib64", "/lib32", "/usr/lib32"].map(PathBuf::from));
        Self {
            own: own.collect(),
            system,
            usual,
        }
    }

    /// Finds the library that a program needs. One that is anywhere in the
    /// package counts: how it is found there (`dlopen`, a wrapper) is its
    /// own affair.
    pub(super) fn find(&self, program: &Program, soname: &str) -> Option<Found> {
        let abi = program.elf.abi;
        let own = |(path, found): &&(TreePath, Abi)| {
            *found == abi && path.file_name() == soname.as_bytes()
        };
        if let Some((path, _)) = self.own.iter().find(own) {
            let directory = path.parent().unwrap_or_default();
            return Some(Found::Own(
                String::from_utf8_lossy(directory.as_bytes()).into_owned(),
            ));
        }
        let origin = program.path.parent().unwrap_or_default();
        let origin = format!("/{}", String::from_utf8_lossy(origin.as_bytes()));
        let own_paths = program.elf.search.iter().map(|path| {
            let path = path
                .replace("${ORIGIN}", &origin)
                .replace("$ORIGIN", &origin);
            PathBuf::from(path)
        });
        own_paths
            .chain(self.usual.iter().cloned())
            .find_map(|directory| {
                let path = directory.join(soname);
                let place = self.system.file(&path)?;
                let mut head = [0; 20];
                let file = fs::File::open(place.outside);
                let read = file.and_then(|mut file| file.read_exact(&mut head));
                (read.is_ok() && Abi::of(&head) == Some(abi)).then_some(Found::System(path))
            })
    }
}

/// Follows links in the package to a file of it.
fn resolved(data: &Tree, path: &TreePath) -> Option<TreePath> {
    let mut path = path.clone();
    for _ in 0..16 {
        match &data.get(&path)?.kind {
            Kind::Symlink(to) => path = target(&path, to)?,
            Kind::File(_) => return Some(path),
            _ => return None,
        }
    }
    None
}

/// Reads the directories that ldconfig is told of.
fn configured(system: &Layers, file: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    const DEEPEST: usize = 4;
    let Some(text) = system.read(file) else {
        return;
    };
    for line in String::from_utf8_lossy(&text).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(pattern) = line.strip_prefix("include ") {
            // A pattern for names in one directory, as Debian has it.
            let whole = Path::new("/etc").join(pattern.trim());
            let (Some(directory), Some(name)) = (whole.parent(), whole.file_name()) else {
                continue;
            };
            let Ok(pattern) = glob::Pattern::new(&name.to_string_lossy()) else {
                continue;
            };
            if depth < DEEPEST {
                for name in system.names(directory) {
                    if pattern.matches(&name.to_string_lossy()) {
                        configured(system, &directory.join(name), depth + 1, found);
                    }
                }
            }
        } else if line.starts_with('/') {
            found.push(PathBuf::from(line));
        }
    }
}
