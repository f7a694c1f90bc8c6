//! The files of a release as they are at the commit that it is planned for.
//! Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::release::plan::{Next, PackagePlan, ReleasePlan};
use crate::release::policy::{DebianKind, Policy};
use crate::sys::git::{BranchPlace, FileKind, GitError, Repository};

/// Files at the planned commit, as far as the release touches them.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Content and executable bit by path from the top; a file that is not
    /// there is not in it.
    pub files: BTreeMap<String, (Vec<u8>, bool)>,
    /// Where a release is prepared again: what its files were before the release
    /// commit, if nobody has changed them since; none: they were not there.
    pub before: BTreeMap<String, Option<Vec<u8>>>,
    /// What stands in the place of a file and is none, with what it is.
    pub no_files: BTreeMap<String, &'static str>,
    /// Those of the paths that differ in the work tree or the index; also
    /// untracked files that would be overwritten.
    pub dirty: Vec<String>,
    /// Own templates of notes, by their format's name.
    pub templates: BTreeMap<String, String>,
    /// Where the commit goes.
    pub target: Target,
}

/// Where a release commit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Where HEAD is: on its branch, or, detached, on none. The work tree
    /// follows.
    Head {
        /// The branch.
        branch: Option<String>,
    },
    /// A branch that is not there yet.
    New {
        /// Its name.
        branch: String,
    },
    /// A branch that the planned commit contains; it is put forward.
    Behind {
        /// Its name.
        branch: String,
        /// Where it is.
        at: String,
    },
    /// A branch that has one commit more than the planned one.
    Ahead {
        /// Its name.
        branch: String,
        /// Where it is.
        at: String,
        /// That commit's message.
        message: String,
    },
    /// A branch with commits that the planned one does not contain.
    Diverged {
        /// Its name.
        branch: String,
        /// Where it is.
        at: String,
    },
    /// A branch that is checked out in another work tree.
    Elsewhere {
        /// Its name.
        branch: String,
        /// That work tree.
        work_tree: PathBuf,
    },
}

impl Default for Target {
    fn default() -> Self {
        Self::Head { branch: None }
    }
}

/// Reads the files that the release may touch. `branch` is the one that gets
/// the commit; none: the current one.
pub fn observe(
    repository: &Repository,
    release: &ReleasePlan,
    policy: &Policy,
    branch: Option<&str>,
) -> Result<Tree, GitError> {
    let mut tree = Tree {
        target: target(repository, &release.head, branch)?,
        ..Tree::default()
    };
    let mut reader = Reader {
        repository,
        commit: &release.head,
        tree: repository.commit(&release.head)?.tree,
        into: &mut tree,
        seen: BTreeSet::new(),
        again: None,
    };
    for (package, next) in release.releases() {
        reader.package(policy, package, next)?;
    }
    let paths = reader.seen;
    tree.templates = templates(repository, &release.head, policy)?;
    if matches!(tree.target, Target::Head { .. }) && !repository.is_bare() {
        for path in paths {
            if repository.differs(&path)? {
                tree.dirty.push(path);
            }
        }
    }
    Ok(tree)
}

/// Reads the project's own templates of notes at a commit, by their format's
/// name; one that is not there is left out.
pub fn templates(
    repository: &Repository,
    commit: &str,
    policy: &Policy,
) -> Result<BTreeMap<String, String>, GitError> {
    let tree = repository.commit(commit)?.tree;
    let mut found = BTreeMap::new();
    for (format, path) in &policy.notes.templates {
        if let Some(text) = repository.file(&tree, path)? {
            let text = String::from_utf8_lossy(&text).into_owned();
            found.insert(format.clone(), text);
        }
    }
    Ok(found)
}

struct Reader<'a> {
    repository: &'a Repository,
    commit: &'a str,
    tree: String,
    into: &'a mut Tree,
    seen: BTreeSet<String>,
    again: Option<Former>,
}

/// The trees around a release commit that is made again.
struct Former {
    before: Option<String>,
    after: String,
}

impl Reader<'_> {
    fn package(
        &mut self,
        policy: &Policy,
        package: &PackagePlan,
        next: &Next,
    ) -> Result<(), GitError> {
        if next.binary_only {
            return Ok(());
        }
        self.again = match &next.again {
            Some(former) => Some(self.former(former)?),
            None => None,
        };
        let unit = &policy.units[package.unit];
        for file in &unit.version_files {
            self.file(&file.path)?;
            let text = self.into.files.get(&file.path).cloned();
            let text = text.and_then(|(text, _)| String::from_utf8(text).ok());
            for companion in text.map(|text| file.companions(&text)).unwrap_or_default() {
                self.file(&companion.path)?;
            }
        }
        let changelog = match &unit.debian {
            DebianKind::Changelog { path } => Some(path),
            DebianKind::Declared { changelog, .. } => changelog.as_ref(),
        };
        let requirements = next.requirements.iter().map(|(file, _)| &file.path);
        for path in changelog
            .into_iter()
            .chain(&unit.changes_file)
            .chain(requirements)
        {
            self.file(path)?;
        }
        Ok(())
    }

    fn former(&self, commit: &str) -> Result<Former, GitError> {
        let (parents, _) = self.repository.parents_and_message(commit)?;
        let before = match parents.first() {
            Some(parent) => Some(self.repository.commit(parent)?.tree),
            None => None,
        };
        let after = self.repository.commit(commit)?.tree;
        Ok(Former { before, after })
    }

    fn file(&mut self, path: &str) -> Result<(), GitError> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let program = match self.repository.file_kind(self.commit, path)? {
            FileKind::Nothing => return Ok(()),
            FileKind::Other(what) => {
                self.into.no_files.insert(path.to_owned(), what);
                return Ok(());
            }
            FileKind::Plain => false,
            FileKind::Program => true,
        };
        if let Some(content) = self.repository.file(&self.tree, path)? {
            if let Some(former) = &self.again
                && self.repository.file(&former.after, path)?.as_ref() == Some(&content)
            {
                let before = match &former.before {
                    Some(tree) => self.repository.file(tree, path)?,
                    None => None,
                };
                self.into.before.insert(path.to_owned(), before);
            }
            let file = (content, program);
            self.into.files.insert(path.to_owned(), file);
        }
        Ok(())
    }
}

fn target(repository: &Repository, head: &str, branch: Option<&str>) -> Result<Target, GitError> {
    let current = repository.branch_of_head()?;
    let Some(branch) = branch.filter(|branch| current.as_deref() != Some(branch)) else {
        return Ok(Target::Head { branch: current });
    };
    let branch = branch.to_owned();
    let Some(at) = repository.ref_target(&format!("refs/heads/{branch}"))? else {
        return Ok(Target::New { branch });
    };
    if let BranchPlace::Elsewhere(work_tree) = repository.branch_place(&branch)? {
        return Ok(Target::Elsewhere { branch, work_tree });
    }
    if repository.is_ancestor(&at, head)? {
        return Ok(Target::Behind { branch, at });
    }
    let (parents, message) = repository.parents_and_message(&at)?;
    Ok(if parents == [head] {
        let at = at.clone();
        Target::Ahead {
            branch,
            at,
            message,
        }
    } else {
        Target::Diverged { branch, at }
    })
}

#[cfg(test)]
mod tests;
