//! `verify`: files judged by the certificates that are known here.

use std::path::{Path, PathBuf};

use super::{FlowError, signing};
use crate::model::{Listener, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files;
use crate::sys::openpgp::{Certificate, Keyring};
use crate::verify::{self, Verdict};

/// Judges files; whose signatures count is said by the user's store of keys
/// and by further keyring files. Paths that are not absolute start in
/// `directory`.
pub fn verify(
    directory: &Path,
    paths: &[PathBuf],
    keyrings: &[PathBuf],
    environment: &Environment,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Verdict, FlowError> {
    let keyring = keyring(directory, keyrings, environment)?;
    let facts = verify::observe(directory, paths, &keyring, now, listener)?;
    Ok(verify::judge(&facts, now))
}

/// Returns the certificates of the user's store of keys and of these files.
pub(super) fn keyring(
    directory: &Path,
    keyrings: &[PathBuf],
    environment: &Environment,
) -> Result<Keyring, FlowError> {
    let mut certificates = match signing::keyring(environment) {
        Ok(keyring) => keyring.certificates().to_vec(),
        // Whoever names a keyring needs no home.
        Err(FlowError::NoDataHome) if !keyrings.is_empty() => Vec::new(),
        Err(error) => return Err(error),
    };
    for path in keyrings {
        let bytes = files::read(&directory.join(path))?;
        let more = Certificate::parse_all(&bytes).map_err(|source| FlowError::Keyring {
            path: path.clone(),
            source,
        })?;
        certificates.extend(more);
    }
    Ok(Keyring::new(certificates))
}
