//! How an index is cut into chunks, so that a change stays local.
//!
//! The unit is a *group*: all stanzas of one package name. A *segment* starts
//! at each group whose name's hash matches a mask, and is one chunk, or several
//! when it is too long, cut greedily from its start. Nothing depends on what
//! was there before: the same stanzas always give the same chunks, whatever the
//! order in which they came, and a change cannot reach beyond its segment (or,
//! when a segment's first group comes or goes, the one before).
//!
//! Knows stanzas and names only; which indices exist is `generation`'s.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::format::index::Stanza;
use crate::model::{PackageName, Sha256};

/// Where an index is cut. Part of the suite's settings: another rule is another
/// set of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkRule {
    /// A segment starts at a name whose SHA-256 ends in so many zero bits.
    pub boundary_bits: u8,
    /// A segment of more bytes than this is cut further.
    pub max_bytes: u64,
}

impl Default for ChunkRule {
    /// Aims at 256 KiB: every 256th name starts a segment, and a group has 0.8
    /// to 1.3 KiB. Measured on 50,000 packages, one more package costs 0.18 s
    /// of compressing and hashing and the .xz is 10 % larger than in one block;
    /// 64 KiB would save 0.09 s for +18 %, 1 MiB costs more time for +5 %.
    /// Random segments longer than four times the target are one in 50, and are
    /// cut so that no publish has to compress more than a megabyte.
    fn default() -> Self {
        Self {
            boundary_bits: 8,
            max_bytes: 1 << 20,
        }
    }
}

impl ChunkRule {
    /// Tells whether a segment starts at this name.
    pub fn starts_segment(&self, name: &PackageName) -> bool {
        let digest = Sha256::of(name.as_str().as_bytes());
        let tail = digest.as_bytes().last_chunk().expect("32 bytes");
        u64::from_be_bytes(*tail).trailing_zeros() >= u32::from(self.boundary_bits)
    }
}

/// A chunk of an index: a run of whole groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// The name of its first group.
    pub first: PackageName,
    /// The digest of its text.
    pub sha256: Sha256,
    /// The size of its text in bytes.
    pub size: u64,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// What comes.
    pub add: Vec<Stanza>,
    /// What goes; nothing happens where it is not there.
    pub remove: Vec<Stanza>,
}

/// Cuts a set of stanzas, in any order, into chunks.
pub fn cut(rule: &ChunkRule, mut stanzas: Vec<Stanza>) -> Vec<(Chunk, String)> {
    stanzas.sort();
    stanzas.dedup();
    let segments = segments_of(rule, stanzas);
    segments.iter().flat_map(|s| cut_segment(rule, s)).collect()
}

/// Returns the positions of all chunks that an edit of these names may need to
/// read; an edit of other names needs none of them.
pub fn touched<'a>(
    rule: &ChunkRule,
    chunks: &[Chunk],
    names: impl IntoIterator<Item = &'a PackageName>,
) -> Vec<usize> {
    let segments = segments(rule, chunks);
    let mut wanted = vec![false; chunks.len()];
    for name in names {
        let Some(at) = segment_of(&segments, chunks, name) else {
            continue;
        };
        wanted[segments[at].clone()].fill(true);
        // When the first group goes, the rest joins the segment before.
        if at > 0 && chunks[segments[at].start].first == *name {
            wanted[segments[at - 1].clone()].fill(true);
        }
    }
    let positions = wanted.iter().enumerate();
    positions.filter(|(_, w)| **w).map(|(at, _)| at).collect()
}

