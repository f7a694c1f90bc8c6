//! Which key a run signs with: the one that was named, else the one that CI
//! hands in, else the only one there is.
//!
//! Choosing and unlocking are two steps, so that a plan can be shown and a key
//! be found expired before anybody is asked for a passphrase.

use std::io;

use super::ci::{self, CiKeyError};
use super::describe::KeyDescription;
use super::name::KeyName;
use super::store::{KeyStore, StoreError};
use crate::model::{Fingerprint, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::openpgp::{
    Agent, AgentError, Certificate, Key, Passphrase, SecretCertificate, Signer, UnlockError,
};

/// What names a key in the user's gpg.
const AGENT: &str = "gpg:";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// The name given is none of a key.
    #[error("“{wanted}” names no key: {expected} expected")]
    Name {
        /// What was given.
        wanted: String,
        /// What was expected.
        expected: &'static str,
    },
    /// No key has the name.
    #[error("there is no secret key “{wanted}”")]
    NoSuchKey {
        /// What was given.
        wanted: String,
        /// The keys there are.
        known: Vec<KeyDescription>,
    },
    /// The name fits several keys.
    #[error("“{wanted}” names {} keys", found.len())]
    Ambiguous {
        /// What was given.
        wanted: String,
        /// The keys it fits.
        found: Vec<KeyDescription>,
    },
    /// None was named and there is none.
    #[error("there is no key to sign with")]
    NoKey,
    /// None was named and there is more than one.
    #[error("there are {} keys to sign with and none was chosen", .0.len())]
    Several(Vec<KeyDescription>),
    /// The key that CI hands in cannot be had.
    #[error(transparent)]
    Ci(CiKeyError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(StoreError),
    /// gpg cannot sign with it.
    #[error(transparent)]
    Agent(AgentError),
    /// The question for the passphrase failed.
    #[error("cannot ask for the passphrase of {fingerprint}")]
    Ask {
        /// The key.
        fingerprint: Fingerprint,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The key does not open.
    #[error(transparent)]
    Unlock(UnlockError),
}

/// A key that was chosen, as locked as it was found.
#[derive(Debug)]
pub enum Choice {
    /// A secret key in our hands.
    Key(SecretCertificate),
    /// A key in the user's gpg.
    Agent(Agent),
}

/// Asks for the passphrase of a key; `None` when there is nobody to ask.
pub type Ask<'a> = dyn FnMut(&KeyDescription) -> io::Result<Option<Passphrase>> + 'a;

impl Choice {
    /// Returns the certificate that will verify what is signed.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::Key(key) => key.certificate(),
            Self::Agent(agent) => agent.certificate(),
        }
    }

    /// Makes the key ready to sign; asks only when it is locked.
    pub fn unlock(self, now: Timestamp, ask: &mut Ask) -> Result<Signer, ChooseError> {
        let key = match self {
            Self::Agent(agent) => return Ok(Signer::Agent(agent)),
            Self::Key(key) => key,
        };
        let passphrase = if key.is_locked() {
            let description = KeyDescription::of(&Key::Secret(key.clone()), now);
            ask(&description).map_err(|source| ChooseError::Ask {
                fingerprint: description.fingerprint,
                source,
            })?
        } else {
            None
        };
        let unlocked = key.unlock(passphrase.as_ref());
        unlocked.map(Signer::Key).map_err(ChooseError::Unlock)
    }
}

/// Chooses a key and unlocks it.
pub fn choose(
    store: &KeyStore,
    environment: &Environment,
    wanted: Option<&str>,
    now: Timestamp,
    ask: &mut Ask,
) -> Result<Signer, ChooseError> {
    pick(store, environment, wanted, now)?.unlock(now, ask)
}

