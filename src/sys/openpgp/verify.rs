//! Signatures over content: by whom, when, and whether they are true.

use pgp::composed::{Deserializable, DetachedSignature};
use pgp::packet::{Signature, SignatureType, SignatureVersion};

use super::certificate::{Certificate, CertificateError, ComponentKey, Status, sound};
use super::cleartext::{TextError, unframe};
use super::input::blocks;
use super::{PacketError, moment};
use crate::model::{Fingerprint, Timestamp};

/// The certificates whose signatures count, and no others.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certificates: Vec<Certificate>,
}

/// Who made a signature that is true, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBy {
    /// The certificate, named by its primary key.
    pub fingerprint: Fingerprint,
    /// The key of it that signed.
    pub signing_key: Fingerprint,
    /// The certificate's primary user ID.
    pub user_id: String,
    /// When the signature says it was made; the key was valid then.
    pub made: Timestamp,
    /// When the signature itself expires, where it says so.
    pub expires: Option<Timestamp>,
}

/// A signed text whose signature is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who signed it, and when.
    pub by: SignedBy,
    /// The text that was signed, without blanks at line ends.
    pub plain: String,
}

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The text is not a cleartext-signed one, whole and nothing else.
    #[error("not a signed text")]
    Text(#[source] TextError),
    /// The signature is unreadable.
    #[error("the signature is damaged or not an OpenPGP one")]
    Packets(#[source] PacketError),
    /// There is no signature packet, or only ones of unknown versions.
    #[error("there is no OpenPGP signature in it")]
    None,
    /// The signature is of another kind or version than one over content.
    #[error("the signature is not one over {content}, but {found}")]
    Kind {
        /// What it should be over.
        content: &'static str,
        /// What it says to be.
        found: String,
    },
    /// Nobody in the keyring has the key.
    #[error("made by key {key}, which is not in the keyring")]
    UnknownKey {
        /// The fingerprint or, where the signature does not say, the key ID.
        key: String,
    },
    /// The hash can be forged.
    #[error("made by key {key} with {hash}, which proves nothing any more")]
    WeakHash {
        /// The signing key.
        key: Fingerprint,
        /// The hash's name.
        hash: String,
    },
    /// The content or the signature was changed.
    #[error("the signature by key {key} does not match the content")]
    Bad {
        /// The signing key.
        key: Fingerprint,
    },
    /// The key had expired before the signature was made.
    #[error("made by key {key} on {made}, after the key expired on {expired}")]
    KeyExpired {
        /// The signing key.
        key: Fingerprint,
        /// When the signature says it was made.
        made: Timestamp,
        /// When the key expired.
        expired: Timestamp,
    },
    /// The key has expired since the signature was made, and judged is now.
    #[error("made by key {key}, which has expired on {expired}")]
    ExpiredSince {
        /// The signing key.
        key: Fingerprint,
        /// When the key expired.
        expired: Timestamp,
    },
    /// The key was revoked, in a way that covers the signature.
    #[error("made by key {key}, which was revoked on {revoked}")]
    KeyRevoked {
        /// The signing key.
        key: Fingerprint,
        /// When the revocation was made.
        revoked: Timestamp,
    },
    /// The signature says to be older than its key.
    #[error("made by key {key} on {made}, before the key was created on {created}")]
    BeforeKey {
        /// The signing key.
        key: Fingerprint,
        /// When the signature says it was made.
        made: Timestamp,
        /// When the key was made.
        created: Timestamp,
    },
    /// The key is one for other purposes.
    #[error("made by key {key}, which may not sign content")]
    NotASigningKey {
        /// The key.
        key: Fingerprint,
    },
    /// The signature is dated later than the clock.
    #[error("made by key {key} on {made}, but the clock says {now}")]
    FromTheFuture {
        /// The signing key.
        key: Fingerprint,
        /// When the signature says it was made.
        made: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// The signature was for a limited time, which is over.
    #[error("the signature by key {key} expired on {expired}")]
    Expired {
        /// The signing key.
        key: Fingerprint,
        /// When it expired.
        expired: Timestamp,
    },
}

impl SignedBy {
    /// Checks the signature's dates against the clock: one from the future, as
    /// apt since 3.0 refuses it, or one that was limited and has expired.
    pub fn check_clock(&self, now: Timestamp) -> Result<(), VerifyError> {
        let key = self.signing_key.clone();
        match self.expires {
            _ if self.made > now => Err(VerifyError::FromTheFuture {
                key,
                made: self.made,
                now,
            }),
            Some(expired) if expired <= now => Err(VerifyError::Expired { key, expired }),
            _ => Ok(()),
        }
    }
}

impl Certificate {
    /// Says that one of its keys made a signature, if it could at that moment.
    pub fn credit(&self, key: &ComponentKey, made: Timestamp) -> Result<SignedBy, VerifyError> {
        let status = self.key_status(key, made);
        let key = key.fingerprint.clone();
        match status {
            Status::Valid => Ok(SignedBy {
                fingerprint: self.fingerprint().clone(),
                signing_key: key,
                user_id: self.user_id().to_owned(),
                made,
                expires: None,
            }),
            Status::Expired(expired) => Err(VerifyError::KeyExpired { key, made, expired }),
            Status::Revoked(revoked) => Err(VerifyError::KeyRevoked { key, revoked }),
            Status::NotYet(created) => Err(VerifyError::BeforeKey { key, made, created }),
            Status::NoSigningKey => Err(VerifyError::NotASigningKey { key }),
        }
    }
}

/// When a signature's key must count.
#[derive(Debug, Clone, Copy)]
enum When {
    /// When it was made: who reads old releases asks so.
    Then,
    /// Still at this moment.
    Now(Timestamp),
}

impl When {
    /// Says why a signature, good when it was made, does not count any more.
    fn check(
        self,
        by: &SignedBy,
        certificate: &Certificate,
        component: &ComponentKey,
    ) -> Result<(), VerifyError> {
        let Self::Now(now) = self else {
            return Ok(());
        };
        let key = by.signing_key.clone();
        if let Some(expired) = by.expires.filter(|expired| *expired <= now) {
            return Err(VerifyError::Expired { key, expired });
        }
        match certificate.key_status(component, now) {
            Status::Expired(expired) => Err(VerifyError::ExpiredSince { key, expired }),
            Status::Revoked(revoked) => Err(VerifyError::KeyRevoked { key, revoked }),
            Status::Valid | Status::NotYet(_) | Status::NoSigningKey => Ok(()),
        }
    }
}

impl Keyring {
    /// Makes a keyring of these certificates; copies of one are joined.
    pub fn new(certificates: Vec<Certificate>) -> Self {
        let mut joined: Vec<Certificate> = Vec::new();
        for new in certificates {
            let mut own = joined.iter_mut();
            match own.find(|own| own.fingerprint() == new.fingerprint()) {
                Some(own) => *own = own.joined(&new),
                None => joined.push(new),
            }
        }
        Self {
            certificates: joined,
        }
    }

    /// Reads a keyring file, armoured or binary.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        Certificate::parse_all(bytes).map(Self::new)
    }

    /// Returns the certificates, in their order.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Finds the certificate that has this key, as primary key or as subkey.
    pub fn owner(&self, key: &Fingerprint) -> Option<(&Certificate, &ComponentKey)> {
        self.component(|component| component.fingerprint == *key)
    }

    /// Verifies a cleartext-signed text.
    ///
    /// Of several signatures one that is true suffices, as long as none is
    /// [`VerifyError::Bad`]; without any, the error is about the first.
    pub fn verify_clear(&self, framed: &str) -> Result<Verified, VerifyError> {
        self.clear(framed, When::Then)
    }

    /// Verifies a cleartext-signed text as gpgv does: neither the signature nor
    /// its key may have expired at `now`, nor the key have been revoked. A key
    /// that was stolen after its end can date its signatures back.
    pub fn verify_clear_at(&self, framed: &str, now: Timestamp) -> Result<Verified, VerifyError> {
        self.clear(framed, When::Now(now))
    }

    fn clear(&self, framed: &str, when: When) -> Result<Verified, VerifyError> {
        let (text, signature) = unframe(framed).map_err(VerifyError::Text)?;
        let over = text.signed_bytes();
        let by = self.any(signature.as_bytes(), &over, Content::Text, when)?;
        Ok(Verified {
            by,
            plain: text.plain(),
        })
    }

    /// Verifies a detached signature, armoured or binary, over `bytes`; several
    /// signatures count as in [`verify_clear`](Self::verify_clear).
    pub fn verify_detached(&self, bytes: &[u8], signature: &[u8]) -> Result<SignedBy, VerifyError> {
        self.any(signature, bytes, Content::Bytes, When::Then)
    }

    /// Verifies a detached signature as
    /// [`verify_clear_at`](Self::verify_clear_at) does.
    pub fn verify_detached_at(
        &self,
        bytes: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<SignedBy, VerifyError> {
        self.any(signature, bytes, Content::Bytes, When::Now(now))
    }

    fn any(
        &self,
        packets: &[u8],
        over: &[u8],
        what: Content,
        when: When,
    ) -> Result<SignedBy, VerifyError> {
        let damaged = |error| VerifyError::Packets(Box::new(error));
        let (mut first_good, mut first_error) = (None, None);
        let mut signatures = Vec::new();
        for block in blocks(packets) {
            let (found, _) = DetachedSignature::from_reader_many(block).map_err(damaged)?;
            for signature in found {
                signatures.push(signature.map_err(damaged)?.signature);
            }
        }
        for signature in signatures {
            match self.one(&signature, over, what, when) {
                Ok(by) => first_good = first_good.or(Some(by)),
                Err(bad @ VerifyError::Bad { .. }) => return Err(bad),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_good.ok_or(first_error.unwrap_or(VerifyError::None))
    }

    fn one(
        &self,
        packet: &Signature,
        over: &[u8],
        what: Content,
        when: When,
    ) -> Result<SignedBy, VerifyError> {
        what.check(packet)?;
        let (certificate, component) = self.signer(packet)?;
        let key = component.fingerprint.clone();
        if !sound(packet) {
            let hash = packet
                .hash_alg()
                .map_or_else(String::new, |h| h.to_string());
            return Err(VerifyError::WeakHash { key, hash });
        }
        let Some(made) = packet.created().map(moment) else {
            return Err(VerifyError::Bad { key });
        };
        if !certificate.matches(&key, packet, over) {
            return Err(VerifyError::Bad { key });
        }
        let lasts = packet.signature_expiration_time().map(|d| d.as_secs());
        let end = lasts.filter(|&seconds| seconds > 0);
        let by = SignedBy {
            expires: end.map(|seconds| made.plus_seconds(i64::from(seconds))),
            ..certificate.credit(component, made)?
        };
        when.check(&by, certificate, component)?;
        Ok(by)
    }

    /// Finds the key a signature names; it need not have made it.
    fn signer(&self, packet: &Signature) -> Result<(&Certificate, &ComponentKey), VerifyError> {
        let full = packet.issuer_fingerprint().into_iter();
        let full = full.map(|fingerprint| format!("{fingerprint:X}"));
        let short = packet.issuer_key_id().into_iter();
        let short = short.map(|id| id.to_string().to_ascii_uppercase());
        let names: Vec<String> = full.chain(short).collect();
        let find = |name: &String| {
            self.component(|component| {
                let own = component.fingerprint.as_str();
                // A key ID is the last 16 of a v4 fingerprint's 40 digits.
                own == name || &own[24..] == name
            })
        };
        names.iter().find_map(find).ok_or_else(|| {
            let unnamed = "that it does not name";
            VerifyError::UnknownKey {
                key: names.first().map_or(unnamed, String::as_str).to_owned(),
            }
        })
    }

    fn component(
        &self,
        wanted: impl Fn(&ComponentKey) -> bool,
    ) -> Option<(&Certificate, &ComponentKey)> {
        self.certificates.iter().find_map(|certificate| {
            let key = certificate.keys().find(|key| wanted(key))?;
            Some((certificate, key))
        })
    }
}

/// What a signature must be over.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// The framed text.
    Text,
    /// Bytes, or a text whose line ends may have changed on the way.
    Bytes,
}

impl Content {
    fn check(self, packet: &Signature) -> Result<(), VerifyError> {
        let (content, right) = match self {
            Self::Text => ("text", matches!(packet.typ(), Some(SignatureType::Text))),
            Self::Bytes => {
                use SignatureType::{Binary, Text};
                ("content", matches!(packet.typ(), Some(Binary | Text)))
            }
        };
        let found = match (packet.version(), packet.typ()) {
            (SignatureVersion::V4, _) if right => return Ok(()),
            (SignatureVersion::V4, Some(kind)) => format!("{kind:?}"),
            (version, _) => format!("one of version {}", u8::from(version)),
        };
        Err(VerifyError::Kind { content, found })
    }
}
