//! Room on the file system that a path is on (statvfs(3)).

use std::path::Path;

use super::files::{FileError, failed};

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that this user may still write.
    pub free_bytes: u64,
    /// Files that this user may still make; none: the file system does not
    /// count them.
    pub free_files: Option<u64>,
    /// Whether it takes no writes at all.
    pub read_only: bool,
}

/// Asks the file system that a path is on.
pub fn space(path: &Path) -> Result<Space, FileError> {
    let found = rustix::fs::statvfs(path);
    let found = found.map_err(|error| failed("measure the room at", path)(error.into()))?;
    Ok(Space {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        // btrfs and others have no table of files.
        free_files: (found.f_files > 0).then_some(found.f_favail),
        read_only: found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
    })
}
