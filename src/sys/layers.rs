//! The files of a system that a room is made around, read from outside: the
//! machine's own, or directories over each other as overlayfs lays them.
//!
//! Links are followed inside the system, never on the machine: what packages
//! and strangers put there leads nowhere else.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// dpkg's status file of a large desktop has six million bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// A system's directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// The last on top.
    directories: Vec<PathBuf>,
    /// Places of the machine that are shown in it.
    shown: Vec<PathBuf>,
}

/// A file or directory of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path in the system, without links.
    pub inside: PathBuf,
    /// The machine's path of it.
    pub outside: PathBuf,
}

impl Layers {
    /// The machine's own system.
    pub fn machine() -> Self {
        Self::of(vec![PathBuf::from("/")])
    }

    /// A system of directories, the last on top.
    pub fn of(directories: Vec<PathBuf>) -> Self {
        let shown = Vec::new();
        Self { directories, shown }
    }

    /// The same system, in which these places of the machine are shown.
    #[must_use]
    pub fn showing(mut self, places: &[PathBuf]) -> Self {
        self.shown.extend_from_slice(places);
        self
    }

    /// Finds a regular file, links followed.
    pub fn file(&self, path: &Path) -> Option<Place> {
        let place = self.resolved(path)?;
        let metadata = place.outside.symlink_metadata().ok()?;
        metadata.is_file().then_some(place)
    }

    /// Reads a regular file.
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let place = self.file(path)?;
        let metadata = place.outside.symlink_metadata().ok()?;
        (metadata.len() <= MOST_BYTES).then(|| fs::read(&place.outside).ok())?
    }

    /// Lists the names in a directory, those of every layer.
    pub fn names(&self, directory: &Path) -> BTreeSet<OsString> {
        let Some(place) = self.resolved(directory) else {
            return BTreeSet::new();
        };
        let mut found = BTreeSet::new();
        for directory in self.directories_of(&place.inside) {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| entry.file_name()));
        }
        if self.directories.len() > 1 {
            // Perhaps it was removed by a layer above.
            found.retain(|name| self.topmost(&place.inside.join(name)).is_some());
        }
        found
    }

    /// Returns what a link of the system says, where there is one.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        let place = self.resolved_once(path)?;
        fs::read_link(place.outside).ok()
    }

    /// Follows all links.
    fn resolved(&self, path: &Path) -> Option<Place> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            match self.step(&path)? {
                Step::There(place) => return Some(place),
                Step::Link { leads_to, .. } => path = leads_to,
            }
        }
        None
    }

    /// Finds what lies at a path whose directories are no links.
    fn resolved_once(&self, path: &Path) -> Option<Place> {
        match self.step(path)? {
            Step::There(place) => Some(place),
            Step::Link { place, .. } => (place.inside == path).then_some(place),
        }
    }

    /// Walks down a path as far as the first link.
    fn step(&self, path: &Path) -> Option<Step> {
        let mut rest = path.components();
        let mut at = PathBuf::from("/");
        let mut outside = self.directories.last()?.clone();
        while let Some(part) = rest.next() {
            let name = match part {
                Component::Normal(name) => name,
                Component::ParentDir => {
                    at.pop();
                    outside = match at.parent() {
                        Some(_) => self.topmost(&at)?.0,
                        None => self.directories.last()?.clone(),
                    };
                    continue;
                }
                _ => continue,
            };
            let directory = at.clone();
            at.push(name);
            let (found, metadata) = self.topmost(&at)?;
            if metadata.is_symlink() {
                let target = fs::read_link(&found).ok()?;
                return Some(Step::Link {
                    leads_to: directory.join(target).join(rest.as_path()),
                    place: Place {
                        inside: at,
                        outside: found,
                    },
                });
            }
            outside = found;
        }
        Some(Step::There(Place {
            inside: at,
            outside,
        }))
    }

    /// Finds the entry that is seen at a path whose directories are no links.
    fn topmost(&self, path: &Path) -> Option<(PathBuf, Metadata)> {
        if self.shown.iter().any(|place| path.starts_with(place)) {
            let metadata = path.symlink_metadata().ok()?;
            return Some((path.to_owned(), metadata));
        }
        // Where a place is shown, there are directories above it.
        let above = || {
            let leads = self.shown.iter().any(|place| place.starts_with(path));
            let metadata = path.symlink_metadata().ok()?;
            leads.then(|| (path.to_owned(), metadata))
        };
        let name = path.file_name()?;
        for directory in self.directories_of(path.parent()?) {
            let entry = directory.join(name);
            match entry.symlink_metadata() {
                Ok(metadata) if is_whiteout(&metadata) => return above(),
                Ok(metadata) => return Some((entry, metadata)),
                Err(_) => {}
            }
        }
        above()
    }

    /// Lists the directories that are seen at a path, the topmost first.
    fn directories_of(&self, path: &Path) -> Vec<PathBuf> {
        if self.shown.iter().any(|place| path.starts_with(place)) {
            return vec![path.to_owned()];
        }
        let mut visible: Vec<PathBuf> = self.directories.iter().rev().cloned().collect();
        for part in path.components() {
            let Component::Normal(name) = part else {
                continue;
            };
            let mut below = Vec::new();
            for directory in visible {
                let entry = directory.join(name);
                match entry.symlink_metadata() {
                    Ok(metadata) if metadata.is_dir() => {
                        let opaque = is_opaque(&entry);
                        below.push(entry);
                        if opaque {
                            break;
                        }
                    }
                    // Whatever else it is hides what is under it.
                    Ok(_) => break,
                    Err(_) => {}
                }
            }
            visible = below;
        }
        visible
    }
}

