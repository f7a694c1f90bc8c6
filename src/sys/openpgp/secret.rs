//! Secret keys: made, read, unlocked.
//!
//! A new key is what every tool of Debian 12 reads: version 4, Ed25519, a
//! primary key that only certifies and a subkey that signs. The library's own
//! builder stamps the current time and knows no expiry, so the bindings are
//! made here packet by packet, with the moment and the randomness passed in:
//! the same input gives the same bytes.
//!
//! Only Ed25519 keys sign in process. RSA would work, but the `rsa` crate leaks
//! the key through its timing (RUSTSEC-2023-0071): such keys sign through gpg.

use std::fmt;

use pgp::composed::{ArmorOptions, KeyType, SignedKeyDetails};
use pgp::composed::{SignedSecretKey, SignedSecretSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::crypto::{ed25519, eddsa_legacy};
use pgp::packet::{
    Features, KeyFlags, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature,
    SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{
    CompressionAlgorithm, Duration, KeyDetails, KeyVersion, PacketHeaderVersion, Password,
    PlainSecretParams, PublicParams, S2kParams, SecretParams, SignedUser, StringToKey, Tag,
};
use rand::{CryptoRng, Rng};

use super::certificate::{Certificate, CertificateError};
use super::key::Key;
use super::{PacketError, fingerprint_of, wire_moment};
use crate::model::{Fingerprint, Timestamp};

/// Hashes with which a new key signs and asks others to sign.
pub(super) const HASH: HashAlgorithm = HashAlgorithm::Sha512;

/// A passphrase; never shown, wiped from memory when dropped.
pub struct Passphrase(Password);

impl Passphrase {
    /// Takes a passphrase; an empty one is none.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Password::from(text)))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// What a new key is to be.
#[derive(Debug)]
pub struct NewKey {
    /// Its owner's name, as in a changelog's last line.
    pub name: String,
    /// Its owner's mail address.
    pub email: String,
    /// Seconds until it expires; `None` is never.
    pub lifetime_seconds: Option<u32>,
    /// What locks it; `None` leaves the secret part readable in its file.
    pub passphrase: Option<Passphrase>,
}

impl NewKey {
    /// Two years, after which a key should have been replaced.
    pub const LIFETIME_SECONDS: u32 = 2 * 365 * 24 * 60 * 60;

    fn user_id(&self) -> Result<String, CreateError> {
        let refuse = |field, text: &str, rule| {
            let text = text.to_owned();
            Err(CreateError::Name { field, text, rule })
        };
        let bad = |c: char| c.is_control() || "<>()".contains(c);
        let (name, email) = (self.name.trim(), self.email.trim());
        if name.is_empty() || name.contains(bad) {
            return refuse("name", name, "one line without < > ( )");
        }
        let inner = |part: &str| !part.is_empty() && !part.contains([' ', ',', '@']);
        if email.contains(bad)
            || !email
                .split_once('@')
                .is_some_and(|(a, b)| inner(a) && inner(b))
        {
            return refuse("mail address", email, "such as jane@example.org");
        }
        Ok(format!("{name} <{email}>"))
    }
}

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The owner cannot be written in a user ID.
    #[error("“{text}” cannot be a key's {field} ({rule})")]
    Name {
        /// Name or mail address.
        field: &'static str,
        /// What was given.
        text: String,
        /// What it must be.
        rule: &'static str,
    },
    /// Packets count seconds from 1970 to 2106.
    #[error("a key cannot be made on {at}: OpenPGP ends in 2106")]
    Moment {
        /// What the clock says.
        at: Timestamp,
    },
    /// The library failed.
    #[error("cannot make the key's packets")]
    Packets(#[source] PacketError),
}

/// Why a secret key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// It is locked and no passphrase was given.
    #[error("key {fingerprint} is locked and no passphrase was given")]
    NoPassphrase {
        /// The certificate.
        fingerprint: Fingerprint,
    },
    /// The passphrase is not the one.
    #[error("wrong passphrase for key {fingerprint}")]
    WrongPassphrase {
        /// The certificate.
        fingerprint: Fingerprint,
    },
    /// No key in it signs in process.
    #[error("key {fingerprint} has no Ed25519 key that signs, but {found}")]
    Unusable {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What it has instead.
        found: String,
    },
    /// The secret part is damaged or locked in an unknown way.
    #[error("the secret part of key {fingerprint} is unreadable")]
    Packets {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What the library says.
        #[source]
        source: PacketError,
    },
}

/// A certificate with its secret keys, locked or not.
#[derive(Clone)]
pub struct SecretCertificate {
    packets: SignedSecretKey,
    certificate: Certificate,
}

impl fmt::Debug for SecretCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret{:?}", self.certificate)
    }
}

