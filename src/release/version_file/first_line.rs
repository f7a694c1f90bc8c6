//! `VERSION` and its like: the version is the first line, and nothing else is.

use std::ops::Range;

use super::error::Unread;
use super::scan::without_v;

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let line = text.lines().next().unwrap_or_default();
    let start = line.len() - line.trim_start().len();
    let at = start..start + line.trim().len();
    let written = &text[at.clone()];
    if written.is_empty() || written.contains(char::is_whitespace) {
        return Err(Unread::NoVersion("the first line".into()));
    }
    Ok(vec![without_v(text, at)])
}
