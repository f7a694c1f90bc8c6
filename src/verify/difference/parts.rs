//! Contents that hold other contents by name.

mod ar;
mod elf;
mod png;
mod tar;
mod zip;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Aspect;

/// What a container holds.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its parts in their order.
    pub(super) parts: Vec<Part<'a>>,
}

/// A kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// ar(5): a package or a static library.
    Ar,
    /// A tar.
    Tar,
    /// A zip: jar, wheel, office document.
    Zip,
    /// A program, library or object, as sections.
    Elf,
    /// A picture, as chunks.
    Png,
}

/// Something in a container.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Its name; `(2)` is added to that of a second one.
    pub(super) name: String,
    /// What is said of it.
    pub(super) aspects: BTreeMap<Aspect, String>,
    /// What is in it.
    pub(super) content: Cow<'a, [u8]>,
}

impl<'a> Part<'a> {
    fn new(name: impl Into<String>, content: &'a [u8]) -> Self {
        Self {
            name: name.into(),
            aspects: BTreeMap::new(),
            content: Cow::Borrowed(content),
        }
    }

    fn aspect(mut self, aspect: Aspect, value: impl Into<String>) -> Self {
        self.aspects.insert(aspect, value.into());
        self
    }
}

impl Parts<'_> {
    /// Returns the parts by name.
    pub(super) fn named(&self) -> BTreeMap<String, &Part<'_>> {
        self.names().into_iter().zip(&self.parts).collect()
    }

    /// Returns the names in their order, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        let names = self.parts.iter().map(|part| {
            let times = times.entry(&part.name).or_default();
            *times += 1;
            match times {
                1 => part.name.clone(),
                _ => format!("{} ({times})", part.name),
            }
        });
        names.collect()
    }
}

/// Opens contents that are a sound container; none if they are not.
pub(super) fn open(bytes: &[u8]) -> Option<Parts<'_>> {
    let open = |kind, parts: Option<Vec<_>>| parts.map(|parts| Parts { kind, parts });
    match bytes {
        [b'!', b'<', b'a', b'r', ..] => open(Kind::Ar, ar::parts(bytes)),
        [0x7f, b'E', b'L', b'F', ..] => open(Kind::Elf, elf::parts(bytes)),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => open(Kind::Zip, zip::parts(bytes)),
        [0x89, b'P', b'N', b'G', ..] => open(Kind::Png, png::parts(bytes)),
        _ if bytes.get(257..262) == Some(b"ustar") => open(Kind::Tar, tar::parts(bytes)),
        _ => None,
    }
}

/// Reads a little-endian number of up to eight bytes.
fn little(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |n, byte| n << 8 | u64::from(*byte)),
    )
}

/// Reads a big-endian number of up to eight bytes.
fn big(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

/// Cuts out `len` bytes at an offset that a stranger has written.
fn cut(bytes: &[u8], at: u64, len: u64) -> Option<&[u8]> {
    let at = usize::try_from(at).ok()?;
    let len = usize::try_from(len).ok()?;
    bytes.get(at..at.checked_add(len)?)
}
