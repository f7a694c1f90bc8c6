//! Whether commits change the same, as git-patch-id(1) tells it: by the lines
//! that come and go and those around them, without white space and line numbers.
//!
//! Ids are compared among themselves only, so they are not git's own digests.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Descend, Difference, GitError, Item, ObjectId, Objects, failed};
use crate::model::Sha256;

/// The patch ids of commits, each computed once: they cost a diff.
pub(super) struct PatchIds<'o> {
    objects: &'o Objects<'o>,
    known: HashMap<ObjectId, Sha256>,
}

/// How many bytes git looks at to tell text from other content
/// (`buffer_is_binary`, xdiff-interface.c).
const FIRST_FEW_BYTES: usize = 8000;

impl<'o> PatchIds<'o> {
    pub(super) fn new(objects: &'o Objects<'o>) -> Self {
        Self {
            objects,
            known: HashMap::new(),
        }
    }

    /// Tells whether two commits change the same.
    pub(super) fn are_equal(&mut self, a: ObjectId, b: ObjectId) -> Result<bool, GitError> {
        Ok(self.of(a)? == self.of(b)?)
    }

    fn of(&mut self, id: ObjectId) -> Result<Sha256, GitError> {
        Ok(match self.known.entry(id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(patch_id(self.objects, id)?),
        })
    }
}

fn patch_id(objects: &Objects<'_>, id: ObjectId) -> Result<Sha256, GitError> {
    let commit = objects.commit(id)?;
    let before = objects.tree_before(id, &commit)?;
    let mut text = Vec::new();
    let mut outcome = Ok(());
    objects.compare(before, Some(commit.tree), &mut |found| {
        if !found.is_directory() && outcome.is_ok() {
            outcome = file(objects, found, &mut text);
        }
        Descend::Into
    })?;
    outcome?;
    Ok(Sha256::of(&text))
}

/// Writes what is hashed of a file: its path, whether it comes or goes, and its
/// lines, or its objects where it has none.
fn file(objects: &Objects<'_>, found: &Difference<'_>, text: &mut Vec<u8>) -> Result<(), GitError> {
    let presence = match (found.before, found.after) {
        (None, Some(after)) => format!("new {:o}", after.mode),
        (Some(before), None) => format!("gone {:o}", before.mode),
        _ => String::new(),
    };
    for part in [found.path, b"\0", presence.as_bytes(), b"\0"] {
        text.extend_from_slice(part);
    }
    let content = |item: Option<Item>| match item {
        // A submodule has no content here.
        Some(item) if item.mode == 0o160000 => Ok(None),
        Some(item) if item.is_directory() => Ok(Some(Vec::new())),
        Some(item) => objects.content(item.id).map(Some),
        None => Ok(Some(Vec::new())),
    };
    let is_text = |content: &Vec<u8>| {
        let first = &content[..content.len().min(FIRST_FEW_BYTES)];
        !first.contains(&0)
    };
    let (old, new) = (content(found.before)?, content(found.after)?);
    match (old.filter(is_text), new.filter(is_text)) {
        (Some(old), Some(new)) => lines(&old, &new, text),
        _ => {
            for side in [found.before, found.after] {
                let id = side.map_or(String::new(), |item| item.id.to_string());
                text.extend_from_slice(id.as_bytes());
                text.push(b'\0');
            }
            Ok(())
        }
    }
}

fn lines(old: &[u8], new: &[u8], text: &mut Vec<u8>) -> Result<(), GitError> {
    let act = || failed("compare two files");
    let patch = git2::Patch::from_buffers(old, None, new, None, None).map_err(act())?;
    for hunk in 0..patch.num_hunks() {
        for line in 0..patch.num_lines_in_hunk(hunk).map_err(act())? {
            let line = patch.line_in_hunk(hunk, line).map_err(act())?;
            // What ends without a line feed is told apart by others: =, > and <.
            let origin = match line.origin() {
                '+' => b'+',
                '-' => b'-',
                ' ' => b' ',
                _ => continue,
            };
            text.push(origin);
            let visible = line
                .content()
                .iter()
                .filter(|byte| !byte.is_ascii_whitespace());
            text.extend(visible);
            text.push(b'\n');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::git::scratch::Scratch;
    use crate::sys::process::Tool;

    #[test]
    fn what_git_takes_for_the_same_is_the_same() {
        let scratch = Scratch::new();
        let lines = |changed: &str| -> String {
            let line = |at: usize| match at {
                10 => changed.to_owned(),
                at => format!("line {at}\n"),
            };
            (0..20).map(line).collect()
        };
        let write = |head: &str, changed: &str| {
            scratch.write("d/a", &format!("{head}{}", lines(changed)));
        };
        write("", "line 10\n");
        scratch.write("b", "b\n");
        let base = scratch.commit("base");
        let mut commits = Vec::new();
        for (head, changed, other) in [
            ("", "new\n", "b\n"),
            // Elsewhere in the file, with other white space.
            ("more\nlines\nabove\n\n", "n e\tw\n", "b\n"),
            ("", "newer\n", "b\n"),
            ("", "new\n", "c\n"),
            ("", "new\n", "b\0\n"),
        ] {
            scratch.git(&format!("checkout -q --detach {base}"));
            write(head, "line 10\n");
            scratch.git("commit -q -a --allow-empty -m before");
            write(head, changed);
            scratch.write("b", other);
            commits.push(scratch.commit("after"));
        }
        let by_git: Vec<String> = (commits.iter())
            .map(|commit| {
                let patch = scratch.git(&format!("show {commit}"));
                let tool = Tool::new("git").envs(scratch.environment().variables());
                let tool = tool.args(["patch-id", "--stable"]).input(patch + "\n");
                let (_, output) = tool.finish().expect("git runs");
                let found = String::from_utf8_lossy(&output.stdout).into_owned();
                found.split(' ').next().unwrap_or_default().to_owned()
            })
            .collect();
        let repository = scratch.repository();
        let objects = repository.objects().expect("objects");
        let mut ids = PatchIds::new(&objects);
        let id = |text: &String| ObjectId::from_hex(text).expect("an id");
        for (at, a) in commits.iter().enumerate() {
            for (other, b) in commits.iter().enumerate() {
                let same = ids.are_equal(id(a), id(b)).expect("compares");
                assert_eq!(same, by_git[at] == by_git[other], "{at} {other}");
            }
        }
        assert_eq!(by_git[0], by_git[1]);
    }
}
