//! A directory with `DEBIAN/` → a `.deb` in its place, or the plan of it.

use std::fs::File;
use std::io::{self, Seek};
use std::path::PathBuf;

use sha2::Digest;

use crate::format::compress::{LevelError, Settings};
use crate::format::deb::{self, BuildTree, BuildTreeError, ControlMember, Options, PackPlan};
use crate::model::{Listener, Sha256, Timestamp};
use crate::sys::files::{self, Access, FileError, StagedFile};
use crate::sys::tree::{self, TreeReadError};

/// What to pack.
#[derive(Debug, Clone)]
pub struct Request {
    /// The directory.
    pub tree: PathBuf,
    /// The file to make, or a directory to make `NAME_VERSION_ARCH.deb` in.
    pub out: PathBuf,
    /// How to compress.
    pub compress: Settings,
    /// How the control member is compressed.
    pub control: ControlMember,
    /// The package's time.
    pub epoch: Timestamp,
    /// Whether to stop at the plan.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was written.
    Planned {
        /// The file that would be made.
        file: PathBuf,
        /// What would be in it.
        plan: PackPlan,
    },
    /// The file is there.
    Packed {
        /// The file.
        file: PathBuf,
        /// What was planned.
        plan: PackPlan,
        /// The file's size in bytes.
        size: u64,
        /// The file's digest.
        sha256: Sha256,
        /// Whether it was not there already, byte for byte.
        changed: bool,
    },
}

/// Says why a directory was not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The directory cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeReadError),
    /// The directory holds no package.
    #[error("{} cannot become a package", tree.display())]
    Build {
        /// The directory.
        tree: PathBuf,
        /// What dpkg-deb would refuse.
        source: BuildTreeError,
    },
    /// There is no such compression.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// The package was not written.
    #[error("cannot pack {}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: deb::WriteError,
    },
    /// The file cannot be put in its place.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Packs a directory as `dpkg-deb --root-owner-group --build` does. The file
/// is never half there, and is left alone when it holds the same bytes.
pub fn pack(request: &Request, listener: &dyn Listener) -> Result<Outcome, PackError> {
    let options = Options {
        compress: request.compress.settle()?,
        control: request.control,
        ..Options::new(request.epoch)
    };
    let tree = &request.tree;
    let parts = BuildTree::new(&tree::read(tree)?).map_err(|source| PackError::Build {
        tree: tree.clone(),
        source,
    })?;
    let plan = PackPlan::new(&parts, &options)?;
    let mut file: PathBuf = request.out.components().collect();
    if file.is_dir() {
        file.push(plan.file_name());
    }
    if request.dry_run {
        return Ok(Outcome::Planned { file, plan });
    }
    listener.begin(format!("packing {} {}", plan.package, plan.version));
    let mut staged = StagedFile::beside(&file, Access::Public)?;
    let written = tree::pack(staged.file(), &parts.control, &parts.data, &options);
    written.map_err(|source| PackError::Write {
        file: file.clone(),
        source,
    })?;
    let (size, sha256) = digest(staged.file()).map_err(files::failed("read", &file))?;
    let changed = !staged.is_there_already()?;
    if changed {
        staged.publish()?;
    }
    Ok(Outcome::Packed {
        file,
        plan,
        size,
        sha256,
        changed,
    })
}

fn digest(file: &mut File) -> io::Result<(u64, Sha256)> {
    let mut hasher = sha2::Sha256::new();
    file.rewind()?;
    let size = io::copy(file, &mut hasher)?;
    Ok((size, Sha256::from_hasher(hasher)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::format::compress::Compression;
    use crate::model::Silent;

    const EPOCH: i64 = 1_700_000_000;

    /// A directory with `t`, which is a package to be.
    fn directory() -> tempfile::TempDir {
        let whole = tempfile::tempdir().expect("dir");
        let tree = whole.path().join("t");
        for (path, text) in [
            (
                "DEBIAN/control",
                "Package: zoo\nVersion: 1:2.0-1\nArchitecture: all\n\
                 Maintainer: K <k@example.org>\nDescription: animals\n",
            ),
            ("DEBIAN/postinst", "#!/bin/sh\n"),
            ("usr/share/zoo/a", "a\n"),
        ] {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().expect("below")).expect("dirs");
            fs::write(&path, text).expect("writes");
        }
        for path in ["DEBIAN", "DEBIAN/postinst"] {
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(tree.join(path), mode).expect("own");
        }
        whole
    }

    fn request(whole: &Path) -> Request {
        Request {
            tree: whole.join("t"),
            out: whole.join("ours.deb"),
            compress: Settings::new(Compression::Xz),
            control: ControlMember::Uniform,
            epoch: Timestamp::from_unix(EPOCH),
            dry_run: false,
        }
    }

    fn changed(request: &Request) -> bool {
        match pack(request, &Silent).expect("packs") {
            Outcome::Packed { changed, .. } => changed,
            Outcome::Planned { .. } => panic!("a plan was not asked for"),
        }
    }

    fn names(whole: &Path) -> Vec<String> {
        let listing = fs::read_dir(whole).expect("dir");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("entry").file_name();
        let mut names: Vec<String> = listing
            .map(|entry| name(entry).into_string().expect("text"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn packs_what_dpkg_deb_packs_and_once() {
        let whole = directory();
        let request = request(whole.path());
        assert!(changed(&request));
        let theirs = whole.path().join("theirs.deb");
        let judge = Command::new("dpkg-deb")
            .args(["-Zxz", "--root-owner-group", "--build"])
            .args([&request.tree, &theirs])
            .env("SOURCE_DATE_EPOCH", EPOCH.to_string())
            .output();
        let judge = judge.unwrap_or_else(|e| panic!("cannot run dpkg-deb ({e}): install dpkg"));
        assert!(judge.status.success(), "{judge:?}");
        let ours = fs::read(&request.out).expect("packed");
        assert!(ours == fs::read(theirs).expect("built"));
        assert!(!changed(&request));
        fs::write(&request.out, &ours[1..]).expect("writes");
        assert!(changed(&request));
        assert_eq!(fs::read(&request.out).expect("packed"), ours);
        assert_eq!(names(whole.path()), ["ours.deb", "t", "theirs.deb"]);
    }

    #[test]
    fn a_directory_gets_the_usual_name() {
        let whole = directory();
        let out = whole.path().to_owned();
        let request = Request {
            out,
            ..request(whole.path())
        };
        assert!(changed(&request));
        assert_eq!(names(whole.path()), ["t", "zoo_2.0-1_all.deb"]);
    }

    #[test]
    fn nothing_is_left_of_what_did_not_finish() {
        let whole = directory();
        let mut request = request(whole.path());
        request.dry_run = true;
        let planned = pack(&request, &Silent).expect("plans");
        assert!(matches!(planned, Outcome::Planned { .. }), "{planned:?}");
        request.dry_run = false;
        request.compress.level = Some(10);
        assert!(matches!(pack(&request, &Silent), Err(PackError::Level(_))));
        request.compress.level = None;
        fs::write(&request.out, "precious").expect("writes");
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(request.tree.join("DEBIAN/postinst"), mode).expect("own");
        let refused = pack(&request, &Silent);
        assert!(
            matches!(refused, Err(PackError::Build { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read(&request.out).expect("there"), b"precious");
        assert_eq!(names(whole.path()), ["ours.deb", "t"]);
    }
}
