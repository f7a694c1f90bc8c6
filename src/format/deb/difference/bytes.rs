//! Two runs of bytes → where they part, with what stands there.
//!
//! Bytes are compared at the same offset: what one has more in the middle
//! makes all that follows differ. Nothing is kept but the first few places.

use std::io::{self, Read};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// How many places are told.
const MOST_SPANS: usize = 8;
/// How many bytes stand before a place; places nearer to each other are one.
const BEFORE: usize = 16;
/// How many bytes of a place are shown, what stands before it apart.
const SHOWN: usize = 48;

/// Where two runs of bytes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ByteDifference {
    /// The offset of the first byte that differs, from 0; where one is the
    /// other's beginning, the size of the shorter.
    pub first: u64,
    /// How many bytes differ, with all that only the longer one has.
    pub differing: u64,
    /// The first eight places, in their order.
    pub spans: Vec<Span>,
    /// How many further places there are.
    pub further: u64,
}

/// A place where two runs of bytes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it begins, in bytes from 0.
    pub offset: u64,
    /// How many bytes it has, with fewer than sixteen in a row that are the
    /// same.
    pub length: u64,
    /// Which line of the first it is in, from 1, lines ending in a newline.
    pub line: u64,
    /// What the first has there.
    pub from: Excerpt,
    /// What the second has there.
    pub to: Excerpt,
}

/// Some bytes of a whole: up to sixteen before a place, which both have, then
/// up to 48 from its beginning on.
///
/// Serialised with the bytes in hexadecimal and, where they are printable, as
/// text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Where the bytes begin in the whole.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Excerpt {
    /// Returns the bytes as text when they are nothing but printable UTF-8; a
    /// character that is cut at the end or the beginning is left out.
    pub fn text(&self) -> Option<String> {
        const CUT: usize = 3;
        let continues = |byte: &&u8| **byte & 0xc0 == 0x80;
        let cut = self.bytes.iter().take(CUT).take_while(continues).count();
        let bytes = &self.bytes[cut..];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
            }
            Err(_) => return None,
        };
        let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        (!text.is_empty() && text.chars().all(printable)).then(|| text.to_owned())
    }

    /// Returns the bytes in hexadecimal, two digits each.
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl Serialize for Excerpt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("Excerpt", 3)?;
        fields.serialize_field("offset", &self.offset)?;
        fields.serialize_field("hex", &self.hex())?;
        fields.serialize_field("text", &self.text())?;
        fields.end()
    }
}

impl ByteDifference {
    /// Compares two runs of bytes; `None` when they are the same. Reads both
    /// to their ends, in bounded memory.
    pub fn between(mut a: impl Read, mut b: impl Read) -> io::Result<Option<Self>> {
        const CHUNK: usize = 64 * 1024;
        let (mut left, mut right) = (vec![0; CHUNK], vec![0; CHUNK]);
        let mut comparison = Comparison::default();
        loop {
            let (in_a, in_b) = (fill(&mut a, &mut left)?, fill(&mut b, &mut right)?);
            comparison.take(&left[..in_a], &right[..in_b]);
            if in_a < CHUNK && in_b < CHUNK {
                return Ok(comparison.end());
            }
        }
    }
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// How far a comparison came.
#[derive(Default)]
struct Comparison {
    offset: u64,
    newlines: u64,
    differing: u64,
    /// The last bytes, all the same in both, when nothing differed among them.
    before: Vec<u8>,
    spans: Vec<Span>,
    further: u64,
    /// Where the last place ends, told or not.
    end: u64,
}

impl Comparison {
    /// Takes what comes next; once one has ended it gives nothing any more.
    fn take(&mut self, a: &[u8], b: &[u8]) {
        let shown = |span: &Span| span.offset + SHOWN as u64 <= self.offset;
        if a == b && a.len() >= BEFORE && self.spans.last().is_none_or(shown) {
            self.offset += a.len() as u64;
            self.newlines += newlines(a);
            self.before = a[a.len() - BEFORE..].to_vec();
            return;
        }
        for at in 0..a.len().max(b.len()) {
            self.byte(a.get(at).copied(), b.get(at).copied());
        }
    }

    fn byte(&mut self, a: Option<u8>, b: Option<u8>) {
        if a != b {
            self.differs();
        }
        for span in self.spans.iter_mut().rev() {
            let full = span.offset + SHOWN as u64 <= self.offset;
            if full {
                break;
            }
            span.from.bytes.extend(a);
            span.to.bytes.extend(b);
        }
        if a == b {
            if self.before.len() == BEFORE {
                self.before.remove(0);
            }
            self.before.extend(a);
        } else {
            self.before.clear();
        }
        self.newlines += u64::from(a == Some(b'\n'));
        self.offset += 1;
    }

