//! Words and numbers in what differs.

use crate::model::Timestamp;

/// What surrounds a difference on both sides, as text.
#[derive(Debug)]
pub(super) struct Both {
    pub(super) first: String,
    pub(super) second: String,
    /// Words that only one side has, the first's beside the second's.
    pub(super) changed: Vec<(String, String)>,
}

impl Both {
    pub(super) fn of(first: &[u8], second: &[u8]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (first, second) = (text(first), text(second));
        let (a, b) = (words(&first), words(&second));
        let missing = |words: &[String], there: &[String]| {
            let mut there = there.to_vec();
            let missing = words.iter().filter(|word| {
                let found = there.iter().position(|other| other == *word);
                found.map(|at| there.swap_remove(at)).is_none()
            });
            missing.cloned().collect::<Vec<_>>()
        };
        let changed = missing(&a, &b).into_iter().zip(missing(&b, &a)).collect();
        Self {
            first,
            second,
            changed,
        }
    }

    /// Finds a word that was the first's where the second has its own.
    pub(super) fn swapped(&self, first: &str, second: &str) -> bool {
        // That a short word is gone may be chance, where the other is known.
        let shortest = if second.is_empty() { 3 } else { 6 };
        let gone = first.len() >= shortest;
        let gone = gone && self.first.contains(first) && !self.second.contains(first);
        let came = second.len() > 2 && self.second.contains(second) && !self.first.contains(second);
        first != second && (gone || came)
    }

    /// Finds two words of which one became the other.
    pub(super) fn became(&self, first: &str, second: &str) -> bool {
        let mut changed = self.changed.iter();
        first != second && changed.any(|(a, b)| a == first && b == second)
    }

    /// Finds numbers that changed and both pass.
    pub(super) fn numbers(&self, passes: impl Fn(i64, i64) -> bool) -> Option<(i64, i64)> {
        let numbers = self.changed.iter().filter_map(|(a, b)| {
            let (a, b) = (a.parse().ok()?, b.parse().ok()?);
            passes(a, b).then_some((a, b))
        });
        numbers.into_iter().next()
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Reads the first time of day (`23:59`) of a text, in minutes.
pub(super) fn minutes(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = |at: usize| -> Option<i64> {
        let two = bytes.get(at..at + 2)?;
        let number = std::str::from_utf8(two).ok()?;
        two.iter()
            .all(u8::is_ascii_digit)
            .then(|| number.parse().ok())?
    };
    (0..bytes.len()).find_map(|at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let (hours, minutes) = (digits(at)?, digits(at + 3)?);
        let alone = before.is_none_or(|byte| !byte.is_ascii_digit() && *byte != b':');
        let is_time = bytes.get(at + 2) == Some(&b':') && hours < 24 && minutes < 60;
        (alone && is_time).then_some(hours * 60 + minutes)
    })
}

/// Reads where a zone is (`LINT-14`, `UTC`), in minutes east, as POSIX.1 8.3
/// has it, where east is negative; zones of the database are not known here.
pub(super) fn minutes_east(zone: &str) -> Option<i64> {
    let name = zone.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if name.is_empty() {
        return matches!(zone, "UTC" | "GMT" | "Z").then_some(0);
    }
    let (sign, rest) = match name.strip_prefix('-') {
        Some(rest) => (1, rest),
        None => (-1, name.strip_prefix('+').unwrap_or(name)),
    };
    let mut parts = rest.split(':').map(str::parse::<i64>);
    let hours = parts.next()?.ok()?;
    let minutes = parts.next().transpose().ok()?.unwrap_or(0);
    Some(sign * (hours * 60 + minutes))
}

/// Writes where a zone is as in dates: `+1400`.
pub(super) fn offset(minutes_east: i64) -> String {
    let sign = if minutes_east < 0 { '-' } else { '+' };
    let minutes = minutes_east.abs();
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// Returns the years that a build saw.
pub(super) fn years((began, ended): (Timestamp, Timestamp)) -> Vec<i64> {
    let year = |time: Timestamp| time.day()[..4].parse().unwrap_or(0);
    (year(began)..=year(ended)).collect()
}

/// Tells whether a moment lies in a build, with a little room: clocks are read
/// before and after.
pub(super) fn within((began, ended): (Timestamp, Timestamp), unix: i64) -> bool {
    const ROOM: i64 = 120;
    (began.unix() - ROOM..=ended.unix() + ROOM).contains(&unix)
}

/// Tells whether a word looks like chance: hexadecimal or mixed.
pub(super) fn is_random(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let hex = word.chars().all(|c| c.is_ascii_hexdigit());
    let capitals = word.chars().filter(char::is_ascii_uppercase).count();
    let mixed = digits > 0 && digits < word.len() || capitals > 0 && capitals < word.len();
    match word.len() {
        0..4 => false,
        4..8 => hex && digits > 0 || mixed,
        8.. => hex && digits > 0 || mixed && !word.contains(' '),
    }
}

/// Reads permissions as `ls -l` writes them (`rw-r--r--`), the first in a text.
pub(super) fn listed_mode(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    bytes.windows(9).find_map(|nine| {
        let mut bits = nine
            .iter()
            .zip(b"rwxrwxrwx")
            .map(|(found, bit)| match found {
                _ if found == bit => Some(1),
                b'-' => Some(0),
                _ => None,
            });
        bits.try_fold(0, |mode, bit| Some(mode << 1 | bit?))
    })
}
