//! One strict decoder for every format: exactly one stream, to its very end,
//! with bounded memory.

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::Stream as LzmaStream;

use super::Compression;

/// Says why a stream is refused although its format is right; carried inside
/// an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is no stream at all.
    #[error("the {0} stream is empty")]
    Empty(Compression),
    /// Bytes follow the end of the stream: a second stream or garbage. Tools
    /// disagree on whether such bytes count.
    #[error("bytes follow the end of the {0} stream")]
    Trailing(Compression),
}

/// Decompresses one stream.
///
/// Reading to the end has checked the stream's checksums and that nothing
/// follows it.
pub struct Decoder<R: BufRead> {
    stream: Stream<R>,
    compression: Compression,
    ended: bool,
}

enum Stream<R: BufRead> {
    Plain(R),
    Gzip(GzDecoder<R>),
    Lzma(XzDecoder<R>),
    Zstd(zstd::stream::read::Decoder<'static, R>),
    Bzip2(BzDecoder<R>),
}

impl<R: BufRead> Decoder<R> {
    /// Starts reading; refuses streams that need a window of more than about
    /// `window_bytes` (at least 1 KiB) of memory.
    pub fn new(compression: Compression, mut source: R, window_bytes: u64) -> io::Result<Self> {
        if compression != Compression::None && source.fill_buf()?.is_empty() {
            let empty = DecodeError::Empty(compression);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, empty));
        }
        // Beside the dictionary a decoder needs its tables and filters.
        const LZMA_TABLES_BYTES: u64 = 1024 * 1024;
        let memory = window_bytes.saturating_add(LZMA_TABLES_BYTES);
        let stream = match compression {
            Compression::None => Stream::Plain(source),
            Compression::Gzip => Stream::Gzip(GzDecoder::new(source)),
            Compression::Bzip2 => Stream::Bzip2(BzDecoder::new(source)),
            Compression::Xz => {
                let stream = LzmaStream::new_stream_decoder(memory, 0)?;
                Stream::Lzma(XzDecoder::new_stream(source, stream))
            }
            Compression::Lzma => {
                let stream = LzmaStream::new_lzma_decoder(memory)?;
                Stream::Lzma(XzDecoder::new_stream(source, stream))
            }
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
                decoder.window_log_max(window_bytes.max(1024).ilog2())?;
                Stream::Zstd(decoder.single_frame())
            }
        };
        Ok(Self {
            stream,
            compression,
            ended: false,
        })
    }

    fn source(&mut self) -> &mut R {
        match &mut self.stream {
            Stream::Plain(source) => source,
            Stream::Gzip(decoder) => decoder.get_mut(),
            Stream::Lzma(decoder) => decoder.get_mut(),
            Stream::Zstd(decoder) => decoder.get_mut(),
            Stream::Bzip2(decoder) => decoder.get_mut(),
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.ended {
            return Ok(0);
        }
        let read = match &mut self.stream {
            Stream::Plain(source) => source.read(buffer),
            Stream::Gzip(decoder) => decoder.read(buffer),
            Stream::Lzma(decoder) => decoder.read(buffer),
            Stream::Zstd(decoder) => decoder.read(buffer),
            Stream::Bzip2(decoder) => decoder.read(buffer),
        }?;
        if read == 0 {
            self.ended = true;
            if !self.source().fill_buf()?.is_empty() {
                let trailing = DecodeError::Trailing(self.compression);
                return Err(io::Error::new(io::ErrorKind::InvalidData, trailing));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bzip2::write::BzEncoder;
    use liblzma::stream::LzmaOptions;
    use liblzma::write::XzEncoder;

    use super::*;

    const TEXT: &[u8] = b"the same bytes as before";

    fn bzip2() -> Vec<u8> {
        let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::best());
        encoder.write_all(TEXT).expect("memory");
        encoder.finish().expect("memory")
    }

    fn lzma() -> Vec<u8> {
        let options = LzmaOptions::new_preset(9).expect("a preset");
        let stream = LzmaStream::new_lzma_encoder(&options).expect("LZMA");
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(TEXT).expect("memory");
        encoder.finish().expect("memory")
    }

    fn decoded(compression: Compression, bytes: &[u8], window: u64) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        Decoder::new(compression, bytes, window)?.read_to_end(&mut found)?;
        Ok(found)
    }

    #[test]
    fn formats_of_old_packages_are_read_to_their_end() {
        const MIB: u64 = 1 << 20;
        for (compression, stream) in [(Compression::Bzip2, bzip2()), (Compression::Lzma, lzma())] {
            let found = decoded(compression, &stream, 64 * MIB).expect("a whole stream");
            assert_eq!(found, TEXT);
            for len in 0..stream.len() {
                let cut = decoded(compression, &stream[..len], 64 * MIB);
                assert!(cut.is_err(), "{compression} cut at {len}");
            }
            let twice = [&stream[..], &stream].concat();
            let error = decoded(compression, &twice, 64 * MIB).expect_err("two streams");
            let found = error.downcast::<DecodeError>().expect("a reason of ours");
            assert_eq!(found, DecodeError::Trailing(compression));
        }
        let narrow = decoded(Compression::Lzma, &lzma(), 32 * MIB);
        assert!(narrow.is_err(), "a dictionary of 64 MiB");
    }
}
