//! The .xz container: taking a stream's block out, and putting blocks together.
//!
//! Follows "The .xz File Format" 1.2.1, sections 2 (streams), 3.1 (a block's
//! header size) and 4 (the index). Compresses and decompresses nothing, and
//! knows only what our own writers make: one stream, a CRC64 check, sizes in
//! the index. A file of many blocks in *one* stream is what apt reads; it
//! rejects a file of many streams.

use flate2::Crc;

/// The stream header: magic, and the flags that say "CRC64".
const HEADER: [u8; 12] = [
    0xfd, b'7', b'z', b'X', b'Z', 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46,
];
const FLAGS: [u8; 2] = [0, 4];
const FOOTER_MAGIC: [u8; 2] = *b"YZ";
const FOOTER_LEN: usize = 12;

/// One block of a stream, with what the index says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The block with its padding, a multiple of four bytes long.
    pub bytes: &'a [u8],
    /// Its size without the padding.
    pub unpadded_size: u64,
    /// The size of what it holds, uncompressed.
    pub uncompressed_size: u64,
}

/// Says why bytes are not a stream of one block as we write them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XzStreamError {
    /// There are too few bytes, or not a multiple of four.
    #[error("found {found} bytes, which no .xz stream of one block can have")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// The first 12 bytes are something else.
    #[error("found {found:02x?} at the start, expected the header of a .xz stream with CRC64")]
    Header {
        /// What is there.
        found: Vec<u8>,
    },
    /// The last 12 bytes are something else.
    #[error("found {found:02x?} at the end, expected the footer of a .xz stream with CRC64")]
    Footer {
        /// What is there.
        found: Vec<u8>,
    },
    /// The index is damaged, or belongs to another number of blocks.
    #[error("the index {what}")]
    Index {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The block's first byte is not the header size of a block.
    #[error("the block starts with the header size {found}, which no block of its length has")]
    Block {
        /// What is there.
        found: u8,
    },
}

/// Takes the block out of a complete stream that has exactly one.
pub fn split(stream: &[u8]) -> Result<Block<'_>, XzStreamError> {
    let length = || XzStreamError::Length {
        found: stream.len(),
    };
    if !stream.len().is_multiple_of(4) {
        return Err(length());
    }
    let (header, rest) = stream.split_first_chunk::<12>().ok_or_else(length)?;
    if *header != HEADER {
        return Err(XzStreamError::Header {
            found: header.to_vec(),
        });
    }
    let (rest, footer) = rest.split_last_chunk::<FOOTER_LEN>().ok_or_else(length)?;
    let index_len = index_len(footer)?;
    let at = rest
        .len()
        .checked_sub(index_len)
        .ok_or(XzStreamError::Index {
            what: "is longer than the stream",
        })?;
    let (bytes, index) = rest.split_at(at);
    let (unpadded_size, uncompressed_size) = one_record(index)?;
    if unpadded_size.checked_next_multiple_of(4) != Some(bytes.len() as u64) {
        return Err(XzStreamError::Index {
            what: "gives the block another size than it has",
        });
    }
    // A zero here would be an index; the header's real size is (byte + 1) * 4.
    let found = bytes.first().copied().unwrap_or(0);
    if found == 0 || (usize::from(found) + 1) * 4 > bytes.len() {
        return Err(XzStreamError::Block { found });
    }
    Ok(Block {
        bytes,
        unpadded_size,
        uncompressed_size,
    })
}

