//! A tree with `DEBIAN/`, as `dpkg-deb --build` takes it: checked and split.

use std::collections::HashSet;
use std::io::Read;

use crate::format::tar::{Kind, Node, Tree, TreePath};
use crate::format::version::{Version, VersionError};

use super::{Control, ControlError, SCRIPTS};

/// A tree that dpkg-deb would build.
#[derive(Debug, Clone)]
pub struct BuildTree {
    /// What is below `DEBIAN/`.
    pub control: Tree,
    /// Everything else; top-level names that begin with `DEBIAN` are left out.
    pub data: Tree,
    /// The control file.
    pub fields: Control,
}

/// Says why dpkg-deb would not build a tree.
#[derive(Debug, thiserror::Error)]
pub enum BuildTreeError {
    /// There is no directory `DEBIAN`.
    #[error("no directory DEBIAN in the tree")]
    NoControlDirectory,
    /// Something has permissions that dpkg-deb refuses.
    #[error("DEBIAN/{path} has mode {found:04o}, expected {expected}")]
    Mode {
        /// The path below `DEBIAN`.
        path: TreePath,
        /// Its mode.
        found: u32,
        /// Which modes dpkg-deb takes.
        expected: &'static str,
    },
    /// A control file is no regular file or is missing.
    #[error("DEBIAN/{path} {reason}")]
    ControlFile {
        /// The path below `DEBIAN`.
        path: TreePath,
        /// What is wrong.
        reason: &'static str,
    },
    /// A control file cannot be read.
    #[error("cannot read DEBIAN/{path}")]
    Content {
        /// The path below `DEBIAN`.
        path: TreePath,
        /// Why.
        source: std::io::Error,
    },
    /// The control file is refused.
    #[error("DEBIAN/control is not valid")]
    Control(#[source] ControlError),
    /// The control file's version is refused.
    #[error("DEBIAN/control has no valid version")]
    Version(#[source] VersionError),
    /// A line of `conffiles` is refused.
    #[error("DEBIAN/conffiles line {line}: “{}” {reason}", .found.escape_ascii())]
    Conffile {
        /// The line, from 1.
        line: usize,
        /// What it says.
        found: Vec<u8>,
        /// What is wrong.
        reason: &'static str,
    },
    /// A name has a newline in it.
    #[error("{path} has a newline in its name")]
    Newline {
        /// The path.
        path: TreePath,
    },
}

/// The largest control file that is checked here, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

impl BuildTree {
    /// Splits a tree into control and data and checks what dpkg-deb checks.
    /// Stricter than dpkg-deb in what an archive would refuse afterwards: a
    /// missing architecture, a conffile that is no regular file.
    pub fn new(tree: &Tree) -> Result<Self, BuildTreeError> {
        let name = |text| TreePath::new(text).expect("a plain name");
        let directory = name("DEBIAN");
        match tree.get(&directory) {
            Some(node) if matches!(node.kind, Kind::Directory) => {
                if node.mode & 0o7757 != 0o755 {
                    return Err(BuildTreeError::Mode {
                        path: TreePath::root(),
                        found: node.mode,
                        expected: "0755 or 0775",
                    });
                }
            }
            _ => return Err(BuildTreeError::NoControlDirectory),
        }
        if let Some((path, _)) = tree.iter().find(|(p, _)| p.as_bytes().contains(&b'\n')) {
            let path = path.clone();
            return Err(BuildTreeError::Newline { path });
        }
        let mut data = tree.clone();
        data.retain(|path| !path.as_bytes().starts_with(b"DEBIAN"));
        let control = tree.below(&directory);
        let fields = match text(&control, &name("control"))? {
            Some(text) => Control::parse(text).map_err(BuildTreeError::Control)?,
            None => {
                return Err(BuildTreeError::ControlFile {
                    path: name("control"),
                    reason: "is missing",
                });
            }
        };
        Version::new(fields.version()).map_err(BuildTreeError::Version)?;
        for script in SCRIPTS {
            if let Some(node) = control.get(&name(script)) {
                check_script(name(script), node)?;
            }
        }
        if let Some(text) = text(&control, &name("conffiles"))? {
            check_conffiles(&text, &data)?;
        }
        Ok(Self {
            control,
            data,
            fields,
        })
    }
}

fn text(control: &Tree, path: &TreePath) -> Result<Option<Vec<u8>>, BuildTreeError> {
    let refuse = |reason| BuildTreeError::ControlFile {
        path: path.clone(),
        reason,
    };
    let content = match control.get(path).map(|node| &node.kind) {
        None => return Ok(None),
        Some(Kind::File(content)) if content.size() <= LARGEST => content,
        Some(Kind::File(_)) => return Err(refuse("is larger than 16 MiB")),
        Some(_) => return Err(refuse("is no regular file")),
    };
    let mut bytes = Vec::new();
    let read = content
        .open()
        .and_then(|open| open.take(LARGEST).read_to_end(&mut bytes));
    read.map_err(|source| BuildTreeError::Content {
        path: path.clone(),
        source,
    })?;
    Ok(Some(bytes))
}

fn check_script(path: TreePath, node: &Node) -> Result<(), BuildTreeError> {
    match node.kind {
        Kind::Symlink(_) => Ok(()),
        Kind::File(_) if node.mode & 0o7557 == 0o555 => Ok(()),
        Kind::File(_) => Err(BuildTreeError::Mode {
            path,
            found: node.mode,
            expected: "0555 to 0775",
        }),
        _ => Err(BuildTreeError::ControlFile {
            path,
            reason: "is no regular file or symbolic link",
        }),
    }
}

fn check_conffiles(text: &[u8], data: &Tree) -> Result<(), BuildTreeError> {
    let mut seen = HashSet::new();
    for (number, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        let refuse = |reason| BuildTreeError::Conffile {
            line: number + 1,
            found: line.trim_ascii_end().to_vec(),
            reason,
        };
        let Some(entry) = line.strip_suffix(b"\n") else {
            return Err(refuse("has no newline at its end"));
        };
        let gone = entry.strip_prefix(b"remove-on-upgrade ");
        let Some(path) = gone.unwrap_or(entry).strip_prefix(b"/") else {
            return Err(refuse("is no absolute path"));
        };
        let Ok(path) = TreePath::new(path) else {
            return Err(refuse("is no plain path"));
        };
        match (data.get(&path).map(|node| &node.kind), gone) {
            (None, Some(_)) | (Some(Kind::File(_)), None) => {}
            (None, None) => return Err(refuse("is not in the package")),
            (Some(_), None) => return Err(refuse("is no regular file")),
            (Some(_), Some(_)) => return Err(refuse("is removed, but in the package")),
        }
        if !seen.insert(path) {
            return Err(refuse("comes twice"));
        }
    }
    Ok(())
}