/// Chooses a key: `wanted` is a fingerprint, 16 or more digits at its end, or
/// `gpg:FINGERPRINT`; a subkey's fingerprint names its key.
pub fn pick(
    store: &KeyStore,
    environment: &Environment,
    wanted: Option<&str>,
    now: Timestamp,
) -> Result<Choice, ChooseError> {
    if let Some(name) = wanted.and_then(|wanted| wanted.strip_prefix(AGENT)) {
        let whole = KeyName::parse(name).and_then(|name| name.fingerprint());
        let fingerprint = whole.ok_or_else(|| ChooseError::Name {
            wanted: format!("{AGENT}{name}"),
            expected: "gpg: and a fingerprint of 40 hexadecimal digits",
        })?;
        let agent = Agent::find(&fingerprint, environment);
        return agent.map(Choice::Agent).map_err(ChooseError::Agent);
    }
    let ci_key = ci::key(environment).map_err(ChooseError::Ci)?;
    let Some(wanted) = wanted else {
        let keys = match ci_key {
            Some(key) => vec![key],
            None => store.secret_keys().map_err(ChooseError::Store)?,
        };
        return one(
            keys,
            || ChooseError::NoKey,
            |keys| ChooseError::Several(describe(keys, now)),
        );
    };
    let name = KeyName::parse(wanted).ok_or_else(|| ChooseError::Name {
        wanted: wanted.to_owned(),
        expected: "a fingerprint, the last 16 or more digits of one, or gpg:FINGERPRINT",
    })?;
    let mut keys = store.secret_keys().map_err(ChooseError::Store)?;
    if let Some(key) = ci_key {
        keys.retain(|own| own.certificate().fingerprint() != key.certificate().fingerprint());
        keys.push(key);
    }
    let is_named = |key: &SecretCertificate| name.names(key.certificate());
    let (found, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_named);
    let wanted = || wanted.to_owned();
    one(
        found,
        || ChooseError::NoSuchKey {
            wanted: wanted(),
            known: describe(&others, now),
        },
        |found| ChooseError::Ambiguous {
            wanted: wanted(),
            found: describe(found, now),
        },
    )
}

fn one(
    mut keys: Vec<SecretCertificate>,
    none: impl FnOnce() -> ChooseError,
    several: impl FnOnce(&[SecretCertificate]) -> ChooseError,
) -> Result<Choice, ChooseError> {
    match (keys.pop(), keys.is_empty()) {
        (None, _) => Err(none()),
        (Some(key), true) => Ok(Choice::Key(key)),
        (Some(key), false) => {
            keys.push(key);
            Err(several(&keys))
        }
    }
}

