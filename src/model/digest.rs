//! Digests of bytes: SHA-256 everywhere, MD5 and SHA-1 only where a Debian
//! format has a field for them.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest;

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Digests what a reader gives until its end.
    pub fn of_reader(mut source: impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        io::copy(&mut source, &mut hasher)?;
        Ok(Self(hasher.finalize().into()))
    }

    /// Takes a digest that was computed piece by piece.
    pub fn from_hasher(hasher: sha2::Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.hex())
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// Says that a text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a SHA-256 digest (64 hexadecimal digits)")]
pub struct Sha256Error(pub String);

impl FromStr for Sha256 {
    type Err = Sha256Error;
    fn from_str(text: &str) -> Result<Self, Sha256Error> {
        let refuse = || Sha256Error(text.to_owned());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |d: u8| char::from(d).to_digit(16).ok_or_else(refuse);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The beginning of a digest, as people copy it: 12 to 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix(String);

/// Says that a text is no beginning of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a digest or its first 12 hexadecimal digits")]
pub struct DigestPrefixError(pub String);

impl DigestPrefix {
    /// Tells whether a digest begins so.
    pub fn begins(&self, digest: &Sha256) -> bool {
        self.begins_text(&digest.hex())
    }

    /// Tells whether a digest's text begins so.
    pub fn begins_text(&self, digest: &str) -> bool {
        digest.starts_with(&self.0)
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for DigestPrefix {
    type Err = DigestPrefixError;
    fn from_str(text: &str) -> Result<Self, DigestPrefixError> {
        let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit());
        match (12..=64).contains(&text.len()) && hexadecimal {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(DigestPrefixError(text.to_owned())),
        }
    }
}

/// What Debian's control files say of a file: its size in bytes, and its
/// digests (`Files`, `Checksums-Sha1`, `Checksums-Sha256`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigests {
    /// The size in bytes.
    pub size: u64,
    /// MD5 in hexadecimal; empty where a source does not list it.
    pub md5: String,
    /// SHA-1 in hexadecimal; empty where a source does not list it.
    pub sha1: String,
    /// SHA-256.
    pub sha256: Sha256,
}

impl FileDigests {
    /// Reads `source` to its end and computes everything in one pass.
    pub fn of_reader(mut source: impl Read) -> io::Result<Self> {
        let (mut md5, mut sha1) = (md5::Md5::new(), sha1::Sha1::new());
        let (mut sha256, mut size) = (sha2::Sha256::new(), 0);
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = &buffer[..read];
            md5.update(bytes);
            sha1.update(bytes);
            sha256.update(bytes);
            size += read as u64;
        }
        Ok(Self {
            size,
            md5: hex(&md5.finalize()),
            sha1: hex(&sha1.finalize()),
            sha256: Sha256::from_hasher(sha256),
        })
    }

    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            md5: hex(&md5::Md5::digest(bytes)),
            sha1: hex(&sha1::Sha1::digest(bytes)),
            sha256: Sha256::of(bytes),
        }
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_abc_are_the_standards() {
        let found = FileDigests::of(b"abc");
        assert_eq!(found.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(found.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(found.sha256.hex(), sha256);
        assert_eq!(sha256.parse::<Sha256>().expect("digits"), found.sha256);
        assert_eq!(FileDigests::of_reader(&b"abc"[..]).expect("memory"), found);
    }

    #[test]
    fn other_texts_are_no_digest() {
        for text in ["", "ba78", &"g".repeat(64), &"é".repeat(32)] {
            assert!(text.parse::<Sha256>().is_err(), "{text:?}");
        }
    }
}
