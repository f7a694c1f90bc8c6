//! What lies between two commits: the commits, and unified diffs of trees.

use std::path::Path;

use git2::{DiffOptions, Oid, Sort};

use super::export::{TreeEntry, TreeEntryKind};
use super::{GitError, Repository, failed, text};
use crate::format::export_subst::{CommitFacts, Moment};
use crate::sys::files::{self, Access};

/// A unified diff that patch(1) takes with `-p1`, and what it cannot hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnifiedDiff {
    /// The diff; empty when nothing is different.
    pub text: Vec<u8>,
    /// Changes that no such diff can hold, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
}

impl Repository {
    /// Reads a commit with everything that git's formats print of it.
    pub fn commit_facts(&self, id: &str) -> Result<CommitFacts, GitError> {
        let action = || failed(format!("read the commit {id}"));
        let parsed = Oid::from_str(id).map_err(action())?;
        let commit = self.inner.find_commit(parsed).map_err(action())?;
        let encoding = text::encoding(&commit);
        let text = |bytes: &[u8]| text::utf8(bytes, &encoding);
        let moment = |who: git2::Signature<'_>| Moment {
            name: text(who.name_bytes()),
            email: text(who.email_bytes()),
            seconds: who.when().seconds(),
            offset_minutes: who.when().offset_minutes(),
        };
        Ok(CommitFacts {
            id: id.to_owned(),
            tree: commit.tree_id().to_string(),
            parents: commit.parent_ids().map(|id| id.to_string()).collect(),
            author: moment(commit.author()),
            committer: moment(commit.committer()),
            message: text(commit.message_raw_bytes()),
        })
    }

    /// Lists the commits that `newer` has and `older` has not, parents first.
    pub fn commits_between(&self, older: &str, newer: &str) -> Result<Vec<CommitFacts>, GitError> {
        let action = || failed(format!("list the commits from {older} to {newer}"));
        let id = |text: &str| Oid::from_str(text).map_err(action());
        let mut walk = self.inner.revwalk().map_err(action())?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)
            .map_err(action())?;
        walk.push(id(newer)?).map_err(action())?;
        walk.hide(id(older)?).map_err(action())?;
        let mut found = Vec::new();
        for id in walk {
            found.push(self.commit_facts(&id.map_err(action())?.to_string())?);
        }
        Ok(found)
    }

    /// Lists what is in a tree itself, not in its directories.
    pub fn directory(&self, tree: &str) -> Result<Vec<TreeEntry>, GitError> {
        let tree = self.tree(tree)?;
        let entry = |entry: git2::TreeEntry<'_>| TreeEntry {
            path: entry.name_bytes().to_vec(),
            kind: match entry.filemode() {
                0o040000 => TreeEntryKind::Directory,
                0o120000 => TreeEntryKind::Symlink,
                0o160000 => TreeEntryKind::Submodule,
                mode => TreeEntryKind::File {
                    executable: mode & 0o100 != 0,
                },
            },
            id: entry.id().to_string(),
        };
        Ok(tree.iter().map(entry).collect())
    }

    /// Makes a repository in a new directory that has the objects of this one
    /// and these refs, and nothing else: for tools that read refs by name, and
    /// must neither see others nor leave anything here.
    pub fn lend_objects(&self, directory: &Path, refs: &[(&str, &str)]) -> Result<(), GitError> {
        let action = || failed(format!("lend its objects to {}", directory.display()));
        let made = git2::Repository::init(directory).map_err(action())?;
        let objects = self.inner.commondir().join("objects");
        let list = made.path().join("objects/info/alternates");
        let text = format!("{}\n", objects.display());
        files::create_dir(list.parent().unwrap_or(directory))?;
        files::replace(&list, text.as_bytes(), Access::Public)?;
        // Opened again, it sees the objects.
        let made = git2::Repository::open(directory).map_err(action())?;
        for (name, id) in refs {
            let id = Oid::from_str(id).map_err(action())?;
            made.reference(name, id, true, "lent").map_err(action())?;
        }
        Ok(())
    }

    /// Compares two trees but for the paths that `leave_out` names.
    ///
    /// The bytes depend on the trees alone: the comparison is libgit2's own,
    /// with three lines of context and without renames.
    pub fn unified_diff(
        &self,
        from: &str,
        to: &str,
        leave_out: &dyn Fn(&str) -> bool,
    ) -> Result<UnifiedDiff, GitError> {
        let action = || failed(format!("compare the trees {from} and {to}"));
        let (from_tree, to_tree) = (self.tree(from)?, self.tree(to)?);
        let mut options = DiffOptions::new();
        options.context_lines(3).old_prefix("a").new_prefix("b");
        options.ignore_submodules(true);
        let diff = self
            .inner
            .diff_tree_to_tree(Some(&from_tree), Some(&to_tree), Some(&mut options))
            .map_err(action())?;
        let mut found = UnifiedDiff::default();
        for number in 0..diff.deltas().len() {
            let delta = diff.get_delta(number).expect("it was counted");
            let path = delta.new_file().path_bytes();
            let path = path.or_else(|| delta.old_file().path_bytes());
            let path = String::from_utf8_lossy(path.unwrap_or_default()).into_owned();
            if leave_out(&path) {
                continue;
            }
            let (old, new) = (delta.old_file().mode(), delta.new_file().mode());
            let link = git2::FileMode::Link;
            if old == link || new == link {
                found.left_out.push((path, "a symbolic link"));
                continue;
            }
            let patch = git2::Patch::from_diff(&diff, number).map_err(action())?;
            let Some(mut patch) = patch.filter(|patch| !patch.delta().flags().is_binary()) else {
                found.left_out.push((path, "a binary file"));
                continue;
            };
            let gone = git2::FileMode::Unreadable;
            if old != new && old != gone && new != gone {
                found.left_out.push((path.clone(), "an executable bit"));
            }
            if new == git2::FileMode::BlobExecutable && old == gone {
                found.left_out.push((path.clone(), "an executable bit"));
            }
            if patch.num_hunks() == 0 {
                if old == gone || new == gone {
                    found.left_out.push((path, "an empty file"));
                }
                continue;
            }
            let text = patch.to_buf().map_err(action())?;
            found.text.extend_from_slice(after_git_header(&text));
        }
        Ok(found)
    }
}

