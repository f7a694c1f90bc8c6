//! How a package writes its changelog, read from its newest entries.

use super::item::{Item, Kind, items};
use crate::format::changelog::{RawEntry, closes, launchpad};

/// How many entries are looked at: habits change with maintainers.
const NEWEST: usize = 10;

/// How a package writes an entry. The default is what dch writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Habits {
    /// What stands before an item.
    pub bullet: char,
    /// What stands before an item's items.
    pub inner: char,
    /// What stands between items.
    pub between: Between,
    /// Whether an item's first word has a capital.
    pub first_word: FirstWord,
    /// Where full stops are.
    pub stop: Stop,
    /// How closed bugs are named.
    pub bugs: Bugs,
    /// What becomes of an author who comes again.
    pub again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Nothing,
    EmptyLine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstWord {
    AsItIs,
    Capital,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    AsItIs,
    /// `Fix it. (Closes: #1)`
    BeforeBugs,
    /// `Fix it (Closes: #1).`
    AfterBugs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bugs {
    /// `(Closes: #1)`
    InBrackets,
    /// `Closes: #1.`
    Sentence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// His changes join the others of his section.
    SameSection,
    /// He gets another section, so that changes stay in order.
    NewSection,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            bullet: '*',
            inner: '-',
            between: Between::Nothing,
            first_word: FirstWord::AsItIs,
            stop: Stop::AsItIs,
            bugs: Bugs::InBrackets,
            again: Again::SameSection,
        }
    }
}

/// What was counted.
#[derive(Default)]
struct Counts {
    outer: [usize; 3],
    inner: [usize; 3],
    adjacent: usize,
    apart: usize,
    capitals: usize,
    small: usize,
    plain_stops: usize,
    plain: usize,
    stop_before: usize,
    stop_after: usize,
    with_bugs: usize,
    bare_bugs: usize,
    sections_again: usize,
}

const BULLETS: [char; 3] = ['*', '-', '+'];

impl Habits {
    /// Reads them from entries, the newest first. A habit is what most do.
    pub(super) fn of(entries: &[RawEntry<'_>]) -> Self {
        let mut counts = Counts::default();
        for entry in entries.iter().take(NEWEST) {
            let lines = entry.lines();
            counts.entry(&items(&lines));
        }
        counts.habits()
    }
}

impl Counts {
    fn entry(&mut self, items: &[Item]) {
        let mut names: Vec<&str> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Kind::Bullet(bullet, column) = item.kind else {
                if item.kind == Kind::Section {
                    self.sections_again += usize::from(names.contains(&item.text.as_str()));
                    names.push(&item.text);
                }
                continue;
            };
            let place = BULLETS.iter().position(|known| *known == bullet);
            let place = place.unwrap_or_default();
            if column > 2 || (bullet != '*' && self.outer[0] > 0) {
                self.inner[place] += 1;
                continue;
            }
            self.outer[place] += 1;
            self.words(&item.text);
            let next = items.get(at + 1).filter(|next| next.kind == item.kind);
            match next.map(|next| next.lines.start == item.lines.end) {
                Some(true) => self.adjacent += 1,
                Some(false) => self.apart += 1,
                None => {}
            }
        }
    }

    fn words(&mut self, text: &str) {
        let first = text.split([' ', '.', ',']).next().unwrap_or_default();
        if first.len() > 1 && first.chars().all(char::is_alphabetic) {
            let capital = first.starts_with(char::is_uppercase);
            self.capitals += usize::from(capital);
            self.small += usize::from(!capital);
        }
        let stop = text.ends_with('.');
        let Some(at) = text.rfind("loses: ").or_else(|| text.rfind("LP: ")) else {
            self.plain += 1;
            self.plain_stops += usize::from(stop);
            return;
        };
        if closes(text).is_empty() && launchpad(text).is_empty() {
            return;
        }
        self.with_bugs += 1;
        let before = text[..at].trim_end_matches(['C', 'c']);
        self.bare_bugs += usize::from(!before.ends_with('('));
        let before = before.trim_end_matches(['(', ' ']);
        self.stop_before += usize::from(before.ends_with('.'));
        self.stop_after += usize::from(stop);
    }