impl SecretCertificate {
    /// Makes a new key at `at`.
    pub fn create(
        new: &NewKey,
        at: Timestamp,
        mut rng: impl Rng + CryptoRng,
    ) -> Result<Self, CreateError> {
        let user_id = new.user_id()?;
        let created = wire_moment(at).ok_or(CreateError::Moment { at })?;
        let packets = build(new, &user_id, created, &mut rng);
        packets
            .map(Self::from_packets)
            .map_err(|error| CreateError::Packets(Box::new(error)))
    }

    /// Reads every key in armoured or binary bytes; all must be secret ones.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let secret = Key::parse_all(bytes)?.into_iter().map(|key| match key {
            Key::Secret(key) => Ok(key),
            Key::Public(certificate) => Err(CertificateError::NotSecret {
                fingerprint: certificate.fingerprint().clone(),
            }),
        });
        secret.collect()
    }

    pub(super) fn packets(&self) -> &SignedSecretKey {
        &self.packets
    }

    pub(super) fn from_packets(packets: SignedSecretKey) -> Self {
        Self {
            certificate: Certificate::from_packets(packets.to_public_key()),
            packets,
        }
    }

    /// Returns the public part.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Writes it armoured, secret part and all, locked as it is.
    pub fn armored(&self) -> String {
        self.packets
            .to_armored_string(ArmorOptions::default())
            .expect("packets that were read can be written")
    }

    /// Tells whether signing needs a passphrase.
    pub fn is_locked(&self) -> bool {
        self.signing().any(|key| key.secret().is_encrypted())
    }

    /// Takes the secret keys that may sign out of their lock.
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<UnlockedKey, UnlockError> {
        let fingerprint = self.certificate.fingerprint();
        if self.is_locked() && passphrase.is_none() {
            return Err(UnlockError::NoPassphrase {
                fingerprint: fingerprint.clone(),
            });
        }
        let empty = Password::empty();
        let password = passphrase.map_or(&empty, |given| &given.0);
        let mut keys = Vec::new();
        for mut key in self.signing().filter(|key| key.is_ed25519()) {
            key.open(password).map_err(|error| {
                let fingerprint = fingerprint.clone();
                use pgp::errors::Error::{Aead, ChecksumMissmatch, InvalidInput};
                match error {
                    // All that a wrong key leaves behind is a wrong checksum.
                    InvalidInput { .. } | ChecksumMissmatch { .. } | Aead { .. } => {
                        UnlockError::WrongPassphrase { fingerprint }
                    }
                    other => UnlockError::Packets {
                        fingerprint,
                        source: Box::new(other),
                    },
                }
            })?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(UnlockError::Unusable {
                fingerprint: fingerprint.clone(),
                found: self.found(),
            });
        }
        Ok(UnlockedKey {
            certificate: self.certificate.clone(),
            keys,
        })
    }

    /// Returns copies of the keys that may sign and whose secret is here.
    fn signing(&self) -> impl Iterator<Item = SecretComponent> {
        let subkeys = self.packets.secret_subkeys.iter();
        let subkeys = subkeys.map(|subkey| SecretComponent::Subkey(subkey.key.clone()));
        let primary = SecretComponent::Primary(self.packets.primary_key.clone());
        subkeys.chain([primary]).filter(|key| {
            let own = key.fingerprint();
            let mut bound = self.certificate.keys();
            bound.any(|bound| bound.signs && bound.fingerprint == own) && !is_stub(key.secret())
        })
    }

    /// Says what keys it has that could sign, for an error.
    fn found(&self) -> String {
        let names: Vec<String> = self
            .signing()
            .map(|k| format!("{:?}", k.algorithm()))
            .collect();
        if names.is_empty() {
            "none whose secret part is in this file".to_owned()
        } else {
            names.join(" and ")
        }
    }
}

