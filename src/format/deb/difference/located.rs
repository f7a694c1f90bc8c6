//! Differences → which bytes of the files they name differ.
//!
//! Contents keeps digests only, so both packages are read once more: the first
//! one's files that matter go to a spool, the second one's are compared with
//! it. So the order of files may differ, and memory is bounded.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::format::deb::{Contents, Limits, ReadError, read};
use crate::format::tar::EntryKind;

use super::{Aspect, ByteDifference, CONTROL, Change, Difference, Part};

/// Says why the differing bytes were not found.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// A package cannot be read again.
    #[error("cannot read the {side} package")]
    Read {
        /// Which one.
        side: Side,
        /// Why.
        source: ReadError,
    },
    /// The packages' bytes cannot be compared.
    #[error("cannot compare the packages")]
    Compare(#[source] io::Error),
}

/// One of two packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

/// Finds which bytes differ in the files (and, where nothing else differs, in
/// the packages) that `differences` name.
///
/// `a` and `b` are the packages from their beginnings; they are not read when
/// nothing needs it. `spool` is empty and takes copies of `a`'s files.
pub fn locate(
    differences: &mut [Difference],
    a: impl Read,
    b: impl Read,
    mut spool: impl Read + Write + Seek,
    limits: &Limits,
) -> Result<(), LocateError> {
    if let Some(whole) = differences.iter_mut().find(|d| is(d, Aspect::Bytes)) {
        whole.bytes = ByteDifference::between(a, b).map_err(LocateError::Compare)?;
        return Ok(());
    }
    let differing = differences.iter_mut();
    let files = differing.filter(|d| d.part == Part::File && is(d, Aspect::Content));
    let mut wanted: BTreeMap<String, &mut Difference> =
        files.map(|d| (d.name.clone(), d)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let of = |side| move |source| LocateError::Read { side, source };
    let mut spooled = BTreeMap::new();
    let mut end = 0;
    read(a, limits, |entry, content| {
        let name = entry.path.to_string();
        if matches!(entry.kind, EntryKind::File { .. }) && wanted.contains_key(&name) {
            let size = io::copy(content, &mut spool)?;
            spooled.insert(name, (end, size));
            end += size;
        }
        Ok(())
    })
    .map_err(of(Side::First))?;
    read(b, limits, |entry, content| {
        let name = entry.path.to_string();
        let Some(&(start, size)) = spooled.get(&name) else {
            return Ok(());
        };
        if let (EntryKind::File { .. }, Some(difference)) = (&entry.kind, wanted.get_mut(&name)) {
            spool.seek(SeekFrom::Start(start))?;
            let first = (&mut spool).take(size);
            difference.bytes = ByteDifference::between(first, content)?;
        }
        Ok(())
    })
    .map_err(of(Side::Second))?;
    Ok(())
}

/// Finds which bytes differ in control files, which are in memory.
pub(super) fn in_control_files(differences: &mut [Difference], a: &Contents, b: &Contents) {
    let control_files = differences.iter_mut();
    let control_files =
        control_files.filter(|d| d.part == Part::ControlFile && is(d, Aspect::Content));
    for difference in control_files {
        let bytes = |of: &'_ Contents| match difference.name.as_str() {
            CONTROL => Some(of.deb.control.bytes().to_vec()),
            name => Some(of.deb.control_files.get(name)?.bytes.clone()),
        };
        if let (Some(a), Some(b)) = (bytes(a), bytes(b)) {
            let found = ByteDifference::between(&a[..], &b[..]);
            difference.bytes = found.expect("memory is always readable");
        }
    }
}

fn is(difference: &Difference, wanted: Aspect) -> bool {
    matches!(&difference.change, Change::Changed { aspect, .. } if *aspect == wanted)
}
