//! The repository with its configuration: of the work tree for what the user
//! wants now, of the tag's tree for what a package is made of.

use std::path::{Path, PathBuf};

use super::FlowError;
use crate::build::Package;
use crate::build::observe::Wanted;
use crate::config::{self, Project, Surroundings};
use crate::format::control::SourceControl;
use crate::model::{Finding, PackageName, TagName};
use crate::release::Policy;
use crate::release::policy::Hook;
use crate::sys::files;
use crate::sys::git::Repository;

/// A repository and what its work tree's configuration says.
pub struct Workspace {
    /// The repository.
    pub repository: Repository,
    /// The configuration in the work tree, or the one that was named.
    pub project: Project,
    /// Whose `[patch]` it has; none: the one of the configuration itself.
    pub ruled: Option<Ruled>,
    named: Option<(PathBuf, String)>,
    in_work_tree: bool,
    hooks: Vec<Hook>,
}

/// The branch whose `[patch]` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    /// Its name.
    pub by: String,
    /// Whether what is checked out says otherwise.
    pub otherwise_here: bool,
}

impl Workspace {
    /// Opens the repository that `directory` is in; `config` replaces its
    /// `debcut.toml`, in the work tree and in every tag. A bare repository is
    /// configured by the tree of its HEAD.
    pub fn open(directory: &Path, config: Option<&Path>) -> Result<Self, FlowError> {
        let repository = Repository::discover(directory)?;
        let usual = repository.top().join(config::FILE_NAME);
        let (named, text, shown) = match config {
            Some(path) => {
                let text = String::from_utf8_lossy(&files::read(path)?).into_owned();
                (
                    Some((path.to_owned(), text.clone())),
                    text,
                    path.display().to_string(),
                )
            }
            None => {
                let found = match repository.is_bare() {
                    false => files::read_if_there(&usual)?,
                    true => match repository.commit("HEAD") {
                        Ok(head) => repository.file(&head.tree, config::FILE_NAME)?,
                        // There is no commit yet.
                        Err(_) => None,
                    },
                };
                let text = found.unwrap_or_default();
                let text = String::from_utf8_lossy(&text).into_owned();
                (None, text, config::FILE_NAME.to_owned())
            }
        };
        let project = Project::parse(&shown, &text)?;
        Ok(Self {
            ruled: None,
            hooks: project.release.hooks.clone(),
            in_work_tree: usual.is_file(),
            repository,
            project,
            named,
        })
    }

    /// Opens a throw-away copy of the repository in the same way, but without
    /// hooks: what they do to the world does not go away with it.
    pub fn copy_at(&self, directory: &Path) -> Result<Self, FlowError> {
        let config = self.named.as_ref().map(|(path, _)| path.as_path());
        let mut copy = Self {
            hooks: Vec::new(),
            ruled: self.ruled.clone(),
            ..Self::open(directory, config)?
        };
        if self.ruled.is_some() {
            // The copy need not have the branch whose rules count.
            copy.project.patch = self.project.patch.clone();
            copy.project.patch_channels = self.project.patch_channels.clone();
        }
        Ok(copy)
    }

    /// Tells whether a configuration was named in place of the repository's.
    pub fn is_configured_by_name(&self) -> bool {
        self.named.is_some()
    }

    /// Opens the same repository once more, for another thread.
    pub fn again(&self) -> Result<Self, FlowError> {
        Ok(Self {
            repository: Repository::discover(self.repository.top())?,
            project: self.project.clone(),
            ruled: self.ruled.clone(),
            named: self.named.clone(),
            in_work_tree: self.in_work_tree,
            hooks: self.hooks.clone(),
        })
    }

    /// Refuses to write what HEAD's own configuration does not say: a build reads
    /// it from the tag, not from the work tree.
    pub fn committed_configuration(&self) -> Result<Option<Finding>, FlowError> {
        // Where there is no commit yet, that is what lacks.
        let fixed = self.named.is_some() || self.repository.is_bare();
        if fixed || self.repository.commit("HEAD").is_err() {
            return Ok(None);
        }
        if !self.repository.differs(config::FILE_NAME)? {
            return Ok(None);
        }
        let message = "it is not committed as it is: the release would have another one";
        let finding = Finding::error("dirty-release-file", config::FILE_NAME, message);
        Ok(Some(finding.fix("commit it, or git stash it")))
    }

