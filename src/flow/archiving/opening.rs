//! Archives by their locations.

use std::path::{Path, PathBuf};

use crate::archive::layout;
use crate::flow::FlowError;
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::outward::archive_place;
use crate::sys::store::{DirectoryStore, FetchedStore, GuardedStore, S3Store, Store};

/// Opens an archive by its location: a directory, or a part of a bucket. What
/// is written to it passes the gate.
pub fn open_store(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    let store = open_unguarded(location, directory, environment)?;
    let place = archive_place(location, directory);
    let guarded = GuardedStore::new(store, environment.gate(), place)?;
    Ok(Box::new(guarded))
}

fn open_unguarded(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    if S3Store::is_s3(location) {
        let store = S3Store::new(location, environment, layout::freshness)?;
        return Ok(Box::new(store));
    }
    if let Some(root) = location
        .strip_prefix("file:")
        .and(local_directory(location, directory))
    {
        return Ok(Box::new(DirectoryStore::new(root)));
    }
    if let Some((scheme, _)) = location.split_once("://") {
        if scheme != "file" {
            return Err(FlowError::UnsupportedLocation {
                location: location.to_owned(),
            });
        }
        return Ok(Box::new(DirectoryStore::new(
            location.trim_start_matches("file://"),
        )));
    }
    Ok(Box::new(DirectoryStore::new(directory.join(location))))
}

/// Returns the directory that a location is, where it is one.
pub fn local_directory(location: &str, directory: &Path) -> Option<PathBuf> {
    match location.strip_prefix("file:") {
        Some(path) => Some(PathBuf::from(format!("/{}", path.trim_start_matches('/')))),
        None if location.contains("://") => None,
        None => Some(directory.join(location)),
    }
}

/// Opens an archive that is only read: also one on a web server.
pub fn open_to_read(
    location: &str,
    directory: &Path,
    environment: &Environment,
) -> Result<Box<dyn Store>, FlowError> {
    if FetchedStore::is_url(location) {
        let store = FetchedStore::new(location).map_err(files::failed(
            "keep what is fetched from",
            Path::new(location),
        ))?;
        return Ok(Box::new(store));
    }
    open_store(location, directory, environment)
}
