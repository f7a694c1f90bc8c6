//! An UNRELEASED entry, completed: what was written by hand stays in its place.

use std::collections::BTreeMap;

use super::item::{Kind, items};
use super::layout::{Layout, Told, is_opened};
use super::wording::{Named, Wording, section_name};
use super::{EntryError, Wanted};
use crate::format::changelog::{Entry, RawEntry, wrap};
use crate::release::commit::Person;

/// Refuses to complete an entry of which a part would be lost.
pub(super) fn refuse_unreadable(open: &RawEntry<'_>) -> Result<(), EntryError> {
    let read = Entry::newest(open.bytes);
    let whole = open
        .changes()
        .iter()
        .all(|line| std::str::from_utf8(line).is_ok());
    match read {
        // No change yet, or no trailer: nothing that is not written anew.
        Err(error) if open.passed_over().is_some() || !whole || open.source().is_none() => {
            Err(EntryError::Newest(error))
        }
        _ => Ok(()),
    }
}

/// The options of an entry's heading that are its author's own.
pub(super) fn own_fields(open: &RawEntry<'_>) -> Vec<String> {
    let options = open.options().into_iter();
    let own = options.filter(|(key, _)| key.to_ascii_lowercase().starts_with('x'));
    own.map(|(key, value)| format!("{key}={value}")).collect()
}

/// Adds what an UNRELEASED entry does not tell.
pub(super) fn lines(
    open: &RawEntry<'_>,
    wanted: &Wanted<'_>,
    opening: Option<&str>,
    wordings: &[Wording],
    layout: &Layout<'_>,
) -> Vec<String> {
    let written = without_placeholders(open.lines());
    let found = items(&written);
    let told = Told::by(&found);
    let mut named = Named::in_text(&written.join("\n"));
    let mut missing = Vec::new();
    let mut more: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for wording in wordings {
        let Some(item) = told.telling(wording) else {
            missing.push(wording);
            continue;
        };
        // Told by hand and without its bugs, which would stay open.
        let open = wording.bugs_beside(&named, layout.habits);
        named.add(&open);
        let behind = more.entry(item.lines.end).or_default();
        behind.extend(wrap(&open, layout.width, "    ", "    "));
    }
    let mut lines = written;
    for (at, more) in more.into_iter().rev() {
        lines.splice(at..at, more);
    }
    let writer = open.maintainer().and_then(|text| {
        let (name, mail) = text.rsplit_once(" <")?;
        Some(section_name(name, mail))
    });
    let Person { name, email } = wanted.maintainer;
    let writer = writer.unwrap_or_else(|| section_name(name, email));
    let opening = opening.filter(|opening| !is_opened(&items(&lines), opening));
    layout.joined(&lines, &writer, opening, &missing)
}

/// Leaves out empty items, which dch makes for its user to fill, and empty
/// lines at the ends.
fn without_placeholders(lines: Vec<String>) -> Vec<String> {
    let found = items(&lines);
    let empty = |at: usize| {
        let mut bullets = found
            .iter()
            .filter(|item| matches!(item.kind, Kind::Bullet(..)));
        bullets.any(|item| item.text.is_empty() && item.lines.contains(&at))
    };
    let kept = lines.iter().enumerate().filter(|(at, _)| !empty(*at));
    let kept: Vec<_> = kept.map(|(_, line)| line.clone()).collect();
    let is_text = |line: &String| !line.trim().is_empty();
    let start = kept.iter().position(is_text).unwrap_or(kept.len());
    let end = kept
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    kept[start..end].to_vec()
}
