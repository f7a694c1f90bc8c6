//! The user's keys, one file each, written whole or not at all.
//!
//! `FINGERPRINT.asc` holds a secret key (0600), `FINGERPRINT.pub.asc` a
//! certificate whose secret is not here; both are what gpg imports and exports.
//! Nobody else may enter the directory. Other files in it are left alone.

use std::io;
use std::path::{Path, PathBuf};

use rand::{CryptoRng, Rng};

use super::describe::{KeyDescription, Part};
use crate::model::{Fingerprint, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, FileError};
use crate::sys::openpgp::{CertificateError, CreateError, Key, Keyring, NewKey, SecretCertificate};

/// Why the store does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(FileError),
    /// A file of the store is not what its name says.
    #[error("{} does not hold the key it is named for", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; nothing where it holds another key.
        #[source]
        source: Option<CertificateError>,
    },
    /// What is to be imported is no key.
    #[error("nothing was imported")]
    Import(#[source] CertificateError),
    /// The new key cannot be made.
    #[error(transparent)]
    Create(CreateError),
    /// The store lacks the key.
    #[error("there is no key {fingerprint}")]
    NoKey {
        /// The key that was wanted.
        fingerprint: Fingerprint,
    },
    /// The store has the public part only.
    #[error("the secret part of key {fingerprint} is not here")]
    NoSecret {
        /// The key that was wanted.
        fingerprint: Fingerprint,
    },
}

/// What an import changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The key was not here before.
    Added,
    /// The key was here; something of it was new.
    Updated,
    /// Everything was here before.
    Unchanged,
}

/// One key of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The key as it is now.
    pub key: KeyDescription,
    /// What the import changed.
    pub change: Change,
}

/// The directory with the user's keys; it is made when the first key comes.
#[derive(Debug, Clone)]
pub struct KeyStore {
    directory: PathBuf,
}

fn imported(joined: &[(Key, Change)], now: Timestamp) -> Vec<Imported> {
    let describe = |(key, change): &(Key, Change)| Imported {
        key: KeyDescription::of(key, now),
        change: *change,
    };
    joined.iter().map(describe).collect()
}