/// Leaves git's own header out: patch(1) would obey it where dpkg does not
/// look (modes, links).
fn after_git_header(text: &[u8]) -> &[u8] {
    const FIRST: &[u8] = b"\n--- ";
    let at = text.windows(FIRST.len()).position(|w| w == FIRST);
    at.map_or(text, |at| &text[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;

    #[test]
    fn git_applies_what_is_written_and_the_rest_is_named() {
        let scratch = Scratch::new();
        scratch.write("kept", "one\ntwo\nthree\n");
        scratch.write("gone", "old\n");
        scratch.write("debian/rules", "a\n");
        let before = scratch.commit("before");
        scratch.write("kept", "one\n2\nthree");
        scratch.write("new/file", "new\n");
        scratch.write("empty", "");
        scratch.write("debian/rules", "b\n");
        scratch.write("binary", "\0\u{1}");
        scratch.git("rm -q gone");
        let after = scratch.commit("after");
        let repository = scratch.repository();
        let tree = |id: &str| repository.commit(id).expect("a commit").tree;
        let diff = repository
            .unified_diff(&tree(&before), &tree(&after), &|path| {
                path.starts_with("debian/")
            })
            .expect("compares");
        let left_out: Vec<_> = diff
            .left_out
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(left_out, ["binary", "empty"]);
        scratch.git(&format!("checkout -q {before}"));
        std::fs::write(scratch.dir().join("p"), &diff.text).expect("writes");
        scratch.git("apply ../p");
        assert_eq!(scratch.read("kept"), "one\n2\nthree");
        assert_eq!(scratch.read("new/file"), "new\n");
        assert!(!scratch.top().join("gone").exists());
        assert_eq!(scratch.read("debian/rules"), "a\n");
        let between = repository.commits_between(&before, &after).expect("lists");
        assert_eq!(between.len(), 1);
        assert_eq!(between[0].id, after);
        assert_eq!(between[0].author.name, "Una");
    }
}
