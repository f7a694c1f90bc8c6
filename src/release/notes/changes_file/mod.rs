//! `CHANGELOG.md`: a release's section is put in front of the older ones, which
//! stay as they are, in the file's own style.
//!
//! The style is that of the newest release in the file: the heading's form,
//! level and date, list marks, empty lines, sections of their own or none. What
//! was written by hand under `Unreleased` goes into the release. Only two other
//! places are touched: link references (`[1.2.3]: …`) get one more, and the
//! `[Unreleased]` one starts at the new tag. Without a release in it, the file
//! is continued as [Keep a Changelog](https://keepachangelog.com/en/1.1.0/) has
//! it.

mod join;
mod outline;
mod references;
mod section;
mod style;
#[cfg(test)]
mod tests;
mod title;

pub use join::{JoinedChanges, joined};

use super::Notes;
use outline::{Heading, Line};
use style::Style;
use title::Title;

/// Says why a file of changes cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangesFileError {
    /// The release is already in it, with other words.
    #[error("it already has a section {version}, at line {line}")]
    Taken {
        /// The version.
        version: String,
        /// The line, counted from 1.
        line: usize,
    },
}

/// What a new file begins with.
const HEADER: &str = "\
# Changelog

All notable changes to this project are documented in this file. The format is
based on [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## Unreleased
";

/// A release's section in the file.
struct Release {
    heading: Heading,
    title: Title,
    /// The line behind its last one.
    end: usize,
}

/// A file as far as it is understood.
struct File<'a> {
    text: &'a str,
    lines: Vec<Line<'a>>,
    headings: Vec<Heading>,
    /// The releases, in the file's order.
    releases: Vec<Release>,
    /// The section of what is not released, above all releases.
    open: Option<Heading>,
    /// Where the references at the end start.
    tail: usize,
    eol: &'static str,
}

/// Writes the whole new text of the file; an empty `old` is a new file.
///
/// A release that is already in it is left alone when it stands above all
/// others and is of the same day, holds at least one of the notes, or holds
/// them all: it was written before and perhaps edited since, and the edited
/// text is kept. One whose heading says that it is unreleased, or has no date
/// where the one below has one, is completed. Any other is an error. Notes
/// without a version are put under `Unreleased`.
pub fn continued(old: &str, notes: &Notes) -> Result<String, ChangesFileError> {
    let old = if old.trim().is_empty() { HEADER } else { old };
    let version = notes.version.as_deref();
    let version = version.map(|version| version.strip_prefix('v').unwrap_or(version));
    let file = File::read(old, version);
    let Some(version) = version else {
        return Ok(file.with_open(notes));
    };
    let found = file.releases.iter().position(|release| {
        let several = file.has_several_packages();
        let package = release.title.package().filter(|_| several);
        release.title.version == version && package.is_none_or(|name| name == notes.package)
    });
    let Some(found) = found else {
        return Ok(file.with_release(notes, version));
    };
    let release = &file.releases[found];
    let style = Style::of(&file);
    let older = file.releases.get(found + 1);
    let dated = older.is_some_and(|older| older.title.is_dated());
    let is_draft = release.title.is_open() || (dated && !release.title.is_dated());
    if found == 0 && is_draft {
        return Ok(file.with_draft(release, notes, version));
    }
    let body = file.body(release.heading.after, release.end);
    let held = section::held(&body, notes, &style);
    let told: usize = notes.sections.iter().map(|s| s.notes.len()).sum();
    let same_day = release
        .title
        .after
        .contains(&release.title.after_on(&notes.date))
        && release.title.is_dated();
    let edited = found == 0 && (held > 0 || same_day || !release.title.is_dated());
    if held == told || edited {
        return Ok(old.to_owned());
    }
    Err(ChangesFileError::Taken {
        version: version.to_owned(),
        line: release.heading.line + 1,
    })
}

impl<'a> File<'a> {
    fn read(text: &'a str, version: Option<&str>) -> Self {
        let lines = outline::lines(text);
        let headings = outline::headings(&lines);
        let tail = references::first_of_tail(&lines);
        let titled = headings
            .iter()
            .filter_map(|heading| Some((heading, Title::read(&heading.title, version)?)));
        let titled: Vec<_> = titled.collect();
        let level = titled.first().map_or(0, |(heading, _)| heading.level);
        let end = |line: usize| {
            let next = headings
                .iter()
                .find(|next| next.line > line && next.level <= level);
            next.map_or(tail, |next| next.line)
        };
        let releases = titled.iter().filter(|(heading, _)| heading.level == level);
        let releases: Vec<Release> = releases
            .map(|(heading, title)| Release {
                heading: (*heading).clone(),
                title: title.clone(),
                end: end(heading.line),
            })
            .collect();
        let first = releases
            .first()
            .map_or(lines.len(), |first| first.heading.line);
        let above = headings.iter().take_while(|heading| heading.line < first);
        let open = above.filter(|heading| is_open(&heading.title)).last();
        let crlf = lines
            .first()
            .is_some_and(|first| text[..first.end].ends_with("\r\n"));
        Self {
            open: open.cloned(),
            text,
            tail,
            eol: if crlf { "\r\n" } else { "\n" },
            releases,
            headings,
            lines,
        }
    }

