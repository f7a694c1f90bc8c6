//! How an index is cut into chunks, so that a change stays local.
//!
//! The unit is a *group*: all entries of one key, such as all stanzas of one
//! package name. A *segment* starts at each group whose key's hash matches a
//! mask, and is one chunk, or several when it is too long, cut greedily from
//! its start. Nothing depends on what was there before: the same entries always
//! give the same chunks, whatever the order in which they came, and a change
//! cannot reach beyond its segment (or, when a segment's first group comes or
//! goes, the one before).
//!
//! Knows entries and keys only; which indices exist is `generation`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::format::index::Entry;
use crate::model::Sha256;

/// Where an index is cut. Part of the suite's settings: another rule is another
/// set of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkRule {
    /// A segment starts at a key whose SHA-256 ends in so many zero bits.
    pub boundary_bits: u8,
    /// A segment of more bytes than this is cut further.
    pub max_bytes: u64,
}

impl Default for ChunkRule {
    /// Aims at 256 KiB: every 256th name starts a segment, and a group has 0.8
    /// to 1.3 KiB. Measured on Debian 12's main for amd64, 63,440 paragraphs of
    /// 50 MB; sizes against `xz -6` and `gzip -9` of the whole, time of
    /// compressing with xz the chunk that a package chosen at random is in:
    ///
    /// | bits, most | chunks | mean | .xz | .gz | time |
    /// |---|---|---|---|---|---|
    /// | 6, 256 KiB | 1,045 | 47 KiB | +28 % | +8 % | 17 ms |
    /// | 8, 1 MiB | 279 | 175 KiB | +17 % | +4 % | 74 ms |
    /// | 10, 4 MiB | 67 | 730 KiB | +10 % | +2 % | 350 ms |
    ///
    /// Smaller chunks would cost every client that fetches the whole, larger
    /// ones every publish. Segments of random length are often short, and
    /// seldom very long: those are cut, so that no publish has to compress
    /// much more than a megabyte.
    fn default() -> Self {
        Self {
            boundary_bits: 8,
            max_bytes: 1 << 20,
        }
    }
}

impl ChunkRule {
    /// Returns the rule for an index whose groups are lines instead of
    /// paragraphs: a line of `Contents` has a sixteenth of a paragraph's bytes.
    pub fn for_lines(self) -> Self {
        Self {
            boundary_bits: self.boundary_bits + 4,
            ..self
        }
    }

    /// Tells whether a segment starts at this key.
    pub fn starts_segment(&self, key: &str) -> bool {
        let digest = Sha256::of(key.as_bytes());
        let tail = digest.as_bytes().last_chunk().expect("32 bytes");
        u64::from_be_bytes(*tail).trailing_zeros() >= u32::from(self.boundary_bits)
    }
}

/// A chunk of an index: a run of whole groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// The key of its first group: a package's name, or a path in `Contents`.
    pub first: String,
    /// The digest of its text.
    pub sha256: Sha256,
    /// The size of its text in bytes.
    pub size: u64,
    /// How many lines its text has.
    pub lines: u64,
}

/// A chunk of the next state of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextChunk {
    /// The chunk that was at this position.
    Kept(usize),
    /// A chunk that was not there.
    New {
        /// What it is.
        chunk: Chunk,
        /// Its text.
        text: String,
    },
}

/// What changes in one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit<T> {
    /// What comes.
    pub add: Vec<T>,
    /// What goes; nothing happens where it is not there.
    pub remove: Vec<T>,
}

impl<T> Default for Edit<T> {
    fn default() -> Self {
        Self {
            add: Vec::new(),
            remove: Vec::new(),
        }
    }
}

impl<T: Entry> Edit<T> {
    /// Returns the keys of what comes and goes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.add.iter().chain(&self.remove).map(Entry::key)
    }
}

/// Cuts a set of entries, in any order, into chunks.
pub fn cut<T: Entry>(rule: &ChunkRule, mut entries: Vec<T>) -> Vec<(Chunk, String)> {
    entries.sort();
    entries.dedup();
    let segments = segments_of(rule, entries);
    segments.iter().flat_map(|s| cut_segment(rule, s)).collect()
}

/// Returns the positions of all chunks that an edit of these keys may need to
/// read; an edit of other keys needs none of them.
pub fn touched<'a>(
    rule: &ChunkRule,
    chunks: &[Chunk],
    keys: impl IntoIterator<Item = &'a str>,
) -> Vec<usize> {
    let segments = segments(rule, chunks);
    let mut wanted = vec![false; chunks.len()];
    for key in keys {
        let Some(at) = segment_of(&segments, chunks, key) else {
            continue;
        };
        wanted[segments[at].clone()].fill(true);
        // When the first group goes, the rest joins the segment before.
        if at > 0 && chunks[segments[at].start].first == key {
            wanted[segments[at - 1].clone()].fill(true);
        }
    }
    let positions = wanted.iter().enumerate();
    positions.filter(|(_, w)| **w).map(|(at, _)| at).collect()
}

