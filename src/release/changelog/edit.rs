//! The newest entry's place in a file, and what people made of its text.

use super::{EntryError, distribution};
use crate::format::changelog::{Entry, File, RawEntry};

/// Puts an edited text in the place of the newest entry.
///
/// The text must be one valid entry of the same package and version, for the
/// version was planned and names the tag; it may go to any distribution that is
/// known, or that the entry or an older one goes to.
pub fn replace_newest(file: &[u8], text: &str) -> Result<Vec<u8>, EntryError> {
    let file = File::parse(file);
    let newest = file.entries.first().ok_or(EntryError::NoEntry)?;
    let text = format!("{}\n", text.replace("\r\n", "\n").trim_end());
    let edited = File::parse(text.as_bytes());
    let [new] = &edited.entries[..] else {
        let found = edited.entries.len();
        return Err(EntryError::NotOne { found });
    };
    let read = Entry::newest(text.as_bytes()).map_err(EntryError::Written)?;
    let outside = [edited.before, edited.after, new.behind()].concat();
    if !outside.trim_ascii().is_empty() {
        // Entry::newest has read this entry; what is left over is no entry.
        return Err(EntryError::NotOne { found: 2 });
    }
    if name(newest) != name(new) {
        return Err(EntryError::OtherRelease {
            expected: name(newest),
            found: name(new),
        });
    }
    for suite in &read.distributions {
        distribution::check(suite.as_str(), &[], &file.entries)?;
    }
    Ok(with_newest(&file, text.trim_start_matches('\n')))
}

fn name(entry: &RawEntry<'_>) -> String {
    let version = entry.version();
    let version = version.map_or(String::from("?"), |version| version.to_string());
    format!("{} ({version})", entry.source().unwrap_or("?"))
}

/// The file with another text for the newest entry; all around it stays.
pub(super) fn with_newest(file: &File<'_>, text: &str) -> Vec<u8> {
    let mut pieces = vec![file.before, text.as_bytes()];
    if let Some((newest, older)) = file.entries.split_first() {
        // An entry without a trailer had no end that could have an empty line.
        if newest.behind().is_empty() && !(older.is_empty() && file.after.is_empty()) {
            pieces.push(b"\n");
        }
        pieces.push(newest.behind());
        pieces.extend(older.iter().map(|entry| entry.bytes));
    }
    pieces.push(file.after);
    pieces.concat()
}

/// Returns the text of a file's newest entry, for an editor.
pub fn newest_text_of(file: &[u8]) -> String {
    newest_text(&File::parse(file))
}

/// The newest entry's text.
pub(super) fn newest_text(file: &File<'_>) -> String {
    let text = file.entries.first().map_or(&b""[..], |entry| {
        &entry.bytes[..entry.bytes.len() - entry.behind().len()]
    });
    String::from_utf8_lossy(text).into_owned()
}
