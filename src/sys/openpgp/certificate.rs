//! Certificates: public keys with what they say about themselves, checked.

use std::sync::Arc;

use pgp::composed::{ArmorOptions, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    PublicKey, PublicSubkey, RevocationCode, Signature, SignatureType, SubpacketData,
};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails, KeyVersion, PublicParams, SignedUser, Tag};

use super::key::Key;
use super::{PacketError, fingerprint_of, moment};
use crate::model::{Fingerprint, Timestamp};

/// Why bytes are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// They are not OpenPGP packets, or damaged ones.
    #[error("not an OpenPGP key, or a damaged one")]
    Packets(#[source] PacketError),
    /// There is no key in them.
    #[error("there is no OpenPGP key in it")]
    Empty,
    /// There are packets in them that belong to no key.
    #[error("the keys are mixed with packets that belong to no key")]
    Mixed,
    /// A key of a version that Debian's tools do not all read.
    #[error("an OpenPGP key of version {found}; only version 4 is read by all of apt, gpg and sqv")]
    Version {
        /// The version found.
        found: u8,
    },
    /// A secret key was wanted and this is a public one.
    #[error("{fingerprint} is a public key, a secret key was expected")]
    NotSecret {
        /// The certificate.
        fingerprint: Fingerprint,
    },
}

/// When and how finally a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When the revocation was made.
    pub made: Timestamp,
    /// Whether the key may have been in wrong hands before; if not, it was
    /// retired or superseded, and what it signed before still counts.
    pub from_the_start: bool,
}

impl Revocation {
    /// Returns since when the key counts as revoked, if it does at `at`.
    fn since(&self, at: Timestamp) -> Option<Timestamp> {
        (self.from_the_start || self.made <= at).then_some(self.made)
    }
}

/// One key of a certificate: the primary one or a subkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentKey {
    /// Its own fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires by itself; the primary key's end is its end too.
    pub expires: Option<Timestamp>,
    /// Whether it was revoked by itself.
    pub revoked: Option<Revocation>,
    /// Whether it may sign content.
    pub signs: bool,
    /// Its raw key, where it is an Ed25519 one.
    pub ed25519: Option<ed25519_dalek::VerifyingKey>,
}

/// What a certificate is good for at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has a key that may sign.
    Valid,
    /// It, or the last of its signing keys, has expired then.
    Expired(Timestamp),
    /// It, or the last of its signing keys, was revoked then.
    Revoked(Timestamp),
    /// It will be made then.
    NotYet(Timestamp),
    /// It has no key that may sign content, or no valid self-signature that
    /// says so (one with SHA-1 is not valid).
    NoSigningKey,
}

/// A public key with its user IDs and subkeys, all bindings checked.
///
/// Two certificates are equal when their packets are.
#[derive(Clone)]
pub struct Certificate {
    packets: Arc<SignedPublicKey>,
    user_ids: Vec<String>,
    primary: ComponentKey,
    subkeys: Vec<ComponentKey>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.packets == other.packets
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({} {})", self.fingerprint(), self.user_id())
    }
}