fn describe(keys: &[SecretCertificate], now: Timestamp) -> Vec<KeyDescription> {
    let keys = keys.iter().map(|key| Key::Secret(key.clone()));
    keys.map(|key| KeyDescription::of(&key, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::openpgp::NewKey;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn now() -> Timestamp {
        Timestamp::from_unix(1_795_253_400)
    }

    fn make(name: &str, seed: u64, passphrase: &str) -> SecretCertificate {
        let new = NewKey {
            name: name.to_owned(),
            email: "x@example.org".to_owned(),
            lifetime_seconds: None,
            passphrase: Passphrase::new(passphrase),
        };
        SecretCertificate::create(&new, now(), StdRng::seed_from_u64(seed)).expect("makes")
    }

    /// Runs a choice among `stored` keys and shows its result as one word.
    fn shown(stored: &[&SecretCertificate], ci: &str, wanted: Option<&str>) -> String {
        let dir = tempfile::tempdir().expect("dir");
        let store = KeyStore::new(dir.path().join("keys"));
        for key in stored {
            store
                .import(key.armored().as_bytes(), now())
                .expect("imports");
        }
        std::fs::write(dir.path().join("ci.asc"), make("File", 9, "").armored()).expect("writes");
        let environment = Environment::new(dir.path(), [(ci::VARIABLE, ci)]);
        match pick(&store, &environment, wanted, now()) {
            Ok(choice) => choice.certificate().user_id().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn named_then_ci_then_the_only_one() {
        let (jane, joe) = (make("Jane", 1, ""), make("Joe", 2, ""));
        let ci = make("Ci", 3, "");
        let name = |key: &SecretCertificate| key.certificate().fingerprint().to_string();
        let subkey = |key: &SecretCertificate| {
            let mut keys = key.certificate().keys();
            keys.nth(1).expect("a subkey").fingerprint.to_string()
        };
        let short = name(&jane)[24..].to_ascii_lowercase();
        let spaced = name(&jane).replacen("A", "A ", 3);
        let armour = ci.armored();
        let two = [ci.armored(), joe.armored()].concat();
        let public = ci.certificate().armored();
        let nobody = "0".repeat(16);
        let cases: &[(&[&SecretCertificate], &str, Option<&str>, &str)] = &[
            (&[], "", None, "there is no key to sign with"),
            (&[&jane], "", None, "Jane <x@example.org>"),
            (
                &[&jane, &joe],
                "",
                None,
                "there are 2 keys to sign with and none was chosen",
            ),
            (&[&jane, &joe], "", Some(&name(&joe)), "Joe <x@example.org>"),
            (
                &[&jane, &joe],
                "",
                Some(&subkey(&joe)),
                "Joe <x@example.org>",
            ),
            (&[&jane, &joe], "", Some(&short), "Jane <x@example.org>"),
            (&[&jane, &joe], "", Some(&spaced), "Jane <x@example.org>"),
            (
                &[&jane],
                "",
                Some(&nobody),
                "there is no secret key “0000000000000000”",
            ),
            (
                &[&jane],
                "",
                Some(&short[1..]),
                &format!(
                    "“{}” names no key: a fingerprint, the last 16 or more digits of one, or \
                     gpg:FINGERPRINT expected",
                    &short[1..]
                ),
            ),
            (
                &[&jane],
                "",
                Some("gpg:abc"),
                "“gpg:abc” names no key: gpg: and a fingerprint of 40 hexadecimal digits expected",
            ),
            (&[&jane, &joe], &armour, None, "Ci <x@example.org>"),
            (&[&jane, &joe], "ci.asc", None, "File <x@example.org>"),
            (
                &[&jane, &joe],
                &armour,
                Some(&name(&joe)),
                "Joe <x@example.org>",
            ),
            (
                &[&jane, &joe],
                &armour,
                Some(&name(&ci)),
                "Ci <x@example.org>",
            ),
            (&[&ci], &armour, Some(&name(&ci)), "Ci <x@example.org>"),
            (
                &[],
                &two,
                None,
                "DEBCUT_SIGNING_KEY holds 2 keys, one expected",
            ),
            (
                &[&jane],
                &public,
                None,
                "DEBCUT_SIGNING_KEY holds no secret key",
            ),
            (
                &[&jane],
                "none.asc",
                None,
                "DEBCUT_SIGNING_KEY is neither an armoured key, nor base64 of one, nor a readable \
                 file",
            ),
        ];
        for (stored, ci, wanted, want) in cases {
            assert_eq!(&shown(stored, ci, *wanted), want, "{wanted:?} {ci}");
        }
    }

    #[test]
    fn passphrase_is_asked_for_when_it_is_needed() {
        let cases: &[(&str, Option<&str>, usize, &str)] = &[
            ("", None, 0, "signs"),
            ("secret", Some("secret"), 1, "signs"),
            ("secret", Some("other"), 1, "wrong passphrase for key"),
            ("secret", None, 1, "is locked and no passphrase was given"),
        ];
        for (locked_by, answer, want_asked, want) in cases {
            let key = make("Jane", 1, locked_by);
            let mut asked = 0;
            let mut ask = |description: &KeyDescription| {
                asked += 1;
                assert_eq!(description.user_id, "Jane <x@example.org>");
                Ok(answer.and_then(Passphrase::new))
            };
            let found = match Choice::Key(key).unlock(now(), &mut ask) {
                Ok(signer) => signer.clear_sign("x", now()).map(|_| "signs".to_owned()),
                Err(error) => Ok(error.to_string()),
            };
            assert!(
                found.expect("signs").contains(want),
                "{locked_by:?} {answer:?}"
            );
            assert_eq!(asked, *want_asked, "{locked_by:?} {answer:?}");
        }
    }
}
