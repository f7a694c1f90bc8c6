//! Files of the export → the data tree of a package.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::compressed::usual_mode;
use super::copyright::copyright;
use crate::build::apply::BuildError;
use crate::build::package::{Content, CopyrightSource, Declared, Owner, is_pattern};
use crate::format::tar::{self, Node, Tree, TreePath};
use crate::model::PackageName;
use crate::sys::files;

/// The data tree of a package while it is filled.
pub(super) struct Packing<'a> {
    package: &'a PackageName,
    /// The export, resolved: nothing from outside it is packed.
    export: PathBuf,
    /// The package's directory in it.
    source: &'a Path,
    epoch: i64,
    /// What was added.
    pub(super) data: Tree,
    /// Which files of it keep the administrator's changes.
    pub(super) conffiles: Vec<TreePath>,
}

impl<'a> Packing<'a> {
    /// Begins with nothing; files are taken from `source`, a directory of
    /// `export`.
    pub(super) fn new(
        package: &'a PackageName,
        export: &Path,
        source: &'a Path,
        epoch: i64,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            package,
            export: resolved(export)?,
            source,
            epoch,
            data: Tree::new(),
            conffiles: Vec::new(),
        })
    }

    fn refuse(&self, message: impl Into<String>) -> BuildError {
        let package = self.package.to_string();
        BuildError::Declared {
            package,
            message: message.into(),
        }
    }

    /// Adds one thing that the package installs.
    pub(super) fn add(&mut self, content: &Content) -> Result<(), BuildError> {
        match content {
            Content::Directory {
                target,
                mode,
                owner,
            } => {
                let node = Node {
                    mode: *mode,
                    owner: owned(owner),
                    ..Node::directory(self.epoch)
                };
                self.insert(target.as_bytes(), node).map(drop)
            }
            Content::Symlink { target, to } => self
                .insert(target.as_bytes(), Node::symlink(to.as_bytes(), self.epoch))
                .map(drop),
            Content::File {
                source,
                target,
                mode,
                owner,
                conffile,
            } => {
                let (prefix, found) = self.matches(source)?;
                for path in found {
                    let below = path.strip_prefix(&prefix).unwrap_or(&path);
                    let target = match (target.ends_with('/'), below.as_os_str().is_empty()) {
                        (true, true) => {
                            Path::new(target).join(path.file_name().unwrap_or_default())
                        }
                        (_, true) => PathBuf::from(target),
                        (_, false) => Path::new(target).join(below),
                    };
                    let target = target.as_os_str().as_bytes();
                    let placed = std::str::from_utf8(target).unwrap_or_default();
                    let placed = TreePath::new(placed.trim_matches('/')).unwrap_or_default();
                    let mode = mode.or_else(|| usual_mode(&placed));
                    let node = self.node(&path, mode, owner)?;
                    let regular = matches!(node.kind, tar::Kind::File(_));
                    let placed = self.insert(target, node)?;
                    let etc = placed.as_bytes().starts_with(b"etc/");
                    if !regular && *conffile == Some(true) {
                        return Err(self.refuse(format!(
                            "files: /{placed} is a link, and dpkg keeps changes of files alone: \
                             leave conffile = true out"
                        )));
                    }
                    if regular && conffile.unwrap_or(etc) {
                        self.conffiles.push(placed);
                    }
                }
                Ok(())
            }
        }
    }

    /// Finds the files that a path or pattern names, and the directory below
    /// which their own paths are kept.
    fn matches(&self, source: &str) -> Result<(PathBuf, Vec<PathBuf>), BuildError> {
        let whole = self.source.join(source);
        let is_pattern = is_pattern(source);
        if !is_pattern && whole.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            self.inside(above(&whole), source)?;
            return Ok((whole.clone(), vec![whole]));
        }
        let (prefix, pattern) = if is_pattern {
            let parts = source
                .split('/')
                .take_while(|part| !part.contains(['*', '?', '[']));
            (
                parts.fold(self.source.to_owned(), |at, part| at.join(part)),
                source.to_owned(),
            )
        } else {
            (whole, format!("{source}/**/*"))
        };
        // Before anything is listed: a link could lead to the whole machine.
        if prefix.exists() {
            self.inside(&prefix, source)?;
        }
        let base = glob::Pattern::escape(&self.source.to_string_lossy());
        let found = glob::glob(&format!("{base}/{pattern}"));
        let found = found.map_err(|error| self.refuse(format!("files: “{source}”: {error}")))?;
        let mut paths = Vec::new();
        for path in found {
            let path = path.map_err(|error| {
                let (path, why) = (error.path().to_owned(), error.into());
                files::failed("read", &path)(why)
            })?;
            if path.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                self.inside(above(&path), source)?;
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(self.refuse(format!("files: nothing in the tree matches “{source}”")));
        }
        paths.sort();
        Ok((prefix, paths))
    }

    fn node(&self, path: &Path, mode: Option<u32>, owner: &Owner) -> Result<Node, BuildError> {
        let metadata = path
            .symlink_metadata()
            .map_err(files::failed("read", path))?;
        if metadata.is_symlink() {
            let to = fs::read_link(path).map_err(files::failed("read", path))?;
            return Ok(Node::symlink(to.as_os_str().as_bytes(), self.epoch));
        }
        if !metadata.is_file() {
            let shown = path.strip_prefix(self.source).unwrap_or(path).display();
            return Err(self.refuse(format!("files: {shown} is neither a file nor a link")));
        }
        let opened = path.to_owned();
        let content =
            tar::Content::opened_by(metadata.len(), move || Ok(Box::new(File::open(&opened)?)));
        // Not the whole mode: what else there is depends on the umask and the
        // user's habits.
        let executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100;
        let usual = if executable != 0 { 0o755 } else { 0o644 };
        Ok(Node {
            kind: tar::Kind::File(content),
            mode: mode.unwrap_or(usual),
            owner: owned(owner),
            mtime: self.epoch,
        })
    }

    fn insert(&mut self, target: &[u8], node: Node) -> Result<TreePath, BuildError> {
        let trimmed = target.strip_prefix(b"/").unwrap_or(target);
        let trimmed = trimmed.strip_suffix(b"/").unwrap_or(trimmed);
        let path = TreePath::new(trimmed).map_err(|error| self.refuse(error.to_string()))?;
        self.data
            .insert(path.clone(), node)
            .map_err(|error| self.refuse(error.to_string()))?;
        Ok(path)
    }

    /// Adds what Debian Policy 12.5 and 12.7 ask of every package.
    pub(super) fn document(
        &mut self,
        declared: &Declared,
        changelog: &str,
        native: bool,
    ) -> Result<(), BuildError> {
        let copyright = match &declared.copyright {
            CopyrightSource::File(file) => self.read(file)?,
            CopyrightSource::License(license) => {
                copyright(self.package, declared, license, self.epoch).into_bytes()
            }
        };
        let changelog_name = if native {
            "changelog"
        } else {
            "changelog.Debian"
        };
        for (name, bytes) in [
            ("copyright", copyright),
            (changelog_name, changelog.as_bytes().to_vec()),
        ] {
            let target = format!("/usr/share/doc/{}/{name}", self.package);
            self.insert(target.as_bytes(), Node::file(bytes, 0o644, self.epoch))?;
        }
        Ok(())
    }

    /// Reads a file of the package's directory, through links that stay in the
    /// export.
    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, BuildError> {
        let path = self.source.join(file);
        if !path.exists() {
            return Err(self.refuse(format!("the tree has no file {file}")));
        }
        let path = self.inside(&path, file)?;
        if !path.is_file() {
            return Err(self.refuse(format!("{file} is no file")));
        }
        Ok(files::read(&path)?)
    }

    /// Resolves a path, and refuses one that links lead out of the export: the
    /// machine's own files are not the release's.
    fn inside(&self, path: &Path, written: &str) -> Result<PathBuf, BuildError> {
        let resolved = resolved(path)?;
        if resolved.starts_with(&self.export) {
            return Ok(resolved);
        }
        let shown = path.strip_prefix(self.source).unwrap_or(path).display();
        Err(self.refuse(format!(
            "“{written}”: {shown} leads out of the tree, to {}",
            resolved.display()
        )))
    }
}

