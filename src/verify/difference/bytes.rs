//! Contents that are not text: ranges of bytes, and the words among them.

use std::collections::BTreeMap;

use super::{Excerpt, Spot, What};

/// How many spots of one file are told.
pub(super) const SPOTS: usize = 8;
/// How many bytes are shown on both sides of those that differ.
const AROUND: usize = 32;
/// Bytes that differ no farther apart than this are told as one.
const GAP: usize = 8;
/// The length from which printable bytes are a word, as of strings(1), but
/// longer: shorter ones are machine code as often as not.
const WORD: usize = 6;

/// Names what stands at an offset, where the format tells.
pub(super) type Label = fn(usize) -> Option<&'static str>;

/// Returns how the places of a format without parts are called.
pub(super) fn label(bytes: &[u8]) -> Label {
    match bytes {
        // PEP 552: two bytes of magic, CR LF, flags, then the source's time.
        [_, _, b'\r', b'\n', 0, 0, 0, 0, ..] => |at| match at {
            8..12 => Some("the source's time in a .pyc"),
            12..16 => Some("the source's size in a .pyc"),
            _ => None,
        },
        // GNU gettext: a message catalogue's header is a text of its own.
        _ => |_| None,
    }
}

/// Counts the bytes that both begin with.
pub(super) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Counts the bytes that both end with.
pub(super) fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let (a, b) = (a.iter().rev(), b.iter().rev());
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// Tells where contents that are not the same differ.
pub(super) fn compare(first: &[u8], second: &[u8], label: Label) -> What {
    let mut spots = Vec::new();
    let mut count = 0_u64;
    let mut tell = |offset: usize, a: Excerpt, b: Excerpt| {
        count += 1;
        if spots.len() < SPOTS {
            spots.push(Spot {
                offset: offset as u64,
                line: None,
                label: label(offset),
                first: a,
                second: b,
            });
        }
    };
    let at = |range: &std::ops::Range<usize>| {
        let of = |whole| Excerpt::of(whole, range.clone(), AROUND);
        (of(first), of(second))
    };
    if first.len() == second.len() {
        for range in ranges(first, second) {
            let (a, b) = at(&range);
            tell(range.start, a, b);
        }
    } else {
        // Behind the first difference all is shifted: words stay words.
        let prefix = common_prefix(first, second);
        let rest = (&first[prefix..], &second[prefix..]);
        let suffix = common_suffix(rest.0, rest.1);
        let a = Excerpt::of(first, prefix..first.len() - suffix, AROUND);
        let b = Excerpt::of(second, prefix..second.len() - suffix, AROUND);
        tell(prefix, a, b);
        let (only_first, only_second) = only(&words(first), &words(second));
        for ((offset, a), (_, b)) in only_first.into_iter().zip(only_second) {
            let excerpt = |word: &[u8]| Excerpt::of(word, 0..word.len(), 0);
            tell(offset, excerpt(a), excerpt(b));
        }
    }
    let omitted = count - spots.len() as u64;
    What::Content { spots, omitted }
}

fn ranges(first: &[u8], second: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    let pairs = first.iter().zip(second).enumerate();
    for (at, _) in pairs.filter(|(_, (a, b))| a != b) {
        match found.last_mut() {
            Some(last) if at <= last.end + GAP => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

type Word<'a> = (usize, &'a [u8]);

fn words(bytes: &[u8]) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().chain([&0]).enumerate() {
        if !matches!(byte, b' '..=b'~') {
            if at - start >= WORD {
                found.push((start, &bytes[start..at]));
            }
            start = at + 1;
        }
    }
    found
}

/// Returns the words that only one side has, in their order.
fn only<'a>(first: &[Word<'a>], second: &[Word<'a>]) -> (Vec<Word<'a>>, Vec<Word<'a>>) {
    let counted = |words: &[Word<'a>]| {
        let mut counts: BTreeMap<&'a [u8], usize> = BTreeMap::new();
        for (_, word) in words {
            *counts.entry(word).or_default() += 1;
        }
        counts
    };
    let missing = |words: &[Word<'a>], mut there: BTreeMap<&'a [u8], usize>| {
        let missing = words.iter().filter(|(_, word)| {
            let Some(count) = there.get_mut(word).filter(|count| **count > 0) else {
                return true;
            };
            *count -= 1;
            false
        });
        missing.copied().collect::<Vec<_>>()
    };
    (
        missing(first, counted(second)),
        missing(second, counted(first)),
    )
}
