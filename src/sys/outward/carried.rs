//! A mark that came along: whoever marks a repository puts a branch beside what
//! it is about, and pushes it to the private remotes. Every clone of them gets
//! it with the rest, and is closed by it before anybody has said a word there.

use std::path::Path;

use serde::Deserialize;

use super::{Mark, OutwardError};
use crate::model::Timestamp;

/// Where the branches of marks are, below `refs/heads/`.
pub const BRANCHES: &str = "debcut-embargo";

/// A mark that came along.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The ref that brought it.
    pub name: String,
    /// What its file says.
    pub text: Vec<u8>,
    /// What the gate reads of that.
    pub mark: Mark,
}

/// What else the gate reads of its file.
#[derive(Deserialize)]
struct Set {
    #[serde(default)]
    since: Option<Timestamp>,
}

impl Carried {
    /// Returns when the embargo was set; none: its file does not say it.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let set: Option<Set> = serde_json::from_slice(&self.text).ok();
        set.and_then(|set| set.since)
    }
}

/// Lists those of a repository, by the directory of debcut's notes in it.
pub fn carried(notes: &Path) -> Result<Vec<Carried>, OutwardError> {
    let Some(git) = notes.parent().filter(|git| may_have(git)) else {
        return Ok(Vec::new());
    };
    let unknown = |source| OutwardError::Repository {
        path: git.to_owned(),
        source,
    };
    let repository = git2::Repository::open(git).map_err(unknown)?;
    let mut found = Vec::new();
    for reference in repository.references().map_err(unknown)? {
        let reference = reference.map_err(unknown)?;
        let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
        if !is_one(&name) {
            continue;
        }
        let blob = reference.peel_to_commit().and_then(|commit| {
            let tree = commit.tree()?;
            let entry = tree.get_path(Path::new(Mark::FILE))?;
            repository.find_blob(entry.id())
        });
        let text = blob.map_err(unknown)?.content().to_owned();
        let mark = serde_json::from_slice(&text);
        let path = git.join(&name);
        let mark = mark.map_err(|source| OutwardError::Unreadable { path, source })?;
        found.push(Carried { name, text, mark });
    }
    Ok(found)
}

/// Tells whether a ref is the branch of a mark, here or as a remote's.
fn is_one(name: &str) -> bool {
    let branch = format!("/{BRANCHES}/");
    let own = name
        .strip_prefix("refs/heads/")
        .map(|rest| format!("/{rest}"));
    match own {
        Some(rest) => rest.starts_with(&branch),
        None => name.starts_with("refs/remotes/") && name.contains(&branch),
    }
}

/// Tells whether a repository may have one, without opening it: the gate is
/// asked before each write.
fn may_have(git: &Path) -> bool {
    let packed = std::fs::read(git.join("packed-refs")).unwrap_or_default();
    let needle = format!("/{BRANCHES}/").into_bytes();
    let is_packed = || {
        let mut windows = packed.windows(needle.len());
        windows.any(|window| window == needle)
    };
    let refs = git.join("refs");
    let remotes = std::fs::read_dir(refs.join("remotes"));
    let remotes = remotes.into_iter().flatten().flatten();
    let mut places = remotes
        .map(|entry| entry.path())
        .chain([refs.join("heads")]);
    places.any(|place| place.join(BRANCHES).is_dir()) || is_packed()
}

#[cfg(test)]
mod tests {
    use super::is_one;

    #[test]
    fn only_branches_are_marks() {
        for (name, want) in [
            ("refs/heads/debcut-embargo/ORCHID", true),
            ("refs/remotes/origin/debcut-embargo/ORCHID", true),
            ("refs/heads/a/debcut-embargo/ORCHID", false),
            ("refs/heads/debcut-embargoes", false),
            ("refs/tags/debcut-embargo/ORCHID", false),
        ] {
            assert_eq!(is_one(name), want, "{name}");
        }
    }
}
