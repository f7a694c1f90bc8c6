//! The gzip format: taking a member's blocks out, and putting blocks together
//! into one member.
//!
//! Follows RFC 1952 (the member's header and trailer) and RFC 1951, section
//! 3.2 (blocks). A member made here ends its last block on a byte boundary and
//! then an empty final block follows, so what is before that can be copied into
//! another member; CRCs are combined. A file of many *members* would be valid
//! too, but readers exist that stop after the first one without a word
//! (Perl's IO::Uncompress::Gunzip), and one member costs nothing more.
//!
//! Knows only what our own writer makes.

use std::io::Read;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

/// Deflate, no flags, no time, best compression, Unix: what `gzip -9n` writes.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
/// An empty final block of fixed codes.
const END: [u8; 2] = [3, 0];
/// How an output that was flushed ends: an empty stored block.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
const TRAILER_LEN: usize = 8;

/// The blocks of a member, and what its trailer says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a> {
    /// The blocks, whole bytes; none of them is final.
    pub bytes: &'a [u8],
    /// The CRC-32 of what they hold.
    pub crc32: u32,
    /// The size of what they hold, modulo 2³².
    pub size: u32,
}

/// Says why bytes are not a member as we write them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GzipMemberError {
    /// The first ten bytes are something else.
    #[error("found {found:02x?} at the start, expected the header of a gzip member")]
    Header {
        /// What is there.
        found: Vec<u8>,
    },
    /// The blocks do not end on a byte boundary with an empty final one.
    #[error("found {found:02x?} after the blocks, expected an empty final block")]
    End {
        /// What is there.
        found: Vec<u8>,
    },
}

/// Compresses `raw` at level 9 into one member whose blocks can be taken out.
pub fn compress(raw: &[u8]) -> Vec<u8> {
    let mut member = Vec::with_capacity(raw.len() / 3 + 64);
    member.extend(HEADER);
    if !raw.is_empty() {
        let mut deflate = Compress::new(Compression::new(9), false);
        loop {
            let done = usize::try_from(deflate.total_in()).expect("what is in memory");
            member.reserve(raw.len() / 4 + 64);
            deflate
                .compress_vec(&raw[done..], &mut member, FlushCompress::Full)
                .expect("a stream that takes every input");
            // With room left over, everything has been flushed.
            let all = deflate.total_in() == raw.len() as u64;
            if all && member.len() < member.capacity() {
                break;
            }
        }
    }
    member.extend(END);
    member.extend(crc32fast::hash(raw).to_le_bytes());
    member.extend((raw.len() as u32).to_le_bytes());
    member
}

/// Takes the blocks out of a member that [`compress`] made.
pub fn split(member: &[u8]) -> Result<Blocks<'_>, GzipMemberError> {
    let Some(rest) = member.strip_prefix(&HEADER) else {
        let found = member.iter().take(HEADER.len()).copied().collect();
        return Err(GzipMemberError::Header { found });
    };
    let end = |found: &[u8]| GzipMemberError::End {
        found: found.to_vec(),
    };
    let (rest, trailer) = rest
        .split_last_chunk::<TRAILER_LEN>()
        .ok_or_else(|| end(rest))?;
    let blocks = rest.strip_suffix(&END);
    let bytes = blocks.filter(|bytes| bytes.is_empty() || bytes.ends_with(&FLUSHED));
    let tail = rest.len().saturating_sub(FLUSHED.len() + END.len());
    let bytes = bytes.ok_or_else(|| end(&rest[tail..]))?;
    let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| trailer[at + n]));
    Ok(Blocks {
        bytes,
        crc32: number(0),
        size: number(4),
    })
}

/// Takes the blocks out of a member that was put together of members of these
/// sizes: each as a member of its own. `None` when it was not.
pub fn members(member: &[u8], sizes: impl Iterator<Item = u64>) -> Option<Vec<Vec<u8>>> {
    let mut rest = split(member).ok()?.bytes;
    let around = HEADER.len() + END.len() + TRAILER_LEN;
    let mut found = Vec::new();
    for size in sizes {
        let len = usize::try_from(size).ok()?.checked_sub(around)?;
        let (own, after) = rest.split_at_checked(len)?;
        rest = after;
        let mut crc32 = flate2::Crc::new();
        let mut decoder = flate2::read::DeflateDecoder::new(own.chain(&END[..]));
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match decoder.read(&mut buffer).ok()? {
                0 => break,
                read => crc32.update(&buffer[..read]),
            }
        }
        let mut own = [&HEADER, own, &END].concat();
        own.extend(crc32.sum().to_le_bytes());
        own.extend(crc32.amount().to_le_bytes());
        found.push(own);
    }
    rest.is_empty().then_some(found)
}

