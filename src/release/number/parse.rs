//! Texts → versions.

use super::pre::{PreKind, PreStyle};
use super::{Identifier, Number};

/// Says that a text is no version that can be raised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no version of numbers, with or without a pre-release")]
pub struct NumberError(pub String);

/// One digit less than what 128 bits hold, so that every number can be raised.
const MOST_DIGITS: usize = 38;

pub(super) fn parse(text: &str) -> Result<Number, NumberError> {
    let mut runs = text.split(|c: char| !c.is_ascii_digit());
    let fits = runs.all(|digits| digits.len() <= MOST_DIGITS);
    let found = fits.then(|| read(text)).flatten();
    found.ok_or_else(|| NumberError(text.to_owned()))
}

/// Reads a version whose numbers may have been raised beyond [`MOST_DIGITS`].
pub(super) fn read(text: &str) -> Option<Number> {
    let (body, build) = match text.split_once('+') {
        Some((body, build)) => (body, Some(build)),
        None => (text, None),
    };
    if build.is_some_and(|build| !is_list(build, ['.', '_'])) {
        return None;
    }
    let (epoch, numbers) = match body.split_once('!') {
        Some((epoch, rest)) => (number(epoch)?, rest),
        None => (0, body),
    };
    let end = numbers_end(numbers);
    let (numbers, rest) = numbers.split_at(end);
    let mut found = Number {
        text: text.to_owned(),
        epoch,
        numbers: numbers
            .split('.')
            .map(|n| Some((number(n)?, width(n))))
            .collect::<Option<_>>()?,
        plain: body.len() - rest.len(),
        pre: Vec::new(),
        style: None,
        post: None,
        dev: None,
        before_dev: body.len(),
        build: build.map(str::to_owned),
    };
    match rest.strip_prefix(['-', '~']) {
        Some(list) => found.read_list(&rest[..1], list)?,
        None => found.read_words(rest)?,
    }
    Some(found)
}

/// Finds the end of `1.2.3` in front of anything: a dot belongs to it when a
/// digit follows.
fn numbers_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let belongs = |at: usize| match bytes[at] {
        b'.' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        byte => byte.is_ascii_digit(),
    };
    (0..bytes.len())
        .find(|at| !belongs(*at))
        .unwrap_or(bytes.len())
}

fn number(text: &str) -> Option<u128> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The width that a number keeps: that of one with leading zeros.
fn width(text: &str) -> usize {
    if text.starts_with('0') { text.len() } else { 1 }
}

/// Tells whether a text is identifiers of letters, digits and hyphens, none of
/// them empty.
fn is_list(text: &str, separators: [char; 2]) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    text.split(separators)
        .all(|part| !part.is_empty() && part.bytes().all(fits))
}

/// Splits `rc1` into its letters and its digits, which may be none.
fn fused(text: &str) -> Option<(&str, &str)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, digits) = text.split_at(letters);
    (letters > 0 && digits.bytes().all(|b| b.is_ascii_digit())).then_some((word, digits))
}

impl Number {
    /// Reads SemVer's identifiers behind a hyphen or a tilde.
    fn read_list(&mut self, before: &str, list: &str) -> Option<()> {
        if !is_list(list, ['.', '.']) {
            return None;
        }
        for part in list.split('.') {
            if part.bytes().all(|b| b.is_ascii_digit()) {
                self.pre.push(Identifier::Number(number(part)?));
                continue;
            }
            match fused(part).filter(|(word, _)| is_known(word)) {
                Some((word, digits)) => {
                    if self.pre.is_empty() && PreKind::of_word(word).is_some() {
                        let between = if digits.is_empty() { "." } else { "" };
                        self.style = Some(PreStyle::new(before, word, between));
                    }
                    self.pre.push(Identifier::Word(word.to_owned()));
                    if !digits.is_empty() {
                        self.pre.push(Identifier::Number(number(digits)?));
                    }
                }
                None => self.pre.push(Identifier::Word(part.to_owned())),
            }
        }
        Some(())
    }

    /// Reads PEP 440's words, each with its number, in their order.
    fn read_words(&mut self, text: &str) -> Option<()> {
        let mut rest = text;
        let mut place = 0;
        let end = self.before_dev;
        while !rest.is_empty() {
            let before_word = end - rest.len();
            let bare = rest.trim_start_matches(['.', '_', '-']);
            let before = &rest[..rest.len() - bare.len()];
            if before.len() > 1 {
                return None;
            }
            let letters = bare.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (word, behind) = bare.split_at(letters);
            let between = behind.strip_prefix(['.', '_', '-']);
            let dotted = between.filter(|behind| behind.starts_with(|c: char| c.is_ascii_digit()));
            let digits = dotted.unwrap_or(behind);
            let count = digits.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, behind) = digits.split_at(count);
            let value = match digits {
                // 1.0.2g is no pre-release of 1.0.2.
                "" if word.len() < 2 => return None,
                "" => 0,
                digits => number(digits)?,
            };
            let lower = word.to_ascii_lowercase();
            let this = match (PreKind::of_word(&lower), lower.as_str()) {
                (Some(kind), _) => {
                    let between = if dotted.is_some() { "." } else { "" };
                    self.pre = vec![
                        Identifier::Word(kind.word().to_owned()),
                        Identifier::Number(value),
                    ];
                    self.style = Some(PreStyle::new(before, word, between));
                    1
                }
                (None, "post" | "rev" | "r") => {
                    self.post = Some(value);
                    2
                }
                (None, "dev") => {
                    self.dev = Some(value);
                    self.before_dev = before_word;
                    3
                }
                _ => return None,
            };
            if this <= place {
                return None;
            }
            place = this;
            rest = behind;
        }
        Some(())
    }
}

/// Tells whether a number behind a word counts, as in `rc10`; `M3` is a
/// milestone.
fn is_known(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    PreKind::of_word(&word).is_some() || ["dev", "snapshot", "m"].contains(&word.as_str())
}
