//! Contents that are text: lines, and words in lines.

use std::collections::BTreeMap;

use super::bytes::{SPOTS, common_prefix, common_suffix};
use super::{Excerpt, Spot, What};

/// How much of a long line is shown on both sides of what differs, in bytes.
const AROUND: usize = 100;

/// Tells where texts that are not the same differ; none if one is no text.
pub(super) fn compare(first: &[u8], second: &[u8]) -> Option<What> {
    let (a, b) = (text(first)?, text(second)?);
    let a: Vec<&str> = a.split_inclusive('\n').collect();
    let b: Vec<&str> = b.split_inclusive('\n').collect();
    let places = places(&a);
    let pairs = pairs(&a, &b);
    if pairs.is_empty() {
        // The same lines, each as often.
        let at = a.iter().zip(&b).position(|(a, b)| a != b)?;
        let spot = spot(at, places[at], a[at], b[at]);
        return Some(What::Reordered { spot });
    }
    let reordered = pairs.iter().all(|(_, a, b)| same_words(a, b));
    let mut spots = pairs.iter().map(|(at, a, b)| {
        let place = places.get(*at).copied().unwrap_or(first.len() as u64);
        spot(*at, place, a, b)
    });
    if reordered {
        let spot = spots.next()?;
        return Some(What::Reordered { spot });
    }
    let spots: Vec<Spot> = spots.take(SPOTS).collect();
    let omitted = (pairs.len() - spots.len()) as u64;
    Some(What::Content { spots, omitted })
}

fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let odd =
        |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r' | '\x0c' | '\x1b' | '\x08');
    (!text.contains(odd)).then_some(text)
}

fn places(lines: &[&str]) -> Vec<u64> {
    let starts = lines.iter().scan(0, |at, line| {
        let start = *at;
        *at += line.len() as u64;
        Some(start)
    });
    starts.collect()
}

/// Lines that only one side has, those of the first beside those of the second
/// in their order; where one side has more, the other's is empty.
fn pairs<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(usize, &'a str, &'a str)> {
    let counted = |lines: &[&'a str]| {
        let mut counts: BTreeMap<&'a str, usize> = BTreeMap::new();
        for line in lines {
            *counts.entry(line).or_default() += 1;
        }
        counts
    };
    let missing = |lines: &[&'a str], mut there: BTreeMap<&'a str, usize>| {
        let missing = lines.iter().enumerate().filter(|(_, line)| {
            let Some(count) = there.get_mut(**line).filter(|count| **count > 0) else {
                return true;
            };
            *count -= 1;
            false
        });
        missing.map(|(at, line)| (at, *line)).collect::<Vec<_>>()
    };
    let only_a = missing(a, counted(b));
    let only_b = missing(b, counted(a));
    let pairs = (0..only_a.len().max(only_b.len())).map(|i| {
        let (a, b) = (only_a.get(i), only_b.get(i));
        let at = a.or(b).map_or(0, |(at, _)| *at);
        (at, a.map_or("", |(_, l)| l), b.map_or("", |(_, l)| l))
    });
    pairs.collect()
}

fn spot(at: usize, offset: u64, a: &str, b: &str) -> Spot {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let prefix = common_prefix(a, b);
    let suffix = common_suffix(&a[prefix..], &b[prefix..]);
    let excerpt = |line: &[u8]| {
        let range = prefix..line.len() - suffix;
        let around = if line.len() <= Excerpt::LONGEST {
            line.len()
        } else {
            AROUND
        };
        Excerpt::of(line, range, around)
    };
    Spot {
        offset: offset + prefix as u64,
        line: Some(at as u64 + 1),
        label: None,
        first: excerpt(a),
        second: excerpt(b),
    }
}

/// Tells whether two lines hold the same words, at least two, in another order.
fn same_words(a: &str, b: &str) -> bool {
    let words = |line: &str| {
        let mut words: Vec<String> = line
            .split(|c: char| !(c.is_alphanumeric() || "_.-/".contains(c)))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        words.sort();
        words
    };
    let (a, b) = (words(a), words(b));
    a.len() > 1 && a == b
}