impl KeyStore {
    /// Takes the store in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Takes the user's store; `None` when the environment names no home.
    pub fn of_user(environment: &Environment) -> Option<Self> {
        let home = environment.data_home()?;
        Some(Self::new(home.join("debcut").join("keys")))
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes a key and stores it.
    pub fn create(
        &self,
        new: &NewKey,
        now: Timestamp,
        rng: impl Rng + CryptoRng,
    ) -> Result<SecretCertificate, StoreError> {
        let key = SecretCertificate::create(new, now, rng).map_err(StoreError::Create)?;
        self.write(&Key::Secret(key.clone()))?;
        Ok(key)
    }

    /// Imports every key in armoured or binary bytes, secret or public, and
    /// joins it with what is here: nothing that was known is lost.
    ///
    /// Of a secret key that is here the secret stays locked as it is.
    pub fn import(&self, bytes: &[u8], now: Timestamp) -> Result<Vec<Imported>, StoreError> {
        let joined = self.joined(bytes)?;
        for (key, change) in &joined {
            if *change != Change::Unchanged {
                self.write(key)?;
            }
        }
        Ok(imported(&joined, now))
    }

    /// Says what importing these bytes would do, and writes nothing.
    pub fn would_import(&self, bytes: &[u8], now: Timestamp) -> Result<Vec<Imported>, StoreError> {
        Ok(imported(&self.joined(bytes)?, now))
    }

    /// Joins every key in bytes with what is here, and with those before it.
    fn joined(&self, bytes: &[u8]) -> Result<Vec<(Key, Change)>, StoreError> {
        let mut all: Vec<(Key, Change)> = Vec::new();
        for new in Key::parse_all(bytes).map_err(StoreError::Import)? {
            let fingerprint = new.certificate().fingerprint();
            let before = all
                .iter()
                .rev()
                .find(|(key, _)| key.certificate().fingerprint() == fingerprint);
            let old = match before {
                Some((key, _)) => Some(key.clone()),
                None => self.find(fingerprint)?,
            };
            all.push(match old {
                None => (new, Change::Added),
                Some(old) => {
                    let joined = old.joined(&new);
                    let change = if joined.armored() == old.armored() {
                        Change::Unchanged
                    } else {
                        Change::Updated
                    };
                    (joined, change)
                }
            });
        }
        Ok(all)
    }

    /// Describes every key: secret ones first, then by age.
    pub fn list(&self, now: Timestamp) -> Result<Vec<KeyDescription>, StoreError> {
        let entries = self.entries()?;
        let mut list: Vec<_> = entries
            .iter()
            .map(|key| KeyDescription::of(key, now))
            .collect();
        let order = |key: &KeyDescription| {
            let public = key.part == Part::Public;
            (public, key.created, key.fingerprint.clone())
        };
        list.sort_by_key(order);
        Ok(list)
    }

    /// Returns the keys that sign, by fingerprint.
    pub fn secret_keys(&self) -> Result<Vec<SecretCertificate>, StoreError> {
        let secret = |entry| match entry {
            Key::Secret(key) => Some(key),
            Key::Public(_) => None,
        };
        Ok(self.entries()?.into_iter().filter_map(secret).collect())
    }

    /// Returns every certificate, to verify with.
    pub fn keyring(&self) -> Result<Keyring, StoreError> {
        let entries = self.entries()?;
        let certificates = entries.iter().map(|entry| entry.certificate().clone());
        Ok(Keyring::new(certificates.collect()))
    }

    /// Returns the armoured certificate of a key, or the key with its secret.
    pub fn export(&self, fingerprint: &Fingerprint, part: Part) -> Result<String, StoreError> {
        let fingerprint = || fingerprint.clone();
        match (self.find(&fingerprint())?, part) {
            (None, _) => Err(StoreError::NoKey {
                fingerprint: fingerprint(),
            }),
            (Some(entry), Part::Public) => Ok(entry.certificate().armored()),
            (Some(entry @ Key::Secret(_)), Part::Secret) => Ok(entry.armored()),
            (Some(Key::Public(_)), Part::Secret) => Err(StoreError::NoSecret {
                fingerprint: fingerprint(),
            }),
        }
    }

    fn path(&self, fingerprint: &Fingerprint, part: Part) -> PathBuf {
        let suffix = match part {
            Part::Secret => "asc",
            Part::Public => "pub.asc",
        };
        self.directory.join(format!("{fingerprint}.{suffix}"))
    }

    fn write(&self, entry: &Key) -> Result<(), StoreError> {
        if let Some(parent) = self.directory.parent() {
            files::create_dir(parent).map_err(StoreError::File)?;
        }
        files::private_dir(&self.directory).map_err(StoreError::File)?;
        let fingerprint = entry.certificate().fingerprint();
        let path = self.path(fingerprint, Part::of(entry));
        files::replace(&path, entry.armored().as_bytes(), Access::Private)
            .map_err(StoreError::File)?;
        if Part::of(entry) == Part::Secret {
            // It holds all that the public file did. A crash before this leaves
            // both, and the secret one is read first.
            let public = self.path(fingerprint, Part::Public);
            files::remove(&public).map_err(StoreError::File)?;
        }
        Ok(())
    }

    fn find(&self, fingerprint: &Fingerprint) -> Result<Option<Key>, StoreError> {
        for part in [Part::Secret, Part::Public] {
            let path = self.path(fingerprint, part);
            if let Some(bytes) = files::read_if_there(&path).map_err(StoreError::File)? {
                return Self::entry(&path, fingerprint, part, &bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn entry(
        path: &Path,
        fingerprint: &Fingerprint,
        part: Part,
        bytes: &[u8],
    ) -> Result<Key, StoreError> {
        let refuse = |source| StoreError::Content {
            path: path.to_owned(),
            source,
        };
        let mut entries = Key::parse_all(bytes).map_err(|error| refuse(Some(error)))?;
        let found = entries.pop().filter(|entry| {
            entries.is_empty()
                && Part::of(entry) == part
                && entry.certificate().fingerprint() == fingerprint
        });
        found.ok_or_else(|| refuse(None))
    }

    fn entries(&self) -> Result<Vec<Key>, StoreError> {
        let failed = |error| StoreError::File(files::failed("list", &self.directory)(error));
        let listing = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(failed)?,
        };
        let mut names = std::collections::BTreeSet::new();
        for file in listing {
            let name = file.map_err(failed)?.file_name();
            let stem = name.to_str().and_then(|name| name.split_once('.'));
            let key = stem.filter(|(_, suffix)| ["asc", "pub.asc"].contains(suffix));
            names.extend(key.and_then(|(stem, _)| Fingerprint::new(stem).ok()));
        }
        let found = names.iter().map(|name| self.find(name));
        found.filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests;
