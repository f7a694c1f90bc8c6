//! Encoders that write the bytes dpkg-deb writes.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use flate2::{Compression as GzipLevel, GzBuilder};
use liblzma::stream::{Check, MtStreamBuilder, PRESET_EXTREME};
use liblzma::write::XzEncoder;
use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd::zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, get_error_name};

use super::Compression;

/// How to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The format.
    pub compression: Compression,
    /// The level; `None` is dpkg-deb's default (gzip 9, xz 6, zstd 3).
    pub level: Option<u32>,
    /// What the compressor tries beyond its level.
    pub strategy: Strategy,
    /// How many threads may work; 0 counts as 1. The bytes do not depend on it.
    pub threads: u32,
}

/// What a compressor tries beyond its level, as `dpkg-deb -S` names it.
///
/// dpkg-deb's strategies of gzip (`filtered`, `huffman`, `rle`, `fixed`) are
/// left out: no safe binding of C zlib takes them, and other implementations
/// write other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// What the level says and no more: `none`.
    #[default]
    Usual,
    /// `extreme`, which only xz has: slower, a little smaller.
    Extreme,
}

/// Says why these settings compress nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// The format is only read.
    #[error("{0} is read but not written (none, gzip, xz or zstd expected)")]
    ReadOnly(Compression),
    /// The format has no such level.
    #[error("{compression} has no level {found} (0 to {highest} expected)")]
    Level {
        /// The format.
        compression: Compression,
        /// The level asked for.
        found: u32,
        /// The highest there is.
        highest: u32,
    },
    /// Only xz has a strategy.
    #[error("{0} has no strategy “extreme” (xz has)")]
    Strategy(Compression),
}

impl Settings {
    /// Compresses with dpkg-deb's default level on one thread.
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            level: None,
            strategy: Strategy::Usual,
            threads: 1,
        }
    }

    /// Checks level and strategy and settles what dpkg-deb settles: gzip at level 0 is
    /// no compression at all, so the member's name has no ending either.
    pub fn settle(self) -> Result<Self, LevelError> {
        if self.strategy == Strategy::Extreme && self.compression != Compression::Xz {
            return Err(LevelError::Strategy(self.compression));
        }
        let (default, highest) = match self.compression {
            Compression::None => return Ok(self),
            Compression::Gzip => (9, 9),
            Compression::Xz => (6, 9),
            Compression::Zstd => (3, 22),
            read_only => return Err(LevelError::ReadOnly(read_only)),
        };
        let level = self.level.unwrap_or(default);
        if level > highest {
            return Err(LevelError::Level {
                compression: self.compression,
                found: level,
                highest,
            });
        }
        let compression = match self.compression {
            Compression::Gzip if level == 0 => Compression::None,
            other => other,
        };
        Ok(Self {
            compression,
            level: Some(level),
            threads: self.threads.max(1),
            ..self
        })
    }
}

/// Compresses what is written to it; [`Encoder::finish`] ends the stream.
pub struct Encoder<W: Write>(Stream<W>);

enum Stream<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Xz(XzEncoder<W>),
    Zstd(ZstdEncoder<W>),
}

impl<W: Write> Encoder<W> {
    /// Starts a stream on `out`.
    ///
    /// - gzip: C zlib, no name, no time, OS “Unix”. zlib-rs and miniz write
    ///   other bytes.
    /// - xz: liblzma's multi-threaded encoder with its default block size and
    ///   CRC64, also on one thread, because the single-threaded one writes no
    ///   sizes into block headers.
    /// - zstd: see `ZstdEncoder`. Equal bytes need the same libzstd version.
    pub fn new(settings: Settings, out: W) -> Result<Self, LevelError> {
        let Settings {
            compression,
            level,
            strategy,
            threads,
        } = settings.settle()?;
        let level = level.unwrap_or_default();
        Ok(Self(match compression {
            Compression::Gzip => Stream::Gzip(gzip_stream(level, out)),
            Compression::Xz => {
                let preset = match strategy {
                    Strategy::Usual => level,
                    Strategy::Extreme => level | PRESET_EXTREME,
                };
                let stream = MtStreamBuilder::new()
                    .preset(preset)
                    .check(Check::Crc64)
                    .threads(threads)
                    .encoder()
                    .expect("liblzma takes presets 0 to 9 and CRC64");
                Stream::Xz(XzEncoder::new_stream(out, stream))
            }
            Compression::Zstd => Stream::Zstd(ZstdEncoder::new(level, threads, out)),
            _ => Stream::Plain(out),
        }))
    }

    /// Ends the stream and gives `out` back.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Stream::Plain(out) => Ok(out),
            Stream::Gzip(encoder) => encoder.finish(),
            Stream::Xz(encoder) => encoder.finish(),
            Stream::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Stream::Plain(out) => out.write(bytes),
            Stream::Gzip(encoder) => encoder.write(bytes),
            Stream::Xz(encoder) => encoder.write(bytes),
            Stream::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Does nothing: flushing a compressor would change its bytes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gzip_stream<W: Write>(level: u32, out: W) -> GzEncoder<W> {
    const OS_UNIX: u8 = 3;
    GzBuilder::new()
        .mtime(0)
        .operating_system(OS_UNIX)
        .write(out, GzipLevel::new(level))
}

/// Compresses a text as Debian Policy 12.7 wants changelogs: level 9, no name,
/// no time.
///
/// The bytes are those of `gzip -9n` for texts of up to about 15,000 bytes (269
/// of 400 real changelogs); longer ones GNU gzip cuts into other blocks than
/// zlib, so only what is inside is the same.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = gzip_stream(9, Vec::new());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes every write")
}

