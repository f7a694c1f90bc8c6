//! An ELF file as its sections (System V ABI, chapter 4).

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::{Part, big, cut, little};

/// The section begins with a header of its own and is compressed.
const COMPRESSED: u64 = 0x800;
/// The largest section that is unpacked, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

fn unpacked(content: &[u8], header: usize, kind: Option<u64>) -> Option<Vec<u8>> {
    const ZLIB: u64 = 1;
    let packed = content.get(header..).filter(|_| kind == Some(ZLIB))?;
    let mut unpacked = Vec::new();
    let mut decoder = ZlibDecoder::new(packed).take(LARGEST);
    decoder.read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}

pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let wide = bytes.get(4)? == &2;
    let number = match bytes.get(5)? {
        1 => little,
        _ => big,
    };
    let pick = |narrow: usize, broad: usize| if wide { broad } else { narrow };
    let table = number(bytes, pick(0x20, 0x28), pick(4, 8))?;
    let entry = number(bytes, pick(0x2e, 0x3a), 2)?;
    let count = number(bytes, pick(0x30, 0x3c), 2)?;
    let names = number(bytes, pick(0x32, 0x3e), 2)?;
    let section = |index: u64| {
        let header = cut(bytes, table.checked_add(index * entry)?, entry)?;
        let name = number(header, 0, 4)?;
        let kind = number(header, 4, 4)?;
        let flags = number(header, 8, pick(4, 8))?;
        let offset = number(header, pick(0x10, 0x18), pick(4, 8))?;
        let size = number(header, pick(0x14, 0x20), pick(4, 8))?;
        /// A section without bytes in the file.
        const NOBITS: u64 = 8;
        let content = match kind {
            0 | NOBITS => &[],
            _ => cut(bytes, offset, size)?,
        };
        Some((name, flags, content))
    };
    let (_, _, names) = section(names)?;
    let mut parts = Vec::new();
    for index in 1..count {
        let (name, flags, content) = section(index)?;
        let name = names.get(usize::try_from(name).ok()?..)?;
        let name = name.split(|byte| *byte == 0).next()?;
        let name = String::from_utf8_lossy(name);
        let mut part = Part::new(format!("section {name}"), content);
        if flags & COMPRESSED != 0
            && let Some(unpacked) = unpacked(content, pick(12, 24), number(content, 0, 4))
        {
            part.content = Cow::Owned(unpacked);
        }
        parts.push(part);
    }
    (!parts.is_empty()).then_some(parts)
}
