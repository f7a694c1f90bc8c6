//! What `dpkg-source -x` makes of a source package, compared with the tag's
//! tree: a source package that says something else than its tag is refused.
//!
//! Every difference that is allowed is one of these, and nothing else:
//!
//! - the quilt package's own notes (`.pc/`) and patches that were made of commits;
//! - what dpkg-source never packs (`debian/files`, `debian/source/local-options`)
//!   and, outside of `debian/`, what it passes over (`.gitignore` and its like,
//!   expressions of `debian/source/options`), and our own `debcut.toml`;
//! - files with `export-ignore` that the upstream tarball lacks, and the filled
//!   placeholders of files with `export-subst`;
//! - upstream's files where the tree is `debian/` alone, where it has a submodule,
//!   or where `orig-only` names them;
//! - the executable bit of `debian/rules`, which dpkg-source sets, and in format
//!   1.0 those that a diff cannot hold;
//! - the changelog's entry of a build for one distribution, which that build alone
//!   has;
//! - directories: git has none that are empty.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::BuildError;
use crate::build::layout::{Ignored, OWN_FILE};
use crate::build::source::SourceFormat;
use crate::build::upstream::{Exported, Layout, Orig};
use crate::format::export_subst;
use crate::format::gitattributes::{Slash, matches};
use crate::model::Finding;
use crate::sys::files;
use crate::sys::git::{Repository, TreeEntryKind};

/// Files of `debian/` that dpkg-source never packs.
const NEVER_PACKED: [&str; 4] = [
    "debian/files",
    "debian/files.new",
    "debian/source/local-options",
    "debian/source/local-patch-header",
];

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A file with this content's object.
    File {
        /// The object.
        id: String,
        /// Whether it may be run.
        executable: bool,
    },
    /// A link with this target's object.
    Link {
        /// The object.
        id: String,
    },
    /// A pipe, a socket or a device, which git cannot hold.
    Special,
}

/// Names a path: as text, and where it is none so that no two are the same; a
/// tree has no path that begins with a slash.
fn key(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(path) => path.to_owned(),
        Err(_) => format!("/{}", path.escape_ascii()),
    }
}

/// Everything in a tree but directories.
pub(super) type Files = BTreeMap<String, Seen>;

/// The tag's tree.
#[derive(Debug, Default)]
pub(super) struct Tagged {
    /// Its files.
    pub files: Files,
    /// Its submodules, which are not in this repository.
    pub submodules: BTreeSet<String>,
}

/// Lists the tag's tree.
pub(super) fn tagged(repository: &Repository, tree: &str) -> Result<Tagged, BuildError> {
    let mut found = Tagged::default();
    for entry in repository.entries(tree)? {
        let path = key(&entry.path);
        let id = entry.id;
        match entry.kind {
            TreeEntryKind::File { executable } => {
                found.files.insert(path, Seen::File { id, executable });
            }
            TreeEntryKind::Symlink => {
                found.files.insert(path, Seen::Link { id });
            }
            TreeEntryKind::Submodule => {
                found.submodules.insert(path);
            }
            TreeEntryKind::Directory => {}
        }
    }
    Ok(found)
}

/// Lists an unpacked tree.
pub(super) fn unpacked(repository: &Repository, directory: &Path) -> Result<Files, BuildError> {
    let mut found = Files::new();
    for entry in walkdir::WalkDir::new(directory).min_depth(1) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(directory).to_owned();
            files::failed("list", &path)(error.into())
        })?;
        let path = entry.path();
        let below = path.strip_prefix(directory).unwrap_or(path);
        let below = key(below.as_os_str().as_bytes());
        if entry.file_type().is_symlink() {
            let target = fs::read_link(path).map_err(files::failed("read", path))?;
            let id = repository.blob_id(target.as_os_str().as_bytes())?;
            found.insert(below, Seen::Link { id });
        } else if !entry.file_type().is_dir() && !entry.file_type().is_file() {
            found.insert(below, Seen::Special);
        } else if entry.file_type().is_file() {
            let metadata = fs::symlink_metadata(path).map_err(files::failed("read", path))?;
            let id = repository.blob_id(&files::read(path)?)?;
            let executable = metadata.mode() & 0o100 != 0;
            found.insert(below, Seen::File { id, executable });
        }
    }
    Ok(found)
}

/// How a source package and a tree may differ.
pub(super) struct Rules<'a> {
    /// The source package's format.
    pub format: SourceFormat,
    /// The upstream release; a native package has none.
    pub orig: Option<&'a Orig>,
    /// What attributes change of the tree.
    pub exported: &'a Exported,
    /// What is no change of upstream's.
    pub ignored: &'a Ignored,
    /// Tells whether a file of the tree is one of the source package with its
    /// placeholders filled.
    pub is_filled: &'a dyn Fn(&str) -> bool,
}

/// What was compared, and what was allowed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// Files of the tree that the source package leaves out, as it may.
    pub left_out: Vec<String>,
    /// Files whose executable bit a diff cannot hold.
    pub modes: Vec<String>,
    /// Files that are other in the source package.
    pub changed: Vec<String>,
    /// Files that the source package lacks.
    pub missing: Vec<String>,
    /// What is no file, no link and no directory in the source package.
    pub special: Vec<String>,
    /// Files that the tree lacks.
    pub extra: Vec<String>,
}