fn resolved(path: &Path) -> Result<PathBuf, BuildError> {
    Ok(fs::canonicalize(path).map_err(files::failed("resolve", path))?)
}

fn above(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn owned(owner: &Owner) -> tar::Owner {
    // dpkg goes by name where the host has it; the number is for the rest.
    let (user, group) = (
        owner.user.as_bytes().to_vec(),
        owner.group.as_bytes().to_vec(),
    );
    tar::Owner {
        user,
        group,
        ..tar::Owner::root()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// An export with a package in `sub`, beside a directory of the host's.
    fn exported() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("dir");
        for path in ["host", "export/sub/real", "export/shared"] {
            fs::create_dir_all(dir.path().join(path)).expect(path);
        }
        for path in [
            "host/secret",
            "export/sub/real/a",
            "export/sub/b",
            "export/shared/c",
        ] {
            fs::write(dir.path().join(path), path).expect(path);
        }
        for (to, link) in [
            (dir.path().join("host").to_str().expect("text"), "out"),
            ("../../host", "up"),
            ("../shared", "shared"),
            ("/nowhere", "dangling"),
            ("../../host/secret", "script"),
            ("../shared/c", "inner"),
        ] {
            symlink(to, dir.path().join("export/sub").join(link)).expect(link);
        }
        dir
    }

    fn added(dir: &Path, source: &str) -> Result<usize, String> {
        let package = PackageName::new("pp").expect("name");
        let (export, source_dir) = (dir.join("export"), dir.join("export/sub"));
        let packing = Packing::new(&package, &export, &source_dir, 0);
        let mut packing = packing.expect("an export");
        let content = Content::File {
            source: source.to_owned(),
            target: "/usr/share/pp/".to_owned(),
            mode: None,
            owner: Owner::default(),
            conffile: None,
        };
        packing.add(&content).map_err(|error| error.to_string())?;
        Ok(packing.data.iter().count())
    }

    #[test]
    fn files_of_the_host_are_not_packed() {
        let dir = exported();
        for source in [
            "out", "up", "shared", "dangling", "inner", "b", "real", "shared/c", "shared/*",
        ] {
            // A link itself is packed as a link, wherever it leads.
            added(dir.path(), source).expect(source);
        }
        for source in [
            "out/secret",
            "up/secret",
            "out/*",
            "out/**/*",
            "o*/secret",
            "*/secret",
            "shared/../../host/secret",
        ] {
            let why = added(dir.path(), source).expect_err(source);
            assert!(why.contains("leads out of the tree"), "{source}: {why}");
        }
    }

    #[test]
    fn scripts_and_copyright_of_the_host_are_not_read() {
        let dir = exported();
        let package = PackageName::new("pp").expect("name");
        let (export, source) = (dir.path().join("export"), dir.path().join("export/sub"));
        let packing = Packing::new(&package, &export, &source, 0).expect("an export");
        for (file, want) in [
            ("b", Ok("export/sub/b")),
            ("inner", Ok("export/shared/c")),
            ("shared/c", Ok("export/shared/c")),
            ("script", Err("leads out of the tree, to ")),
            ("out/secret", Err("leads out of the tree, to ")),
            ("dangling", Err("the tree has no file dangling")),
            ("real", Err("real is no file")),
        ] {
            let found = packing.read(file).map_err(|error| error.to_string());
            match (found, want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want.as_bytes(), "{file}"),
                (Err(found), Err(want)) => assert!(found.contains(want), "{file}: {found}"),
                (found, want) => panic!("{file}: {found:?}, not {want:?}"),
            }
        }
    }
}
