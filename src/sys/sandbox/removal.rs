//! Removing what a room's accounts left on the machine.

use std::io;
use std::path::Path;

use super::opening::Holder;
use super::room::SandboxError;

/// Removes a directory with all that is in it, also what belongs to a room's
/// accounts (a layer, what was written through a [`Bind`](super::Bind)): an
/// ordinary user may remove that only as the root of such a room. It is no
/// error if it is not there.
pub fn remove_tree(path: &Path) -> Result<(), SandboxError> {
    let plainly = std::fs::remove_dir_all(path);
    let failed = match plainly {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => error,
    };
    if failed.kind() == io::ErrorKind::PermissionDenied {
        let holder = Holder::start()?;
        let ids = holder.give_numbers()?;
        holder.remove(&ids, path)?;
    }
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Err(SandboxError::Source {
            path: path.to_owned(),
            source: failed,
        }),
    }
}
