//! Strangers' text as part of a Markdown document (CommonMark 0.31): inline
//! marks stay, for authors mean them, what would break the document does not.
//!
//! Escaped are `<` (raw HTML, also `Vec<T>`, which would vanish) and whatever
//! begins a block that reaches beyond the note: headings, underlines of
//! headings, definitions of links, fences that nothing closes. In a note of
//! several lines, lists, quotes and closed fences stay.

use std::iter::once;

/// Whether somebody is told when a note says `@name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mentions {
    /// Nobody is: it is a file.
    Plain,
    /// A forge would tell them: `@name` is written as code.
    Code,
}

/// Escapes a note's text.
pub(super) fn escaped(text: &str, mentions: Mentions) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        if let Some(end) = fence_end(&lines, at).filter(|_| at > 0) {
            out.extend(lines[at..=end].iter().map(|&line| line.to_owned()));
            at = end + 1;
            continue;
        }
        // Code spans may go over lines, not over what begins another block.
        let more = lines[at + 1..].iter().enumerate();
        let end = more
            .take_while(|(more, line)| {
                !line.trim().is_empty() && fence_end(&lines, at + 1 + more).is_none()
            })
            .count();
        let block = lines[at..=at + end].join("\n");
        for (number, line) in inline(&block, mentions).split('\n').enumerate() {
            out.push(begun(line, at + number == 0));
        }
        at += end + 1;
    }
    out.join("\n")
}

/// Returns the marks of a fence that a line begins with.
pub(super) fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let marks = &line[..line.len() - line.trim_start_matches(mark).len()];
    let info = &line[marks.len()..];
    (marks.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some(marks)
}

/// Returns the line that closes the fence that a line opens.
fn fence_end(lines: &[&str], at: usize) -> Option<usize> {
    let marks = fence(lines[at])?;
    let closes = |line: &&str| line.trim().starts_with(marks) && fence(line) == Some(line.trim());
    lines[at + 1..]
        .iter()
        .position(closes)
        .map(|more| at + 1 + more)
}

/// Escapes what begins a line.
fn begun(line: &str, first: bool) -> String {
    let text = line.trim_start();
    let Some(c) = text.chars().next() else {
        return String::new();
    };
    let only = |c: char| {
        text.trim_end()
            .chars()
            .all(|other| other == c || other == ' ')
    };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mark = text[digits..].strip_prefix([')', '.']);
    let numbered = digits > 0 && mark.is_some_and(|more| more.is_empty() || more.starts_with(' '));
    let list = text[c.len_utf8()..].starts_with(' ') || text.len() == 1;
    let escape = match c {
        '#' | '=' => true,
        '`' | '~' => fence(text).is_some(),
        '[' => text.contains("]:"),
        '-' | '*' | '_' if only(c) => true,
        '>' => first,
        '-' | '+' | '*' => first && list,
        _ => false,
    };
    let indent = &line[..line.len() - text.len()];
    // Four blanks more would be code; a note's first line has none.
    let indent = if first { "" } else { indent };
    if first && numbered {
        let (number, rest) = text.split_at(digits);
        return format!("{indent}{number}\\{rest}");
    }
    let escape = if escape { "\\" } else { "" };
    format!("{indent}{escape}{text}")
}

/// Escapes what stands within lines, outside code spans.
fn inline(text: &str, mentions: Mentions) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..length]);
                if length == 1 {
                    out.push('\\');
                }
            }
            '`' => {
                length = code_span(rest);
                out.push_str(&rest[..length]);
            }
            '<' => out.push_str("\\<"),
            '@' if mentions == Mentions::Code && !before.is_alphanumeric() => {
                let name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
                length += rest[1..].chars().take_while(name).count();
                match length {
                    1 => out.push('@'),
                    _ => out.extend(once("`").chain([&rest[..length], "`"])),
                }
            }
            _ => out.push(c),
        }
        before = rest[..length].chars().last().unwrap_or(' ');
        rest = &rest[length..];
    }
    out
}

/// Returns how many bytes a code span has that a text begins with; that of the
/// backticks alone where nothing closes it.
pub(super) fn code_span(text: &str) -> usize {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let marks = run(text);
    let mut at = marks;
    while let Some(next) = text[at..].find('`') {
        let length = run(&text[at + next..]);
        at += next + length;
        if length == marks {
            return at;
        }
    }
    marks
}

/// Escapes a text for HTML, with code spans as `<code>` and paragraphs apart.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => {
                length = code_span(rest);
                let marks = rest.len() - rest.trim_start_matches('`').len();
                match length > marks {
                    true => {
                        let code = rest[marks..length - marks].trim().replace('`', "&#96;");
                        out.extend(["<code>", &html(&code).replace("&amp;#96;", "`"), "</code>"]);
                    }
                    false => out.push_str(&rest[..length]),
                }
            }
            '\n' if rest.starts_with("\n\n") => {
                length = rest.len() - rest.trim_start_matches('\n').len();
                out.push_str("<br><br>\n");
            }
            c => out.push(c),
        }
        rest = &rest[length..];
    }
    out
}