/// Returns the chunks of an index after an edit, reading only chunks that
/// [`touched`] names. Entries are let go as soon as they are text: a large edit
/// is never in memory twice.
pub fn replace<T: Entry, E>(
    rule: &ChunkRule,
    chunks: &[Chunk],
    edit: Edit<T>,
    read: impl Fn(&Chunk) -> Result<Vec<T>, E>,
) -> Result<Vec<NextChunk>, E> {
    let segments = segments(rule, chunks);
    let load = |range: &Range<usize>| -> Result<Vec<T>, E> {
        let read: Result<Vec<_>, E> = chunks[range.clone()].iter().map(&read).collect();
        Ok(read?.concat())
    };
    let mut edits = BTreeMap::<usize, (Vec<T>, BTreeSet<T>)>::new();
    let position = |entry: &T| segment_of(&segments, chunks, entry.key()).unwrap_or(0);
    for entry in edit.add {
        let (add, _) = edits.entry(position(&entry)).or_default();
        add.push(entry);
    }
    for entry in edit.remove {
        let (_, remove) = edits.entry(position(&entry)).or_default();
        remove.insert(entry);
    }

    let there = chunks.iter().enumerate();
    let there: BTreeMap<Sha256, usize> = there.map(|(at, c)| (c.sha256, at)).collect();
    let mut found = Vec::new();
    let mut finish = |segment: Segment<T>| match segment {
        Segment::Kept(range) => found.extend(range.map(NextChunk::Kept)),
        Segment::Edited(entries) => {
            let cut = cut_segment(rule, &entries).into_iter();
            found.extend(cut.map(|(chunk, text)| match there.get(&chunk.sha256) {
                Some(at) => NextChunk::Kept(*at),
                None => NextChunk::New { chunk, text },
            }));
        }
    };

    // What comes next may still belong to the last segment, and to no other.
    let mut last = None::<Segment<T>>;
    for at in 0..segments.len().max(1) {
        let range = segments.get(at).cloned().unwrap_or(0..0);
        let Some((add, remove)) = edits.remove(&at) else {
            last.replace(Segment::Kept(range)).map(&mut finish);
            continue;
        };
        let mut entries = load(&range)?;
        entries.retain(|entry| !remove.contains(entry));
        entries.extend(add);
        entries.sort();
        entries.dedup();
        for part in segments_of(rule, entries) {
            last = Some(match last.take() {
                Some(before) if !rule.starts_segment(part[0].key()) => {
                    let mut before = match before {
                        Segment::Kept(range) => load(&range)?,
                        Segment::Edited(entries) => entries,
                    };
                    before.extend(part);
                    Segment::Edited(before)
                }
                before => {
                    before.map(&mut finish);
                    Segment::Edited(part)
                }
            });
        }
    }
    last.map(&mut finish);
    Ok(found)
}

/// A segment of the next state of an index.
enum Segment<T> {
    /// The chunks at these positions, unread.
    Kept(Range<usize>),
    /// These entries, sorted; never none.
    Edited(Vec<T>),
}

/// Groups chunks by the segment they are cut from.
fn segments(rule: &ChunkRule, chunks: &[Chunk]) -> Vec<Range<usize>> {
    let mut segments = Vec::<Range<usize>>::new();
    for (at, chunk) in chunks.iter().enumerate() {
        match segments.last_mut() {
            Some(last) if !rule.starts_segment(&chunk.first) => last.end = at + 1,
            _ => segments.push(at..at + 1),
        }
    }
    segments
}

/// Finds the segment a key belongs to; a key before all others belongs to the
/// first. `None` when there is no segment.
fn segment_of(segments: &[Range<usize>], chunks: &[Chunk], key: &str) -> Option<usize> {
    let after = segments.partition_point(|segment| *chunks[segment.start].first <= *key);
    (!segments.is_empty()).then_some(after.saturating_sub(1))
}

/// Splits sorted entries before each key that starts a segment.
fn segments_of<T: Entry>(rule: &ChunkRule, entries: Vec<T>) -> Vec<Vec<T>> {
    let mut segments = Vec::<Vec<T>>::new();
    for entry in entries {
        let last = segments.last_mut();
        match last {
            Some(last)
                if last.last().is_some_and(|e| e.key() == entry.key())
                    || !rule.starts_segment(entry.key()) =>
            {
                last.push(entry);
            }
            _ => segments.push(vec![entry]),
        }
    }
    segments
}

/// Cuts a segment into chunks of at most the rule's size, groups kept whole: a
/// group that is longer by itself is a chunk of its own.
fn cut_segment<T: Entry>(rule: &ChunkRule, entries: &[T]) -> Vec<(Chunk, String)> {
    let mut texts = Vec::<(&str, String)>::new();
    let mut group_text = String::new();
    for group in entries.chunk_by(|a, b| a.key() == b.key()) {
        group_text.clear();
        T::append_group(group, &mut group_text);
        let fits = |text: &String| (text.len() + group_text.len()) as u64 <= rule.max_bytes;
        if !texts.last().is_some_and(|(_, text)| fits(text)) {
            texts.push((group[0].key(), String::new()));
        }
        let (_, text) = texts.last_mut().expect("pushed if there was none");
        text.push_str(&group_text);
    }
    let chunk = |(first, text): (&str, String)| {
        let chunk = Chunk {
            first: first.to_owned(),
            sha256: Sha256::of(text.as_bytes()),
            size: text.len() as u64,
            lines: text.bytes().filter(|byte| *byte == b'\n').count() as u64,
        };
        (chunk, text)
    };
    texts.into_iter().map(chunk).collect()
}

#[cfg(test)]
mod tests;
