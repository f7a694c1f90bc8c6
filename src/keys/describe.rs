//! A key as it is shown to people.

use crate::model::{Fingerprint, Timestamp};
use crate::sys::openpgp::{Key, Status};

/// Which part of a key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It signs.
    Secret,
    /// It only verifies.
    Public,
}

/// What is worth knowing of a key before using it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// Its owner.
    pub user_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// What it is good for now.
    pub status: Status,
    /// Whether it signs or only verifies.
    pub part: Part,
    /// Whether a passphrase is needed to sign.
    pub locked: bool,
}

impl Part {
    /// Says which part of `key` is there.
    pub fn of(key: &Key) -> Self {
        match key {
            Key::Secret(_) => Self::Secret,
            Key::Public(_) => Self::Public,
        }
    }
}

impl KeyDescription {
    /// Describes a key as it is at `now`.
    pub fn of(key: &Key, now: Timestamp) -> Self {
        let locked = match key {
            Key::Secret(key) => key.is_locked(),
            Key::Public(_) => false,
        };
        let certificate = key.certificate();
        Self {
            fingerprint: certificate.fingerprint().clone(),
            user_id: certificate.user_id().to_owned(),
            created: certificate.created(),
            expires: certificate.expires(),
            status: certificate.status(now),
            part: Part::of(key),
            locked,
        }
    }
}