/// Returns the chunks of an index after an edit, reading only chunks that
/// [`touched`] names.
pub fn replace<E>(
    rule: &ChunkRule,
    chunks: &[Chunk],
    edit: &Edit,
    read: impl Fn(&Chunk) -> Result<Vec<Stanza>, E>,
) -> Result<Vec<NextChunk>, E> {
    let segments = segments(rule, chunks);
    let load = |range: &Range<usize>| -> Result<Vec<Stanza>, E> {
        let read: Result<Vec<_>, E> = chunks[range.clone()].iter().map(&read).collect();
        Ok(read?.concat())
    };
    let mut edits = BTreeMap::<usize, Edit>::new();
    let position = |stanza: &Stanza| segment_of(&segments, chunks, stanza.name()).unwrap_or(0);
    for stanza in &edit.add {
        let edit = edits.entry(position(stanza)).or_default();
        edit.add.push(stanza.clone());
    }
    for stanza in &edit.remove {
        let edit = edits.entry(position(stanza)).or_default();
        edit.remove.push(stanza.clone());
    }

    let mut next = Vec::<Segment>::new();
    for at in 0..segments.len().max(1) {
        let range = segments.get(at).cloned().unwrap_or(0..0);
        let Some(edit) = edits.remove(&at) else {
            next.push(Segment::Kept(range));
            continue;
        };
        let mut stanzas = load(&range)?;
        stanzas.retain(|stanza| !edit.remove.contains(stanza));
        stanzas.extend(edit.add);
        stanzas.sort();
        stanzas.dedup();
        for part in segments_of(rule, stanzas) {
            match next.last_mut() {
                Some(last) if !rule.starts_segment(part[0].name()) => {
                    let mut before = match last {
                        Segment::Kept(range) => load(range)?,
                        Segment::Edited(stanzas) => std::mem::take(stanzas),
                    };
                    before.extend(part);
                    *last = Segment::Edited(before);
                }
                _ => next.push(Segment::Edited(part)),
            }
        }
    }
    let there: BTreeMap<Sha256, usize> = chunks
        .iter()
        .enumerate()
        .map(|(at, c)| (c.sha256, at))
        .collect();
    let mut found = Vec::new();
    for segment in next {
        match segment {
            Segment::Kept(range) => found.extend(range.map(NextChunk::Kept)),
            Segment::Edited(stanzas) => {
                let cut = cut_segment(rule, &stanzas).into_iter();
                found.extend(cut.map(|(chunk, text)| match there.get(&chunk.sha256) {
                    Some(at) => NextChunk::Kept(*at),
                    None => NextChunk::New { chunk, text },
                }));
            }
        }
    }
    Ok(found)
}

/// A segment of the next state of an index.
enum Segment {
    /// The chunks at these positions, unread.
    Kept(Range<usize>),
    /// These stanzas, sorted; never none.
    Edited(Vec<Stanza>),
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

/// Finds the segment a name belongs to; a name before all others belongs to the
/// first. `None` when there is no segment.
fn segment_of(segments: &[Range<usize>], chunks: &[Chunk], name: &PackageName) -> Option<usize> {
    let after = segments.partition_point(|segment| chunks[segment.start].first <= *name);
    (!segments.is_empty()).then_some(after.saturating_sub(1))
}

/// Splits sorted stanzas before each name that starts a segment.
fn segments_of(rule: &ChunkRule, stanzas: Vec<Stanza>) -> Vec<Vec<Stanza>> {
    let mut segments = Vec::<Vec<Stanza>>::new();
    for stanza in stanzas {
        let last = segments.last_mut();
        match last {
            Some(last)
                if last.last().is_some_and(|s| s.name() == stanza.name())
                    || !rule.starts_segment(stanza.name()) =>
            {
                last.push(stanza);
            }
            _ => segments.push(vec![stanza]),
        }
    }
    segments
}

/// Cuts a segment into chunks of at most the rule's size, groups kept whole: a
/// group that is longer by itself is a chunk of its own.
fn cut_segment(rule: &ChunkRule, stanzas: &[Stanza]) -> Vec<(Chunk, String)> {
    let mut texts = Vec::<(PackageName, String)>::new();
    for group in stanzas.chunk_by(|a, b| a.name() == b.name()) {
        let size: usize = group.iter().map(Stanza::len_in_index).sum();
        let fits = |text: &String| (text.len() + size) as u64 <= rule.max_bytes;
        if !texts.last().is_some_and(|(_, text)| fits(text)) {
            texts.push((group[0].name().clone(), String::new()));
        }
        let (_, text) = texts.last_mut().expect("pushed if there was none");
        group.iter().for_each(|stanza| stanza.append_to(text));
    }
    let chunk = |(first, text): (PackageName, String)| {
        let (sha256, size) = (Sha256::of(text.as_bytes()), text.len() as u64);
        let chunk = Chunk {
            first,
            sha256,
            size,
        };
        (chunk, text)
    };
    texts.into_iter().map(chunk).collect()
}

#[cfg(test)]
mod tests;
