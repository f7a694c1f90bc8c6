//! Files of another archive on the same file system: given a second name
//! instead of copied.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::durable;
use super::{DirectoryStore, StoreError};
use crate::model::ArchivePath;

/// What came of the wish to give a file a second name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// It has it.
    Done,
    /// It had it already.
    Already,
    /// Something else has that name.
    Taken,
    /// The file systems do not allow it; it has to be copied.
    Impossible,
}

impl DirectoryStore {
    /// Gives a local file the name `path` in the store too, unless something
    /// has it. Whoever owns the other archive must replace its files, not
    /// change them in place, as all programs for archives do.
    pub fn link(&self, local: &Path, path: &ArchivePath) -> Result<Linked, StoreError> {
        let failed = |error| StoreError::of(self.root().display().to_string(), "link", path, error);
        let target = self.root().join(path.as_str());
        if let Ok(there) = fs::metadata(&target) {
            let same = fs::metadata(local)
                .is_ok_and(|own| (own.dev(), own.ino()) == (there.dev(), there.ino()));
            return Ok(if same { Linked::Already } else { Linked::Taken });
        }
        let parent = target.parent().expect("a path has at least one part");
        durable::make_directory(parent).map_err(failed)?;
        // Through a link on the way, the file itself is meant.
        let Ok(local) = fs::canonicalize(local) else {
            return Ok(Linked::Impossible);
        };
        match fs::hard_link(local, &target) {
            Ok(()) => {
                durable::sync_directory_of(&target).map_err(failed)?;
                Ok(Linked::Done)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(Linked::Taken),
            Err(_) => Ok(Linked::Impossible),
        }
    }
}
