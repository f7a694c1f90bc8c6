//! The files of a release as they are at the commit that it is planned for.
//! Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::edits::is_that_release;
use super::plan::FileEdit;
use crate::format::changelog::Entry;
use crate::model::Timestamp;
use crate::release::plan::{Next, PackagePlan, ReleasePlan};
use crate::release::policy::Policy;
use crate::release::version_file::{VersionFile, VersionFileError};
use crate::sys::git::{BranchPlace, Descend, FileKind, GitError, ObjectId, Repository};

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
    /// What those hold in the work tree, where they are regular files: a run
    /// before this one may have written what this one would.
    pub work_tree: BTreeMap<String, Vec<u8>>,
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

impl Tree {
    /// Tells whether the work tree has a file's new content already.
    pub fn has(&self, file: &FileEdit) -> bool {
        self.work_tree.get(&file.path) == Some(&file.after)
    }

    /// Returns when a run before this one wrote the release's entry into a
    /// changelog of the work tree and did not commit it.
    pub(super) fn written(&self, release: &ReleasePlan, policy: &Policy) -> Option<Timestamp> {
        release.releases().find_map(|(package, next)| {
            let path = policy.units[package.unit].changelog_path()?;
            let newest = Entry::newest(self.work_tree.get(path)?).ok()?;
            is_that_release(&newest, package, next).then_some(newest.date)
        })
    }
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
        own: BTreeSet::new(),
    };
    for (package, next) in release.releases() {
        reader.package(policy, package, next)?;
    }
    let paths = reader.seen;
    tree.templates = templates(repository, &release.head, policy)?;
    if matches!(tree.target, Target::Head { .. }) && !repository.is_bare() {
        for path in paths {
            if repository.differs(&path)? {
                if let Some(content) = regular_file(&repository.top().join(&path)) {
                    tree.work_tree.insert(path.clone(), content);
                }
                tree.dirty.push(path);
            }
        }
    }
    Ok(tree)
}

/// Reads a file of the work tree; one that cannot be read is somebody else's
/// whatever it holds.
fn regular_file(place: &Path) -> Option<Vec<u8>> {
    let is_file = place.symlink_metadata().is_ok_and(|there| there.is_file());
    is_file.then(|| fs::read(place).ok()).flatten()
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

/// How often a version file may send to another one.
const FOLLOWED: usize = 4;

struct Reader<'a> {
    repository: &'a Repository,
    commit: &'a str,
    tree: String,
    into: &'a mut Tree,
    seen: BTreeSet<String>,
    again: Option<Former>,
    /// The texts that only the package at hand writes.
    own: BTreeSet<String>,
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
        // What others write, too, is edited as it is.
        let others = policy.units.iter().enumerate();
        let others: BTreeSet<&str> = others
            .filter(|(at, _)| *at != package.unit)
            .flat_map(|(_, other)| {
                other
                    .changelog_path()
                    .into_iter()
                    .chain(other.changes_file.as_deref())
            })
            .collect();
        let texts = unit
            .changelog_path()
            .into_iter()
            .chain(unit.changes_file.as_deref());
        self.own = texts
            .filter(|path| !others.contains(path))
            .map(str::to_owned)
            .collect();
        for file in &unit.version_files {
            self.version_file(file, FOLLOWED)?;
        }
        let requirements = next.requirements.iter().map(|(file, _)| file.path.as_str());
        for path in unit
            .changelog_path()
            .into_iter()
            .chain(unit.changes_file.as_deref())
            .chain(requirements)
        {
            self.file(path)?;
        }
        Ok(())
    }

    /// Reads a version file, its companions, and those that it may take its
    /// version from.
    fn version_file(&mut self, file: &VersionFile, steps: usize) -> Result<(), GitError> {
        self.file(&file.path)?;
        let text = self.into.files.get(&file.path).cloned();
        let Some(text) = text.and_then(|(text, _)| String::from_utf8(text).ok()) else {
            return Ok(());
        };
        for companion in file.companions(&text) {
            self.file(&companion.path)?;
            if companion.is_told_by_version() && self.into.files.contains_key(&companion.path) {
                self.manifests()?;
            }
        }
        let is_dynamic = matches!(
            file.version_in(&text),
            Err(VersionFileError::Dynamic { .. })
        );
        if is_dynamic && steps > 0 {
            for source in file.follows(&text) {
                self.version_file(&source, steps - 1)?;
            }
        }
        Ok(())
    }

    /// Reads the manifests of Cargo's packages: which of them share a
    /// workspace's version, they say themselves.
    fn manifests(&mut self) -> Result<(), GitError> {
        let mut paths = Vec::new();
        self.repository
            .objects()?
            .compare(None, ObjectId::from_hex(&self.tree), &mut |found| {
                let path = String::from_utf8_lossy(found.path);
                if path.ends_with("/Cargo.toml") {
                    paths.push(path.into_owned());
                }
                Descend::Into
            })?;
        paths.iter().try_for_each(|path| self.file(path))
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
                && self.own.contains(path)
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
