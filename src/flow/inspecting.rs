//! Packages in files, read whole: what `deb show` and `deb diff` look at.

use std::path::{Path, PathBuf};

use crate::format::deb::{Contents, Limits, ReadError};
use crate::sys::files::{self, FileError};

/// Says why a file cannot be looked at as a package.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is no sound package, or reading it failed.
    #[error("cannot read {} as a package", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
}

/// Reads the package in the file at `path`, within the usual limits.
pub fn contents(path: &Path) -> Result<Contents, InspectError> {
    let file = files::open(path)?;
    Contents::read(file, &Limits::default()).map_err(|source| InspectError::Read {
        path: path.to_owned(),
        source,
    })
}