/// What lies at a path.
enum Step {
    There(Place),
    Link { place: Place, leads_to: PathBuf },
}

/// Tells whether an entry says that what lies under it was removed.
fn is_whiteout(metadata: &Metadata) -> bool {
    metadata.file_type().is_char_device() && metadata.rdev() == 0
}

/// Tells whether a directory was removed and made anew.
fn is_opaque(directory: &Path) -> bool {
    let mut value = [0; 8];
    ["user.overlay.opaque", "trusted.overlay.opaque"]
        .iter()
        .any(|name| rustix::fs::lgetxattr(directory, *name, &mut value[..]) == Ok(1))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_inside_and_the_top_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let (low, top) = (dir.path().join("low"), dir.path().join("top"));
        let put = |path: &Path, text: &str| {
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        };
        put(&low.join("usr/bin/ld.bfd"), "low");
        put(&low.join("usr/bin/cc"), "low");
        put(&top.join("usr/bin/cc"), "top");
        put(&top.join("usr/lib/real/x"), "top");
        symlink("usr/bin", low.join("bin")).expect("a link");
        symlink("/etc/alternatives/ld", low.join("usr/bin/ld")).expect("a link");
        fs::create_dir_all(top.join("etc/alternatives")).expect("a directory");
        symlink("/bin/ld.bfd", top.join("etc/alternatives/ld")).expect("a link");
        symlink("loop", low.join("loop")).expect("a link");
        symlink("../../../../../../etc/passwd", low.join("out")).expect("a link");
        // The directory on top hides the link under it, which leads away.
        fs::create_dir_all(low.join("usr/lib")).expect("a directory");
        symlink("/etc", low.join("usr/lib/real")).expect("a link");
        let system = Layers::of(vec![low, top]);
        let said = |path: &str| {
            let read = system.read(Path::new(path))?;
            let place = system.file(Path::new(path))?;
            let text = String::from_utf8_lossy(&read).into_owned();
            Some(format!("{} {text}", place.inside.display()))
        };
        for (path, want) in [
            ("/bin/ld", Some("/usr/bin/ld.bfd low")),
            ("/bin/cc", Some("/usr/bin/cc top")),
            ("/usr/lib/real/x", Some("/usr/lib/real/x top")),
            ("/usr/lib/real/passwd", None),
            ("/out", None),
            ("/loop", None),
            ("/usr/bin", None),
        ] {
            assert_eq!(said(path).as_deref(), want, "{path}");
        }
        let names = system.names(Path::new("/bin"));
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["cc", "ld", "ld.bfd"]
        );
        assert_eq!(system.link(Path::new("/bin")), Some("usr/bin".into()));
    }

    #[test]
    fn places_of_the_machine_are_seen_where_they_are_shown() {
        let dir = tempfile::tempdir().expect("a directory");
        let (root, tools) = (dir.path().join("root"), dir.path().join("tools"));
        for place in [&root, &tools] {
            fs::create_dir(place).expect("a directory");
        }
        fs::write(tools.join("x"), "x").expect("a file");
        let bare = Layers::of(vec![root]);
        assert_eq!(bare.file(&tools.join("x")), None);
        let showing = bare.showing(std::slice::from_ref(&tools));
        let found = showing.file(&tools.join("x")).expect("it is shown");
        assert_eq!(found.outside, tools.join("x"));
    }
}