    fn has_several_packages(&self) -> bool {
        let mut names = self
            .releases
            .iter()
            .filter_map(|release| release.title.package());
        let first = names.next();
        names.any(|name| Some(name) != first)
    }

    /// Returns lines without the empty ones at both ends.
    fn body(&self, from: usize, to: usize) -> Vec<&'a str> {
        let lines = self.lines.get(from..to).unwrap_or_default();
        let first = lines
            .iter()
            .position(|line| !line.is_blank())
            .unwrap_or(lines.len());
        let last = lines.iter().rposition(|line| !line.is_blank());
        let last = last.map_or(first, |last| last + 1);
        lines[first..last].iter().map(|line| line.text).collect()
    }

    /// Returns the lines of the unreleased section behind its heading.
    fn open_lines(&self) -> Option<(usize, usize)> {
        let open = self.open.as_ref()?;
        let next = self.headings.iter().find(|next| {
            let release = self.releases.first();
            let release = release.is_some_and(|first| first.heading.line == next.line);
            next.line > open.line && (next.level <= open.level || release)
        });
        Some((
            open.after,
            next.map_or(self.tail.max(open.after), |next| next.line),
        ))
    }

    /// Returns the line in front of which a first section goes: the first
    /// release, else what follows the introduction.
    fn place(&self) -> usize {
        if let Some(first) = self.releases.first() {
            return first.heading.line;
        }
        match &self.headings[..] {
            [] => 0,
            [_] => self.tail,
            [_, second, ..] => second.line,
        }
    }

    fn with_release(&self, notes: &Notes, version: &str) -> String {
        let style = Style::of(self);
        let newest = self.releases.first().map(|release| &release.title);
        let references = references::references(&self.lines);
        let extended = references::extended(&references, newest, notes, version);
        let title = style.title(self, notes, version, extended.address.as_deref());
        let (from, to) = self.open_lines().unwrap_or((self.place(), self.place()));
        let mut section = style.heading(&title);
        section.extend(section::body(&self.body(from, to), notes, &style));
        self.spliced(from, to, &section, &style, extended.edits)
    }

    /// Completes a section that was begun by hand.
    fn with_draft(&self, release: &Release, notes: &Notes, version: &str) -> String {
        let style = Style::of(self);
        let title = style.title(self, notes, version, release.title.link.as_deref());
        let mut section = style.heading(&title);
        let body = self.body(release.heading.after, release.end);
        section.extend(section::body(&body, notes, &style));
        self.spliced(
            release.heading.line,
            release.end,
            &section,
            &style,
            Vec::new(),
        )
    }

    /// Puts notes of what is not released yet under their heading.
    fn with_open(&self, notes: &Notes) -> String {
        let style = Style::of(self);
        if let Some((from, to)) = self.open_lines() {
            let body = self.body(from, to);
            if section::held(&body, notes, &style) == section::count(notes) {
                return self.text.to_owned();
            }
            let section = section::body(&body, notes, &style);
            return self.spliced(from, to, &section, &style, Vec::new());
        }
        let mut section = style.heading("Unreleased");
        section.extend(section::body(&[], notes, &style));
        self.spliced(self.place(), self.place(), &section, &style, Vec::new())
    }

    /// Puts lines in the place of others; all else stays, byte for byte.
    fn spliced(
        &self,
        from: usize,
        to: usize,
        section: &[String],
        style: &Style,
        edits: Vec<references::Edit>,
    ) -> String {
        let start = |line: usize| self.lines.get(line).map_or(self.text.len(), |l| l.start);
        let mut text = self.text[..start(from)].to_owned();
        let ends_line = text.is_empty() || text.ends_with('\n');
        if !ends_line {
            text.push_str(self.eol);
        }
        let blank = from == 0 || self.lines[from - 1].is_blank();
        if !blank {
            text.push_str(self.eol);
        }
        for line in section {
            text.extend([line.as_str(), self.eol]);
        }
        if to < self.lines.len() {
            let blanks = if to >= self.tail { 1 } else { style.blanks };
            text.push_str(&self.eol.repeat(blanks));
        }
        let mut at = start(to);
        for edit in edits.iter().filter(|edit| edit.line >= to) {
            text.push_str(&self.text[at..start(edit.line)]);
            if !text.ends_with('\n') {
                text.push_str(self.eol);
            }
            text.extend([edit.text.as_str(), self.eol]);
            at = start(edit.line + usize::from(edit.replaces));
        }
        text.push_str(&self.text[at..]);
        text
    }
}

/// Tells whether a heading is of what is not released yet.
fn is_open(title: &str) -> bool {
    let title = title.trim_start_matches('[').to_lowercase();
    let words = ["unreleased", "upcoming", "next release", "in development"];
    title == "next" || words.iter().any(|word| title.starts_with(word))
}
