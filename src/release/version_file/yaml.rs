//! `Chart.yaml`: the keys of the top level, one a line.
//!
//! YAML 1.2.2, as far as Helm's charts go: block mappings and scalars on one
//! line. At the top level no line of a longer scalar begins in the first
//! column, so what begins there is a key.

use std::ops::Range;

use super::error::Unread;

/// Finds `version`, and `appVersion` where it says the same.
///
/// A chart's own version and that of what it installs are two things; where
/// they say the same, they are kept the same.
pub(super) fn chart(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let version = key(text, "version")?;
    let version = version.ok_or_else(|| Unread::NoVersion("version".into()))?;
    let app = key(text, "appVersion")?;
    let same = app.filter(|app| text[app.clone()] == text[version.clone()]);
    let mut found: Vec<_> = [version].into_iter().chain(same).collect();
    found.sort_by_key(|at| at.start);
    Ok(found)
}

/// A mapping in a list: its keys, and where their values are.
type Item<'a> = Vec<(&'a str, Range<usize>)>;

/// Finds the version that a chart requires of another one.
pub(super) fn requirement(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut known = false;
    for item in dependencies(text)? {
        let value = |key| item.iter().find(|(own, _)| *own == key).map(|(_, at)| at);
        if value("name").is_some_and(|at| &text[at.clone()] == name) {
            known = true;
            found.extend(value("version").cloned());
        }
    }
    if !known {
        return Err(Unread::NoVersion(format!("a dependency on {name}")));
    }
    Ok(found)
}

/// Reads the items of `dependencies`, each with its keys and plain values.
fn dependencies(text: &str) -> Result<Vec<Item<'_>>, Unread> {
    let mut items: Vec<Item<'_>> = Vec::new();
    let mut inside = false;
    for (at, line) in lines(text) {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let item = bare.strip_prefix("- ");
        if indent == 0 && item.is_none() && !bare.starts_with('#') && !bare.is_empty() {
            inside = bare
                .split_once(':')
                .is_some_and(|(key, _)| key == "dependencies");
            continue;
        }
        if !inside {
            continue;
        }
        let (entry, entry_at) = match item {
            Some(rest) => {
                items.push(Vec::new());
                let inner = rest.trim_start();
                (inner, at + line.len() - inner.len())
            }
            None => (bare, at + indent),
        };
        if let Some((key, value)) = entry.split_once(':')
            && let Some(own) = items.last_mut()
            && let Some(value) = scalar(text, entry_at + key.len() + 1, value)?
        {
            own.push((key, value));
        }
    }
    Ok(items)
}

/// Finds the value of a key of the top level.
fn key(text: &str, name: &str) -> Result<Option<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut documents = 0;
    for (at, line) in lines(text) {
        if line.starts_with([' ', '#']) || line.is_empty() {
            continue;
        }
        if line.starts_with("---") {
            documents += 1;
            if documents > 1 {
                let message = "a second document begins".to_owned();
                return Err(Unread::Malformed(Some(at), message));
            }
            continue;
        }
        if line.starts_with("- ") || ["-", "..."].contains(&line) || line.starts_with('%') {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            return Err(Unread::Malformed(Some(at), "a key is expected".into()));
        };
        if line.starts_with(['{', '[', '\t']) {
            let message = "a block mapping is expected".to_owned();
            return Err(Unread::Malformed(Some(at), message));
        }
        if key.trim_end().trim_matches(['"', '\'']) == name {
            found.extend(scalar(text, at + key.len() + 1, value)?);
        }
    }
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop()),
        _ => {
            let at = found.iter().map(|found| found.start).collect();
            Err(Unread::several(name, at))
        }
    }
}

/// Finds a scalar that is written on its key's line, without its quotes.
fn scalar(text: &str, at: usize, rest: &str) -> Result<Option<Range<usize>>, Unread> {
    let inside = rest.trim_start();
    let start = at + rest.len() - inside.len();
    let malformed = |message: &str| Unread::Malformed(Some(start), message.to_owned());
    match inside.chars().next() {
        None | Some('#') => return Ok(None),
        Some(quote @ ('"' | '\'')) => {
            let Some(end) = inside[1..].find(quote) else {
                return Err(malformed("a quoted text has no end on its line"));
            };
            let at = start + 1..start + 1 + end;
            if text[at.clone()].contains('\\') {
                return Err(malformed("the text is written with escapes"));
            }
            return Ok(Some(at));
        }
        // An anchor, an alias, a tag, a block or a flow collection.
        Some('&' | '*' | '!' | '|' | '>' | '{' | '[') => return Ok(None),
        Some(_) => {}
    }
    let end = inside.find(" #").unwrap_or(inside.len());
    Ok(Some(start..start + inside[..end].trim_end().len()))
}

/// Returns the lines without their ends, each with where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}