impl Certificate {
    /// Reads every certificate in armoured or binary bytes; of a secret key the
    /// public part.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let keys = Key::parse_all(bytes)?.into_iter().map(|key| match key {
            Key::Public(certificate) => certificate,
            Key::Secret(key) => key.certificate().clone(),
        });
        Ok(keys.collect())
    }

    /// Evaluates the packets of a v4 key.
    pub(super) fn from_packets(packets: SignedPublicKey) -> Self {
        let users = bound_users(&packets);
        let key = &packets.primary_key;
        let revocations = packets.details.revocation_signatures.iter();
        let revocations = revocations.filter(|s| s.verify_key(key).is_ok());
        let direct = packets.details.direct_signatures.iter().filter(|s| {
            s.typ() == Some(SignatureType::Key) && sound(s) && s.verify_key(key).is_ok()
        });
        let newest = newest(users.iter().map(|(_, s)| *s).chain(direct));
        let primary = ComponentKey {
            fingerprint: fingerprint_of(key),
            created: moment(key.created_at()),
            expires: newest.and_then(|s| expiry(key, s)),
            revoked: revocation(revocations),
            // A key of before key flags existed signs with its primary key.
            signs: newest.is_some_and(|s| s.key_flags().sign() || !has_flags(s)),
            ed25519: raw_ed25519(key.public_params()),
        };
        let subkeys = packets.public_subkeys.iter();
        let subkeys = subkeys.filter_map(|s| bound_subkey(key, s)).collect();
        let user_ids = users.iter().map(|(name, _)| name.clone()).collect();
        Self {
            user_ids,
            primary,
            subkeys,
            packets: Arc::new(packets),
        }
    }

    pub(super) fn packets(&self) -> &SignedPublicKey {
        &self.packets
    }

    /// Returns the primary key's fingerprint, which names the certificate.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.primary.fingerprint
    }

    /// Returns the user IDs with a valid self-signature, the primary one first.
    pub fn user_ids(&self) -> &[String] {
        &self.user_ids
    }

    /// Returns the primary user ID; empty where there is none.
    pub fn user_id(&self) -> &str {
        self.user_ids.first().map_or("", String::as_str)
    }

    /// Returns when the certificate was made.
    pub fn created(&self) -> Timestamp {
        self.primary.created
    }

    /// Returns when it stops to be able to sign: the primary key's end, or the
    /// last end of its signing keys where that comes first.
    pub fn expires(&self) -> Option<Timestamp> {
        let signing = self.keys().filter(|key| key.signs);
        let ends: Option<Vec<Timestamp>> = signing.map(|key| self.end_of(key)).collect();
        match ends {
            Some(ends) => ends.into_iter().max().or(self.primary.expires),
            None => None,
        }
    }

    /// Returns whether the whole certificate was revoked.
    pub fn revoked(&self) -> Option<Revocation> {
        self.primary.revoked
    }

    /// Returns the primary key and the validly bound subkeys.
    pub fn keys(&self) -> impl Iterator<Item = &ComponentKey> {
        std::iter::once(&self.primary).chain(&self.subkeys)
    }

    /// Returns the keys that may sign at `at`: subkeys before the primary key,
    /// then the newest first, which is the order in which gpg picks one.
    pub fn signing_keys(&self, at: Timestamp) -> Vec<&ComponentKey> {
        let ready = |key: &&ComponentKey| self.key_status(key, at) == Status::Valid;
        let mut keys: Vec<_> = self.subkeys.iter().filter(ready).collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.created));
        keys.extend(Some(&self.primary).filter(ready));
        keys
    }

    /// Says what the certificate is good for at `at`.
    pub fn status(&self, at: Timestamp) -> Status {
        let states = self.keys().map(|key| self.key_status(key, at));
        // The order of preference: what still works, else what came closest.
        let rank = |status: &Status| match *status {
            Status::Valid => (4, Timestamp::from_unix(0)),
            Status::NotYet(from) => (3, from),
            Status::Expired(end) => (2, end),
            Status::Revoked(since) => (1, since),
            Status::NoSigningKey => (0, Timestamp::from_unix(0)),
        };
        states.max_by_key(rank).expect("there is a primary key")
    }

    /// Says what one of its keys is good for at `at`.
    pub(super) fn key_status(&self, key: &ComponentKey, at: Timestamp) -> Status {
        let revoked = [&self.primary, key].map(|key| key.revoked.and_then(|r| r.since(at)));
        if !key.signs {
            Status::NoSigningKey
        } else if let Some(since) = revoked.into_iter().flatten().min() {
            Status::Revoked(since)
        } else if at < key.created {
            Status::NotYet(key.created)
        } else {
            match self.end_of(key) {
                Some(end) if end <= at => Status::Expired(end),
                _ => Status::Valid,
            }
        }
    }

    fn end_of(&self, key: &ComponentKey) -> Option<Timestamp> {
        [self.primary.expires, key.expires]
            .into_iter()
            .flatten()
            .min()
    }

    /// Writes it armoured, as in `.asc` files.
    pub fn armored(&self) -> String {
        self.packets
            .to_armored_string(ArmorOptions::default())
            .expect("packets that were read can be written")
    }

    /// Writes it in binary, as in `.pgp` and `.gpg` files.
    pub fn binary(&self) -> Vec<u8> {
        self.packets
            .to_bytes()
            .expect("packets that were read can be written")
    }

    /// Checks a signature's mathematics against the key with this fingerprint.
    pub(super) fn matches(&self, key: &Fingerprint, signature: &Signature, bytes: &[u8]) -> bool {
        if *key == self.primary.fingerprint {
            return signature.verify(&self.packets.primary_key, bytes).is_ok();
        }
        let mut subkeys = self.packets.public_subkeys.iter();
        subkeys
            .find(|subkey| fingerprint_of(&subkey.key) == *key)
            .is_some_and(|subkey| signature.verify(&subkey.key, bytes).is_ok())
    }
}

