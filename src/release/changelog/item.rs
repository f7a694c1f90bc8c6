//! What the lines of an entry are: sections, items, and items' own items.

use std::ops::Range;

/// A part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Its lines, counted from 0.
    pub lines: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// Its words with single blanks, without bullet and brackets.
    pub text: String,
    /// How much of the text each of the lines completes.
    ends: Vec<usize>,
}

impl Item {
    /// Returns the text up to each line's end: of an item with a paragraph of
    /// its own, one is the text without it.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.ends.iter().map(|end| &self.text[..*end])
    }
}

/// What a part of an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[ Name ]`
    Section,
    /// A text behind a bullet at this column.
    Bullet(char, usize),
    /// A text without one.
    Loose,
}

/// Divides lines; empty ones end an item and belong to none.
pub(super) fn items(lines: &[String]) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        let text = line.trim();
        if text.is_empty() {
            open = false;
        } else if let Some(name) = section(text) {
            found.push(item(at, Kind::Section, name));
            open = false;
        } else if let Some((bullet, rest)) = bullet(text) {
            let column = line.len() - line.trim_start().len();
            found.push(item(at, Kind::Bullet(bullet, column), rest));
            open = true;
        } else if let Some(last) = found.last_mut().filter(|_| open) {
            last.lines.end = at + 1;
            last.text.push(' ');
            last.text.push_str(&spaced(text));
            last.ends.push(last.text.len());
        } else {
            found.push(item(at, Kind::Loose, text));
            open = true;
        }
    }
    found
}

fn item(at: usize, kind: Kind, text: &str) -> Item {
    let text = spaced(text);
    Item {
        lines: at..at + 1,
        kind,
        ends: vec![text.len()],
        text,
    }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads `[ Name ]`.
pub(super) fn section(text: &str) -> Option<&str> {
    let name = text.strip_prefix("[ ")?.strip_suffix(" ]")?;
    (!name.contains(']')).then_some(name)
}

/// Takes the bullet off; what follows may be nothing.
pub(super) fn bullet(text: &str) -> Option<(char, &str)> {
    let bullet = text.chars().next().filter(|c| "*-+".contains(*c))?;
    let rest = &text[1..];
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| (bullet, rest.trim_start()))
}

/// The words of a text by which two tellings of one change are known to be the
/// same: in lower case, without the bugs and holes it names in the end, without
/// thanks and full stop.
pub(super) fn essence(text: &str) -> String {
    let mut text = spaced(text).to_lowercase();
    loop {
        let shorter = without_last_remark(text.trim_end_matches(['.', ',', ';', ' ']));
        if shorter.len() == text.len() {
            return text;
        }
        text.truncate(shorter.len());
    }
}

fn without_last_remark(text: &str) -> &str {
    const IN_BRACKETS: [&str; 4] = ["(closes:", "(lp:", "(cve-", "(breaking change"];
    const BARE: [&str; 4] = [" closes: ", " lp: ", ", thanks to ", " thanks to "];
    if text.ends_with(')')
        && let Some(at) = text.rfind('(')
        && IN_BRACKETS
            .iter()
            .any(|start| text[at..].starts_with(start))
    {
        return &text[..at];
    }
    for start in BARE {
        let Some(at) = text.rfind(start) else {
            continue;
        };
        let rest = &text[at + start.len()..];
        let number = |c: char| c.is_ascii_digit() || "#, ".contains(c);
        // Thanks end the text, and so do numbers that nothing follows.
        if start.contains("thanks") || rest.chars().all(number) {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_divided_into_items() {
        let text = "  [ Ada Lovelace ]\n  * One,\n    more.\n    - Part\n      of it.\n\n  Loose\n  text.\n  *\n  - Two";
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let found: Vec<_> = items(&lines)
            .into_iter()
            .map(|item| (item.lines, item.kind, item.text))
            .collect();
        let want = [
            (0..1, Kind::Section, "Ada Lovelace"),
            (1..3, Kind::Bullet('*', 2), "One, more."),
            (3..5, Kind::Bullet('-', 4), "Part of it."),
            (6..8, Kind::Loose, "Loose text."),
            (8..9, Kind::Bullet('*', 2), ""),
            (9..10, Kind::Bullet('-', 2), "Two"),
        ];
        let want = want.map(|(lines, kind, text)| (lines, kind, text.to_owned()));
        assert_eq!(found, want);
    }

    #[test]
    fn two_tellings_of_one_change_have_one_essence() {
        for text in [
            "Fix the crash",
            "fix  the\n crash.",
            "Fix the crash (Closes: #1, #2)",
            "Fix the crash. (Closes: #1) (LP: #7)",
            "Fix the crash (CVE-2026-1, CVE-2026-2). Closes: #1, #2.",
            "Fix the crash, thanks to Ada Lovelace and B. Bee (Closes: #1).",
            "Fix the crash. Thanks to Ada Lovelace. (Closes: #1)",
            "Fix the crash (breaking change)",
        ] {
            assert_eq!(essence(text), "fix the crash", "{text}");
        }
        for text in [
            "Fix the crash (again)",
            "Fix the crash, #7",
            "Fix the crash closes: it",
        ] {
            assert_ne!(essence(text), "fix the crash", "{text}");
        }
    }
}
