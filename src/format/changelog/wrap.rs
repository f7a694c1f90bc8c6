//! Texts → lines of a changelog that are not too long.
//!
//! dch breaks long URLs and gbp dch does not wrap at all; here a line is broken
//! at blanks alone, so a URL stays whole, and never where the break would
//! change what dpkg reads: between `Closes:` and its first number, within
//! `bug 7`, or before what would look like another item at a line's start.

/// Breaks one text into lines of at most `width` characters where it has
/// blanks. The first line starts with `first`, the others with `next`; a word
/// that is longer than a line stands alone on one. Any white space, line breaks
/// too, counts as one blank. A text without words gives no lines.
///
/// ```
/// use debcut::format::changelog::wrap;
/// let lines = wrap("Speak of hail (Closes: #1, #2)", 24, "  * ", "    ");
/// assert_eq!(lines, ["  * Speak of hail", "    (Closes: #1, #2)"]);
/// ```
pub fn wrap(text: &str, width: usize, first: &str, next: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut columns = 0;
    for word in unbreakable(text) {
        let long = word.chars().count();
        match lines.last_mut() {
            Some(line) if columns + 1 + long <= width => {
                line.push(' ');
                line.push_str(&word);
                columns += 1 + long;
            }
            previous => {
                let start = previous.map_or(first, |_| next);
                columns = start.chars().count() + long;
                lines.push(format!("{start}{word}"));
            }
        }
    }
    lines
}

/// Divides a text into pieces that stay on one line.
fn unbreakable(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for word in words(text) {
        match pieces.last_mut() {
            Some(piece) if open || must_not_start(word) => {
                piece.push(' ');
                piece.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
        open = is_open(word);
    }
    pieces
}

/// Divides at white space, but not at blanks that are meant to hold together.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| (c.is_whitespace() || c.is_control()) && !holds_together(c))
        .map(|word| word.trim_matches(|c: char| c.is_whitespace() || c.is_control()))
        .filter(|word| !word.is_empty())
}

/// No-break space and narrow no-break space.
fn holds_together(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{202f}')
}

/// At a line's start these would be read as another item or as a section.
fn must_not_start(word: &str) -> bool {
    word.starts_with(['*', '[']) || word == "-" || word == "+"
}

/// Tells whether the word belongs to the one after it: `Closes:` to its first
/// number and `bug` to the number after it.
fn is_open(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let last = word.rsplit([',', '(']).next().unwrap_or_default();
    word.ends_with("closes:") || matches!(last, "lp:" | "bug" | "bug#" | "#")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_only() {
        let url = "https://example.org/a/very/long/address/that/is/no/place/to/break";
        for (text, width, want) in [
            ("", 20, vec![]),
            (" \n\t ", 20, vec![]),
            ("one", 20, vec!["  * one"]),
            (
                "one two three four",
                12,
                vec!["  * one two", "    three", "    four"],
            ),
            ("one\n  two\r\nthree", 40, vec!["  * one two three"]),
            ("exactly 20 here", 19, vec!["  * exactly 20 here"]),
            ("exactly 20 here", 18, vec!["  * exactly 20", "    here"]),
            ("a * b * c", 8, vec!["  * a *", "    b *", "    c"]),
            (
                "see - or [ Ada ] not",
                12,
                vec!["  * see -", "    or [ Ada", "    ] not"],
            ),
            ("ünïcode öf wördß", 20, vec!["  * ünïcode öf wördß"]),
            (
                "no\u{a0}break at all",
                12,
                vec!["  * no\u{a0}break", "    at all"],
            ),
            ("bell\u{7} and nul\0", 30, vec!["  * bell and nul"]),
            (
                "crash (Closes: #123, #456) (LP: #7)",
                20,
                vec!["  * crash", "    (Closes: #123,", "    #456) (LP: #7)"],
            ),
            (
                "closes: bug 7, bug 8",
                13,
                vec!["  * closes: bug 7,", "    bug 8"],
            ),
            (
                "closes: bug 7, bug 8",
                16,
                vec!["  * closes: bug 7,", "    bug 8"],
            ),
        ] {
            assert_eq!(wrap(text, width, "  * ", "    "), want, "{text:?} {width}");
        }
        let found = wrap(&format!("see {url} for more"), 30, "  * ", "    ");
        assert_eq!(
            found,
            [
                "  * see".to_owned(),
                format!("    {url}"),
                "    for more".to_owned()
            ]
        );
    }
}
