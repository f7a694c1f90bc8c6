//! `configure.ac`: `AC_INIT([name], [1.2.3], …)`.
//!
//! Autoconf's manual, “M4 Quotation”: `[` and `]` quote, `dnl` and `#` begin
//! comments.

use std::ops::Range;

use super::error::Unread;
use super::scan::looks_like_version;

const MACRO: &str = "AC_INIT(";

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = &line[..comment(line)];
        let starts = code.match_indices(MACRO).map(|(start, _)| start);
        let whole = |start: &usize| {
            !code[..*start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        };
        found.extend(starts.filter(whole).map(|start| at + start));
        at += line.len();
    }
    let call = match found.as_slice() {
        [] => return Err(Unread::NoVersion("AC_INIT".into())),
        [one] => *one,
        _ => return Err(Unread::several("AC_INIT", found)),
    };
    let arguments = arguments(text, call + MACRO.len())
        .ok_or_else(|| Unread::Malformed(Some(call), "AC_INIT( is opened and not closed".into()))?;
    let second = arguments.get(1).cloned();
    let second = second.ok_or_else(|| Unread::NoVersion("AC_INIT's second argument".into()))?;
    let value = unquoted(text, trimmed(text, second));
    let written = &text[value.clone()];
    if !looks_like_version(written) {
        return Err(Unread::Dynamic(format!("AC_INIT takes it from {written}")));
    }
    Ok(vec![value])
}

/// Returns where a line's comment begins.
fn comment(line: &str) -> usize {
    let word = |at: &usize| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !line[..*at].ends_with(is_name) && !line[at + 3..].starts_with(is_name)
    };
    let dnl = line.match_indices("dnl").map(|(at, _)| at).find(word);
    let hash = line.find('#');
    dnl.into_iter().chain(hash).min().unwrap_or(line.len())
}

/// Splits a macro's arguments at the commas outside of quotes and parentheses.
fn arguments(text: &str, start: usize) -> Option<Vec<Range<usize>>> {
    let (mut quoted, mut nested) = (0usize, 0usize);
    let mut found = Vec::new();
    let mut begin = start;
    for (offset, c) in text[start..].char_indices() {
        let at = start + offset;
        match c {
            '[' => quoted += 1,
            ']' => quoted = quoted.checked_sub(1)?,
            _ if quoted > 0 => {}
            '(' => nested += 1,
            ')' if nested == 0 => {
                found.push(begin..at);
                return Some(found);
            }
            ')' => nested -= 1,
            ',' if nested == 0 => {
                found.push(begin..at);
                begin = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn trimmed(text: &str, at: Range<usize>) -> Range<usize> {
    let inside = &text[at.clone()];
    let start = at.start + inside.len() - inside.trim_start().len();
    start..start + inside.trim().len()
}

fn unquoted(text: &str, at: Range<usize>) -> Range<usize> {
    let inside = &text[at.clone()];
    let bare = inside
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    match bare {
        Some(_) => unquoted(text, trimmed(text, at.start + 1..at.end - 1)),
        None => at,
    }
}
