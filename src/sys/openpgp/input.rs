//! Bytes to keys, whole or not at all.
//!
//! The library reads one armoured block, passes over packets that are cut off
//! and stops in silence where a packet belongs to no key. For a keyring that is
//! to be trusted that is too kind: here everything is read or refused. Only
//! what other programs put into key files is passed over: GnuPG's trust
//! packets, padding, and packets of versions and curves the library does not
//! know (a subkey of another kind must not hide the others).

use std::io::Read as _;

use pgp::armor::{BlockType, Dearmor};
use pgp::composed::PublicOrSecret;
use pgp::errors::Error;
use pgp::packet::{Packet, PacketParser};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, KeyVersion};

use super::certificate::CertificateError;

/// Reads every key in armoured or binary bytes; v4 keys only.
pub(super) fn read_keys(bytes: &[u8]) -> Result<Vec<PublicOrSecret>, CertificateError> {
    let damaged = |error| CertificateError::Packets(Box::new(error));
    let (mut packets, mut primary_keys) = (Vec::new(), 0);
    for block in blocks(bytes) {
        let block = binary(block)?;
        for packet in PacketParser::new(block.as_slice()) {
            match packet {
                Ok(Packet::Trust(_) | Packet::Marker(_) | Packet::Padding(_)) => {}
                Ok(packet) => {
                    let primary = matches!(packet, Packet::PublicKey(_) | Packet::SecretKey(_));
                    primary_keys += usize::from(primary);
                    packet.to_writer(&mut packets).map_err(damaged)?;
                }
                Err(error) if is_foreign(&error) => {}
                Err(error) => return Err(damaged(error)),
            }
        }
    }
    if primary_keys == 0 {
        return Err(CertificateError::Empty);
    }
    let keys = PublicOrSecret::from_bytes_many(packets.as_slice()).map_err(damaged)?;
    let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(damaged)?;
    if keys.len() != primary_keys {
        return Err(CertificateError::Mixed);
    }
    let mut versions = keys.iter().flat_map(versions);
    if let Some(other) = versions.find(|version| *version != KeyVersion::V4) {
        let found = u8::from(other);
        return Err(CertificateError::Version { found });
    }
    Ok(keys)
}

/// Returns the versions of the primary key and of its subkeys.
fn versions(key: &PublicOrSecret) -> Vec<KeyVersion> {
    let (primary, public, secret) = match key {
        PublicOrSecret::Public(key) => (key.primary_key.version(), &key.public_subkeys, None),
        PublicOrSecret::Secret(key) => {
            let secret = Some(&key.secret_subkeys);
            (key.primary_key.version(), &key.public_subkeys, secret)
        }
    };
    let public = public.iter().map(|subkey| subkey.key.version());
    let secret = secret.into_iter().flatten();
    let secret = secret.map(|subkey| subkey.key.version());
    std::iter::once(primary)
        .chain(public)
        .chain(secret)
        .collect()
}

/// Splits a text of several armoured blocks, from their first line to their
/// last; text around them is nothing. Binary bytes are one block.
///
/// The library reads on behind a block's end when it looks for its headers, so
/// it must never see more than one.
pub(super) fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    if is_binary(bytes) {
        return vec![bytes];
    }
    let (mut blocks, mut start, mut offset) = (Vec::new(), None, 0);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"-----BEGIN PGP ") {
            start = Some(offset);
        }
        offset += line.len();
        if line.starts_with(b"-----END PGP ") {
            blocks.extend(start.take().map(|start| &bytes[start..offset]));
        }
    }
    // One that is cut off is for the reader of the block to refuse.
    blocks.extend(start.map(|start| &bytes[start..]));
    blocks
}

/// Tells packets from text: the first bit of every packet is set.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0x80 != 0)
}

fn binary(block: &[u8]) -> Result<Vec<u8>, CertificateError> {
    if is_binary(block) {
        return Ok(block.to_vec());
    }
    let damaged = |error| CertificateError::Packets(Box::new(error));
    let mut dearmor = Dearmor::new(block);
    dearmor.read_header().map_err(damaged)?;
    let keys = [BlockType::PublicKey, BlockType::PrivateKey];
    if !dearmor.typ.is_some_and(|kind| keys.contains(&kind)) {
        return Err(CertificateError::Mixed);
    }
    let mut bytes = Vec::new();
    let read = dearmor.read_to_end(&mut bytes);
    read.map_err(|error| damaged(Error::from(error)))?;
    Ok(bytes)
}

