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
        const MADE: [&str; 3] = ["control", "conffiles", "md5sums"];
        let mtime = epoch.unix();
        let mut tree = Tree::new();
        let put = |tree: &mut Tree, name: &str, bytes: Vec<u8>, mode| {
            let path = TreePath::new(name).expect("a checked name");
            tree.insert(path, Node::file(bytes, mode, mtime))
                .expect("names in a map and names made here differ");
        };
        for (name, bytes) in &self.files {
            let refuse = |reason| DeclaredError::File {
                name: name.clone(),
                reason,
            };
            if MADE.contains(&name.as_str()) {
                return Err(refuse("is made from the package itself"));
            }
            if name.contains('/') || name.is_empty() || TreePath::new(name.as_str()).is_err() {
                return Err(refuse("has no valid name"));
            }
            let script = SCRIPTS.contains(&name.as_str());
            put(
                &mut tree,
                name,
                bytes.clone(),
                if script { 0o755 } else { 0o644 },
            );
        }
        let conffiles = self.conffiles_text()?;
        if !conffiles.is_empty() {
            put(&mut tree, "conffiles", conffiles, 0o644);
        }
        // Before the other two are in: debhelper has not written them either
        // when it computes the size.
        let size_kib = installed_size_kib(&tree, &self.data);
        let control = self
            .control
            .text(size_kib)
            .map_err(DeclaredError::Control)?;
        put(&mut tree, "control", control.into_bytes(), 0o644);
        let md5sums = self.md5sums_text()?;
        if !md5sums.is_empty() {
            put(&mut tree, "md5sums", md5sums, 0o644);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Architecture;

    fn declared() -> Declared {
        let mut data = Tree::new();
        let path = TreePath::new("etc/hello.conf").expect("plain");
        data.insert(path, Node::file(*b"a=1\n", 0o644, 0))
            .expect("free");
        Declared {
            control: DeclaredControl {
                package: "hello".parse().expect("a name"),
                version: "1.0".parse().expect("a version"),
                architecture: Architecture::all(),
                maintainer: "A <a@x.org>".to_owned(),
                relations: BTreeMap::new(),
                section: None,
                priority: None,
                multi_arch: None,
                debug_symbols: None,
                homepage: None,
                synopsis: "greets".to_owned(),
                description: "the world".to_owned(),
            },
            files: BTreeMap::new(),
            conffiles: Vec::new(),
            data,
        }
    }

    fn refusal(spoil: impl Fn(&mut Declared)) -> String {
        let mut declared = declared();
        spoil(&mut declared);
        match declared.control_tree(Timestamp::from_unix(0)) {
            Ok(_) => "accepted".to_owned(),
            Err(DeclaredError::Control(why)) => why.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_makes_no_package_is_refused() {
        assert_eq!(refusal(|_| ()), "accepted");
        for name in ["control", "md5sums", "conffiles"] {
            let found = refusal(|d| drop(d.files.insert(name.to_owned(), Vec::new())));
            assert_eq!(
                found,
                format!("control file {name:?} is made from the package itself")
            );
        }
        for name in ["", "..", "a/b", "/x"] {
            let found = refusal(|d| drop(d.files.insert(name.to_owned(), Vec::new())));
            assert_eq!(found, format!("control file {name:?} has no valid name"));
        }
        for (path, times, want) in [
            ("etc/none", 1, "conffile etc/none is not in the package"),
            ("etc/hello.conf", 2, "conffile etc/hello.conf comes twice"),
        ] {
            let path = TreePath::new(path).expect("plain");
            assert_eq!(refusal(|d| d.conffiles = vec![path.clone(); times]), want);
        }
        assert_eq!(
            refusal(|d| d.control.synopsis = "a\nEssential: yes".to_owned()),
            "Description is \"a\\nEssential: yes\", expected one line of text"
        );
    }
}
