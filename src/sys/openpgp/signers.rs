//! Several keys that sign one text together: one signature of each, in one
//! block (RFC 9580, 7 and 10.4), as `gpg --local-user A --local-user B` makes.
//!
//! gpgv, sqv and apt accept a text when one of its signatures is by a key that
//! they trust, and none by such a key is wrong; so while keys are exchanged,
//! clients of the old one and of the new one are served by the same file.

use pgp::armor::{self, BlockType};
use pgp::composed::DetachedSignature;
use pgp::ser::Serialize;

use super::agent::Over;
use super::certificate::Certificate;
use super::cleartext::Text;
use super::sign::{SignError, Signer};
use crate::model::Timestamp;

/// Everybody who signs a text, the one that was chosen first.
#[derive(Debug)]
pub struct Signers(Vec<Signer>);

impl Signers {
    /// Takes the chosen key and those that sign beside it.
    pub fn new(chosen: Signer, beside: Vec<Signer>) -> Self {
        let mut all = vec![chosen];
        all.extend(beside);
        Self(all)
    }

    /// Returns the certificates that verify what they sign, in order.
    pub fn certificates(&self) -> Vec<Certificate> {
        let all = self.0.iter();
        all.map(|signer| signer.certificate().clone()).collect()
    }

    /// Returns `text` framed with a signature of each, dated `now`.
    pub fn clear_sign(&self, text: &str, now: Timestamp) -> Result<String, SignError> {
        let text = Text::new(text).map_err(SignError::Text)?;
        let made = self.signatures(&text.signed_bytes(), Over::Text, now)?;
        let mut hashes = Vec::<String>::new();
        for one in &made {
            let name = one.signature.hash_alg().map(|hash| hash.to_string());
            hashes.extend(name.filter(|name| !hashes.contains(name)));
        }
        let framed = text.framed(&hashes.join(", "), &armored(&made));
        for signer in &self.0 {
            signer.check(|keyring| keyring.verify_clear(&framed).map(|_| ()))?;
        }
        Ok(framed)
    }

    /// Returns an armoured block with a signature of each over `bytes`, dated
    /// `now`.
    pub fn detach_sign(&self, bytes: &[u8], now: Timestamp) -> Result<String, SignError> {
        let block = armored(&self.signatures(bytes, Over::Bytes, now)?);
        for signer in &self.0 {
            signer.check(|keyring| {
                let verified = keyring.verify_detached(bytes, block.as_bytes());
                verified.map(|_| ())
            })?;
        }
        Ok(block)
    }

    fn signatures(
        &self,
        bytes: &[u8],
        over: Over,
        now: Timestamp,
    ) -> Result<Vec<DetachedSignature>, SignError> {
        let all = self.0.iter();
        all.map(|signer| signer.signature(bytes, over, now))
            .collect()
    }
}

/// Writes certificates into one armoured block, which everybody reads; several
/// blocks in one text are not read alike.
pub fn armored_certificates(certificates: &[&Certificate]) -> String {
    if let [one] = certificates {
        return one.armored();
    }
    let packets: Vec<_> = certificates.iter().map(|one| one.packets()).collect();
    block(&packets, BlockType::PublicKey)
}

fn armored(signatures: &Vec<DetachedSignature>) -> String {
    block(signatures, BlockType::Signature)
}

fn block(packets: &impl Serialize, kind: BlockType) -> String {
    let mut bytes = Vec::new();
    armor::write(packets, kind, &mut bytes, None, true).expect("packets in memory can be written");
    String::from_utf8(bytes).expect("armour is ASCII")
}
