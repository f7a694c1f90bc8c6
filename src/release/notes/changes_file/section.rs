//! A release's notes as the lines of its section, together with what was
//! written by hand.

use super::outline;
use super::style::Style;
use crate::release::notes::markdown::{self, Mentions};
use crate::release::notes::{NoteLine, Notes, NotesSection, text, wrap};

/// A part of a section: a heading with its list.
struct Part {
    /// The heading as it stands there; none: what stands above all headings.
    heading: Option<String>,
    /// Its text, to find the part by.
    title: String,
    lines: Vec<String>,
}

/// Returns the number of notes.
pub(super) fn count(notes: &Notes) -> usize {
    notes
        .sections
        .iter()
        .map(|section| section.notes.len())
        .sum()
}

/// Counts the notes that lines hold already.
pub(super) fn held(lines: &[&str], notes: &Notes, style: &Style) -> usize {
    let known = Known::new(lines);
    let sections = notes.sections.iter();
    let each = sections.flat_map(|section| section.notes.iter().map(move |note| (section, note)));
    each.filter(|(section, note)| known.holds(note, section, style))
        .count()
}

/// Writes what stands under a release's heading: what was written by hand, with
/// the notes that are not in it put into the part that has their title.
pub(super) fn body(by_hand: &[&str], notes: &Notes, style: &Style) -> Vec<String> {
    let known = Known::new(by_hand);
    let mut parts = parts(by_hand);
    let mut front = 1;
    for section in &notes.sections {
        let new = section.notes.iter();
        let new = new.filter(|note| !known.holds(note, section, style));
        let items: Vec<String> = new.flat_map(|note| item(note, section, style)).collect();
        if items.is_empty() {
            continue;
        }
        let Some(level) = style.sections else {
            parts[0].lines.extend(items);
            continue;
        };
        let same = |part: &Part| part.title.eq_ignore_ascii_case(&section.title);
        if let Some(part) = parts.iter_mut().find(|part| same(part)) {
            part.lines.extend(items);
            continue;
        }
        let part = Part {
            heading: Some(format!("{} {}", "#".repeat(level), section.title)),
            title: section.title.clone(),
            lines: items,
        };
        if section.kind == "changes" {
            parts.push(part);
        } else {
            parts.insert(front, part);
            front += 1;
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let starts = part.heading.is_some() && !lines.is_empty();
        lines.extend(starts.then(String::new));
        let airy = part.heading.is_some() && style.airy_sections && !part.lines.is_empty();
        lines.extend(part.heading);
        lines.extend(airy.then(String::new));
        lines.extend(part.lines);
    }
    if lines.is_empty() {
        lines.push(format!("{} No changes that users see.", style.bullet));
    }
    lines
}

/// Cuts what was written by hand at its headings. The first part has none.
fn parts(by_hand: &[&str]) -> Vec<Part> {
    let whole = by_hand.join("\n");
    let lines = outline::lines(&whole);
    let mut headings = outline::headings(&lines).into_iter().peekable();
    let mut parts = vec![Part {
        heading: None,
        title: String::new(),
        lines: Vec::new(),
    }];
    let mut at = 0;
    while at < by_hand.len() {
        let part = match headings.next_if(|heading| heading.line == at) {
            Some(heading) => {
                at = heading.after;
                Part {
                    heading: Some(by_hand[heading.line..heading.after].join("\n")),
                    title: heading.title,
                    lines: Vec::new(),
                }
            }
            None => {
                let last = parts.last_mut().expect("there is a first part");
                last.lines.push(by_hand[at].to_owned());
                at += 1;
                continue;
            }
        };
        parts.push(part);
    }
    for part in &mut parts {
        let blank = |line: &String| line.trim().is_empty();
        while part.lines.last().is_some_and(blank) {
            part.lines.pop();
        }
        let text = part.lines.iter().position(|line| !blank(line));
        part.lines.drain(..text.unwrap_or(0));
    }
    parts
}

/// What lines hold already.
struct Known {
    items: Vec<String>,
    text: String,
}

impl Known {
    fn new(lines: &[&str]) -> Self {
        let mut items: Vec<String> = Vec::new();
        for line in lines {
            let mark = line.trim_start().strip_prefix(['-', '*', '+']);
            match (
                mark.and_then(|rest| rest.strip_prefix(' ')),
                items.last_mut(),
            ) {
                (Some(rest), _) => items.push(rest.to_owned()),
                (None, Some(last)) if line.starts_with(' ') => last.extend([" ", line]),
                (None, _) => items.push((*line).to_owned()),
            }
        }
        Self {
            items: items.iter().map(|item| told(item)).collect(),
            text: lines.join("\n"),
        }
    }

    /// Tells whether a note is there: in its words, as the change of its pull
    /// request, or as the hole that it closes.
    fn holds(&self, note: &NoteLine, section: &NotesSection, style: &Style) -> bool {
        let mut plain = style.clone();
        plain.width = None;
        let written = item(note, section, &plain).join(" ");
        let written = told(written.get(2..).unwrap_or_default());
        let bare = told(&markdown::escaped(&note.text, Mentions::Plain));
        let request = note.pull_request.map(|number| format!("#{number}"));
        let names = |word: &String| {
            self.text.match_indices(word.as_str()).any(|(at, word)| {
                let next = self.text[at + word.len()..].chars().next();
                !next.is_some_and(|c| c.is_ascii_digit())
            })
        };
        self.items
            .iter()
            .any(|item| *item == written || *item == bare)
            || request.as_ref().is_some_and(names)
            || (!note.cves.is_empty() && note.cves.iter().all(names))
    }
}

/// Returns an item's words without the links behind them.
fn told(item: &str) -> String {
    let mut item = item.trim();
    while let Some(at) = item.rfind(" (").filter(|_| item.ends_with(')')) {
        let inner = &item[at + 2..item.len() - 1];
        let link = inner.starts_with('[') && inner.contains("](");
        if !(link || inner.starts_with('#')) {
            break;
        }
        item = item[..at].trim_end();
    }
    text::key(item)
}

/// Writes a note as a list item.
fn item(note: &NoteLine, section: &NotesSection, style: &Style) -> Vec<String> {
    let escaped = |text: &String| markdown::escaped(text, Mentions::Plain);
    let action = note.action.as_ref();
    let mut parts = vec![escaped(&note.text)];
    parts.extend(note.breaking.as_ref().map(escaped));
    parts.extend(action.map(|text| format!("**What to do:** {}", escaped(text))));
    let mut ends: Vec<String> = note
        .cves
        .iter()
        .filter(|cve| !note.text.contains(cve.as_str()))
        .map(|cve| format!("({})", escaped(cve)))
        .collect();
    let bugs = note.closes.iter();
    ends.extend(bugs.map(|bug| format!("([Debian bug {bug}](https://bugs.debian.org/{bug}))")));
    let said = |number: u64| note.text.contains(&format!("#{number}"));
    match (note.pull_request, &note.pull_request_url, &note.commit_url) {
        (Some(number), _, _) if said(number) => {}
        (Some(number), Some(page), _) => ends.push(format!("([#{number}]({page}))")),
        (Some(number), None, _) => ends.push(format!("(#{number})")),
        (None, _, Some(page)) => {
            let id = &note.commit[..note.commit.len().min(7)];
            ends.push(format!("([{id}]({page}))"));
        }
        (None, _, None) => {}
    }
    if !ends.is_empty() {
        parts.push(ends.join(" "));
    }
    // What follows a text of several lines, perhaps a fence, stands apart.
    let several = parts.iter().any(|part| part.contains('\n'));
    let mut text = parts.join(if several { "\n\n" } else { " " });
    if style.sections.is_none() && section.kind != "changes" {
        text = format!("{}: {text}", section.title);
    }
    let first = format!("{} ", style.bullet);
    if let Some(width) = style.width.filter(|_| !several) {
        let wrapped = wrap::wrapped(&text, width, &first, "  ");
        // A word that would begin a block where a line now begins stays inside.
        let block = |line: &str| {
            let word = line.split_whitespace().next().unwrap_or_default();
            let marks = word.chars().all(|c| !c.is_alphanumeric());
            marks
                || word.starts_with('>')
                || word.ends_with(['.', ')']) && word.starts_with(|c: char| c.is_ascii_digit())
        };
        if !wrapped.lines().skip(1).any(block) {
            return wrapped.lines().map(str::to_owned).collect();
        }
    }
    let mut lines = text.lines().enumerate();
    let indented = lines.by_ref().map(|(number, line)| match (number, line) {
        (0, line) => format!("{first}{line}"),
        (_, "") => String::new(),
        (_, line) => format!("  {line}"),
    });
    indented.collect()
}
