//! A PNG as its chunks (ISO/IEC 15948, 5.3).

use super::{Part, big, cut};

pub(super) fn parts(bytes: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut at = 8;
    let mut parts = Vec::new();
    while at < bytes.len() {
        let length = big(bytes, at, 4)?;
        let kind = std::str::from_utf8(bytes.get(at + 4..at + 8)?).ok()?;
        let content = cut(bytes, at as u64 + 8, length)?;
        parts.push(Part::new(format!("chunk {kind}"), content));
        at += 12 + content.len();
    }
    Some(parts)
}
