//! The bugs that a text closes: `Closes: #1, #2` and `LP: #3`, in the grammar
//! of dpkg's `find_closes` and `find_launchpad_closes`.
//!
//! Pure text in, numbers out, so that commit messages are read by the same
//! rules as changelogs. `Fixes: #5` and `Closes #6` close nothing.

use std::collections::BTreeSet;

/// Returns the numbers of Debian's bugs that a text closes, ascending.
///
/// ```
/// use debcut::format::changelog::closes;
/// assert_eq!(closes("Fix it. Closes: #12, bug#3,\n  4"), [3, 4, 12]);
/// assert_eq!(closes("Closes #6; Fixes: #5"), [0_u64; 0]);
/// ```
pub fn closes(text: &str) -> Vec<u64> {
    bugs(text, "closes:", |rest| {
        let rest = rest.trim_start_matches(WHITE);
        let rest = rest.strip_prefix("bug").unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        rest.strip_prefix(WHITE).unwrap_or(rest)
    })
}

/// Returns the numbers of Launchpad's bugs that a text closes, ascending.
///
/// ```
/// use debcut::format::changelog::launchpad;
/// assert_eq!(launchpad("New. (LP: #9, #10) LP:#11"), [9, 10]);
/// ```
pub fn launchpad(text: &str) -> Vec<u64> {
    bugs(text, "lp:", |rest| {
        let bare = rest.trim_start_matches(WHITE);
        bare.strip_prefix('#').unwrap_or_default()
    })
}

/// What Perl's `\s` matches in bytes.
const WHITE: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// Finds each `keyword` and the numbers after it, with commas between them;
/// `number` takes off what may stand before one.
fn bugs(text: &str, keyword: &str, number: impl Fn(&str) -> &str) -> Vec<u64> {
    let text = text.to_ascii_lowercase();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(keyword) {
        let mut rest = &text[at + keyword.len()..];
        // `LP:#1`, without a blank, closes nothing.
        if keyword == "lp:" && !rest.starts_with(WHITE) {
            continue;
        }
        loop {
            let digits = number(rest);
            let end = digits
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(digits.len());
            let Ok(bug) = digits[..end].parse() else {
                break;
            };
            found.insert(bug);
            match digits[end..].strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
    found.into_iter().collect()
}
