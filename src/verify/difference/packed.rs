//! Contents that are one compressed stream.

use std::fmt;
use std::io::Read;

use super::Aspect;
use crate::format::compress::{Compression, Decoder};
use crate::model::Timestamp;

/// A format of compressed streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(Compression);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Kind {
    /// Returns what a file of this name holds when it is unpacked.
    pub(super) fn stem(self, name: &str) -> String {
        let name = name.rsplit('/').next().unwrap_or(name);
        let stem = name
            .strip_suffix(self.0.extension())
            .map(str::to_owned)
            .or_else(|| name.strip_suffix(".tgz").map(|stem| format!("{stem}.tar")));
        stem.unwrap_or_else(|| format!("{name} unpacked"))
    }
}

/// Tells the format by its first bytes.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    const MAGIC: [(&[u8], Compression); 4] = [
        (b"\x1f\x8b\x08", Compression::Gzip),
        (b"\xfd7zXZ\0", Compression::Xz),
        (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        (b"BZh", Compression::Bzip2),
    ];
    let known = MAGIC
        .into_iter()
        .find(|(magic, _)| bytes.starts_with(magic));
    known.map(|(_, compression)| Kind(compression))
}

/// Unpacks a stream of at most `largest` bytes; none if it is larger or no
/// sound stream.
pub(super) fn unpack(kind: Kind, bytes: &[u8], largest: u64) -> Option<Vec<u8>> {
    const WINDOW_BYTES: u64 = 128 * 1024 * 1024;
    let mut unpacked = Vec::new();
    let decoder = Decoder::new(kind.0, bytes, WINDOW_BYTES).ok()?;
    let read = decoder.take(largest + 1).read_to_end(&mut unpacked);
    (read.is_ok() && unpacked.len() as u64 <= largest).then_some(unpacked)
}

type Header = fn(&[u8]) -> String;

/// Returns what a stream's header says beside its contents.
pub(super) fn headers(kind: Kind) -> &'static [(Aspect, Header)] {
    match kind.0 {
        Compression::Gzip => &[
            (Aspect::Time, gzip_time),
            (Aspect::Name, gzip_name),
            (Aspect::Type, gzip_system),
        ],
        _ => &[],
    }
}

/// RFC 1952, 2.3.1: MTIME.
fn gzip_time(bytes: &[u8]) -> String {
    let time = bytes.get(4..8).and_then(|time| time.try_into().ok());
    match time.map_or(0, u32::from_le_bytes) {
        0 => "none".to_owned(),
        time => Timestamp::from_unix(time.into()).to_string(),
    }
}

/// RFC 1952, 2.3.1: FNAME, behind the optional extra field.
fn gzip_name(bytes: &[u8]) -> String {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    let flags = bytes.get(3).copied().unwrap_or(0);
    let mut rest = bytes.get(10..).unwrap_or_default();
    if flags & EXTRA != 0 {
        let length = rest
            .get(..2)
            .map_or(0, |l| usize::from(l[0]) | usize::from(l[1]) << 8);
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    if flags & NAME == 0 {
        return "none".to_owned();
    }
    let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// RFC 1952, 2.3.1: XFL and OS.
fn gzip_system(bytes: &[u8]) -> String {
    let at = |at: usize| bytes.get(at).copied().unwrap_or(0);
    format!("flags {}, system {}", at(8), at(9))
}
