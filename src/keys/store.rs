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
            match std::fs::remove_file(&public) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::File(files::failed("remove", &public)(error)));
                }
                _ => {}
            }
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
mod tests {
    use super::*;
    use crate::sys::clock::Clock;
    use crate::sys::openpgp::gnupg::Gnupg;
    use crate::sys::openpgp::{Passphrase, Signer, Status};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use std::os::unix::fs::PermissionsExt as _;

    const NOW: i64 = 1_795_253_400;

    fn now() -> Timestamp {
        Timestamp::from_unix(NOW)
    }

    fn new(name: &str, passphrase: &str) -> NewKey {
        NewKey {
            name: name.to_owned(),
            email: "jane@example.org".to_owned(),
            lifetime_seconds: Some(NewKey::LIFETIME_SECONDS),
            passphrase: Passphrase::new(passphrase),
        }
    }

    fn make(name: &str, seed: u64) -> SecretCertificate {
        let rng = StdRng::seed_from_u64(seed);
        SecretCertificate::create(&new(name, ""), now(), rng).expect("makes")
    }

    fn store() -> (tempfile::TempDir, KeyStore) {
        let dir = tempfile::tempdir().expect("dir");
        let environment = Environment::new(dir.path(), [("XDG_DATA_HOME", dir.path())]);
        let store = KeyStore::of_user(&environment).expect("a home");
        (dir, store)
    }