/// Puts blocks together into one member, in the order they come.
#[derive(Debug, Clone)]
pub struct Assembly {
    member: Vec<u8>,
    crc32: Hasher,
    size: u32,
}

impl Default for Assembly {
    fn default() -> Self {
        Self {
            member: HEADER.to_vec(),
            crc32: Hasher::new(),
            size: 0,
        }
    }
}

impl Assembly {
    /// Appends the blocks of a member.
    pub fn push(&mut self, blocks: &Blocks<'_>) {
        self.member.extend_from_slice(blocks.bytes);
        let len = u64::from(blocks.size);
        self.crc32
            .combine(&Hasher::new_with_initial_len(blocks.crc32, len));
        self.size = self.size.wrapping_add(blocks.size);
    }

    /// Ends the member.
    pub fn finish(self) -> Vec<u8> {
        let mut member = self.member;
        member.extend(END);
        member.extend(self.crc32.finalize().to_le_bytes());
        member.extend(self.size.to_le_bytes());
        member
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    fn assemble(pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut assembly = Assembly::default();
        for piece in pieces {
            assembly.push(&split(&compress(piece)).expect("our member"));
        }
        assembly.finish()
    }

    /// Reads one member, and tells what is left after it.
    fn one_member(bytes: &[u8]) -> (Vec<u8>, usize) {
        let mut decoder = flate2::bufread::GzDecoder::new(bytes);
        let mut raw = Vec::new();
        decoder.read_to_end(&mut raw).expect("valid");
        (raw, decoder.into_inner().len())
    }

    #[test]
    fn gzip_and_perl_read_all_of_it() {
        let pieces = [b"a".repeat(300_000), b"xyz\n".to_vec(), b"b".repeat(70_000)];
        let file = assemble(&pieces);
        for (tool, arguments) in [
            ("gzip", &["-dc"][..]),
            (
                "perl",
                &[
                    "-MIO::Uncompress::Gunzip=gunzip,$GunzipError",
                    "-e",
                    "gunzip '-' => '-' or die $GunzipError",
                ],
            ),
        ] {
            let mut child = Command::new(tool)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect(tool);
            let mut stdin = child.stdin.take().expect("piped");
            let bytes = file.clone();
            let feeding = std::thread::spawn(move || stdin.write_all(&bytes));
            let output = child.wait_with_output().expect(tool);
            feeding.join().expect("no panic").expect("takes all");
            assert!(output.status.success(), "{tool}");
            assert!(output.stdout == pieces.concat(), "{tool}");
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let good = compress(b"hello, hello, hello");
        let cases: [(&str, Vec<u8>); 5] = [
            ("header", Vec::new()),
            ("header", b"\x1f\x8b\x08\x08".to_vec()),
            ("final block", HEADER.to_vec()),
            ("final block", good[..good.len() - 1].to_vec()),
            ("final block", crate::format::compress::gzip(b"hello")),
        ];
        for (want, bytes) in cases {
            let error = split(&bytes).expect_err(want).to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    proptest! {
        #[test]
        fn members_are_joined_to_one(
            pieces in proptest::collection::vec("[a-z\n]{0,300}", 0..12)
        ) {
            let pieces: Vec<Vec<u8>> = pieces.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(one_member(&assemble(&pieces)), (pieces.concat(), 0));
        }

        #[test]
        fn a_member_is_read_by_others(
            part in proptest::collection::vec(any::<u8>(), 1..200), times in 0usize..500,
        ) {
            let raw = part.repeat(times);
            prop_assert_eq!(one_member(&compress(&raw)), (raw, 0));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = split(&bytes);
            let _ = split(&[&HEADER[..], &bytes].concat());
        }
    }
}
