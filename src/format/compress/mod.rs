//! Compressors of Debian's formats: gzip (RFC 1952), xz, zstd (RFC 8878),
//! bzip2 and LZMA alone; chosen so that the bytes are those of Debian's tools.
//!
//! Knows nothing of what is compressed. Which library, which setting and why
//! stands with each encoder.

mod decode;
mod encode;

use std::fmt;
use std::str::FromStr;

pub use decode::{DecodeError, Decoder};
pub use encode::{Encoder, LevelError, Settings, Strategy, gzip};

/// A compression format, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// Bytes as they are.
    None,
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// Zstandard.
    Zstd,
    /// bzip2; read only.
    Bzip2,
    /// The format before xz, without magic; read only.
    Lzma,
}

impl Compression {
    /// Every compression.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Gzip,
        Self::Xz,
        Self::Zstd,
        Self::Bzip2,
        Self::Lzma,
    ];

    /// Returns the ending of file names, with its dot; empty for none.
    pub fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
            Self::Bzip2 => ".bz2",
            Self::Lzma => ".lzma",
        }
    }

    /// Finds the compression with this ending (`.xz`; empty is none).
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.extension() == extension)
    }

    /// Returns the name as `dpkg-deb -Z` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Lzma => "lzma",
        }
    }
}

impl serde::Serialize for Compression {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Says that a text names no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no compression (none, gzip, xz, zstd, bzip2 or lzma expected)")]
pub struct CompressionError(pub String);

impl FromStr for Compression {
    type Err = CompressionError;
    fn from_str(text: &str) -> Result<Self, CompressionError> {
        Self::ALL
            .into_iter()
            .find(|c| c.name() == text)
            .ok_or_else(|| CompressionError(text.to_owned()))
    }
}
