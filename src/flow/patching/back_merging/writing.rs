//! The commits that bring a release to a branch.

use super::{Run, Source, Target};
use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::flow::patching::PatchingError;
use crate::model::Finding;
use crate::release::back_merge::Taken;
use crate::release::trailer::SYNCED;
use crate::sys::git::{CommitError, FileKind, Grafted, NewCommit, PlacedBlob};

impl Run<'_> {
    /// Writes a commit that brings the words and versions alone.
    pub(super) fn pick(
        &self,
        target: &Target,
        source: &Source,
        taken: &Taken,
    ) -> Result<Option<String>, FlowError> {
        if taken.files.is_empty() {
            return Ok(None);
        }
        let repository = self.repository();
        let mut placed = Vec::new();
        for (path, file) in &taken.files {
            let kind = repository.file_kind(&target.to, path)?;
            placed.push(PlacedBlob {
                path: path.clone(),
                blob: repository.write_blob(&file.after)?,
                executable: kind == FileKind::Program,
            });
        }
        let tree = repository.write_tree(&target.to, &placed)?;
        let names: Vec<String> = taken
            .releases
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        let what = match names.is_empty() {
            true => source.tag.to_string(),
            false => names.join(", "),
        };
        let mut message = format!(
            "chore(release): take over {what}\n\n\
             The changelog's entries and the versions of {} on {}.\n\n\
             (cherry picked from commit {})\n",
            source.tag, source.branch, source.commit
        );
        let synced = match names.is_empty() {
            true => &source.releases,
            false => &names,
        };
        for name in synced {
            message += &format!("{SYNCED}: {name}\n");
        }
        let commit = self.commit(&target.to, &tree, &message);
        self.git
            .write_commit(&commit)
            .map(Some)
            .map_err(|error| PatchingError::Commit(error).into())
    }

    /// Writes a merge of the release; where the branch has nothing of its own,
    /// it goes forward to the release.
    pub(super) fn merge(
        &mut self,
        target: &Target,
        source: &Source,
        taken: &Taken,
        parted: Option<&str>,
    ) -> Result<Option<String>, FlowError> {
        let Some(parted) = parted else {
            let why = format!("it has no history in common with {}", source.tag);
            let finding = Finding::error("back-merge-unrelated", target.branch.as_str(), why);
            self.findings
                .push(finding.fix("--by pick brings changelog and versions alone"));
            return Ok(None);
        };
        if parted == target.to {
            return Ok(Some(source.commit.clone()));
        }
        let repository = self.repository();
        let alike = |commit: &str, side: usize| -> Result<String, FlowError> {
            let mut placed = Vec::new();
            for (path, sides) in &taken.alike {
                let kind = repository.file_kind(commit, path)?;
                if let (Some(content), FileKind::Plain | FileKind::Program) = (&sides[side], kind) {
                    placed.push(PlacedBlob {
                        path: path.clone(),
                        blob: repository.write_blob(content)?,
                        executable: kind == FileKind::Program,
                    });
                }
            }
            Ok(repository.write_tree(commit, &placed)?)
        };
        let (base, own) = (alike(parted, 2)?, alike(&target.to, 0)?);
        let theirs = alike(&source.commit, 1)?;
        let tree = match repository.merge_trees(&base, &own, &theirs)? {
            Grafted::Tree(tree) => tree,
            // A merge has its tag in the history, whatever it brings.
            Grafted::Nothing => own,
            Grafted::Conflicts(paths) => {
                let paths: Vec<String> = paths.into_iter().collect();
                let why = format!(
                    "a merge of {} conflicts in {}",
                    source.tag,
                    paths.join(", ")
                );
                let finding = Finding::error("back-merge-conflict", target.branch.as_str(), why);
                self.findings.push(finding.fix(format!(
                    "git merge {} on {} and resolve it there, or --by pick: changelog and \
                     versions alone",
                    source.tag, target.branch
                )));
                return Ok(None);
            }
        };
        let mut message = format!("Merge tag '{}' into {}\n\n", source.tag, target.branch);
        for name in &source.releases {
            message += &format!("{SYNCED}: {name}\n");
        }
        let commit = self.commit(&target.to, &tree, &message);
        self.git
            .write_merge(&commit, &source.commit)
            .map(Some)
            .map_err(|error: CommitError| PatchingError::Commit(error).into())
    }

    fn commit<'b>(&'b self, parent: &'b str, tree: &'b str, message: &'b str) -> NewCommit<'b> {
        NewCommit {
            parent,
            tree,
            author: authored(&self.wanted.author, self.wanted.date),
            message,
        }
    }
}
