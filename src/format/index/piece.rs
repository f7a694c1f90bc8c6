//! The compressed pieces of an index, each of which is a valid file by itself,
//! and the published file that is put together from them.
//!
//! `Packages.xz` is one stream of many blocks ([`xz_stream`]), `Packages.gz`
//! one member of many blocks ([`gzip_member`]), `Packages.zst` many frames one
//! after the other (RFC 8878, section 3), so a change costs compressing the
//! pieces it touches and copying the rest.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
use serde::{Deserialize, Serialize};

use crate::format::gzip_member::{self, GzipMemberError};
use crate::format::xz_stream::{self, XzStreamError};

/// How an index is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// xz -6 with CRC64: what apt asks for first.
    Xz,
    /// gzip -9 without name and time: what everything else can read.
    Gz,
    /// zstd -19 with a checksum: what is read fastest.
    Zst,
}

/// xz's preset. Measured on Debian 12's main for amd64 in 279 pieces of 50 MB:
///
/// | preset | time | size against one piece at -6 |
/// |---|---|---|
/// | 3 | 3.8 s | +33 % |
/// | 6 | 10.2 s | +17 % |
/// | 9 | 10.8 s | +17 % |
const XZ_PRESET: u32 = 6;

/// The LZMA dictionary, and so what a client's decoder has to allocate. Pieces
/// are at most about this long, so a larger one would find nothing more (4 MiB
/// saves 0.3 % of pieces four times as long); the 8 MiB of -6 would only cost
/// time to clear for every piece.
const DICTIONARY_BYTES: u32 = 1 << 20;

/// zstd's level: at 19 a piece is as small as with xz -6, in a third of its
/// time.
const ZSTD_LEVEL: i32 = 19;

/// Says that a text names no compression of an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no compression of an index: xz, gz or zst expected")]
pub struct EncodingError(pub String);

/// Says why bytes are not a piece as we write them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// They are no .xz of ours.
    #[error(transparent)]
    Xz(#[from] XzStreamError),
    /// They are no .gz of ours.
    #[error(transparent)]
    Gz(#[from] GzipMemberError),
}

impl Encoding {
    /// Every encoding an index can be published in.
    pub const ALL: [Self; 3] = [Self::Xz, Self::Gz, Self::Zst];

    /// Returns the file name's end, without the dot.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Xz => "xz",
            Self::Gz => "gz",
            Self::Zst => "zst",
        }
    }

    /// Compresses a piece; the same bytes give the same piece.
    pub fn compress(self, raw: &[u8]) -> Vec<u8> {
        match self {
            Self::Xz => {
                let stream = xz_encoder().expect("the options are constant and valid");
                let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
                let done = encoder.write_all(raw).and_then(|()| encoder.finish());
                done.expect("memory takes every write")
            }
            Self::Gz => gzip_member::compress(raw),
            Self::Zst => {
                let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)
                    .expect("the level is constant and valid");
                let checked = compressor.include_checksum(true);
                let done = checked.and_then(|()| compressor.compress(raw));
                done.expect("memory takes every write")
            }
        }
    }

    /// Takes the pieces out of a file that was put together of pieces of these
    /// sizes; `None` when it was not.
    pub fn take_apart(
        self,
        file: &[u8],
        sizes: impl ExactSizeIterator<Item = u64>,
    ) -> Option<Vec<Vec<u8>>> {
        if sizes.len() == 0 {
            return Some(Vec::new());
        }
        match self {
            Self::Xz => {
                let blocks = xz_stream::blocks(file).ok()?;
                let alone = |block| {
                    let mut stream = xz_stream::Assembly::default();
                    stream.push(block);
                    stream.finish()
                };
                Some(blocks.iter().map(alone).collect())
            }
            Self::Gz => gzip_member::members(file, sizes),
            Self::Zst => {
                let mut rest = file;
                let mut pieces = Vec::new();
                for size in sizes {
                    let (own, after) = rest.split_at_checked(usize::try_from(size).ok()?)?;
                    pieces.push(own.to_vec());
                    rest = after;
                }
                rest.is_empty().then_some(pieces)
            }
        }
    }

    /// Decompresses a piece, or the whole file that pieces were put together
    /// to; fails when there are more than `limit` bytes in it.
    pub fn decompress(self, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let decoder: Box<dyn Read + '_> = match self {
            Self::Xz => Box::new(liblzma::read::XzDecoder::new(bytes)),
            Self::Gz => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Self::Zst => Box::new(zstd::stream::read::Decoder::with_buffer(bytes)?),
        };
        let mut raw = Vec::new();
        decoder
            .take(limit.saturating_add(1))
            .read_to_end(&mut raw)?;
        if raw.len() as u64 > limit {
            return Err(io::Error::other(format!("more than {limit} bytes in it")));
        }
        Ok(raw)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.suffix())
    }
}