    /// Returns the project's own commands around the steps.
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// Returns how the project releases: by the configuration of the work tree,
    /// which is what the user wants now, and for what it leaves open by the
    /// tree of a revision (`HEAD`), the repository's tags and its remote. A
    /// package that only `debian/` describes has the usual policy.
    pub fn policy(&self, revision: &str) -> Result<Policy, FlowError> {
        let tree = self.repository.commit(revision)?.tree;
        let mut project = self.project.clone();
        if project.packages.is_empty() {
            let control = self.repository.file(&tree, "debian/control")?;
            let Some(control) = control else {
                return Err(FlowError::NoPackage {
                    revision: revision.to_owned(),
                    only_in_work_tree: false,
                });
            };
            project.adopt(debian_package(&control, revision)?);
        }
        let tags = self.repository.tag_names()?;
        let remote = self.repository.remote_url(&project.release.remote)?;
        Ok(project.policy(&Surroundings {
            has_file: &|path| matches!(self.repository.file(&tree, path), Ok(Some(_))),
            tags: &tags,
            remote: remote.as_deref(),
        }))
    }

    /// Decides what to build when no tag was named: the one tag of HEAD that is
    /// a release of a package (of this one, if one is named).
    pub fn tag_at_head(&self, name: Option<&PackageName>) -> Result<TagName, FlowError> {
        let mut tags = self.repository.tags_at_head()?;
        tags.retain(|tag| {
            let found = self.package(&Wanted::Tag(tag.clone()), name);
            !matches!(found, Err(FlowError::UnknownTagStyle { .. }))
        });
        match (tags.len(), tags.pop()) {
            (1, Some(tag)) => Ok(tag),
            (_, last) => {
                tags.extend(last);
                Err(FlowError::NoTagAtHead { tags })
            }
        }
    }

    /// Reads what a revision describes and picks the package that is meant.
    pub fn package(
        &self,
        wanted: &Wanted,
        name: Option<&PackageName>,
    ) -> Result<Package, FlowError> {
        let (commit, revision) = match wanted {
            Wanted::Tag(tag) => (self.repository.tag(tag.as_str())?.commit, tag.as_str()),
            Wanted::Commit(commit) | Wanted::Release { commit, .. } => {
                (self.repository.commit(commit)?, commit.as_str())
            }
        };
        let mut packages = self.packages(&commit.tree, revision)?;
        if let Some(name) = name {
            let known: Vec<_> = packages.iter().map(|p| p.name.to_string()).collect();
            packages.retain(|package| package.name == *name);
            if packages.is_empty() {
                let (revision, wanted) = (revision.to_owned(), name.to_string());
                return Err(FlowError::UnknownPackage {
                    revision,
                    wanted,
                    known,
                });
            }
        }
        if let Wanted::Tag(tag) = wanted {
            let patterns = packages.iter().map(|package| {
                let patterns: Vec<_> = package.tags.iter().map(ToString::to_string).collect();
                format!("{} ({})", package.name, patterns.join(", "))
            });
            let patterns: Vec<_> = patterns.collect();
            let releases = |package: &Package| {
                package
                    .tags
                    .iter()
                    .any(|pattern| pattern.version_in(tag.as_str()).is_some())
            };
            packages.retain(releases);
            if packages.is_empty() {
                let tag = tag.to_string();
                return Err(FlowError::UnknownTagStyle { tag, patterns });
            }
        }
        let names = packages
            .iter()
            .map(|package| package.name.to_string())
            .collect();
        match (packages.len(), packages.pop()) {
            (1, Some(package)) => Ok(package),
            _ => {
                let revision = revision.to_owned();
                Err(FlowError::SeveralPackages {
                    revision,
                    packages: names,
                })
            }
        }
    }

    /// Reads every package that a tree describes; one with `debian/` needs no
    /// description.
    fn packages(&self, tree: &str, revision: &str) -> Result<Vec<Package>, FlowError> {
        let in_tree = self.repository.file(tree, config::FILE_NAME)?;
        let shown = format!("{} of {revision}", config::FILE_NAME);
        let (shown, text) = match (&self.named, &in_tree) {
            (Some((path, text)), _) => (path.display().to_string(), text.clone()),
            (None, Some(bytes)) => (shown, String::from_utf8_lossy(bytes).into_owned()),
            (None, None) => (shown, String::new()),
        };
        let packages = Project::parse(&shown, &text)?.packages;
        if !packages.is_empty() {
            return Ok(packages);
        }
        let Some(control) = self.repository.file(tree, "debian/control")? else {
            let only_in_work_tree = self.in_work_tree && in_tree.is_none();
            let revision = revision.to_owned();
            return Err(FlowError::NoPackage {
                revision,
                only_in_work_tree,
            });
        };
        Ok(vec![debian_package(&control, revision)?])
    }
}

/// Describes the package of a tree that has this `debian/control` and no
/// description of its own.
fn debian_package(control: &[u8], revision: &str) -> Result<Package, FlowError> {
    let control = SourceControl::parse(control).map_err(|source| {
        let (revision, path) = (revision.to_owned(), "debian/control".to_owned());
        crate::build::observe::ObserveError::Control {
            revision,
            path,
            source,
        }
    })?;
    Ok(Project::debian_package(control.source, ""))
}

#[cfg(test)]
mod tests;
