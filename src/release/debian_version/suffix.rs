//! The ends of versions: what counts uploads of one release, and how the
//! counts rise. Texts here are revisions or whole native versions.

/// Takes a word with a number off the end.
fn counted_by<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (base, count) = text.rsplit_once(word)?;
    (!base.is_empty() && is_number(count)).then_some((base, count))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Splits `1+deb12u3` into `1`, its sign, `12` and `3`.
pub(super) fn stable(text: &str) -> Option<(&str, char, &str, &str)> {
    let (front, end) = text.rsplit_once("deb")?;
    let (number, count) = end.split_once('u')?;
    let sign = front.chars().last().filter(|c| ['+', '~'].contains(c))?;
    let base = &front[..front.len() - 1];
    let fits = !base.is_empty() && is_number(number) && is_number(count);
    fits.then_some((base, sign, number, count))
}

/// Splits `1~bpo12+3` into `1`, `12` and `3`.
pub(super) fn backport(text: &str) -> Option<(&str, &str, &str)> {
    let (base, end) = text.rsplit_once("~bpo")?;
    let (number, count) = end.split_once('+')?;
    let fits = !base.is_empty() && is_number(number) && is_number(count);
    fits.then_some((base, number, count))
}

/// Splits `1+b3` into `1` and `3`.
pub(super) fn rebuild(text: &str) -> Option<(&str, &str)> {
    counted_by(text, "+b")
}

pub(super) fn without_rebuild(text: &str) -> &str {
    rebuild(text).map_or(text, |(base, _)| base)
}

/// Takes off what marks uploads to stable suites and backports.
fn without_suites(text: &str) -> &str {
    let mut text = without_rebuild(text);
    loop {
        let stable = stable(text).map(|(base, ..)| base);
        match stable.or_else(|| backport(text).map(|(base, ..)| base)) {
            Some(base) => text = base,
            None => return text,
        }
    }
}

/// Takes off what marks others' uploads of a native package as well.
pub(super) fn without_uploads(text: &str) -> &str {
    let mut text = without_suites(text);
    while let Some((base, _)) = counted_by(text, "+nmu") {
        text = without_suites(base);
    }
    text
}

/// Appends a word and 1, or raises the count that the text ends with.
pub(super) fn counted(text: &str, word: &str) -> String {
    match counted_by(text, word) {
        Some((base, count)) => format!("{base}{word}{}", incremented(count)),
        None => format!("{text}{word}1"),
    }
}

/// `1` → `1+deb12u1`, and the next where it is one; another suite's is
/// replaced, and the sign kept (`2~deb12u1` is a package of a newer suite).
pub(super) fn stable_update(text: &str, suite: u32) -> String {
    match stable(text) {
        Some((base, sign, number, count)) if number == suite.to_string() => {
            format!("{base}{sign}deb{suite}u{}", incremented(count))
        }
        Some((base, sign, ..)) => format!("{base}{sign}deb{suite}u1"),
        None => {
            let base = backport(text).map_or(text, |(base, ..)| base);
            format!("{base}+deb{suite}u1")
        }
    }
}

/// The maintainer's next one: `1`, `1.1`, `1+deb12u1`, `1~bpo12+1` → `2`; of a
/// vendor its own count, `1ubuntu1` → `1ubuntu2`.
pub(super) fn next_revision(revision: &str) -> String {
    let base = without_suites(revision);
    let main = base.split('.').next().unwrap_or_default();
    if is_number(main) && base.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return incremented(main);
    }
    // 1ubuntu1.1 is a stable update of 1ubuntu1.
    let base = match base.rsplit_once('.') {
        Some((front, end)) if is_number(end) && front.ends_with(|c: char| c.is_ascii_digit()) => {
            front
        }
        _ => base,
    };
    raised_at_end(base).unwrap_or_else(|| format!("{base}1"))
}

/// `1.2.3`, `1.2.3+nmu1` → `1.2.4`.
pub(super) fn next_native(version: &str) -> String {
    let base = without_uploads(version);
    raised_at_end(base).unwrap_or_else(|| format!("{base}.1"))
}

/// `1` → `1.1` → `1.2` (Developer's Reference 5.11.2); behind a vendor's or a
/// suite's count as well.
pub(super) fn nmu_revision(revision: &str) -> String {
    match revision.rsplit_once('.') {
        Some((front, count)) if is_number(count) => format!("{front}.{}", incremented(count)),
        _ => format!("{revision}.1"),
    }
}

/// See [`super::first_revision`].
pub(super) fn first_revision(revision: &str) -> String {
    let base = without_suites(revision);
    let numbers = |c: char| c.is_ascii_digit() || c == '.';
    let rest = base.trim_start_matches(numbers);
    let word = rest.trim_end_matches(numbers);
    let letters = word.strip_prefix('+').unwrap_or(word);
    if letters.is_empty() || !letters.bytes().all(|b| b.is_ascii_alphabetic()) {
        return "1".to_owned();
    }
    format!("0{word}1")
}

/// Tells whether a text is suffixes of uploads and nothing else: `+nmu1+wmf2`.
pub(super) fn is_chain(text: &str) -> bool {
    // Suffixes stand behind something.
    let whole = format!("0{text}");
    let mut rest = without_uploads(&whole);
    while let Some((front, end)) = rest.rsplit_once('+') {
        let letters = end.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_word = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_alphabetic());
        if !is_word || letters == end {
            return false;
        }
        rest = without_uploads(front);
    }
    rest == "0" && !text.is_empty()
}

/// Raises the number at the end.
fn raised_at_end(text: &str) -> Option<String> {
    let front = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let count = &text[front.len()..];
    (!count.is_empty()).then(|| format!("{front}{}", incremented(count)))
}

/// Raises a number of any length; leading zeros keep its width.
pub(super) fn incremented(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let nines = digits.len() - kept.len();
    let zeros = "0".repeat(nines);
    match kept.as_bytes().split_last() {
        Some((last, _)) => {
            let front = &kept[..kept.len() - 1];
            format!("{front}{}{zeros}", char::from(last + 1))
        }
        None => format!("1{zeros}"),
    }
}