/// Tells whether a packet is of a version or kind that the library skips too.
fn is_foreign(error: &Error) -> bool {
    match error {
        Error::Unsupported { .. } => true,
        Error::InvalidPacketContent { source } => {
            matches!(
                **source,
                Error::Unsupported { .. } | Error::EllipticCurve { .. }
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::sys::openpgp::{Certificate, Key, NewKey, SecretCertificate};
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn certificate(name: &str) -> Certificate {
        let new = NewKey {
            name: name.to_owned(),
            email: "x@example.org".to_owned(),
            lifetime_seconds: None,
            passphrase: None,
        };
        let at = Timestamp::from_unix(1_795_253_400);
        let key = SecretCertificate::create(&new, at, StdRng::seed_from_u64(1));
        key.expect("makes").certificate().clone()
    }

    #[test]
    fn keys_are_read_whole_or_not_at_all() {
        let whole = certificate("Jane").binary();
        let mut boundaries = Vec::new();
        for end in 0..whole.len() {
            match read_keys(&whole[..end]) {
                Ok(keys) => boundaries.push((end, keys.len())),
                Err(CertificateError::Packets(_) | CertificateError::Empty) => {}
                Err(other) => panic!("{end}: {other}"),
            }
        }
        // Between two packets nobody can tell, and the library takes a packet's
        // cut header for the end. What is left is a key that cannot sign.
        assert!(boundaries.len() < 12, "{boundaries:?}");
        for (end, _) in boundaries {
            let cut = Certificate::parse_all(&whole[..end]).expect("read before");
            assert!(cut[0].keys().all(|key| !key.signs), "{end}");
        }
    }

    #[test]
    fn blocks_follow_one_another_with_any_text_between() {
        let (jane, joe) = (certificate("Jane"), certificate("Joe"));
        let text = format!(
            "Jane's:\n{}\nand Joe's:\n{}end\n",
            jane.armored(),
            joe.armored()
        );
        let found = Certificate::parse_all(text.as_bytes()).expect("two");
        assert_eq!(found, [jane.clone(), joe.clone()]);
        let both = [jane.binary(), joe.binary()].concat();
        assert_eq!(Certificate::parse_all(&both).expect("two"), found);
        let signature = text.replace("PUBLIC KEY BLOCK", "SIGNATURE");
        let error = Key::parse_all(signature.as_bytes()).expect_err("signatures");
        assert!(matches!(error, CertificateError::Mixed), "{error}");
        // A literal data packet between two keys.
        let mixed = [
            jane.binary(),
            vec![0xcb, 6, b'b', 0, 0, 0, 0, 0],
            joe.binary(),
        ]
        .concat();
        let error = Key::parse_all(&mixed).expect_err("mixed");
        assert!(matches!(error, CertificateError::Mixed), "{error}");
    }

    #[test]
    fn keys_of_other_versions_are_refused_also_as_subkeys() {
        use pgp::composed::{KeyType, SignedPublicSubKey};
        use pgp::packet::{PubKeyInner, PublicSubkey};
        use pgp::types::Timestamp;
        let jane = certificate("Jane");
        let mut packets = jane.packets().clone();
        let kind = KeyType::Ed25519;
        let (public, _) = kind.generate(StdRng::seed_from_u64(2)).expect("makes");
        let created = Timestamp::from_secs(1_795_253_400);
        let inner = PubKeyInner::new(KeyVersion::V6, kind.to_alg(), created, None, public);
        let key = PublicSubkey::from_inner(inner.expect("a key")).expect("a packet");
        let binding = packets.public_subkeys[0].signatures.clone();
        let subkey = SignedPublicSubKey::new(key, binding);
        packets.public_subkeys.push(subkey);
        let bytes = packets.to_bytes().expect("written");
        let error = Key::parse_all(&bytes).expect_err("version 6");
        assert!(
            matches!(error, CertificateError::Version { found: 6 }),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn reading_anything_never_panics(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..64),
            place in 0_usize..600, value: u8, binary: bool,
        ) {
            let _ = Key::parse_all(&bytes);
            bytes.insert(0, 0xc6);
            let _ = Key::parse_all(&bytes);
            let good = certificate("Jane");
            let mut good = if binary { good.binary() } else { good.armored().into_bytes() };
            let place = place % good.len();
            good[place] = value;
            let _ = Key::parse_all(&good);
        }
    }
}
