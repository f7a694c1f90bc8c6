//! Items → an entry's lines: new ones, and ones that join what somebody has
//! written by hand.

use std::collections::HashMap;

use super::habits::{Again, Between, Habits};
use super::item::{Item, Kind, essence, items, section};
use super::wording::{Wording, spaced};
use crate::format::changelog::wrap;

/// How an entry is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    /// The package's habits.
    pub habits: &'a Habits,
    /// The column behind which lines are wrapped.
    pub width: usize,
    /// Whether there are sections.
    pub sections: Sections,
}

/// Whether changes stand under their authors' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sections {
    /// From the second author on.
    ByAuthor,
    /// Never.
    Never,
}

/// Consecutive items of one author.
struct Group<'a> {
    author: &'a str,
    wordings: Vec<&'a Wording>,
}

impl Layout<'_> {
    /// Lays out an entry: the opening line, then the changes, oldest first.
    pub(super) fn entry(&self, opening: Option<&str>, wordings: &[Wording]) -> Vec<String> {
        self.joined(&[], "", opening, &wordings.iter().collect::<Vec<_>>())
    }

    /// Adds what is missing to lines that are there; they stay as they are and
    /// in their order. `writer` is whose the lines without a section are.
    pub(super) fn joined(
        &self,
        written: &[String],
        writer: &str,
        opening: Option<&str>,
        missing: &[&Wording],
    ) -> Vec<String> {
        let mut lines = written.to_vec();
        let found = items(written);
        let sectioned = found.iter().any(|item| item.kind == Kind::Section);
        let groups = self.groups(missing, sectioned);
        let mut authors: Vec<_> = groups.iter().map(|group| group.author).collect();
        if !written.is_empty() && !missing.is_empty() {
            authors.push(writer);
        }
        authors.sort_unstable();
        authors.dedup();
        let by_author = sectioned || (self.sections == Sections::ByAuthor && authors.len() > 1);
        if by_author && !sectioned && !written.is_empty() && !missing.is_empty() {
            lines.insert(0, heading(writer));
        }
        for group in groups {
            self.add(&mut lines, &group, by_author);
        }
        if let Some(opening) = opening {
            let start = format!("  {} ", self.habits.bullet);
            let mut first = wrap(&spaced(opening), self.width, &start, "    ");
            let apart = self.habits.between == Between::EmptyLine
                || items(&lines)
                    .first()
                    .is_some_and(|item| item.kind == Kind::Section);
            if apart && !lines.is_empty() {
                first.push(String::new());
            }
            lines.splice(0..0, first);
        }
        lines
    }

    /// Divides changes by author, in the order in which authors come first.
    fn groups<'w>(&self, wordings: &[&'w Wording], sectioned: bool) -> Vec<Group<'w>> {
        let by_author = sectioned || self.sections == Sections::ByAuthor;
        let mut groups: Vec<Group<'w>> = Vec::new();
        for wording in wordings {
            let same = |group: &&mut Group<'_>| group.author == wording.author;
            let known = match (by_author, self.habits.again) {
                (false, _) => groups.last_mut(),
                (_, Again::NewSection) => groups.last_mut().filter(same),
                (_, Again::SameSection) => groups.iter_mut().find(same),
            };
            match known {
                Some(group) => group.wordings.push(wording),
                None => groups.push(Group {
                    author: &wording.author,
                    wordings: vec![wording],
                }),
            }
        }
        groups
    }

    /// Adds one author's changes: to the end of his section, else to the end of
    /// the entry.
    fn add(&self, lines: &mut Vec<String>, group: &Group<'_>, by_author: bool) {
        // Where an author gets another section each time, all before the last
        // one stays as it is, and need not be read again for each.
        let start = match self.habits.again {
            Again::SameSection => 0,
            Again::NewSection => last_section(lines),
        };
        let mut found = items(&lines[start..]);
        for item in &mut found {
            item.lines = item.lines.start + start..item.lines.end + start;
        }
        let end = found.last().map_or(0, |last| last.lines.end);
        let own = found
            .iter()
            .rposition(|item| item.kind == Kind::Section && item.text == group.author)
            .filter(|own| self.habits.again == Again::SameSection || is_last_section(&found, *own));
        let mut new = Vec::new();
        let at = match own {
            Some(own) if by_author => found[own + 1..]
                .iter()
                .take_while(|item| item.kind != Kind::Section)
                .last()
                .map_or(found[own].lines.end, |last| last.lines.end),
            _ => end,
        };
        match (by_author, own) {
            (true, None) => {
                if at > 0 {
                    new.push(String::new());
                }
                new.push(heading(group.author));
            }
            _ if at > 0 && self.habits.between == Between::EmptyLine => new.push(String::new()),
            _ => {}
        }
        for (number, wording) in group.wordings.iter().enumerate() {
            if number > 0 && self.habits.between == Between::EmptyLine {
                new.push(String::new());
            }
            new.extend(wording.lines(self.habits, self.width));
        }
        lines.splice(at..at, new);
    }
}

/// The line of the last heading; the first line where there is none.
fn last_section(lines: &[String]) -> usize {
    let heading = |line: &String| section(line.trim()).is_some();
    lines.iter().rposition(heading).unwrap_or_default()
}

fn is_last_section(found: &[Item], at: usize) -> bool {
    !found[at + 1..]
        .iter()
        .any(|item| item.kind == Kind::Section)
}

fn heading(name: &str) -> String {
    format!("  [ {name} ]")
}

/// What the parts of an entry tell, to be looked up: an entry may have
/// thousands of them, and as many changes are looked for.
pub(super) struct Told<'a> {
    found: &'a [Item],
    by_essence: HashMap<String, usize>,
}

impl<'a> Told<'a> {
    pub(super) fn by(found: &'a [Item]) -> Self {
        let mut by_essence = HashMap::new();
        for (at, item) in found.iter().enumerate() {
            if item.kind != Kind::Section {
                for text in item.beginnings() {
                    by_essence.entry(essence(text)).or_insert(at);
                }
            }
        }
        Self { found, by_essence }
    }

    /// Finds the first part of the entry that tells a change.
    pub(super) fn telling(&self, wording: &Wording) -> Option<&'a Item> {
        let places = wording.essences.iter();
        let first = places.filter_map(|essence| self.by_essence.get(essence));
        first.min().map(|at| &self.found[*at])
    }
}

/// Tells whether an entry has an opening line, in these or its own words: `New
/// upstream version 1.2` is a `New upstream release`.
pub(super) fn is_opened(found: &[Item], opening: &str) -> bool {
    let wanted = meaning(opening);
    let text = |item: &&Item| item.kind != Kind::Section;
    found
        .iter()
        .filter(text)
        .any(|item| meaning(&item.text) == wanted)
}

fn meaning(text: &str) -> String {
    const RELEASE: [&str; 4] = ["release", "version", "snapshot", "release candidate"];
    let text = essence(text);
    let upstream = text.strip_prefix("new upstream ");
    if upstream.is_some_and(|rest| RELEASE.iter().any(|word| rest.starts_with(word))) {
        "new upstream release".into()
    } else if text.starts_with("non-maintainer upload") {
        "non-maintainer upload".into()
    } else {
        text
    }
}
