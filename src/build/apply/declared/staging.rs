//! Where programs and documents of a package are worked on: a directory of the
//! build place that looks like a package's build tree to dpkg's tools, and its
//! copy on the floor. What strangers made is looked at by tools there, never
//! by the machine's.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::build::apply::floor::{Floor, Links};
use crate::build::apply::{Bench, BuildError};
use crate::build::observe::TOOL_PATH;
use crate::format::tar::Content;
use crate::model::Finding;
use crate::sys::files;
use crate::sys::layers::Layers;
use crate::sys::process::Tool;

/// Its name, in the build place and on the ground.
const STAGING: &str = "staging";
/// Where what comes back from a room is put.
const SHAPED: &str = "shaped";

impl Bench<'_> {
    /// Returns the system that the build's tools are in.
    pub(super) fn system(&self) -> Layers {
        match (&self.floor, self.workshop.root) {
            (Floor::Room { .. }, Some(root)) => {
                Layers::of(root.layers.clone()).showing(self.workshop.toolchains)
            }
            _ => Layers::machine(),
        }
    }

    /// Tells whether one of the system's tools is there.
    pub(super) fn has_tool(&self, name: &str) -> bool {
        let system = self.system();
        let mut places = TOOL_PATH.split(':').map(|at| Path::new(at).join(name));
        places.any(|path| system.file(&path).is_some())
    }

    /// Writes a file of the staging directory.
    pub(super) fn stage(&self, path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
        let path = self.staged(path)?;
        Ok(fs::write(&path, bytes).map_err(files::failed("write", &path))?)
    }

    /// Returns the place of a file of the staging directory; its directory is
    /// there.
    pub(super) fn staged(&self, path: &Path) -> Result<PathBuf, BuildError> {
        let path = self.work().join(STAGING).join(path);
        files::create_dir(path.parent().unwrap_or(&path))?;
        Ok(path)
    }

    /// Takes the staging directory to the floor.
    pub(super) fn carry_in_staged(&mut self) -> Result<(), BuildError> {
        let directory = self.work().join(STAGING);
        // Whoever builds in the room reads it, whatever the user's umask.
        for entry in walkdir::WalkDir::new(&directory).into_iter().flatten() {
            let mode = match entry.file_type() {
                kind if kind.is_dir() => 0o755,
                kind if kind.is_file() => 0o644,
                _ => continue,
            };
            fs::set_permissions(entry.path(), Permissions::from_mode(mode))
                .map_err(files::failed("write", entry.path()))?;
        }
        self.carry_in("carrying in the files of", &[directory])
    }

    /// Prepares one of the system's own tools, that works in the staging
    /// directory on the floor.
    pub(super) fn staged_tool(&self, program: &str) -> Tool {
        let directory = self.ground().join(STAGING);
        self.on_floor(program, &directory).env("PATH", TOOL_PATH)
    }

    /// Brings files of the staging directory back from the floor.
    pub(super) fn carry_out_staged(&mut self, names: &BTreeSet<PathBuf>) -> Result<(), BuildError> {
        let into = self.work().join(SHAPED);
        files::create_dir(&into)?;
        let ground = self.ground().join(STAGING);
        self.carry_out(&ground, names, &into, Links::Refused)
    }

    /// Returns what a file is that was brought back.
    pub(super) fn shaped(&self, name: &Path) -> Result<Content, BuildError> {
        let directory = match self.floor {
            Floor::Machine => STAGING,
            Floor::Room { .. } => SHAPED,
        };
        let path = self.work().join(directory).join(name);
        let metadata = path.symlink_metadata();
        let metadata = metadata.map_err(files::failed("read", &path))?;
        // A link would lead to a file of the machine's.
        if !metadata.is_file() {
            let shown = name.display().to_string();
            let finding = Finding::error("unfit-result", shown, "it is no file");
            return Err(BuildError::Refused {
                findings: vec![finding],
            });
        }
        Ok(Content::opened_by(metadata.len(), move || {
            Ok(Box::new(File::open(&path)?))
        }))
    }
}