/// A certificate whose signing keys are out of their lock.
pub struct UnlockedKey {
    certificate: Certificate,
    keys: Vec<SecretComponent>,
}

impl fmt::Debug for UnlockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unlocked{:?}", self.certificate)
    }
}

impl UnlockedKey {
    /// Returns the public part.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Returns the key to sign with at `at`: the first of the certificate's
    /// [signing keys](Certificate::signing_keys) whose secret is here.
    pub(super) fn signing_key(&self, at: Timestamp) -> Option<&SecretComponent> {
        let wanted = self.certificate.signing_keys(at).into_iter();
        let mut found = wanted.filter_map(|key| {
            let mut keys = self.keys.iter();
            keys.find(|own| own.fingerprint() == key.fingerprint)
        });
        found.next()
    }

    /// Signs `message` with the raw Ed25519 key that signs at `at`, and names
    /// that key; `None` when none signs then.
    ///
    /// Never to be given a digest's 32 to 64 bytes: those are what OpenPGP
    /// signs with the same key.
    pub fn sign_raw(&self, message: &[u8], at: Timestamp) -> Option<(Fingerprint, [u8; 64])> {
        use ed25519_dalek::Signer as _;
        let key = self.signing_key(at)?;
        let sign = |secret: &ed25519::SecretKey| secret.sign(message).to_bytes();
        Some((key.fingerprint(), key.with_secret(sign)?))
    }
}

/// One secret key of a certificate.
pub(super) enum SecretComponent {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

impl SecretComponent {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Primary(key) => fingerprint_of(key),
            Self::Subkey(key) => fingerprint_of(key),
        }
    }

    /// Signs with a key out of its lock.
    pub(super) fn sign(
        &self,
        config: SignatureConfig,
        over: &[u8],
    ) -> pgp::errors::Result<Signature> {
        match self {
            Self::Primary(key) => config.sign(key, &Password::empty(), over),
            Self::Subkey(key) => config.sign(key, &Password::empty(), over),
        }
    }

    pub(super) fn config(
        &self,
        kind: SignatureType,
        created: pgp::types::Timestamp,
    ) -> pgp::errors::Result<SignatureConfig> {
        match self {
            Self::Primary(key) => config(key, kind, created),
            Self::Subkey(key) => config(key, kind, created),
        }
    }

    fn algorithm(&self) -> PublicKeyAlgorithm {
        match self {
            Self::Primary(key) => key.algorithm(),
            Self::Subkey(key) => key.algorithm(),
        }
    }

    fn secret(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Subkey(key) => key.secret_params(),
        }
    }

    fn is_ed25519(&self) -> bool {
        use pgp::types::EddsaLegacyPublicParams as Legacy;
        let params = match self {
            Self::Primary(key) => key.public_params(),
            Self::Subkey(key) => key.public_params(),
        };
        matches!(
            params,
            PublicParams::Ed25519(_) | PublicParams::EdDSALegacy(Legacy::Ed25519 { .. })
        )
    }

    fn open(&mut self, password: &Password) -> pgp::errors::Result<()> {
        match self {
            Self::Primary(key) => key.remove_password(password),
            Self::Subkey(key) => key.remove_password(password),
        }
    }

    fn with_secret<T>(&self, use_it: impl FnOnce(&ed25519::SecretKey) -> T) -> Option<T> {
        match self.secret() {
            SecretParams::Plain(
                PlainSecretParams::Ed25519(secret)
                | PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(secret)),
            ) => Some(use_it(secret)),
            _ => None,
        }
    }
}

/// Tells whether the secret is elsewhere: on a card, or left out of an export
/// (GnuPG's private string-to-key types).
pub(super) fn is_stub(secret: &SecretParams) -> bool {
    let SecretParams::Encrypted(locked) = secret else {
        return false;
    };
    let (S2kParams::Cfb { s2k, .. } | S2kParams::MalleableCfb { s2k, .. }) =
        locked.string_to_key_params()
    else {
        return false;
    };
    matches!(s2k, StringToKey::Private { .. })
}

