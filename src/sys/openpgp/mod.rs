//! OpenPGP certificates, signatures and who may make them (RFC 9580, v4 keys).
//!
//! Holds what the packets say and whether it is true: which keys a
//! certificate binds, until when, and whether a signature over these bytes was
//! made by one of them. Refuses to know where keys are kept, whom anybody
//! trusts (a [`Keyring`] is what the caller says it is) and what time it is.
//!
//! The packets are rPGP's; what a certificate *means* is decided here, because
//! the library leaves it open:
//!
//! - The newest self-signature of a user ID or of the key counts, as in GnuPG,
//!   also for signatures older than itself: extending a key's life replaces the
//!   self-signature and must not invalidate what was signed before.
//! - A subkey signs only with a binding that says so and the subkey's own back
//!   signature.
//! - MD5, SHA-1 and RIPEMD-160 count nowhere, neither in signatures over
//!   content nor in the ones that bind a certificate together (as sqv; gpg 2.2
//!   still accepts SHA-1 self-signatures). Only a revocation counts with any
//!   hash: who forges one stops a key, and gains nothing.
//! - A revoked key is revoked from the start unless its revocation says that it
//!   was only retired or superseded. A third party's revocation is not seen.
//! - The length of a key is not judged: who is in the keyring was chosen.

mod agent;
mod certificate;
mod cleartext;
mod create;
mod input;
mod join;
mod key;
mod secret;
mod sign;
mod signers;
mod verify;

#[cfg(test)]
pub(crate) mod gnupg;
#[cfg(test)]
mod judges;

pub use agent::{Agent, AgentError, secret_certificate};
pub use certificate::{Certificate, CertificateError, ComponentKey, Revocation, Status};
pub use cleartext::{TextError, text_of};
pub use create::{CreateError, NewKey};
pub use key::Key;
pub use secret::{Passphrase, SecretCertificate, UnlockError, UnlockedKey};
pub use sign::{SignError, Signer};
pub use signers::{Signers, armored_certificates};
pub use verify::{Keyring, SignedBy, Verified, VerifyError};

use crate::model::{Fingerprint, Timestamp};

/// An error of the OpenPGP library; boxed, because it is large and rare.
pub type PacketError = Box<pgp::errors::Error>;

/// Returns a packet's moment as ours.
fn moment(wire: pgp::types::Timestamp) -> Timestamp {
    Timestamp::from_unix(i64::from(wire.as_secs()))
}

/// Returns a moment as packets write it; `None` before 1970 and after 2106.
fn wire_moment(at: Timestamp) -> Option<pgp::types::Timestamp> {
    u32::try_from(at.unix())
        .ok()
        .map(pgp::types::Timestamp::from_secs)
}

/// Returns the fingerprint of a v4 key.
fn fingerprint_of(key: &dyn pgp::types::KeyDetails) -> Fingerprint {
    Fingerprint::new(format!("{:X}", key.fingerprint())).expect("v4 keys only are let in")
}
