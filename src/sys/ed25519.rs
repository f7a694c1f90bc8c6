//! Raw Ed25519: what the OpenPGP signing key signs outside of OpenPGP
//! (RFC 8032; public keys as SubjectPublicKeyInfo, RFC 8410).
//!
//! One root of trust: the certificate in the archive's keyring verifies the
//! attestations too, by the bare key inside its signing subkey. The two uses
//! cannot be taken for each other: OpenPGP signs a digest, 32 to 64 bytes
//! long; attestations sign a DSSE encoding, which starts with `DSSEv1 ` and is
//! always longer, because payload type and payload stand in it whole.

use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::model::Timestamp;
use crate::sys::openpgp::Certificate;

/// Writes the public key that verifies a certificate's attestations of `at` as
/// PEM, such as `openssl pkeyutl -verify -pubin -rawin` reads it; `None` when
/// the certificate cannot sign then, or not with Ed25519.
pub fn attestation_key_pem(certificate: &Certificate, at: Timestamp) -> Option<String> {
    let keys = certificate.signing_keys(at).into_iter();
    let key = keys.filter_map(|key| key.ed25519).next()?;
    let pem = key.to_public_key_pem(LineEnding::LF);
    Some(pem.expect("a key of 32 bytes can be written"))
}

/// Tells whether `signature` over `message` is true; points of small order,
/// with which a signature fits several messages, are refused.
pub fn verifies(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}
