//! The lines and headings of a Markdown file, with their places in it: what is
//! in fences and comments is no heading.

use crate::release::notes::markdown;

/// A line without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where the next one starts.
    pub end: usize,
    /// Its text.
    pub text: &'a str,
    /// Whether it is outside fences and comments.
    pub plain: bool,
}

impl Line<'_> {
    /// Tells whether there is nothing on it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// Its first line.
    pub line: usize,
    /// The line behind it.
    pub after: usize,
    /// From 1 to 6.
    pub level: usize,
    /// Whether it is underlined and not marked with `#`.
    pub underlined: bool,
    /// Its text.
    pub title: String,
}

/// Cuts a text into lines. A fence or a comment that nothing closes is none: a
/// section that is put behind it must be found again.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let mut found = Vec::new();
    for whole in text.split_inclusive('\n') {
        let text = whole.trim_end_matches(['\n', '\r']);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let end = start + whole.len();
        found.push(Line {
            start,
            end,
            text,
            plain: true,
        });
        start = end;
    }
    let mut at = 0;
    while at < found.len() {
        let last = closed_by(&found, at);
        if let Some(last) = last {
            found[at..=last]
                .iter_mut()
                .for_each(|line| line.plain = false);
        }
        at = last.unwrap_or(at) + 1;
    }
    found
}

/// Returns the line that closes the fence or comment that a line opens.
fn closed_by(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let text = lines[at].text;
    let closes: &dyn Fn(&str) -> bool = if let Some(marks) = markdown::fence(text) {
        &move |line| {
            let line = line.trim();
            line.starts_with(marks) && line.bytes().all(|byte| byte == marks.as_bytes()[0])
        }
    } else if text.trim_start().starts_with("<!--") && !text.contains("-->") {
        &|line| line.contains("-->")
    } else {
        return None;
    };
    let mut behind = lines[at + 1..].iter();
    behind
        .position(|line| closes(line.text))
        .map(|more| at + 1 + more)
}

/// Finds the headings.
pub(super) fn headings(lines: &[Line<'_>]) -> Vec<Heading> {
    let each = 0..lines.len();
    each.filter_map(|line| marked(lines, line).or_else(|| underlined(lines, line)))
        .collect()
}

fn marked(lines: &[Line<'_>], line: usize) -> Option<Heading> {
    let text = lines[line].text;
    let level = text.len() - text.trim_start_matches('#').len();
    let title = text[level..].strip_prefix([' ', '\t'])?;
    let title = title.trim().trim_end_matches('#').trim_end();
    (lines[line].plain && (1..=6).contains(&level)).then(|| Heading {
        line,
        after: line + 1,
        level,
        underlined: false,
        title: title.to_owned(),
    })
}

fn underlined(lines: &[Line<'_>], line: usize) -> Option<Heading> {
    let title = lines[line].text;
    let under = lines.get(line + 1)?;
    let marks = under.text.trim_end();
    let level = match marks.chars().next()? {
        '=' => 1,
        '-' => 2,
        _ => return None,
    };
    let all = marks.len() >= 3 && marks.bytes().all(|byte| byte == marks.as_bytes()[0]);
    let begins = line == 0 || lines[line - 1].is_blank();
    let text = title.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    (all && begins && text && lines[line].plain && under.plain).then(|| Heading {
        line,
        after: line + 2,
        level,
        underlined: true,
        title: title.trim().to_owned(),
    })
}
