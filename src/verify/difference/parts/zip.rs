//! A zip (APPNOTE.TXT 6.3), by its central directory; a jar is one.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{Aspect, Part, cut, little};

/// The largest file of an archive that is unpacked, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    // 4.3.16: the end record, behind which a comment of 64 KiB may stand.
    let farthest = bytes.len().saturating_sub(22 + 0xffff);
    let tail = &bytes[farthest..];
    let end = tail.windows(4).rposition(|four| four == b"PK\x05\x06")? + farthest;
    let count = little(bytes, end + 10, 2)?;
    let mut at = usize::try_from(little(bytes, end + 16, 4)?).ok()?;
    let mut parts = Vec::new();
    for _ in 0..count {
        // 4.3.12: a header of the central directory.
        if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
            return None;
        }
        let number = |offset, len| little(bytes, at + offset, len);
        let (name, extra, comment) = (number(28, 2)?, number(30, 2)?, number(32, 2)?);
        let name_bytes = cut(bytes, at as u64 + 46, name)?;
        let (method, packed, size) = (number(10, 2)?, number(20, 4)?, number(24, 4)?);
        let local = number(42, 4)?;
        // 4.3.7: the local header has its own lengths of name and extra field.
        let start = usize::try_from(local).ok()?;
        let before = 30 + little(bytes, start + 26, 2)? + little(bytes, start + 28, 2)?;
        let packed = cut(bytes, local + before, packed)?;
        let content = match method {
            0 => Cow::Borrowed(packed),
            8 if size <= LARGEST => {
                let mut unpacked = Vec::new();
                let read = DeflateDecoder::new(packed)
                    .take(LARGEST)
                    .read_to_end(&mut unpacked);
                read.ok()?;
                Cow::Owned(unpacked)
            }
            _ => Cow::Borrowed(packed),
        };
        let mut part = Part::new(String::from_utf8_lossy(name_bytes), &[])
            .aspect(Aspect::Time, time(number(12, 2)?, number(14, 2)?))
            .aspect(
                Aspect::Mode,
                format!("{:04o}", number(38, 4)? >> 16 & 0o7777),
            );
        part.content = content;
        parts.push(part);
        at = at.checked_add(46 + usize::try_from(name + extra + comment).ok()?)?;
    }
    Some(parts)
}

/// 4.4.6: the form of MS-DOS, in the zone of whoever packed it.
fn time(time: u64, date: u64) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        1980 + (date >> 9),
        date >> 5 & 0xf,
        date & 0x1f,
        time >> 11,
        time >> 5 & 0x3f,
        (time & 0x1f) * 2
    )
}
