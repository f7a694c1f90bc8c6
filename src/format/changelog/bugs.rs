//! Which bugs a text closes, by the patterns of dpkg's Dpkg::Changelog::Entry:
//! `Closes: #1, bug#2` for Debian's, `LP: #3` for Launchpad's.

use std::collections::BTreeSet;

/// Returns the numbers of Debian's bugs that `text` closes, ascending.
///
/// ```
/// use debcut::format::changelog::bugs;
/// assert_eq!(bugs::closed("Mend it. (Closes: #12, bug 7)"), [7, 12]);
/// assert!(bugs::closed("Fixes: #5, Closes #6").is_empty());
/// ```
pub fn closed(text: &str) -> Vec<u64> {
    bugs(text, "closes:", |rest| {
        let rest = rest.trim_start_matches(WHITE);
        let rest = rest.strip_prefix("bug").unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        rest.strip_prefix(WHITE).unwrap_or(rest)
    })
}

/// Returns the numbers of Launchpad's bugs that `text` closes, ascending.
pub fn closed_launchpad(text: &str) -> Vec<u64> {
    bugs(text, "lp:", |rest| {
        let bare = rest.trim_start_matches(WHITE);
        bare.strip_prefix('#').unwrap_or_default()
    })
}

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

const WHITE: [char; 3] = [' ', '\t', '\n'];
