//! One file that both sides changed.

use super::driver::{Driver, driver};
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
    let driver = driver(picking, path)?;
    if matches!(driver, Driver::Binary | Driver::OnlyGit) {
        return Ok(Merged::Conflict);
    }
    let binary = |content: &Vec<u8>| {
        let first = &content[..content.len().min(FIRST_FEW_BYTES)];
        first.contains(&0)
    };
    if [&base, &own, &theirs].into_iter().any(binary) {
        return Ok(Merged::Conflict);
    }
    let Some(content) = both([&base, &own, &theirs], driver, path)? else {
        return Ok(Merged::Conflict);
    };
    Ok(match content == own && mode == own_mode {
        true => Merged::Ours,
        false => Merged::Both(Placed::New { mode, content }),
    })
}

/// Merges two texts; none: they do not go together, or not in one way only.
///
/// Where lines are repeated, it depends on how they are aligned what goes
/// together and where it goes. Git aligns them by its histogram algorithm, which
/// libgit2 does not offer; where Myers' and the patience algorithm agree, there
/// is little left to differ in.
fn both(sides: [&[u8]; 3], driver: Driver, path: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
    let side = |content| {
        let mut side = git2::MergeFileInput::new();
        side.content(content);
        side
    };
    let [base, own, theirs] = sides.map(side);
    let mut merged = Vec::new();
    for patience in [false, true] {
        let mut options = git2::MergeFileOptions::new();
        options.patience(patience);
        if driver == Driver::Union {
            options.favor(git2::FileFavor::Union);
        }
        let found = git2::merge_file(&base, &own, &theirs, Some(&mut options));
        let act = || format!("merge {}", String::from_utf8_lossy(path));
        let found = found.map_err(failed(act()))?;
        if !found.is_automergeable() {
            return Ok(None);
        }
        merged.push(found.content().to_vec());
    }
    merged.dedup();
    Ok(match merged.len() {
        1 => merged.pop(),
        _ => None,
    })
}

fn with_mode(placed: &Placed, mode: u32) -> Placed {
    match placed.clone() {
        Placed::Item(item) => Placed::Item(Item { mode, ..item }),
        Placed::New { content, .. } => Placed::New { mode, content },
    }
}