/// Tells whether a signature's hash still proves something: whether collisions
/// are out of reach.
pub(super) fn sound(signature: &Signature) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha224, Sha256, Sha384, Sha512};
    let strong = [Sha224, Sha256, Sha384, Sha512, Sha3_256, Sha3_512];
    signature
        .hash_alg()
        .is_some_and(|hash| strong.contains(&hash))
}

/// Returns the user IDs that are bound and not revoked, each with the
/// self-signature that counts, the primary one first.
fn bound_users(packets: &SignedPublicKey) -> Vec<(String, &Signature)> {
    let key = &packets.primary_key;
    let valid = |user: &SignedUser, signature: &Signature| {
        (sound(signature) || signature.typ() == Some(SignatureType::CertRevocation))
            && signature
                .verify_certification(key, Tag::UserId, &user.id)
                .is_ok()
    };
    let bound = packets.details.users.iter().filter_map(|user| {
        let signatures = user.signatures.iter().filter(|s| valid(user, s));
        let newest = newest(signatures)?;
        let revoked = newest.typ() == Some(SignatureType::CertRevocation);
        let name = String::from_utf8_lossy(user.id.id()).into_owned();
        (!revoked).then_some((name, newest))
    });
    let mut users: Vec<_> = bound.collect();
    users.sort_by_key(|(_, s)| (!s.is_primary(), std::cmp::Reverse(s.created())));
    users
}

/// Returns a subkey if the primary key binds it and, where it signs, it agrees.
fn bound_subkey(primary: &PublicKey, subkey: &SignedPublicSubKey) -> Option<ComponentKey> {
    let key: &PublicSubkey = &subkey.key;
    if key.version() != KeyVersion::V4 {
        return None;
    }
    let of = |kind: SignatureType| {
        let signatures = subkey.signatures.iter();
        signatures.filter(move |signature| {
            signature.typ() == Some(kind) && signature.verify_subkey_binding(primary, key).is_ok()
        })
    };
    let agrees = |binding: &Signature| {
        let mut back = binding.embedded_signature().into_iter();
        back.any(|back| sound(back) && back.verify_primary_key_binding(key, primary).is_ok())
    };
    // Of two copies of one binding, the one that did not lose its back signature.
    let binding = of(SignatureType::SubkeyBinding)
        .filter(|binding| sound(binding))
        .max_by_key(|binding| (binding.created(), agrees(binding)))?;
    Some(ComponentKey {
        fingerprint: fingerprint_of(key),
        created: moment(key.created_at()),
        expires: expiry(key, binding),
        revoked: revocation(of(SignatureType::SubkeyRevocation)),
        signs: binding.key_flags().sign() && agrees(binding),
        ed25519: raw_ed25519(key.public_params()),
    })
}

fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    signatures.max_by_key(|signature| signature.created())
}

fn expiry(key: &impl KeyDetails, signature: &Signature) -> Option<Timestamp> {
    let seconds = signature.key_expiration_time()?.as_secs();
    (seconds > 0).then(|| moment(key.created_at()).plus_seconds(i64::from(seconds)))
}

fn has_flags(signature: &Signature) -> bool {
    let mut subpackets = signature
        .config()
        .into_iter()
        .flat_map(|c| &c.hashed_subpackets);
    subpackets.any(|subpacket| matches!(subpacket.data, SubpacketData::KeyFlags(_)))
}

/// Joins revocations: the earliest, or the one that counts from the start.
fn revocation<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<Revocation> {
    let each = signatures.map(|signature| Revocation {
        made: signature.created().map_or(Timestamp::from_unix(0), moment),
        from_the_start: !matches!(
            signature.revocation_reason_code(),
            Some(RevocationCode::KeySuperseded | RevocationCode::KeyRetired)
        ),
    });
    each.min_by_key(|revocation| (!revocation.from_the_start, revocation.made))
}

/// Returns the bare key of an Ed25519 one, in either framing.
pub(super) fn raw_ed25519(params: &PublicParams) -> Option<ed25519_dalek::VerifyingKey> {
    use pgp::types::EddsaLegacyPublicParams as Legacy;
    match params {
        PublicParams::Ed25519(params) => Some(params.key),
        PublicParams::EdDSALegacy(Legacy::Ed25519 { key }) => Some(*key),
        _ => None,
    }
}
