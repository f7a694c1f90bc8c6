//! Packages in files, read whole: what `deb show` and `deb diff` look at.

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use crate::format::deb::{
    Contents, Difference, Limits, LocateError, ReadError, differences, locate,
};
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
    /// Two packages cannot be compared.
    #[error("cannot compare {} with {}", a.display(), b.display())]
    Compare {
        /// The first package.
        a: PathBuf,
        /// The second.
        b: PathBuf,
        /// Why.
        source: LocateError,
    },
    /// There is no place for what is compared.
    #[error("cannot use a temporary file")]
    Spool(#[source] io::Error),
}

/// Two packages and where they differ.
#[derive(Debug)]
pub struct Compared {
    /// The first.
    pub a: Contents,
    /// The second.
    pub b: Contents,
    /// Everything in which the second differs, down to the bytes.
    pub differences: Vec<Difference>,
}

/// Reads the package in the file at `path`, within the usual limits.
pub fn contents(path: &Path) -> Result<Contents, InspectError> {
    of(&files::open(path)?, path)
}

/// Compares the packages in two files, within the usual limits. What differs
/// of the first one's files is copied to a temporary file meanwhile.
pub fn compare(a: &Path, b: &Path) -> Result<Compared, InspectError> {
    let (mut left, mut right) = (seekable(a)?, seekable(b)?);
    let (first, second) = (of(&left, a)?, of(&right, b)?);
    let mut differences = differences(&first, &second);
    left.rewind().map_err(InspectError::Spool)?;
    right.rewind().map_err(InspectError::Spool)?;
    let spool = tempfile::tempfile().map_err(InspectError::Spool)?;
    let found = locate(&mut differences, left, right, spool, &Limits::default());
    found.map_err(|source| InspectError::Compare {
        a: a.to_owned(),
        b: b.to_owned(),
        source,
    })?;
    Ok(Compared {
        a: first,
        b: second,
        differences,
    })
}

fn of(file: &File, path: &Path) -> Result<Contents, InspectError> {
    Contents::read(file, &Limits::default()).map_err(|source| InspectError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Opens a file that can be read twice: a pipe's bytes are copied first.
fn seekable(path: &Path) -> Result<File, InspectError> {
    let mut file = files::open(path)?;
    let regular = file.metadata().map_err(files::failed("read", path))?;
    if regular.is_file() {
        return Ok(file);
    }
    let mut copy = tempfile::tempfile().map_err(InspectError::Spool)?;
    io::copy(&mut file, &mut copy).map_err(files::failed("read", path))?;
    copy.rewind().map_err(InspectError::Spool)?;
    Ok(copy)
}
