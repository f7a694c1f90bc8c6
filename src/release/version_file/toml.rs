//! TOML: the bytes of a text by its keys.
//!
//! TOML 1.0, read by toml_edit, whose spans say where a value stands; the edit
//! splices there, because toml_edit's own would move dotted keys.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use super::error::Unread;

pub(super) fn parse(text: &str) -> Result<Document<&str>, Unread> {
    Document::parse(text).map_err(|error| {
        let message = error.message().replace('\n', ", ");
        Unread::Malformed(error.span().map(|span| span.start), message)
    })
}

/// Finds what a path of keys leads to.
pub(super) fn at<'a>(document: &'a Document<&str>, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(document.as_item(), |item, key| {
        item.as_table_like()?.get(key)
    })
}

/// Returns the bytes between a text's quotes; `None` if it is no text.
pub(super) fn plain(text: &str, item: &Item) -> Result<Option<Range<usize>>, Unread> {
    let (Some(value), Some(at)) = (item.as_str(), item.span()) else {
        return Ok(None);
    };
    let raw = &text[at.clone()];
    let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") {
        3
    } else {
        1
    };
    let inner = at.start + quotes..at.end.saturating_sub(quotes);
    if text.get(inner.clone()) == Some(value) {
        return Ok(Some(inner));
    }
    let message = "the text is written with escapes".to_owned();
    Err(Unread::Malformed(Some(at.start), message))
}

/// Finds the text that a path of keys leads to.
pub(super) fn text_at(
    text: &str,
    document: &Document<&str>,
    path: &[&str],
) -> Result<Option<Range<usize>>, Unread> {
    match at(document, path) {
        Some(item) => plain(text, item),
        None => Ok(None),
    }
}

/// Returns the tables of an array of them, however it is written.
pub(super) fn tables(item: &Item) -> Vec<&dyn TableLike> {
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(toml_edit::Value::Array(values)) => values
            .iter()
            .filter_map(|value| value.as_inline_table())
            .map(|table| table as &dyn TableLike)
            .collect(),
        _ => Vec::new(),
    }
}
