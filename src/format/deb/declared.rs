//! A package declared by its fields, scripts and conffiles: the control tree
//! that debhelper would have made for it.
//!
//! Follows deb-control(5), deb-conffiles(5), deb-md5sums(5), dh_md5sums(1) and
//! dpkg-gencontrol(1) for `Installed-Size`.

use std::collections::{BTreeMap, HashSet};
use std::io;

use md5::Digest;

use crate::format::control::{DeclareError, DeclaredControl};
use crate::format::tar::{Content, Kind, Node, Tree, TreePath};
use crate::model::Timestamp;
use crate::model::digest::hex;

use super::SCRIPTS;

/// A package as its maker declares it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// What `control` says; `Installed-Size` is computed.
    pub control: DeclaredControl,
    /// Scripts and other control files (`postinst`, `triggers`, `templates`)
    /// by name; scripts become executable. Not `control`, `conffiles` and
    /// `md5sums`, which are made.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Files of the data tree that are conffiles.
    pub conffiles: Vec<TreePath>,
    /// What the package installs.
    pub data: Tree,
}

/// Says why a declared package cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DeclaredError {
    /// The fields make no control file.
    #[error("the package's description makes no control file")]
    Control(#[source] DeclareError),
    /// A control file was given that is made here, or that cannot be one.
    #[error("control file {name:?} {reason}")]
    File {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A conffile is no regular file of the data tree, or comes twice.
    #[error("conffile {path} {reason}")]
    Conffile {
        /// The conffile.
        path: TreePath,
        /// Why not.
        reason: &'static str,
    },
    /// A file cannot be read for its digest.
    #[error("cannot read {path}")]
    Content {
        /// The file.
        path: TreePath,
        /// Why.
        source: io::Error,
    },
}

impl Declared {
    /// Makes the control tree: `control`, `conffiles` and `md5sums` when they
    /// have lines, scripts. Reads every data file once.
    pub fn control_tree(&self, epoch: Timestamp) -> Result<Tree, DeclaredError> {
        let mtime = epoch.unix();
        let mut tree = Tree::new();
        let mut put = |name: &str, bytes: Vec<u8>, mode| {
            let path = TreePath::new(name)
                .ok()
                .filter(|p| p.parent() == Some(TreePath::root()));
            let refuse = |reason| DeclaredError::File {
                name: name.to_owned(),
                reason,
            };
            let path = path.ok_or_else(|| refuse("has no valid name"))?;
            tree.insert(path, Node::file(bytes, mode, mtime))
                .map_err(|_| refuse("is made from the package itself"))
        };
        let conffiles = self.conffiles_text()?;
        if !conffiles.is_empty() {
            put("conffiles", conffiles, 0o644)?;
        }
        let md5sums = self.md5sums_text()?;
        if !md5sums.is_empty() {
            put("md5sums", md5sums, 0o644)?;
        }
        put("control", Vec::new(), 0o644)?;
        for (name, bytes) in &self.files {
            let script = SCRIPTS.contains(&name.as_str());
            put(name, bytes.clone(), if script { 0o755 } else { 0o644 })?;
        }
        let name = |text| TreePath::new(text).expect("a plain name");
        // debhelper has not written these two when the size is computed.
        let mut counted = tree.clone();
        counted.retain(|path| *path != name("control") && *path != name("md5sums"));
        let size_kib = installed_size_kib(&counted, &self.data);
        let control = self
            .control
            .text(size_kib)
            .map_err(DeclaredError::Control)?;
        tree.retain(|path| *path != name("control"));
        tree.insert(
            name("control"),
            Node::file(control.into_bytes(), 0o644, mtime),
        )
        .expect("it was just taken out");
        Ok(tree)
    }

    fn conffiles_text(&self) -> Result<Vec<u8>, DeclaredError> {
        let mut seen = HashSet::new();
        let mut text = Vec::new();
        for path in &self.conffiles {
            let reason = match self.data.get(path).map(|node| &node.kind) {
                None => "is not in the package",
                Some(Kind::File(_)) if path.as_bytes().contains(&b'\n') => {
                    "has a newline in its name"
                }
                Some(Kind::File(_)) if !seen.insert(path) => "comes twice",
                Some(Kind::File(_)) => {
                    text.extend([b"/", path.as_bytes(), b"\n"].concat());
                    continue;
                }
                Some(_) => "is no regular file",
            };
            return Err(DeclaredError::Conffile {
                path: path.clone(),
                reason,
            });
        }
        Ok(text)
    }

    /// As dh_md5sums: every regular file but conffiles, sorted by the bytes of
    /// the whole path (so not in the order of a walk), a newline in a name
    /// written `\n`.
    fn md5sums_text(&self) -> Result<Vec<u8>, DeclaredError> {
        let conffiles: HashSet<_> = self.conffiles.iter().collect();
        let mut files: Vec<_> = self
            .data
            .iter()
            .filter(|(path, _)| !conffiles.contains(path))
            .filter_map(|(path, node)| match &node.kind {
                Kind::File(content) => Some((path, content)),
                _ => None,
            })
            .collect();
        files.sort_by_key(|(path, _)| path.as_bytes());
        let mut text = Vec::new();
        for (path, content) in files {
            let digest = md5_of(content).map_err(|source| DeclaredError::Content {
                path: path.clone(),
                source,
            })?;
            text.extend_from_slice(digest.as_bytes());
            text.extend_from_slice(b"  ");
            for byte in path.as_bytes() {
                match byte {
                    b'\n' => text.extend_from_slice(b"\\n"),
                    b'\r' => text.extend_from_slice(b"\\r"),
                    byte => text.push(*byte),
                }
            }
            text.push(b'\n');
        }
        Ok(text)
    }
}

fn md5_of(content: &Content) -> io::Result<String> {
    let mut hasher = md5::Md5::new();
    io::copy(&mut content.open()?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// Computes `Installed-Size` as dpkg-gencontrol does for a build tree with
/// these control files: KiB rounded up for each file and symbolic link (all
/// its names counting once), 1 KiB for anything else, with the root and
/// `DEBIAN` itself.
pub fn installed_size_kib(control: &Tree, data: &Tree) -> u64 {
    [control, data].into_iter().map(kib).sum()
}

fn kib(tree: &Tree) -> u64 {
    // Directories that nobody inserted will be made, the root at least.
    let mut implied = HashSet::from([TreePath::root()]);
    for (path, _) in tree.iter() {
        let mut above = path.parent();
        while let Some(parent) = above {
            above = parent.parent();
            implied.insert(parent);
        }
    }
    implied.retain(|path| tree.get(path).is_none());
    let mut seen = HashSet::new();
    let sizes = tree.named().map(|(_, number, node)| match &node.kind {
        Kind::File(_) | Kind::Symlink(_) if !seen.insert(number) => 0,
        Kind::File(content) => content.size().div_ceil(1024),
        Kind::Symlink(target) => (target.len() as u64).div_ceil(1024),
        _ => 1,
    });
    sizes.sum::<u64>() + implied.len() as u64
}
