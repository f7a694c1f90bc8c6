//! `setup.cfg`: `version` of `[metadata]`, in the format of Python's
//! configparser.

use std::ops::Range;

use super::error::Unread;

/// Where a `setup.cfg` says that the version comes from.
pub(super) enum Source<'a> {
    /// It is written there.
    Written(Range<usize>),
    /// `attr: module.name`.
    Attribute(&'a str),
    /// `file: path`.
    File(&'a str),
}

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    match source(text)? {
        Source::Written(at) => Ok(vec![at]),
        Source::Attribute(name) => Err(Unread::Dynamic(format!("it is the module's {name}"))),
        Source::File(path) => Err(Unread::Dynamic(format!("it is in {path}"))),
    }
}

pub(super) fn source(text: &str) -> Result<Source<'_>, Unread> {
    let mut section = "";
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_end();
        if let Some(name) = bare.strip_prefix('[') {
            let name = name.split_once(']').map(|(name, _)| name);
            section = name.ok_or_else(|| {
                Unread::Malformed(Some(start), "a section's name has no end".into())
            })?;
        } else if section == "metadata"
            && let Some((key, value)) = bare.split_once(['=', ':'])
            && key.trim_end().eq_ignore_ascii_case("version")
        {
            let blank = value.len() - value.trim_start().len();
            let value_at = start + key.len() + 1 + blank;
            found.push(value_at..start + bare.len().max(value_at - start));
        }
    }
    match found.as_slice() {
        [] => Err(Unread::NoVersion("[metadata] version".into())),
        [one] => {
            let value = &text[one.clone()];
            if let Some(name) = value.strip_prefix("attr:") {
                return Ok(Source::Attribute(name.trim()));
            }
            if let Some(path) = value.strip_prefix("file:") {
                return Ok(Source::File(path.trim()));
            }
            if !super::scan::looks_like_version(value) {
                return Err(Unread::NoVersion("[metadata] version".into()));
            }
            Ok(Source::Written(one.clone()))
        }
        _ => {
            let at = found.iter().map(|found| found.start).collect();
            Err(Unread::several("[metadata] version", at))
        }
    }
}
