//! Secret keys: read, unlocked, used.
//!
//! Only Ed25519 keys sign in process. RSA would work, but the `rsa` crate leaks
//! the key through its timing (RUSTSEC-2023-0071): such keys sign through gpg.

use std::fmt;
use std::sync::Arc;

use pgp::composed::{ArmorOptions, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::{ed25519, eddsa_legacy};
use pgp::packet::{
    SecretKey, SecretSubkey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData,
};
use pgp::types::{KeyDetails, Password, PlainSecretParams, S2kParams, SecretParams, StringToKey};

use super::certificate::{Certificate, CertificateError, raw_ed25519};
use super::key::Key;
use super::{PacketError, fingerprint_of};
use crate::model::{Fingerprint, Timestamp};

/// What our own signatures hash with.
const HASH: HashAlgorithm = HashAlgorithm::Sha512;

/// A passphrase; never shown, wiped from memory when the last of its clones is
/// dropped.
#[derive(Clone)]
pub struct Passphrase(pub(super) Arc<Password>);

impl Passphrase {
    /// Takes a passphrase; an empty one is none.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Arc::new(Password::from(text))))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
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
    /// It signs, but not with Ed25519.
    #[error(
        "key {fingerprint} signs with {found}; in process only Ed25519 does, \
         use it as gpg:{fingerprint}"
    )]
    Algorithm {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What it signs with.
        found: String,
    },
    /// It has no key that signs, or the secret is elsewhere: on a card, or left
    /// out of an export.
    #[error("key {fingerprint} has no secret part here that signs")]
    NoSecret {
        /// The certificate.
        fingerprint: Fingerprint,
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
    packets: Arc<SignedSecretKey>,
    certificate: Certificate,
}

impl fmt::Debug for SecretCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret{:?}", self.certificate)
    }
}

impl SecretCertificate {
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
            packets: Arc::new(packets),
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

    /// Tells whether signing in process needs a passphrase.
    pub fn is_locked(&self) -> bool {
        self.usable().any(|key| key.secret().is_encrypted())
    }

    /// Takes the keys that sign in process out of their lock.
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<UnlockedKey, UnlockError> {
        let mut keys: Vec<SecretComponent> = self.usable().collect();
        if keys.is_empty() {
            return Err(self.unusable());
        }
        let fingerprint = || self.certificate.fingerprint().clone();
        for key in keys.iter_mut().filter(|key| key.secret().is_encrypted()) {
            let Some(Passphrase(password)) = passphrase else {
                return Err(UnlockError::NoPassphrase {
                    fingerprint: fingerprint(),
                });
            };
            key.open(password)
                .map_err(|error| not_opened(fingerprint(), error))?;
        }
        Ok(UnlockedKey {
            certificate: self.certificate.clone(),
            keys,
        })
    }

    /// Returns copies of the keys that sign in process.
    fn usable(&self) -> impl Iterator<Item = SecretComponent> {
        self.signing()
            .filter(|key| raw_ed25519(key.details().public_params()).is_some())
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

    /// Says why it does not sign in process.
    fn unusable(&self) -> UnlockError {
        let fingerprint = self.certificate.fingerprint().clone();
        let others: Vec<String> = self
            .signing()
            .map(|key| format!("{:?}", key.details().algorithm()))
            .collect();
        if others.is_empty() {
            UnlockError::NoSecret { fingerprint }
        } else {
            let found = others.join(" and ");
            UnlockError::Algorithm { fingerprint, found }
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
        let mut wanted = self.certificate.signing_keys(at).into_iter();
        wanted.find_map(|key| {
            let mut keys = self.keys.iter();
            keys.find(|own| own.fingerprint() == key.fingerprint)
        })
    }

    /// Signs `message` with the raw Ed25519 key that signs at `at`, and names
    /// that key; `None` when none signs then.
    ///
    /// Never to be given a digest's 32 to 64 bytes: those are what OpenPGP
    /// signs with the same key.
    pub fn sign_raw(&self, message: &[u8], at: Timestamp) -> Option<(Fingerprint, [u8; 64])> {
        use ed25519_dalek::Signer as _;
        let key = self.signing_key(at)?;
        Some((key.fingerprint(), key.raw()?.sign(message).to_bytes()))
    }
}

/// One secret key of a certificate.
pub(super) enum SecretComponent {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

impl SecretComponent {
    fn details(&self) -> &dyn KeyDetails {
        match self {
            Self::Primary(key) => key,
            Self::Subkey(key) => key,
        }
    }

    fn secret(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Subkey(key) => key.secret_params(),
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        fingerprint_of(self.details())
    }

    fn open(&mut self, password: &Password) -> pgp::errors::Result<()> {
        match self {
            Self::Primary(key) => key.remove_password(password),
            Self::Subkey(key) => key.remove_password(password),
        }
    }

    /// Signs, once out of its lock.
    pub(super) fn sign(
        &self,
        kind: SignatureType,
        created: pgp::types::Timestamp,
        over: &[u8],
    ) -> pgp::errors::Result<Signature> {
        let config = config(self.details(), kind, created)?;
        match self {
            Self::Primary(key) => config.sign(key, &Password::empty(), over),
            Self::Subkey(key) => config.sign(key, &Password::empty(), over),
        }
    }

    /// Returns the raw key, once out of its lock.
    fn raw(&self) -> Option<&ed25519::SecretKey> {
        match self.secret() {
            SecretParams::Plain(
                PlainSecretParams::Ed25519(secret)
                | PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(secret)),
            ) => Some(secret),
            _ => None,
        }
    }
}

/// All that a wrong passphrase leaves behind is a wrong checksum.
fn not_opened(fingerprint: Fingerprint, error: pgp::errors::Error) -> UnlockError {
    use pgp::errors::Error::{Aead, ChecksumMissmatch, InvalidInput};
    match error {
        InvalidInput { .. } | ChecksumMissmatch { .. } | Aead { .. } => {
            UnlockError::WrongPassphrase { fingerprint }
        }
        other => UnlockError::Packets {
            fingerprint,
            source: Box::new(other),
        },
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
pub(super) fn config(
    key: &dyn KeyDetails,
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