    fn habits(&self) -> Habits {
        let most = |counts: &[usize; 3], usual: char| {
            let highest = counts.iter().copied().max().filter(|most| *most > 0);
            let place = counts.iter().position(|count| Some(*count) == highest);
            place.map_or(usual, |place| BULLETS[place])
        };
        // Three, so that one entry of one item is no habit.
        let mostly = |yes: usize, all: usize| all >= 3 && yes * 5 >= all * 4;
        let bare = self.with_bugs >= 2 && self.bare_bugs * 2 > self.with_bugs;
        let stops = self.plain_stops + self.stop_before.max(self.stop_after);
        Habits {
            bullet: most(&self.outer, '*'),
            inner: most(&self.inner, '-'),
            between: match mostly(self.apart, self.apart + self.adjacent) {
                true => Between::EmptyLine,
                false => Between::Nothing,
            },
            first_word: match mostly(self.capitals, self.capitals + self.small) {
                true => FirstWord::Capital,
                false => FirstWord::AsItIs,
            },
            stop: match mostly(stops, self.plain + self.with_bugs) {
                true if self.stop_after > self.stop_before => Stop::AfterBugs,
                true => Stop::BeforeBugs,
                false => Stop::AsItIs,
            },
            bugs: match bare {
                true => Bugs::Sentence,
                false => Bugs::InBrackets,
            },
            again: match self.sections_again {
                0 => Again::SameSection,
                _ => Again::NewSection,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::changelog::File;

    #[test]
    fn habits_of_real_packages() {
        let fixture = |bytes: &'static [u8]| Habits::of(&File::parse(bytes).entries);
        let hello = fixture(include_bytes!("../../../fixtures/debian/hello.changelog"));
        assert_eq!(
            (hello.bullet, hello.first_word, hello.stop, hello.bugs),
            ('*', FirstWord::Capital, Stop::BeforeBugs, Bugs::Sentence)
        );
        let ed = fixture(include_bytes!("../../../fixtures/changelogs/ed.changelog"));
        assert_eq!((ed.bullet, ed.between), ('*', Between::Nothing));
        assert_eq!(Habits::of(&[]), Habits::default());
    }

    #[test]
    fn habits_are_what_most_do() {
        let entry = |lines: &str| {
            format!(
                "x1 (1) y; urgency=low\n\n{lines}\n -- A <a@b.c>  Sat, 21 Nov 2026 10:30:00 +0100\n"
            )
        };
        let usual = Habits::default;
        for (lines, want) in [
            ("  * one\n  * two\n  * three\n", usual()),
            (
                "  * one\n\n  * two\n\n  * three\n\n  * four\n",
                Habits {
                    between: Between::EmptyLine,
                    ..usual()
                },
            ),
            (
                "  - one\n    + inner\n",
                Habits {
                    bullet: '-',
                    inner: '+',
                    ..usual()
                },
            ),
            (
                "  * one\n    + a\n    + b\n    - c\n",
                Habits {
                    inner: '+',
                    ..usual()
                },
            ),
            (
                "  * One (Closes: #1).\n  * Two (Closes: #2).\n  * Three.\n",
                Habits {
                    stop: Stop::AfterBugs,
                    first_word: FirstWord::Capital,
                    ..usual()
                },
            ),
            (
                "  * one. (Closes: #1)\n  * two.\n  * three.\n",
                Habits {
                    stop: Stop::BeforeBugs,
                    ..usual()
                },
            ),
            (
                "  [ A ]\n  * one\n\n  [ B ]\n  * two\n\n  [ A ]\n  * three\n",
                Habits {
                    again: Again::NewSection,
                    ..usual()
                },
            ),
        ] {
            let text = entry(lines);
            assert_eq!(
                Habits::of(&File::parse(text.as_bytes()).entries),
                want,
                "{lines}"
            );
        }
    }
}