impl FromStr for Encoding {
    type Err = EncodingError;
    fn from_str(text: &str) -> Result<Self, EncodingError> {
        let found = Self::ALL.into_iter().find(|e| e.suffix() == text);
        found.ok_or_else(|| EncodingError(text.to_owned()))
    }
}

fn xz_encoder() -> Result<Stream, liblzma::stream::Error> {
    let mut options = LzmaOptions::new_preset(XZ_PRESET)?;
    options.dict_size(DICTIONARY_BYTES);
    Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64)
}

/// Puts the pieces of one index together, in the order they come.
#[derive(Debug)]
pub struct Joining(Inner);

#[derive(Debug)]
enum Inner {
    Xz(xz_stream::Assembly),
    Gz(gzip_member::Assembly),
    Zst(Vec<u8>),
}

impl Joining {
    /// Starts an empty file.
    pub fn new(encoding: Encoding) -> Self {
        Self(match encoding {
            Encoding::Xz => Inner::Xz(Default::default()),
            Encoding::Gz => Inner::Gz(Default::default()),
            Encoding::Zst => Inner::Zst(Vec::new()),
        })
    }

    /// Appends a piece.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), PieceError> {
        match &mut self.0 {
            Inner::Xz(assembly) => assembly.push(&xz_stream::split(piece)?),
            Inner::Gz(assembly) => assembly.push(&gzip_member::split(piece)?),
            Inner::Zst(bytes) => bytes.extend_from_slice(piece),
        }
        Ok(())
    }

    /// Returns the file.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            Inner::Xz(assembly) => assembly.finish(),
            Inner::Gz(assembly) => assembly.finish(),
            // A file without any frame is no zstd file.
            Inner::Zst(bytes) if bytes.is_empty() => Encoding::Zst.compress(b""),
            Inner::Zst(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(encoding: Encoding, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut joining = Joining::new(encoding);
        for piece in pieces {
            joining.push(&encoding.compress(piece)).expect("our piece");
        }
        joining.finish()
    }

    #[test]
    fn nothing_is_a_valid_file() {
        for encoding in Encoding::ALL {
            let file = joined(encoding, &[]);
            assert!(!file.is_empty(), "{encoding}");
            assert_eq!(encoding.decompress(&file, 0).expect("valid"), b"");
        }
    }

    #[test]
    fn a_bomb_is_cut_off() {
        for encoding in Encoding::ALL {
            let bomb = encoding.compress(&vec![0; 1 << 20]);
            let error = encoding.decompress(&bomb, 1 << 10).expect_err("too long");
            assert!(error.to_string().contains("more than 1024"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn joined_pieces_are_their_concatenation(
            pieces in proptest::collection::vec("[a-z\n]{1,300}", 0..12)
        ) {
            let pieces: Vec<Vec<u8>> = pieces.into_iter().map(String::into_bytes).collect();
            for encoding in Encoding::ALL {
                let file = joined(encoding, &pieces);
                let raw = encoding.decompress(&file, u64::MAX).expect("valid");
                prop_assert_eq!(raw, pieces.concat());
                let own: Vec<_> = pieces.iter().map(|piece| encoding.compress(piece)).collect();
                let sizes = own.iter().map(|piece| piece.len() as u64);
                let apart = encoding.take_apart(&file, sizes);
                prop_assert_eq!(apart.as_ref(), Some(&own));
            }
        }
    }
}
