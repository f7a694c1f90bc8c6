//! Link references below the sections: `[1.2.3]: https://…/compare/v1.2.2...v1.2.3`.

use super::outline::Line;
use super::title::Title;
use crate::release::notes::Notes;

/// A reference of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    /// The label in its brackets.
    pub label: &'a str,
    /// The address.
    pub address: &'a str,
    /// Its line.
    pub line: usize,
}

/// Finds the references of a file.
pub(super) fn references<'a>(lines: &[Line<'a>]) -> Vec<Reference<'a>> {
    let each = lines.iter().enumerate().filter(|(_, line)| line.plain);
    each.filter_map(|(line, found)| {
        let (label, address) = found.text.strip_prefix('[')?.split_once("]:")?;
        let address = address.trim();
        (!address.is_empty()).then_some(Reference {
            label,
            address,
            line,
        })
    })
    .collect()
}

/// Returns the first line of the references that a file ends with; the number
/// of lines where it ends otherwise.
pub(super) fn first_of_tail(lines: &[Line<'_>]) -> usize {
    let is_reference =
        |line: &Line<'_>| line.plain && line.text.starts_with('[') && line.text.contains("]:");
    let mut first = lines.len();
    for (at, line) in lines.iter().enumerate().rev() {
        // An address may stand on the line behind its label.
        let label = at.checked_sub(1).map(|before| &lines[before]);
        let continues = label.is_some_and(|label| is_reference(label) && label.text.ends_with(':'));
        if is_reference(line) {
            first = at;
        } else if !(line.is_blank() || line.text.starts_with("<!--") || continues) {
            break;
        }
    }
    first
}

/// What becomes of a file's references.
#[derive(Debug, Default)]
pub(super) struct Extended {
    /// The address of the new release, where one can be told.
    pub address: Option<String>,
    /// Lines that are replaced or, without a line, go in front of a line:
    /// ascending.
    pub edits: Vec<Edit>,
}

/// A line that is put in.
#[derive(Debug)]
pub(super) struct Edit {
    /// In front of this line.
    pub line: usize,
    /// Whether that line is left out.
    pub replaces: bool,
    /// The text.
    pub text: String,
}

/// Extends the references by a release: a line of its own in front of that of
/// the release before, and the unreleased one starts where the release ends.
pub(super) fn extended(
    references: &[Reference<'_>],
    newest: Option<&Title>,
    notes: &Notes,
    version: &str,
) -> Extended {
    let is_open = |reference: &&Reference<'_>| reference.label.eq_ignore_ascii_case("unreleased");
    let open = references.iter().find(is_open);
    let before = newest.and_then(|title| {
        let plain = |label: &str| label.strip_prefix('v').unwrap_or(label) == title.version;
        references.iter().find(|reference| plain(reference.label))
    });
    let inline = newest.and_then(|title| title.link.as_deref());
    let old = newest.map(|title| title.version.as_str());
    let pattern = before.map(|before| before.address).or(inline);
    let derived = pattern.and_then(|address| next(address, old?, version, notes));
    let started = open.and_then(|open| {
        let (base, from, mark, _) = compared(open.address)?;
        let tag = tag(notes, from, old, version);
        Some(format!("{base}{from}{mark}{tag}"))
    });
    let address = notes.compare.clone().or(derived).or(started);
    let mut extended = Extended {
        address: address.clone(),
        edits: Vec::new(),
    };
    let (Some(address), Some(_)) = (address, before.or(open)) else {
        return extended;
    };
    if let Some(open) = open
        && let Some((base, from, mark, to)) = compared(open.address)
    {
        let label = open.label;
        let tag = tag(notes, from, old, version);
        extended.edits.push(Edit {
            line: open.line,
            replaces: true,
            text: format!("[{label}]: {base}{tag}{mark}{to}"),
        });
    }
    let v = before.is_some_and(|before| before.label.starts_with('v'));
    let v = if v { "v" } else { "" };
    let behind_open = open.map(|open| open.line + 1);
    extended.edits.push(Edit {
        line: before
            .map(|before| before.line)
            .or(behind_open)
            .unwrap_or(0),
        replaces: false,
        text: format!("[{v}{version}]: {address}"),
    });
    extended
        .edits
        .sort_by_key(|edit| (edit.line, !edit.replaces));
    extended
}

/// Takes an address apart that compares two tags: what stands before them,
/// the first, what stands between them, the second.
fn compared(address: &str) -> Option<(&str, &str, &str, &str)> {
    let at = address.rfind("/compare/")? + "/compare/".len();
    let (base, tags) = address.split_at(at);
    let mark = if tags.contains("...") { "..." } else { ".." };
    let (from, to) = tags.split_once(mark)?;
    Some((base, from, mark, to))
}

/// Names the new release's tag as the one before is named.
fn tag(notes: &Notes, like: &str, old: Option<&str>, version: &str) -> String {
    match (&notes.tag, old) {
        (Some(tag), _) => tag.clone(),
        (None, Some(old)) if like.contains(old) => like.replace(old, version),
        _ if like.starts_with('v') => format!("v{version}"),
        _ => version.to_owned(),
    }
}

/// Derives a release's address from that of the one before.
fn next(address: &str, old: &str, version: &str, notes: &Notes) -> Option<String> {
    if let Some((base, _, mark, from)) = compared(address) {
        let tag = tag(notes, from, Some(old), version);
        return Some(format!("{base}{from}{mark}{tag}"));
    }
    for (page, compare) in [("/releases/tag/", "/compare/"), ("/-/tags/", "/-/compare/")] {
        if let Some((base, from)) = address.split_once(page) {
            let tag = tag(notes, from, Some(old), version);
            return Some(format!("{base}{compare}{from}...{tag}"));
        }
    }
    address.contains(old).then(|| address.replace(old, version))
}
