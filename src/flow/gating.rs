//! What stands beside a change of a suite, opened for whoever judges it: the
//! suite's chunks, its bases, and the keyrings that know them.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::archiving::{Desk, open_to_read};
use super::{FlowError, signing};
use crate::archive::gate::{self, Way};
use crate::archive::{Admission, Current, Draft};
use crate::model::Finding;
use crate::publish::base::Bases;
use crate::publish::{PublishError, Surroundings};
use crate::sys::openpgp::{Keyring, Verified, VerifyError};
use crate::sys::store::Store;

/// Where Debian keeps the keyrings of archives (sources.list(5), apt-key(8)).
const SYSTEM_KEYRINGS: [&str; 3] = [
    "/usr/share/keyrings",
    "/etc/apt/keyrings",
    "/etc/apt/trusted.gpg.d",
];

impl Desk<'_> {
    /// Asks the suite's gates about a change that has been judged by itself.
    pub(super) fn gated(
        &self,
        current: &Current,
        draft: Draft,
        way: Way,
    ) -> Result<Result<Admission, Vec<Finding>>, PublishError> {
        let Some(admission) = draft.admission() else {
            return Ok(draft.settled());
        };
        let directory = self.environment.working_directory();
        let open = |location: &str| -> Result<Box<dyn Store>, Box<dyn Error + Send + Sync>> {
            let location = location.strip_prefix("file:").map_or(location, |path| {
                // Of file:/srv and file:///srv the path is the same.
                let plain = path.trim_start_matches('/');
                &path[path.len() - plain.len() - usize::from(plain.len() < path.len())..]
            });
            Ok(open_to_read(location, directory, self.environment)?)
        };
        let verify = |text: &str| self.verified(text);
        let cache = self
            .environment
            .cache_home()
            .map(|home| home.join("debcut"));
        let declared = &admission.settings().gates.bases;
        let bases = Bases::new(declared, &open, &verify, cache.clone());
        let around = Surroundings::new(self.store.as_ref(), current, &bases, cache);
        let findings = gate::judge(way, admission, &around)?;
        Ok(draft.also(findings).settled())
    }

    /// Verifies a signed text by the keys that are known here, else by those of
    /// the system's keyrings, one after the other: reading a key takes time. One
    /// that cannot be read, or has keys of another kind, vouches for nobody.
    fn verified(&self, text: &str) -> Result<Verified, VerifyError> {
        let own = self.keyring().unwrap_or_default();
        let now = self.clock.now();
        let first = own.verify_clear_at(text, now);
        if !matches!(first, Err(VerifyError::UnknownKey { .. })) {
            return first;
        }
        for file in system_keyrings() {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let found = Keyring::parse(&bytes)
                .unwrap_or_default()
                .verify_clear_at(text, now);
            if !matches!(found, Err(VerifyError::UnknownKey { .. })) {
                return found;
            }
        }
        first
    }

    /// Returns the certificates whose signatures count here.
    pub(super) fn keyring(&self) -> Result<Keyring, FlowError> {
        let own = signing::keyring(self.environment)?;
        let mut all = own.certificates().to_vec();
        all.extend(self.rules.keyring.iter().cloned());
        Ok(Keyring::new(all))
    }
}

/// A keyring of archives has a handful of keys; the ones of Debian's developers
/// have a thousand, sign no archive, and take a minute to read.
const KEYRING_BYTES: u64 = 512 * 1024;

/// Lists the system's keyrings, those first whose name says that they are an
/// archive's.
fn system_keyrings() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in SYSTEM_KEYRINGS {
        let entries = std::fs::read_dir(Path::new(directory))
            .into_iter()
            .flatten();
        for file in entries.flatten().map(|entry| entry.path()) {
            let ending = file.extension().and_then(|ending| ending.to_str());
            let known = ["gpg", "pgp", "asc"];
            let is_small = file
                .metadata()
                .is_ok_and(|found| found.len() <= KEYRING_BYTES);
            // Keys that are withdrawn are kept to verify what is old.
            let is_removed = file.to_string_lossy().contains("removed");
            if ending.is_some_and(|ending| known.contains(&ending)) && is_small && !is_removed {
                found.push(file);
            }
        }
    }
    let is_archive = |file: &PathBuf| file.to_string_lossy().contains("archive");
    found.sort_by_key(|file| (!is_archive(file), file.clone()));
    found
}
