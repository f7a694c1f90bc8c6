//! One file that both sides changed.

use std::path::Path;

use super::{Picking, Placed};
use crate::sys::git::{GitError, Item, failed};

/// What becomes of a file that both sides changed.
pub(super) enum Merged {
    /// It stays as it is here: the change is in it.
    Ours,
    /// Both changes.
    Both(Placed),
    /// They do not go together.
    Conflict,
    /// One side is a link or a submodule.
    NotFiles,
}

/// How many bytes git looks at to tell text from other content
/// (`buffer_is_binary`, xdiff-interface.c).
const FIRST_FEW_BYTES: usize = 8000;

fn is_file(mode: u32) -> bool {
    mode & 0o170000 == 0o100000
}

/// Merges the two changes of a file.
pub(super) fn merged(
    picking: &Picking<'_>,
    path: &[u8],
    before: Item,
    ours: &Placed,
    after: Item,
) -> Result<Merged, GitError> {
    let own_mode = match ours {
        Placed::Item(item) => item.mode,
        Placed::New { mode, .. } => *mode,
    };
    if ![before.mode, own_mode, after.mode].into_iter().all(is_file) {
        return Ok(Merged::NotFiles);
    }
    let mode = match own_mode == before.mode {
        true => after.mode,
        false => own_mode,
    };
    let content = |item: Item| picking.objects.content(item.id);
    let same = |item: Item| matches!(ours, Placed::Item(own) if own.id == item.id);
    // Only the modes differ on a side.
    if before.id == after.id || same(after) {
        if mode == own_mode {
            return Ok(Merged::Ours);
        }
        return Ok(Merged::Both(with_mode(ours, mode)));
    }
    if same(before) {
        return Ok(Merged::Both(Placed::Item(Item { mode, ..after })));
    }
    let own = match ours {
        Placed::Item(item) => content(*item)?,
        Placed::New { content, .. } => content.clone(),
    };
    let (base, theirs) = (content(before)?, content(after)?);
    if own == theirs {
        return Ok(match mode == own_mode {
            true => Merged::Ours,
            false => Merged::Both(with_mode(ours, mode)),
        });
    }
    let mut options = git2::MergeFileOptions::new();
    match driver(picking, path)? {
        Driver::Text => {}
        Driver::Union => {
            options.favor(git2::FileFavor::Union);
        }
        Driver::Binary => return Ok(Merged::Conflict),
    }
    let binary = |content: &Vec<u8>| {
        let first = &content[..content.len().min(FIRST_FEW_BYTES)];
        first.contains(&0)
    };
    if [&base, &own, &theirs].into_iter().any(binary) {
        return Ok(Merged::Conflict);
    }
    let act = || failed(format!("merge {}", String::from_utf8_lossy(path)));
    let side = |content| {
        let mut side = git2::MergeFileInput::new();
        side.content(content);
        side
    };
    let found = git2::merge_file(
        &side(&base),
        &side(&own),
        &side(&theirs),
        Some(&mut options),
    );
    let found = found.map_err(act())?;
    if !found.is_automergeable() {
        return Ok(Merged::Conflict);
    }
    let content = found.content().to_vec();
    Ok(match content == own && mode == own_mode {
        true => Merged::Ours,
        false => Merged::Both(Placed::New { mode, content }),
    })
}

fn with_mode(placed: &Placed, mode: u32) -> Placed {
    match placed.clone() {
        Placed::Item(item) => Placed::Item(Item { mode, ..item }),
        Placed::New { content, .. } => Placed::New { mode, content },
    }
}

/// How a file is merged (gitattributes(5), `merge`).
enum Driver {
    Text,
    Union,
    Binary,
}

fn driver(picking: &Picking<'_>, path: &[u8]) -> Result<Driver, GitError> {
    let Ok(text) = std::str::from_utf8(path) else {
        return Ok(Driver::Text);
    };
    let inner = &picking.repository.inner;
    let flags = git2::AttrCheckFlags::FILE_THEN_INDEX;
    let value = inner.get_attr_bytes(Path::new(text), "merge", flags);
    let value = value.map_err(failed(format!("read the attributes of {text}")))?;
    Ok(match git2::AttrValue::from_bytes(value) {
        git2::AttrValue::False => Driver::Binary,
        git2::AttrValue::String("binary") => Driver::Binary,
        git2::AttrValue::String("union") => Driver::Union,
        _ => Driver::Text,
    })
}