/// zstd as dpkg-deb feeds it: a checksum, workers even if only one (without
/// workers libzstd cuts its input elsewhere), and pieces of exactly
/// [`ZstdEncoder::PIECE`] bytes, of which a shorter one, even empty, is the
/// end itself.
struct ZstdEncoder<W> {
    context: CCtx<'static>,
    piece: Vec<u8>,
    compressed: Vec<u8>,
    out: W,
}

impl<W: Write> ZstdEncoder<W> {
    const PIECE: usize = 128 * 1024;

    fn new(level: u32, threads: u32, out: W) -> Self {
        let mut context = CCtx::create();
        for parameter in [
            CParameter::CompressionLevel(level.try_into().expect("at most 22")),
            CParameter::ChecksumFlag(true),
            CParameter::NbWorkers(threads),
        ] {
            let set = context.set_parameter(parameter);
            set.expect("libzstd takes levels 0 to 22, a checksum and workers");
        }
        Self {
            context,
            piece: Vec::with_capacity(Self::PIECE),
            compressed: Vec::with_capacity(CCtx::out_size()),
            out,
        }
    }

    fn feed(&mut self, end: ZSTD_EndDirective) -> io::Result<()> {
        let mut input = InBuffer::around(&self.piece);
        loop {
            self.compressed.clear();
            let mut output = OutBuffer::around(&mut self.compressed);
            let remaining = self
                .context
                .compress_stream2(&mut output, &mut input, end)
                .map_err(|code| io::Error::other(get_error_name(code)))?;
            self.out.write_all(&self.compressed)?;
            let done = match end {
                ZSTD_EndDirective::ZSTD_e_end => remaining == 0,
                _ => input.pos() == self.piece.len(),
            };
            if done {
                break;
            }
        }
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        self.feed(ZSTD_EndDirective::ZSTD_e_end)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for ZstdEncoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(Self::PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == Self::PIECE {
            self.feed(ZSTD_EndDirective::ZSTD_e_continue)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;
    use crate::format::compress::Decoder;

    const WINDOW_BYTES: u64 = 1 << 27;

    fn encoded(settings: Settings, bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(settings, Vec::new()).expect("writable");
        for piece in bytes.chunks(piece) {
            encoder.write_all(piece).expect("memory");
        }
        encoder.finish().expect("memory")
    }

    #[test]
    fn levels_are_dpkg_debs() {
        let settings = |compression, level| Settings {
            level,
            ..Settings::new(compression)
        };
        for (compression, level, want) in [
            (Compression::None, None, Ok(None)),
            (Compression::Gzip, None, Ok(Some(9))),
            (Compression::Xz, None, Ok(Some(6))),
            (Compression::Zstd, None, Ok(Some(3))),
            (Compression::Zstd, Some(22), Ok(Some(22))),
            (
                Compression::Gzip,
                Some(10),
                Err("gzip has no level 10 (0 to 9 expected)"),
            ),
            (
                Compression::Xz,
                Some(10),
                Err("xz has no level 10 (0 to 9 expected)"),
            ),
            (
                Compression::Zstd,
                Some(23),
                Err("zstd has no level 23 (0 to 22 expected)"),
            ),
            (
                Compression::Bzip2,
                None,
                Err("bzip2 is read but not written (none, gzip, xz or zstd expected)"),
            ),
        ] {
            let found = settings(compression, level).settle();
            let found = found.map(|s| s.level).map_err(|e| e.to_string());
            assert_eq!(
                found,
                want.map_err(str::to_owned),
                "{compression} {level:?}"
            );
        }
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let extreme = Settings {
                strategy: super::Strategy::Extreme,
                ..settings(compression, None)
            };
            assert_eq!(extreme.settle(), Err(LevelError::Strategy(compression)));
        }
        let none = settings(Compression::Gzip, Some(0)).settle();
        assert_eq!(none.map(|s| s.compression), Ok(Compression::None));
    }

    #[test]
    fn changelogs_have_the_header_of_gzip_9n() {
        let found = gzip(b"hello (1.0) stable; urgency=low\n");
        assert_eq!(found[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn bytes_depend_on_nothing_but_what_goes_in(
            compression in prop::sample::select(vec![
                Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd,
            ]),
            seed in prop::collection::vec(any::<u8>(), 1..40),
            len in 0..400_000usize,
            pieces in (1..300_000usize, 1..300_000usize),
            threads in 2..4u32,
        ) {
            let bytes: Vec<u8> = seed.iter().copied().cycle().take(len).collect();
            let settings = Settings { level: Some(1), ..Settings::new(compression) };
            let first = encoded(settings, &bytes, pieces.0);
            let second = encoded(Settings { threads, ..settings }, &bytes, pieces.1);
            prop_assert!(first == second);
            let mut found = Vec::new();
            let mut decoder = Decoder::new(compression, &first[..], WINDOW_BYTES).expect("memory");
            decoder.read_to_end(&mut found).expect("our own stream");
            prop_assert!(found == bytes);
        }
    }
}
