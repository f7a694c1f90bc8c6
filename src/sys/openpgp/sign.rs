//! One way to sign, by a key of ours or by the user's gpg.
//!
//! Every signature is verified before it is handed out, against the
//! certificate that will be published: a broken card, a changed agent or a bug
//! shows here and not at the users'.

use pgp::composed::{ArmorOptions, Deserializable, DetachedSignature};
use pgp::packet::SignatureType;
use pgp::ser::Serialize as _;

use super::agent::{Agent, AgentError, Over};
use super::certificate::{Certificate, Status};
use super::cleartext::{Text, TextError};
use super::secret::UnlockedKey;
use super::verify::{Keyring, VerifyError};
use super::{PacketError, wire_moment};
use crate::model::{Fingerprint, Timestamp};

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key has expired.
    #[error("key {fingerprint} expired on {expired}, and the clock says {now}")]
    Expired {
        /// The certificate.
        fingerprint: Fingerprint,
        /// When it expired.
        expired: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// The key was revoked.
    #[error("key {fingerprint} was revoked on {revoked}")]
    Revoked {
        /// The certificate.
        fingerprint: Fingerprint,
        /// When.
        revoked: Timestamp,
    },
    /// The clock is wrong, or the key's maker's was.
    #[error("the clock says {now}, but key {fingerprint} was made on {created}")]
    BeforeKey {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What the clock says.
        now: Timestamp,
        /// When the key was made.
        created: Timestamp,
    },
    /// There is nothing to sign with.
    #[error("key {fingerprint} has no key that may sign and whose secret is here")]
    NoSigningKey {
        /// The certificate.
        fingerprint: Fingerprint,
    },
    /// Packets count seconds from 1970 to 2106.
    #[error("a signature cannot be dated {now}: OpenPGP ends in 2106")]
    Moment {
        /// What the clock says.
        now: Timestamp,
    },
    /// The text cannot be signed so that everybody reads the same.
    #[error("the text cannot be signed")]
    Text(#[source] TextError),
    /// gpg did not sign.
    #[error(transparent)]
    Agent(AgentError),
    /// The library failed.
    #[error("cannot make the signature")]
    Packets(#[source] PacketError),
    /// The signature just made is not true.
    #[error("the signature just made with {fingerprint} does not verify")]
    Untrue {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What is wrong with it.
        #[source]
        source: VerifyError,
    },
}

/// Whoever signs: a key of ours out of its lock, or the user's gpg.
#[derive(Debug)]
pub enum Signer {
    /// Signs in process.
    Key(UnlockedKey),
    /// Signs through gpg-agent.
    Agent(Agent),
}

impl Certificate {
    /// Checks that a signature of this certificate dated `now` would be
    /// accepted; whether its secret is at hand is another question.
    pub fn may_sign(&self, now: Timestamp) -> Result<(), SignError> {
        let fingerprint = self.fingerprint().clone();
        if wire_moment(now).is_none() {
            return Err(SignError::Moment { now });
        }
        match self.status(now) {
            Status::Valid => Ok(()),
            Status::NoSigningKey => Err(SignError::NoSigningKey { fingerprint }),
            Status::Expired(expired) => Err(SignError::Expired {
                fingerprint,
                expired,
                now,
            }),
            Status::Revoked(revoked) => Err(SignError::Revoked {
                fingerprint,
                revoked,
            }),
            Status::NotYet(created) => Err(SignError::BeforeKey {
                fingerprint,
                now,
                created,
            }),
        }
    }
}

impl Signer {
    /// Returns the certificate that verifies what this signs.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::Key(key) => key.certificate(),
            Self::Agent(agent) => agent.certificate(),
        }
    }

    /// Returns the certificate's fingerprint.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.certificate().fingerprint()
    }

    /// Checks that a signature dated `now` could be made, before anything is
    /// written that would need one.
    pub fn ready(&self, now: Timestamp) -> Result<(), SignError> {
        self.certificate().may_sign(now)?;
        match self {
            Self::Key(key) if key.signing_key(now).is_none() => Err(SignError::NoSigningKey {
                fingerprint: self.fingerprint().clone(),
            }),
            Self::Key(_) | Self::Agent(_) => Ok(()),
        }
    }

    /// Returns `text` framed with its signature dated `now`. Blanks at the ends
    /// of lines are dropped, the last line gets an end.
    pub fn clear_sign(&self, text: &str, now: Timestamp) -> Result<String, SignError> {
        let text = Text::new(text).map_err(SignError::Text)?;
        let signature = self.signature(&text.signed_bytes(), Over::Text, now)?;
        let hash = signature.signature.hash_alg();
        let hash = hash.map_or_else(String::new, |hash| hash.to_string());
        let framed = text.framed(&hash, &armored(&signature));
        self.check(|keyring| keyring.verify_clear(&framed).map(|_| ()))?;
        Ok(framed)
    }

    /// Returns an armoured signature over `bytes` dated `now`.
    pub fn detach_sign(&self, bytes: &[u8], now: Timestamp) -> Result<String, SignError> {
        self.detached(bytes, now)
            .map(|signature| armored(&signature))
    }

    /// Returns a binary signature over `bytes` dated `now`.
    pub fn detach_sign_binary(&self, bytes: &[u8], now: Timestamp) -> Result<Vec<u8>, SignError> {
        let signature = self.detached(bytes, now)?.to_bytes();
        signature.map_err(packets)
    }

    fn detached(&self, bytes: &[u8], now: Timestamp) -> Result<DetachedSignature, SignError> {
        let signature = self.signature(bytes, Over::Bytes, now)?;
        let binary = signature.to_bytes().map_err(packets)?;
        self.check(|keyring| keyring.verify_detached(bytes, &binary).map(|_| ()))?;
        Ok(signature)
    }

    pub(super) fn signature(
        &self,
        bytes: &[u8],
        over: Over,
        now: Timestamp,
    ) -> Result<DetachedSignature, SignError> {
        self.ready(now)?;
        match self {
            Self::Key(key) => {
                let key = key.signing_key(now).expect("ready");
                let created = wire_moment(now).expect("ready");
                let kind = match over {
                    Over::Text => SignatureType::Text,
                    Over::Bytes => SignatureType::Binary,
                };
                let signature = key.sign(kind, created, bytes).map_err(packets)?;
                Ok(DetachedSignature::new(signature))
            }
            Self::Agent(agent) => {
                let made = agent.sign(bytes, over, now).map_err(SignError::Agent)?;
                DetachedSignature::from_bytes(made.as_slice()).map_err(packets)
            }
        }
    }

    pub(super) fn check(
        &self,
        verify: impl FnOnce(&Keyring) -> Result<(), VerifyError>,
    ) -> Result<(), SignError> {
        let keyring = Keyring::new(vec![self.certificate().clone()]);
        verify(&keyring).map_err(|source| SignError::Untrue {
            fingerprint: self.fingerprint().clone(),
            source,
        })
    }
}

fn armored(signature: &DetachedSignature) -> String {
    signature
        .to_armored_string(ArmorOptions::default())
        .expect("a signature in memory can be written")
}

fn packets(error: pgp::errors::Error) -> SignError {
    SignError::Packets(Box::new(error))
}
