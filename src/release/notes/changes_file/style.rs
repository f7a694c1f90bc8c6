//! The habits of a file, read from its newest release.

use super::File;
use super::outline::Heading;
use crate::release::notes::Notes;

/// How a file writes its releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Style {
    /// The level of a release's heading.
    pub level: usize,
    /// Whether headings of releases are underlined.
    pub underlined: bool,
    /// The sections within a release: the level of their headings; none: a
    /// release is one list.
    pub sections: Option<usize>,
    /// The mark of list items.
    pub bullet: char,
    /// Whether an empty line follows a release's heading.
    pub airy: bool,
    /// Whether an empty line follows a section's heading.
    pub airy_sections: bool,
    /// How many empty lines stand between releases.
    pub blanks: usize,
    /// Where lines are wrapped, in characters.
    pub width: Option<usize>,
}

impl Style {
    /// Reads the habits of the newest release that has a list, else of what is
    /// not released yet.
    pub fn of(file: &File<'_>) -> Self {
        let mut parts: Vec<(&Heading, usize)> = file
            .releases
            .iter()
            .map(|release| (&release.heading, release.end))
            .collect();
        let first = parts.first().copied();
        let open = file.open.as_ref().zip(file.open_lines());
        if let Some((heading, (_, end))) = open {
            parts.push((heading, end));
        }
        let bullet = |line: &str| line.starts_with(['-', '*', '+']) && line[1..].starts_with(' ');
        let has_list = |part: &(&Heading, usize)| {
            let lines = &file.lines[part.0.after..part.1.max(part.0.after)];
            lines.iter().any(|line| line.plain && bullet(line.text))
        };
        let sample = parts.iter().copied().find(has_list).or(first);
        let sample = sample.or(parts.last().copied());
        let shape = first.or(sample).map(|(heading, _)| heading);
        let level = shape.map_or(2, |heading| heading.level);
        let (from, to) = sample.map_or((0, 0), |(heading, end)| (heading.after, end));
        let lines = &file.lines[from..to.max(from)];
        let blank_at = |line: usize| file.lines.get(line).is_none_or(|line| line.is_blank());
        let below = |from: usize, to: usize| {
            let mut within = file.headings.iter();
            within.find(|h| (from..to).contains(&h.line) && h.level > level)
        };
        let mut each = parts.iter().take(3);
        let inner = each.find_map(|(heading, end)| below(heading.after, *end));
        let default = file.releases.is_empty().then_some(level + 1);
        let between = first
            .filter(|_| file.releases.len() > 1)
            .map(|(heading, end)| {
                let lines = &file.lines[heading.after..end];
                lines
                    .iter()
                    .rev()
                    .take_while(|line| line.is_blank())
                    .count()
            });
        let list = lines.iter().filter(|line| line.plain);
        let mark = list.clone().map(|line| line.text).find(|line| bullet(line));
        let longest = list.clone().map(|line| line.text.chars().count()).max();
        let wraps = lines.windows(2).any(|two| {
            let next = two[1].text;
            bullet(two[0].text) && next.starts_with("  ") && !bullet(next.trim_start())
        });
        Self {
            level,
            underlined: shape.is_some_and(|heading| heading.underlined),
            sections: inner.map(|heading| heading.level).or(default),
            bullet: mark.and_then(|line| line.chars().next()).unwrap_or('-'),
            airy: sample.is_none_or(|(heading, _)| blank_at(heading.after)),
            airy_sections: inner.is_none_or(|heading| blank_at(heading.after)),
            blanks: between.unwrap_or(1).clamp(1, 4),
            width: longest
                .filter(|longest| wraps && *longest <= 100)
                .map(|_| 80),
        }
    }

    /// Writes a release's heading's text as the newest one's is written.
    pub fn title(
        &self,
        file: &File<'_>,
        notes: &Notes,
        version: &str,
        address: Option<&str>,
    ) -> String {
        let day = &notes.date;
        let dated = file.releases.iter().map(|release| &release.title);
        let dated = dated.clone().find(|title| title.is_dated());
        let Some(newest) = file.releases.first().map(|release| &release.title) else {
            let open = file.open.as_ref();
            let bracketed = open.is_some_and(|open| open.title.starts_with('['));
            return match notes.compare.as_deref().filter(|_| !bracketed) {
                Some(page) => format!("[{version}]({page}) - {day}"),
                None if bracketed => format!("[{version}] - {day}"),
                None => format!("{version} - {day}"),
            };
        };
        let after = dated.filter(|_| newest.is_dated() || newest.is_open());
        let after = after.unwrap_or(newest).after_on(day);
        let before = match newest.package().filter(|_| file.has_several_packages()) {
            Some(name) => newest.before.replacen(name, &notes.package, 1),
            None => newest.before.clone(),
        };
        let (v, before) = match before.strip_suffix('v') {
            Some(before) => ("v", before),
            None => ("", before.as_str()),
        };
        match (newest.bracketed, &newest.link, address) {
            (true, Some(_), Some(page)) => format!("{before}[{v}{version}]({page}){after}"),
            (true, None, _) => format!("{before}[{v}{version}]{after}"),
            _ => format!("{before}{v}{version}{after}"),
        }
    }

    /// Returns the lines of a release's heading, with the empty one behind.
    pub fn heading(&self, title: &str) -> Vec<String> {
        let mut lines = match self.underlined {
            true => {
                let mark = if self.level == 1 { "=" } else { "-" };
                vec![title.to_owned(), mark.repeat(title.chars().count().max(3))]
            }
            false => vec![format!("{} {title}", "#".repeat(self.level))],
        };
        lines.extend(self.airy.then(String::new));
        lines
    }
}