    fn files_of(store: &KeyStore) -> Vec<String> {
        let listing = std::fs::read_dir(store.directory()).expect("dir");
        let names = listing.map(|file| file.expect("file").file_name());
        let mut names: Vec<_> = names.map(|n| n.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_key_is_stored_for_its_owner_only() {
        let (dir, store) = store();
        assert_eq!(store.directory(), dir.path().join("debcut/keys"));
        assert_eq!(store.list(now()).expect("nothing yet"), []);
        let rng = StdRng::seed_from_u64(1);
        let key = store
            .create(&new("Jane", "secret"), now(), rng)
            .expect("makes");
        let name = format!("{}.asc", key.certificate().fingerprint());
        assert_eq!(files_of(&store), std::slice::from_ref(&name));
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(store.directory()), 0o700);
        assert_eq!(mode(&store.directory().join(name)), 0o600);
        let [listed] = &store.list(now()).expect("lists")[..] else {
            panic!("one key")
        };
        assert_eq!(listed.user_id, "Jane <jane@example.org>");
        assert_eq!((listed.part, listed.locked), (Part::Secret, true));
        assert_eq!(listed.expires, Some(now().plus_seconds(2 * 365 * 86_400)));
        assert_eq!(listed.status, Status::Valid);
        let text = format!("{key:?}{listed:?}{:?}", new("x", "secret"));
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn names_that_user_ids_cannot_hold_are_refused() {
        let (_dir, store) = store();
        for (name, email) in [
            ("", "a@b"),
            ("a\nb", "a@b"),
            ("a <x@y>", "a@b"),
            ("a", ""),
            ("a", "ab"),
            ("a", "@b"),
            ("a", "a@b@c"),
            ("a", "a@b>"),
            ("a", "a b@c"),
        ] {
            let new = NewKey {
                name: name.to_owned(),
                email: email.to_owned(),
                lifetime_seconds: None,
                passphrase: None,
            };
            let made = store.create(&new, now(), StdRng::seed_from_u64(1));
            let error = made.expect_err("refused");
            let refused = matches!(error, StoreError::Create(CreateError::Name { .. }));
            assert!(refused, "{name:?} {email:?}: {error}");
        }
        assert!(!store.directory().exists());
    }

    #[test]
    fn what_is_no_key_is_not_imported() {
        let (_dir, store) = store();
        let good = make("Jane", 1).armored();
        let cut = &good[..good.len() / 2];
        for bytes in ["", "\n", "garbage", cut, "-----BEGIN PGP SIGNATURE-----\n"] {
            let error = store.import(bytes.as_bytes(), now()).expect_err(bytes);
            assert!(matches!(error, StoreError::Import(_)), "{bytes:?}: {error}");
        }
        assert!(!store.directory().exists());
    }

    #[test]
    fn importing_joins_and_says_what_it_changed() {
        let (_dir, store) = store();
        let (jane, joe) = (make("Jane", 1), make("Joe", 2));
        let public = jane.certificate().armored();
        let both = [jane.armored(), joe.certificate().armored()].concat();
        let name = jane.certificate().fingerprint().clone();
        let cases: &[(&str, &[(Part, Change)])] = &[
            (&public, &[(Part::Public, Change::Added)]),
            (&public, &[(Part::Public, Change::Unchanged)]),
            (
                &both,
                &[
                    (Part::Secret, Change::Updated),
                    (Part::Public, Change::Added),
                ],
            ),
            (&public, &[(Part::Secret, Change::Unchanged)]),
            (
                &both,
                &[
                    (Part::Secret, Change::Unchanged),
                    (Part::Public, Change::Unchanged),
                ],
            ),
        ];
        for (step, (bytes, want)) in cases.iter().enumerate() {
            let found = store.import(bytes.as_bytes(), now()).expect("imports");
            let found: Vec<_> = found.iter().map(|i| (i.key.part, i.change)).collect();
            assert_eq!(&found, want, "step {step}");
        }
        let joes = joe.certificate().fingerprint();
        let mut want = [format!("{name}.asc"), format!("{joes}.pub.asc")];
        want.sort();
        assert_eq!(files_of(&store), want);
        assert_eq!(
            store.export(&name, Part::Secret).expect("here"),
            jane.armored()
        );
        assert_eq!(store.export(&name, Part::Public).expect("here"), public);
        let error = store.export(joes, Part::Secret).expect_err("public only");
        assert!(matches!(error, StoreError::NoSecret { .. }), "{error}");
        let error = store
            .export(make("Nobody", 3).certificate().fingerprint(), Part::Public)
            .expect_err("nobody's");
        assert!(matches!(error, StoreError::NoKey { .. }), "{error}");
        assert_eq!(store.keyring().expect("reads").certificates().len(), 2);
    }

    #[test]
    fn a_new_end_or_revocation_reaches_the_secret_key() {
        let (_dir, store) = store();
        let gnupg = Gnupg::new();
        let today = Clock::System.now();
        let long_ago = today.plus_seconds(-1000);
        let rng = StdRng::seed_from_u64(1);
        let key = store
            .create(&new("Jane", "s"), long_ago, rng)
            .expect("makes");
        let name = key.certificate().fingerprint();
        gnupg.file("passphrase", "s");
        gnupg.gpg("--import", key.armored().as_bytes());
        let old = gnupg.gpg("--export", b"");
        gnupg.gpg(&format!("--quick-set-expire {name} 5d"), b"");
        gnupg.gpg(&format!("--quick-set-expire {name} 5d *"), b"");
        gnupg.gpg(
            &format!("--quick-add-uid {name} Janet+<janet@example.org>"),
            b"",
        );
        gnupg.gpg(&format!("--quick-add-key {name} ed25519 sign 4d"), b"");
        let newer = gnupg.gpg("--export-secret-keys", b"");
        let found = store.import(&newer, today).expect("imports");
        assert_eq!(found[0].change, Change::Updated);
        let ends = found[0].key.expires.expect("set").unix() - today.unix();
        assert!((ends - 5 * 86_400).abs() < 600, "{ends}");
        // The older copy takes nothing back, and the newer one adds no more.
        for copy in [&old, &newer] {
            let again = store.import(copy, today).expect("imports");
            assert_eq!(again[0].change, Change::Unchanged);
            assert_eq!(again[0].key, found[0].key);
        }
        let keys = store.secret_keys().expect("reads");
        assert_eq!(
            keys[0]
                .certificate()
                .signing_keys(today.plus_seconds(60))
                .len(),
            2
        );
        assert_eq!(keys[0].certificate().user_ids().len(), 2);
        let unlocked = keys[0]
            .unlock(Passphrase::new("s").as_ref())
            .expect("opens");
        let signed = Signer::Key(unlocked).clear_sign("x", today.plus_seconds(60));
        signed.expect("signs with the new subkey");

        let answers = b"y\n0\n\ny\n";
        let command = format!("--no-batch --no-tty --command-fd 0 --gen-revoke {name}");
        let revocation = gnupg.gpg(&command, answers);
        gnupg.gpg("--import", &revocation);
        store
            .import(&gnupg.gpg("--export", b""), today)
            .expect("imports");
        let again = store.import(&newer, today).expect("imports");
        assert_eq!(again[0].change, Change::Unchanged);
        assert!(
            matches!(again[0].key.status, Status::Revoked(_)),
            "{again:?}"
        );
        assert_eq!(again[0].key.part, Part::Secret);
    }

    #[test]
    fn files_that_are_not_what_they_say_are_named() {
        let (_dir, store) = store();
        let (jane, joe) = (make("Jane", 1), make("Joe", 2));
        store
            .import(jane.armored().as_bytes(), now())
            .expect("imports");
        std::fs::write(store.directory().join("README"), "mine").expect("writes");
        assert_eq!(store.list(now()).expect("lists").len(), 1);
        let name = format!("{}.asc", joe.certificate().fingerprint());
        for content in [jane.armored(), joe.certificate().armored(), "x".to_owned()] {
            std::fs::write(store.directory().join(&name), &content).expect("writes");
            let error = store.list(now()).expect_err("not Joe's secret key");
            assert!(error.to_string().contains(&name), "{error}");
        }
    }
}