/// Takes the blocks out of a stream of any number, in order.
pub fn blocks(stream: &[u8]) -> Result<Vec<Block<'_>>, XzStreamError> {
    let length = || XzStreamError::Length {
        found: stream.len(),
    };
    let (header, rest) = stream.split_first_chunk::<12>().ok_or_else(length)?;
    if *header != HEADER {
        return Err(XzStreamError::Header {
            found: header.to_vec(),
        });
    }
    let (rest, footer) = rest.split_last_chunk::<FOOTER_LEN>().ok_or_else(length)?;
    let short = XzStreamError::Index {
        what: "is longer than the stream",
    };
    let at = rest.len().checked_sub(index_len(footer)?).ok_or(short)?;
    let (mut bytes, index) = rest.split_at(at);
    let mut blocks = Vec::new();
    for (unpadded_size, uncompressed_size) in records(index)? {
        let padded = unpadded_size.checked_next_multiple_of(4);
        let padded = padded.and_then(|len| usize::try_from(len).ok());
        let split = padded.and_then(|len| bytes.split_at_checked(len));
        let (own, rest) = split.ok_or(XzStreamError::Index {
            what: "gives a block more bytes than there are",
        })?;
        bytes = rest;
        blocks.push(Block {
            bytes: own,
            unpadded_size,
            uncompressed_size,
        });
    }
    match bytes.is_empty() {
        true => Ok(blocks),
        false => Err(XzStreamError::Index {
            what: "lists fewer blocks than there are",
        }),
    }
}

fn index_len(footer: &[u8; FOOTER_LEN]) -> Result<usize, XzStreamError> {
    let refuse = || XzStreamError::Footer {
        found: footer.to_vec(),
    };
    let (crc, body) = footer.split_first_chunk::<4>().ok_or_else(refuse)?;
    let (size, rest) = body.split_first_chunk::<4>().ok_or_else(refuse)?;
    if *crc != crc32(&body[..6]) || rest[..2] != FLAGS || rest[2..] != FOOTER_MAGIC {
        return Err(refuse());
    }
    let len = (u64::from(u32::from_le_bytes(*size)) + 1) * 4;
    usize::try_from(len).map_err(|_| refuse())
}

/// Reads an index of one record: the unpadded and the uncompressed size.
fn one_record(index: &[u8]) -> Result<(u64, u64), XzStreamError> {
    match records(index)?[..] {
        [record] => Ok(record),
        _ => Err(XzStreamError::Index {
            what: "is not that of one block",
        }),
    }
}

/// Reads an index: of each block the unpadded and the uncompressed size.
fn records(index: &[u8]) -> Result<Vec<(u64, u64)>, XzStreamError> {
    let refuse = |what| XzStreamError::Index { what };
    let short = || refuse("ends too early");
    let (body, crc) = index.split_last_chunk::<4>().ok_or_else(short)?;
    if *crc != crc32(body) {
        return Err(refuse("does not match its checksum"));
    }
    let (&indicator, mut rest) = body.split_first().ok_or_else(short)?;
    if indicator != 0 {
        return Err(refuse("does not start with a zero"));
    }
    let mut next = || read_number(&mut rest).ok_or(refuse("holds a number that is no number"));
    let count = next()?;
    // Two bytes a record at least: a forged count must not take all memory.
    if count > index.len() as u64 {
        return Err(refuse("says it has more records than bytes"));
    }
    let mut sizes = Vec::new();
    for _ in 0..count {
        sizes.push((next()?, next()?));
    }
    if rest.len() > 3 || rest.iter().any(|b| *b != 0) {
        return Err(refuse("has more after its records than padding"));
    }
    Ok(sizes)
}

/// Reads a multibyte integer (section 1.2): at most nine bytes, none too many.
fn read_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(number);
        }
    }
    None
}

fn write_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

/// Puts blocks together into one stream, in the order they come.
///
/// Without any block this makes the valid stream of an empty file.
#[derive(Debug, Clone)]
pub struct Assembly {
    stream: Vec<u8>,
    records: Vec<(u64, u64)>,
}

impl Default for Assembly {
    fn default() -> Self {
        Self {
            stream: HEADER.to_vec(),
            records: Vec::new(),
        }
    }
}

impl Assembly {
    /// Appends a block.
    pub fn push(&mut self, block: &Block<'_>) {
        self.stream.extend_from_slice(block.bytes);
        self.records
            .push((block.unpadded_size, block.uncompressed_size));
    }