    fn differs(&mut self) {
        let apart = self.differing == 0 || self.offset - self.end >= BEFORE as u64;
        self.differing += 1;
        if apart && self.spans.len() == MOST_SPANS {
            self.further += 1;
        } else if apart {
            let excerpt = || Excerpt {
                offset: self.offset - self.before.len() as u64,
                bytes: self.before.clone(),
            };
            self.spans.push(Span {
                offset: self.offset,
                length: 0,
                line: self.newlines + 1,
                from: excerpt(),
                to: excerpt(),
            });
        }
        self.end = self.offset + 1;
        if let Some(span) = self.spans.last_mut().filter(|_| self.further == 0) {
            span.length = self.end - span.offset;
        }
    }

    fn end(self) -> Option<ByteDifference> {
        let first = self.spans.first()?.offset;
        Some(ByteDifference {
            first,
            differing: self.differing,
            spans: self.spans,
            further: self.further,
        })
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn between(a: &[u8], b: &[u8]) -> Option<ByteDifference> {
        ByteDifference::between(a, b).expect("memory")
    }

    /// `OFFSET+LENGTH line N: FROM → TO` of each place.
    fn shown(a: &str, b: &str) -> Vec<String> {
        let found = between(a.as_bytes(), b.as_bytes());
        let spans = found.map_or(Vec::new(), |found| found.spans);
        let show = |span: &Span| {
            let [from, to] = [&span.from, &span.to].map(|e| e.text().unwrap_or_default());
            let Span {
                offset,
                length,
                line,
                ..
            } = span;
            format!("{offset}+{length} line {line}: {from:?} → {to:?}")
        };
        spans.iter().map(show).collect()
    }

    #[test]
    fn places_come_with_what_stands_there() {
        for (a, b, want) in [
            ("the same", "the same", &[][..]),
            ("", "x", &[r#"0+1 line 1: "" → "x""#]),
            ("abc", "ab", &[r#"2+1 line 1: "abc" → "ab""#]),
            (
                "one\ntwo\n built on Mon\n",
                "one\ntwo\n built on Tue\n",
                &[r#"18+3 line 3: "e\ntwo\n built on Mon\n" → "e\ntwo\n built on Tue\n""#],
            ),
            (
                "a1................b2",
                "a3................b4",
                &[
                    r#"1+1 line 1: "a1................b2" → "a3................b4""#,
                    r#"19+1 line 1: "...............b2" → "...............b4""#,
                ],
            ),
            (
                "1...............2",
                "3...............4",
                &[r#"0+17 line 1: "1...............2" → "3...............4""#],
            ),
        ] {
            assert_eq!(shown(a, b), want, "{a:?} {b:?}");
        }
    }

    #[test]
    fn excerpts_know_whether_they_are_text() {
        for (bytes, want) in [
            (&b"plain\ttext\n"[..], Some("plain\ttext\n")),
            (b"\xbcml\xc3\xa4ut \xc3", Some("mläut ")),
            (b"\x7fELF", None),
            (b"a\xffb", None),
            (b"", None),
        ] {
            let bytes = bytes.to_vec();
            let excerpt = Excerpt { offset: 0, bytes };
            assert_eq!(excerpt.text().as_deref(), want, "{excerpt:?}");
        }
    }

    #[test]
    fn no_more_places_are_told_than_anybody_reads() {
        let a = [0_u8; 1000];
        let b: Vec<u8> = (0..1000).map(|at| u8::from(at % 50 == 7)).collect();
        let found = between(&a, &b).expect("they differ");
        assert_eq!((found.first, found.differing), (7, 20));
        assert_eq!((found.spans.len(), found.further), (8, 12));
        assert_eq!(found.spans[7].length, 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_place_holds_what_it_says(
            size in 0..200_000usize,
            longer in 0..200usize,
            changes in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 0..12),
        ) {
            let a: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut b = a.clone();
            for (at, by) in changes.iter().filter(|_| size > 0) {
                b[at.index(size)] ^= by;
            }
            b.extend(vec![b'x'; longer]);
            let differing: Vec<usize> = (0..b.len()).filter(|&at| a.get(at) != b.get(at)).collect();
            let found = between(&a, &b);
            prop_assert_eq!(found.is_some(), !differing.is_empty());
            let Some(found) = found else { return Ok(()) };
            prop_assert_eq!(found.first, differing[0] as u64);
            prop_assert_eq!(found.differing, differing.len() as u64);
            for span in &found.spans {
                for (whole, excerpt) in [(&a, &span.from), (&b, &span.to)] {
                    let start = excerpt.offset as usize;
                    let end = (span.offset as usize + SHOWN).min(whole.len());
                    prop_assert_eq!(&whole[start..end], &excerpt.bytes[..]);
                    prop_assert!(span.offset as usize - start <= BEFORE);
                }
                let lines = newlines(&a[..(span.offset as usize).min(a.len())]);
                prop_assert_eq!(span.line, lines + 1);
            }
            if found.further == 0 {
                let inside = |at: &usize| {
                    let at = *at as u64;
                    found.spans.iter().any(|s| (s.offset..s.offset + s.length).contains(&at))
                };
                prop_assert!(differing.iter().all(inside));
            }
            let back = between(&b, &a).expect("as well");
            prop_assert_eq!((back.first, back.differing), (found.first, found.differing));
        }
    }
}
