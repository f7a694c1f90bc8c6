//! Two copies of one certificate, joined so that nothing either knows is lost.
//!
//! A later copy may carry a new expiry or a revocation, an older one subkeys
//! that were left out of the later one. Joining only ever adds: the result does
//! not depend on which copy came first, apart from the packets' order, and
//! joining a copy twice changes nothing.

use pgp::composed::{SignedKeyDetails, SignedPublicSubKey};
use pgp::packet::Signature;
use pgp::ser::Serialize as _;
use pgp::types::SecretParams;

use super::certificate::Certificate;
use super::fingerprint_of;
use super::secret::{SecretCertificate, is_stub};

impl Certificate {
    /// Adds what `other`, a copy of the same certificate, knows beyond this.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        debug_assert_eq!(self.fingerprint(), other.fingerprint());
        let mut packets = self.packets().clone();
        join_details(&mut packets.details, &other.packets().details);
        for subkey in &other.packets().public_subkeys {
            join_subkey(&mut packets.public_subkeys, subkey);
        }
        Self::from_packets(packets)
    }
}

impl SecretCertificate {
    /// Adds what `other`, a public copy of the same certificate, knows beyond
    /// this.
    #[must_use]
    pub fn joined(&self, other: &Certificate) -> Self {
        debug_assert_eq!(self.certificate().fingerprint(), other.fingerprint());
        let mut packets = self.packets().clone();
        join_details(&mut packets.details, &other.packets().details);
        for subkey in &other.packets().public_subkeys {
            let own = fingerprint_of(&subkey.key);
            let mut secret = packets.secret_subkeys.iter_mut();
            match secret.find(|secret| fingerprint_of(&secret.key) == own) {
                Some(secret) => join_signatures(&mut secret.signatures, &subkey.signatures),
                None => join_subkey(&mut packets.public_subkeys, subkey),
            }
        }
        Self::from_packets(packets)
    }

    /// Adds what `other`, a secret copy of the same certificate, knows beyond
    /// this. A secret that is here stays locked as it is.
    #[must_use]
    pub fn joined_secret(&self, other: &Self) -> Self {
        let joined = self.joined(other.certificate());
        let mut packets = joined.packets().clone();
        let theirs = other.packets();
        let has = |secret: &SecretParams| !is_stub(secret);
        if !has(packets.primary_key.secret_params()) && has(theirs.primary_key.secret_params()) {
            packets.primary_key = theirs.primary_key.clone();
        }
        for subkey in &theirs.secret_subkeys {
            let name = fingerprint_of(&subkey.key);
            let mut own = packets.secret_subkeys.iter_mut();
            if let Some(own) = own.find(|own| fingerprint_of(&own.key) == name) {
                if !has(own.key.secret_params()) && has(subkey.key.secret_params()) {
                    own.key = subkey.key.clone();
                }
                continue;
            }
            let mut public = packets.public_subkeys.iter();
            let place = public.position(|public| fingerprint_of(&public.key) == name);
            let mut subkey = subkey.clone();
            if let Some(place) = place {
                subkey.signatures = packets.public_subkeys.remove(place).signatures;
            }
            packets.secret_subkeys.push(subkey);
        }
        Self::from_packets(packets)
    }
}

fn join_details(into: &mut SignedKeyDetails, from: &SignedKeyDetails) {
    join_signatures(&mut into.revocation_signatures, &from.revocation_signatures);
    join_signatures(&mut into.direct_signatures, &from.direct_signatures);
    for user in &from.users {
        match into
            .users
            .iter_mut()
            .find(|own| own.id.id() == user.id.id())
        {
            Some(own) => join_signatures(&mut own.signatures, &user.signatures),
            None => into.users.push(user.clone()),
        }
    }
    for user in &from.user_attributes {
        let mut own = into.user_attributes.iter_mut();
        match own.find(|own| own.attr == user.attr) {
            Some(own) => join_signatures(&mut own.signatures, &user.signatures),
            None => into.user_attributes.push(user.clone()),
        }
    }
}

fn join_subkey(into: &mut Vec<SignedPublicSubKey>, subkey: &SignedPublicSubKey) {
    let name = fingerprint_of(&subkey.key);
    match into.iter_mut().find(|own| fingerprint_of(&own.key) == name) {
        Some(own) => join_signatures(&mut own.signatures, &subkey.signatures),
        None => into.push(subkey.clone()),
    }
}

fn join_signatures(into: &mut Vec<Signature>, from: &[Signature]) {
    // All but the packet's header, which programs write in different ways. Also
    // what is not signed: a copy that lost a back signature there must not stand
    // in the way of one that has it.
    let body = |signature: &Signature| signature.to_bytes().expect("memory");
    for signature in from {
        if !into.iter().any(|own| body(own) == body(signature)) {
            into.push(signature.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use pgp::packet::SubpacketData;

    use super::*;
    use crate::sys::clock::Clock;
    use crate::sys::openpgp::gnupg::Gnupg;
    use crate::sys::openpgp::{Key, Status};

    #[test]
    fn a_copy_that_lacks_something_never_stands_in_the_way() {
        let gnupg = Gnupg::new();
        let now = Clock::System.now();
        gnupg.gpg("--quick-generate-key Gina ed25519 cert 1y", b"");
        let exported = || gnupg.gpg("--export-secret-keys", b"");
        let parsed = |bytes: Vec<u8>| Key::parse_all(&bytes).expect("a key").remove(0);
        let name = parsed(exported()).certificate().fingerprint().clone();
        gnupg.gpg(&format!("--quick-add-key {name} ed25519 sign 1y"), b"");
        let whole = parsed(exported());
        // gpg keeps the back signature where anybody can take it away.
        let mut stripped = whole.certificate().packets().clone();
        for binding in &mut stripped.public_subkeys[0].signatures {
            let unsigned = &binding.config().expect("version 4").unhashed_subpackets;
            let back = unsigned
                .iter()
                .position(|part| matches!(part.data, SubpacketData::EmbeddedSignature(_)))
                .expect("a back signature");
            binding.unhashed_subpacket_remove(back).expect("removes");
        }
        let mut bare = stripped.clone();
        bare.public_subkeys.clear();
        bare.details.users.clear();
        let later = now.plus_seconds(60);
        let public = Key::Public(whole.certificate().clone());
        for lacking in [stripped, bare] {
            let lacking = Certificate::from_packets(lacking);
            assert_eq!(lacking.status(later), Status::NoSigningKey);
            let lacking = Key::Public(lacking);
            for other in [&public, &whole] {
                for joined in [lacking.joined(other), other.joined(&lacking)] {
                    assert_eq!(joined.certificate().status(later), Status::Valid);
                    assert_eq!(joined.joined(other).armored(), joined.armored());
                    assert_eq!(joined.joined(&lacking).armored(), joined.armored());
                    let secret = matches!(joined, Key::Secret(_));
                    assert_eq!(secret, matches!(other, Key::Secret(_)));
                }
            }
        }
    }
}
