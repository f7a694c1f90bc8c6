//! A key as files hold it, with its secret or without.

use pgp::composed::PublicOrSecret;

use super::certificate::{Certificate, CertificateError};
use super::input::read_keys;
use super::secret::SecretCertificate;

/// A secret key, or the certificate alone.
#[derive(Debug, Clone)]
pub enum Key {
    /// It signs.
    Secret(SecretCertificate),
    /// It only verifies.
    Public(Certificate),
}

impl Key {
    /// Reads every key in armoured or binary bytes.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let keys = read_keys(bytes)?.into_iter().map(|key| match key {
            PublicOrSecret::Secret(key) => Self::Secret(SecretCertificate::from_packets(key)),
            PublicOrSecret::Public(key) => Self::Public(Certificate::from_packets(key)),
        });
        Ok(keys.collect())
    }

    /// Returns the certificate.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::Secret(key) => key.certificate(),
            Self::Public(certificate) => certificate,
        }
    }

    /// Writes it armoured, with its secret where it is here.
    pub fn armored(&self) -> String {
        match self {
            Self::Secret(key) => key.armored(),
            Self::Public(certificate) => certificate.armored(),
        }
    }

    /// Adds what `other`, a copy of the same key, knows beyond this. A secret
    /// that is here stays locked as it is.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Secret(own), Self::Secret(other)) => Self::Secret(own.joined_secret(other)),
            (Self::Secret(own), Self::Public(other)) => Self::Secret(own.joined(other)),
            (Self::Public(own), Self::Secret(other)) => Self::Secret(other.joined(own)),
            (Self::Public(own), Self::Public(other)) => Self::Public(own.joined(other)),
        }
    }
}
