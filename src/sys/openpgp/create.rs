//! New keys.
//!
//! A new key is what every tool of Debian 12 reads: version 4, Ed25519, a
//! primary key that only certifies and a subkey that signs. The library's own
//! builder stamps the current time and knows no expiry, so the bindings are
//! made here packet by packet, with the moment and the randomness passed in:
//! the same input gives the same bytes.

use std::num::NonZeroU32;

use pgp::composed::{KeyType, SignedKeyDetails, SignedSecretKey, SignedSecretSubKey};
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature,
    SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{
    Duration, KeyVersion, PacketHeaderVersion, Password, SecretParams, SignedUser, Tag,
    Timestamp as Moment,
};
use rand::{CryptoRng, Rng};

use super::secret::{Passphrase, SecretCertificate, config};
use super::{PacketError, wire_moment};
use crate::model::Timestamp;

/// What a new key is to be.
#[derive(Debug)]
pub struct NewKey {
    /// Its owner's name, as in a changelog's last line.
    pub name: String,
    /// Its owner's mail address.
    pub email: String,
    /// Seconds until it expires; `None` is never.
    pub lifetime_seconds: Option<NonZeroU32>,
    /// What locks it; `None` leaves the secret part readable in its file.
    pub passphrase: Option<Passphrase>,
}

impl NewKey {
    /// Two years, after which a key should have been replaced.
    pub const LIFETIME_SECONDS: NonZeroU32 =
        NonZeroU32::new(2 * 365 * 24 * 60 * 60).expect("not zero");

    fn user_id(&self) -> Result<String, CreateError> {
        let refuse = |field, text: &str, rule| {
            let text = text.to_owned();
            Err(CreateError::Name { field, text, rule })
        };
        let bad = |c: char| c.is_control() || "<>".contains(c);
        let (name, email) = (self.name.trim(), self.email.trim());
        if name.is_empty() || name.contains(bad) {
            return refuse("name", name, "one line without < and >");
        }
        let inner = |part: &str| !part.is_empty() && !part.contains([' ', ',', '@']);
        let parts = email.split_once('@');
        if email.contains(bad) || !parts.is_some_and(|(a, b)| inner(a) && inner(b)) {
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
}

fn build(
    new: &NewKey,
    user_id: &str,
    created: Moment,
    rng: &mut (impl Rng + CryptoRng),
) -> pgp::errors::Result<SignedSecretKey> {
    let lifetime = new.lifetime_seconds.map(NonZeroU32::get);
    let lifetime = lifetime.map(Duration::from_secs);
    let (public, secret) = generate(created, rng)?;
    let mut primary = SecretKey::new(PublicKey::from_inner(public)?, secret)?;
    let (public, secret) = generate(created, rng)?;
    let mut subkey = SecretSubkey::new(PublicSubkey::from_inner(public)?, secret)?;
    let user = certify(&primary, user_id, lifetime, created)?;
    let binding = bind(&primary, &subkey, lifetime, created)?;
    if let Some(Passphrase(passphrase)) = &new.passphrase {
        primary.set_password(&mut *rng, passphrase)?;
        subkey.set_password(&mut *rng, passphrase)?;
    }
    Ok(SignedSecretKey::new(
        primary,
        SignedKeyDetails::new(vec![], vec![], vec![user], vec![]),
        vec![],
        vec![SignedSecretSubKey::new(subkey, vec![binding])],
    ))
}

fn generate(
    created: Moment,
    rng: &mut (impl Rng + CryptoRng),
) -> pgp::errors::Result<(PubKeyInner, SecretParams)> {
    // The framing that gpg 2.2 knows; the key inside is the same in both.
    let kind = KeyType::Ed25519Legacy;
    let (public, secret) = kind.generate(rng)?;
    let public = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), created, None, public)?;
    Ok((public, secret))
}

/// Binds the user ID to the primary key, which may certify and nothing else.
fn certify(
    primary: &SecretKey,
    user_id: &str,
    lifetime: Option<Duration>,
    created: Moment,
) -> pgp::errors::Result<SignedUser> {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    let says = [SubpacketData::KeyFlags(flags)].into_iter();
    let mut config = config(primary, SignatureType::CertPositive, created)?;
    for data in says.chain(lifetime.map(SubpacketData::KeyExpirationTime)) {
        config.hashed_subpackets.push(Subpacket::regular(data)?);
    }
    let user = UserId::from_str(PacketHeaderVersion::New, user_id)?;
    let public = primary.public_key();
    let unlocked = Password::empty();
    let signature = config.sign_certification(primary, public, &unlocked, Tag::UserId, &user)?;
    Ok(SignedUser::new(user, vec![signature]))
}

/// Binds the subkey, which may sign, to the primary key, with its consent.
fn bind(
    primary: &SecretKey,
    subkey: &SecretSubkey,
    lifetime: Option<Duration>,
    created: Moment,
) -> pgp::errors::Result<Signature> {
    let (public, subpublic) = (primary.public_key(), subkey.public_key());
    let unlocked = Password::empty();
    let back = config(subkey, SignatureType::KeyBinding, created)?;
    let back = back.sign_primary_key_binding(subkey, subpublic, &unlocked, public)?;
    let mut flags = KeyFlags::default();
    flags.set_sign(true);
    let says = [
        SubpacketData::KeyFlags(flags),
        SubpacketData::EmbeddedSignature(Box::new(back)),
    ];
    let mut config = config(primary, SignatureType::SubkeyBinding, created)?;
    let end = lifetime.map(SubpacketData::KeyExpirationTime);
    for data in says.into_iter().chain(end) {
        config.hashed_subpackets.push(Subpacket::regular(data)?);
    }
    config.sign_subkey_binding(primary, public, &unlocked, subpublic)
}
