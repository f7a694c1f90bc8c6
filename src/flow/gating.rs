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
use crate::sys::openpgp::{Certificate, Keyring};
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
        let keyring = || {
            let mut known = self.keyring().map(|k| k.certificates().to_vec());
            let mut all = known.as_mut().map(std::mem::take).unwrap_or_default();
            all.extend(system_certificates());
            Keyring::new(all)
        };
        let cache = self
            .environment
            .cache_home()
            .map(|home| home.join("debcut"));
        let declared = &admission.settings().gates.bases;
        let bases = Bases::new(declared, &open, &keyring, cache.clone());
        let around = Surroundings::new(self.store.as_ref(), current, &bases, cache);
        let findings = gate::judge(way, admission, &around)?;
        Ok(draft.also(findings).settled())
    }

    /// Returns the certificates whose signatures count here.
    pub(super) fn keyring(&self) -> Result<Keyring, FlowError> {
        let own = signing::keyring(self.environment)?;
        let mut all = own.certificates().to_vec();
        all.extend(self.rules.keyring.iter().cloned());
        Ok(Keyring::new(all))
    }
}

/// Reads the system's keyrings of archives. One that cannot be read, or has
/// keys of another kind, vouches for nobody.
fn system_certificates() -> Vec<Certificate> {
    let mut found = Vec::new();
    for directory in SYSTEM_KEYRINGS {
        let entries = std::fs::read_dir(Path::new(directory))
            .into_iter()
            .flatten();
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            let known = ["gpg", "pgp", "asc"];
            let ending = file.extension().and_then(|ending| ending.to_str());
            if ending.is_some_and(|ending| known.contains(&ending))
                && let Ok(bytes) = std::fs::read(&file)
            {
                found.extend(Certificate::parse_all(&bytes).unwrap_or_default());
            }
        }
    }
    found
}