    /// Ends the stream with its index and footer.
    pub fn finish(self) -> Vec<u8> {
        let mut index = vec![0];
        write_number(self.records.len() as u64, &mut index);
        for (unpadded, uncompressed) in self.records {
            write_number(unpadded, &mut index);
            write_number(uncompressed, &mut index);
        }
        index.resize(index.len().next_multiple_of(4), 0);
        index.extend(crc32(&index));

        let size = u32::try_from(index.len() / 4 - 1).expect("fewer than 2^32 blocks");
        let mut footer = size.to_le_bytes().to_vec();
        footer.extend(FLAGS);
        let crc = crc32(&footer);

        let mut stream = self.stream;
        stream.extend(index);
        stream.extend(crc);
        stream.extend(footer);
        stream.extend(FOOTER_MAGIC);
        stream
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use liblzma::read::XzDecoder;
    use liblzma::stream::{Check, Stream};
    use liblzma::write::XzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn compress(bytes: &[u8], check: Check) -> Vec<u8> {
        let stream = Stream::new_easy_encoder(1, check).expect("a preset");
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn assemble(pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut assembly = Assembly::default();
        for piece in pieces {
            let stream = compress(piece, Check::Crc64);
            assembly.push(&split(&stream).expect("one block"));
        }
        assembly.finish()
    }

    fn decompress(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        // `new` stops after one stream, so this also shows that it is one.
        let mut decoder = XzDecoder::new(stream);
        decoder.read_to_end(&mut bytes).expect("valid");
        bytes
    }

    /// `xz` from the package xz-utils judges what we made.
    fn xz(arguments: &[&str], stream: &[u8]) -> String {
        let mut child = Command::new("xz")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xz runs (install the package xz-utils)");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(stream).expect("xz reads to the end");
        drop(stdin);
        let output = child.wait_with_output().expect("xz ends");
        assert!(output.status.success(), "xz {arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    #[test]
    fn no_block_is_the_empty_file_of_xz() {
        let empty = Assembly::default().finish();
        assert_eq!(empty, compress(b"", Check::Crc64));
        xz(&["--test", "--format=xz"], &empty);
    }

    #[test]
    fn xz_reads_many_blocks_as_one_stream() {
        let pieces: Vec<Vec<u8>> = (0..200u16)
            .map(|n| format!("Package: p{n}\n").repeat(usize::from(n) + 1).into())
            .collect();
        let stream = assemble(&pieces);
        xz(&["--test", "--format=xz"], &stream);
        let text = xz(&["--decompress", "--stdout"], &stream);
        assert_eq!(text.as_bytes(), pieces.concat());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("Packages.xz");
        std::fs::write(&file, &stream).expect("writes");
        let file = file.to_str().expect("plain");
        let list = xz(&["--list", "--robot", file], b"");
        let line = list.lines().find(|line| line.starts_with("file"));
        assert!(
            line.expect("a line").starts_with("file\t1\t200\t"),
            "{list}"
        );
    }

    #[test]
    fn what_is_not_one_block_of_ours_is_refused() {
        let good = compress(b"some text", Check::Crc64);
        let two = assemble(&[b"a".to_vec(), b"b".to_vec()]);
        let cases: [(&str, Vec<u8>); 7] = [
            ("no bytes", Vec::new()),
            ("no block", compress(b"", Check::Crc64)),
            ("two blocks", two),
            ("two streams", [good.clone(), good.clone()].concat()),
            ("another check", compress(b"some text", Check::Crc32)),
            ("padding after it", [good.clone(), vec![0; 4]].concat()),
            ("cut", good[..good.len() - 4].to_vec()),
        ];
        for (what, stream) in cases {
            assert!(split(&stream).is_err(), "{what}");
        }
        // The container's own bytes are header, index and footer, and the size
        // byte of the block; the rest is the block's, with a check of its own.
        let block = split(&good).expect("good").bytes.len();
        for at in (0..12).chain(12 + block..good.len()) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(split(&bad).is_err(), "byte {at} flipped");
        }
    }

    proptest! {
        #[test]
        fn assembled_blocks_are_their_concatenation(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..400), 0..20)
        ) {
            prop_assert_eq!(decompress(&assemble(&pieces)), pieces.concat());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = split(&bytes);
            let framed = [&HEADER[..], &bytes, b"YZ"].concat();
            let _ = split(&framed);
        }

        #[test]
        fn numbers_are_read_as_written(number in 0..=u64::MAX >> 1) {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            prop_assert_eq!(read_number(&mut &bytes[..]), Some(number));
        }
    }
}