impl Rules<'_> {
    fn layout(&self) -> Option<Layout> {
        self.orig.map(|orig| orig.packing.layout)
    }

    /// Compares the tag's tree with what was unpacked.
    pub(super) fn compare(&self, tagged: &Tagged, unpacked: &Files) -> Compared {
        let mut found = Compared::default();
        let paths: BTreeSet<&String> = tagged.files.keys().chain(unpacked.keys()).collect();
        for path in paths {
            match (tagged.files.get(path), unpacked.get(path)) {
                (_, Some(Seen::Special)) => found.special.push(path.clone()),
                (Some(tree), Some(source)) => self.both(path, tree, source, &mut found),
                (Some(_), None) if self.may_lack(path) => found.left_out.push(path.clone()),
                (Some(_), None) => found.missing.push(path.clone()),
                (None, Some(_)) if self.may_add(path, &tagged.submodules) => {}
                (None, Some(_)) => found.extra.push(path.clone()),
                (None, None) => unreachable!("the path is one of theirs"),
            }
        }
        found
    }

    fn both(&self, path: &String, tree: &Seen, source: &Seen, found: &mut Compared) {
        if tree == source || (self.layout() == Some(Layout::Overlay) && !is_packaging(path)) {
            return;
        }
        if let (Seen::File { id, executable }, Seen::File { id: other, .. }) = (tree, source)
            && id == other
        {
            match (self.format, path.as_str()) {
                (_, "debian/rules") => return,
                (SourceFormat::OldDiff, _) if *executable => {
                    found.modes.push(path.clone());
                    return;
                }
                _ => {}
            }
        }
        if self.exported.filled.contains(path) && (self.is_filled)(path) {
            return;
        }
        if self.orig.is_some() && !is_packaging(path) && self.ignored.is_litter(path) {
            found.left_out.push(path.clone());
        } else if !self.is_made(path) {
            found.changed.push(path.clone());
        }
    }

    fn may_lack(&self, path: &str) -> bool {
        let upstream = self.orig.is_some();
        let top = upstream && path == OWN_FILE;
        let notes = upstream && (path == ".pc" || path.starts_with(".pc/"));
        let litter = upstream && !is_packaging(path) && self.ignored.is_litter(path);
        let left_out = self.ignored.is_left_out(path) && (!upstream || !is_packaging(path));
        top || notes || litter || left_out || NEVER_PACKED.contains(&path)
    }

    fn may_add(&self, path: &str, submodules: &BTreeSet<String>) -> bool {
        let Some(orig) = self.orig else {
            return false;
        };
        let within = |directory: &str| {
            path.strip_prefix(directory)
                .is_some_and(|below| below.starts_with('/'))
        };
        let only = |pattern: &String| {
            let slash = match pattern.contains('/') {
                true => Slash::Divides,
                false => Slash::IsACharacter,
            };
            let whole = pattern.trim_start_matches('/');
            let name = path.rsplit('/').next().unwrap_or(path);
            let of = if slash == Slash::Divides { path } else { name };
            matches(whole.as_bytes(), of.as_bytes(), slash) || within(whole.trim_end_matches('/'))
        };
        within(".pc")
            || self.is_made(path)
            || submodules.iter().any(|submodule| within(submodule))
            || (orig.packing.layout == Layout::Overlay && !is_packaging(path))
            || (!is_packaging(path) && orig.packing.orig_only.iter().any(only))
    }

    /// Tells whether a file is a patch that was made, or the list of them.
    fn is_made(&self, path: &str) -> bool {
        let Some(name) = path.strip_prefix("debian/patches/") else {
            return false;
        };
        let Some(orig) = self.orig else {
            return false;
        };
        match orig.packing.layout {
            Layout::Automatic => true,
            Layout::Commits | Layout::Single => {
                name == "series" || orig.packing.patches.iter().any(|made| made.name == name)
            }
            _ => false,
        }
    }
}

fn is_packaging(path: &str) -> bool {
    path.starts_with("debian/")
}

impl Compared {
    /// Says what is different and must not be.
    pub(super) fn findings(&self, dsc: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut differ = |paths: &[String], what: &str, fix: &str| {
            if !paths.is_empty() {
                let found = format!("{what}: {}", shown(paths));
                let finding = Finding::error("source-differs", dsc, found);
                findings.push(finding.fix(fix));
            }
        };
        differ(
            &self.changed,
            "dpkg-source -x gives these files otherwise than the tag's tree",
            "make a patch of the change in debian/patches, or of its commit with \
             patches = \"commits\"; or give the tarball that the tree was made of (--orig)",
        );
        differ(
            &self.missing,
            "dpkg-source -x does not give these files of the tag's tree",
            "make a patch that adds them, or put them below debian/; .gitattributes with \
             export-ignore says that they are not to be published",
        );
        differ(
            &self.special,
            "dpkg-source -x gives pipes, sockets or devices, which no source holds",
            "make the upstream tarball without them",
        );
        differ(
            &self.extra,
            "dpkg-source -x gives these files, and the tag's tree lacks them",
            "commit them, remove them by a patch, or name them in debcut.toml: orig-only = [...]",
        );
        findings
    }
}

/// Names some paths.
pub(super) fn shown(paths: &[String]) -> String {
    const SOME: usize = 8;
    let some = paths.iter().take(SOME).map(String::as_str);
    let some = some.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(SOME) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}

/// Tells whether a file of the tree is the unpacked one with its placeholders
/// filled.
pub(super) fn is_filled(
    repository: &Repository,
    tagged: &Tagged,
    directory: &Path,
    path: &str,
) -> bool {
    let Some(Seen::File { id, .. }) = tagged.files.get(path) else {
        return false;
    };
    let (Ok(text), Ok(found)) = (repository.blob(id), files::read(&directory.join(path))) else {
        return false;
    };
    export_subst::is_filled(&text, &found)
}

#[cfg(test)]
mod tests;