/// Prepares a signature by `key`: its kind, its moment and who makes it.
fn config(
    key: &impl KeyDetails,
    kind: SignatureType,
    created: pgp::types::Timestamp,
) -> pgp::errors::Result<SignatureConfig> {
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HASH);
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        Subpacket::regular(SubpacketData::SignatureCreationTime(created))?,
    ];
    let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
    config.unhashed_subpackets = vec![Subpacket::regular(issuer)?];
    Ok(config)
}

fn build(
    new: &NewKey,
    user_id: &str,
    created: pgp::types::Timestamp,
    rng: &mut (impl Rng + CryptoRng),
) -> pgp::errors::Result<SignedSecretKey> {
    let mut make = || -> pgp::errors::Result<(PubKeyInner, SecretParams)> {
        // The framing that gpg 2.2 knows; the key is the same in both.
        let kind = KeyType::Ed25519Legacy;
        let (public, secret) = kind.generate(&mut *rng)?;
        let inner = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), created, None, public)?;
        Ok((inner, secret))
    };
    let (inner, secret) = make()?;
    let mut primary = SecretKey::new(PublicKey::from_inner(inner)?, secret)?;
    let (inner, secret) = make()?;
    let mut subkey = SecretSubkey::new(PublicSubkey::from_inner(inner)?, secret)?;

    let unlocked = Password::empty();
    let lifetime = new.lifetime_seconds.map(Duration::from_secs);
    let expiry = lifetime.map(SubpacketData::KeyExpirationTime);

    let mut certify = KeyFlags::default();
    certify.set_certify(true);
    let mut features = Features::new();
    features.set_seipd_v1(true);
    let hashes = [
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha256,
    ];
    let ciphers = [SymmetricKeyAlgorithm::AES256, SymmetricKeyAlgorithm::AES128];
    let compression = [CompressionAlgorithm::ZLIB, CompressionAlgorithm::ZIP];
    let user = UserId::from_str(PacketHeaderVersion::New, user_id)?;
    let mut binding = config(&primary, SignatureType::CertPositive, created)?;
    let says = [
        SubpacketData::KeyFlags(certify),
        SubpacketData::Features(features),
        SubpacketData::PreferredHashAlgorithms(hashes.into_iter().collect()),
        SubpacketData::PreferredSymmetricAlgorithms(ciphers.into_iter().collect()),
        SubpacketData::PreferredCompressionAlgorithms(compression.into_iter().collect()),
        SubpacketData::IsPrimary(true),
    ];
    for data in says.into_iter().chain(expiry.clone()) {
        binding.hashed_subpackets.push(Subpacket::regular(data)?);
    }
    let public = primary.public_key().clone();
    let certified = binding.sign_certification(&primary, &public, &unlocked, Tag::UserId, &user)?;

    let back = config(&subkey, SignatureType::KeyBinding, created)?;
    let back = back.sign_primary_key_binding(&subkey, subkey.public_key(), &unlocked, &public)?;
    let mut sign = KeyFlags::default();
    sign.set_sign(true);
    let mut binding = config(&primary, SignatureType::SubkeyBinding, created)?;
    let says = [
        SubpacketData::KeyFlags(sign),
        SubpacketData::EmbeddedSignature(Box::new(back)),
    ];
    for data in says.into_iter().chain(expiry) {
        binding.hashed_subpackets.push(Subpacket::regular(data)?);
    }
    let bound = binding.sign_subkey_binding(&primary, &public, &unlocked, subkey.public_key())?;

    if let Some(Passphrase(passphrase)) = &new.passphrase {
        primary.set_password(&mut *rng, passphrase)?;
        subkey.set_password(&mut *rng, passphrase)?;
    }
    let users = vec![SignedUser::new(user, vec![certified])];
    let details = SignedKeyDetails::new(vec![], vec![], users, vec![]);
    let subkeys = vec![SignedSecretSubKey::new(subkey, vec![bound])];
    Ok(SignedSecretKey::new(primary, details, vec![], subkeys))
}
