//! What stands at a release commit: the versions that its tree holds. Writes
//! nothing.

use std::collections::BTreeMap;

use crate::format::changelog::{ChangelogError, Entry};
use crate::format::version::Version;
use crate::model::{PackageName, TagName};
use crate::release::plan::{Decision, ReleasePlan};
use crate::release::policy::{Policy, Unit};
use crate::release::prepare::observe::templates;
use crate::release::version_file::{VersionFile, VersionFileError};
use crate::sys::git::{GitError, Repository};

/// What is known before tags are planned.
#[derive(Debug, Clone, Default)]
pub struct TagFacts {
    /// The releases that await a tag or have it, in the plan's order.
    pub awaited: Vec<Awaited>,
    /// Own templates of notes at those commits, by their format's name, for
    /// each of `awaited`.
    pub templates: Vec<BTreeMap<String, String>>,
}

/// A release at its commit.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// The package, as an index into [`ReleasePlan::packages`].
    pub package: usize,
    /// Its name.
    pub name: PackageName,
    /// The version, as the project writes it.
    pub version: String,
    /// The Debian version.
    pub debian_version: Version,
    /// The tag.
    pub tag: TagName,
    /// The release commit.
    pub commit: String,
    /// What its version files say there.
    pub versions: Vec<(VersionFile, Said)>,
    /// Its changelog there; none: the package keeps none.
    pub changelog: Option<Changelog>,
    /// The commit that a tag of this name leads to already; an object that is
    /// no commit is named as it is.
    pub there: Option<String>,
}

/// A changelog, as far as a tag depends on it.
#[derive(Debug, Clone)]
pub struct Changelog {
    /// Its path from the top.
    pub path: String,
    /// Its newest entry; none: the file is not there.
    pub newest: Option<Result<Entry, ChangelogError>>,
}

/// What a version file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This version.
    Version(String),
    /// None, for this reason.
    Unreadable(VersionFileError),
    /// The file is not UTF-8.
    NotText,
    /// It is not there.
    NotThere,
}

/// Reads what stands at the release commits: of a prepared release its own; of
/// one that is still to be released `prepared`, where its commit has just been
/// made, else the commit that it was planned for.
pub fn observe(
    repository: &Repository,
    release: &ReleasePlan,
    policy: &Policy,
    prepared: Option<&str>,
) -> Result<TagFacts, GitError> {
    let mut facts = TagFacts::default();
    for (index, package) in release.packages.iter().enumerate() {
        let (version, debian_version, tag, commit) = match &package.decision {
            Decision::Release(next) => match &next.tag {
                Some(tag) => {
                    let commit = prepared.unwrap_or(&release.head);
                    (&next.version, &next.debian_version, tag, commit)
                }
                None => continue,
            },
            Decision::Prepared {
                version,
                debian_version,
                tag,
                commit,
                ..
            } => (version, debian_version, tag, commit.as_str()),
            Decision::Skip { .. } => continue,
        };
        let unit = &policy.units[package.unit];
        let commit = repository.commit(commit)?;
        facts.awaited.push(Awaited {
            package: index,
            name: package.name.clone(),
            version: version.clone(),
            debian_version: debian_version.clone(),
            tag: tag.clone(),
            versions: versions(repository, &commit.tree, unit)?,
            changelog: changelog(repository, &commit.tree, unit)?,
            there: there(repository, tag)?,
            commit: commit.id.clone(),
        });
        facts
            .templates
            .push(templates(repository, &commit.id, policy)?);
    }
    Ok(facts)
}

fn versions(
    repository: &Repository,
    tree: &str,
    unit: &Unit,
) -> Result<Vec<(VersionFile, Said)>, GitError> {
    let mut all = Vec::new();
    for file in &unit.version_files {
        let file = &source(repository, tree, file)?;
        let Some(text) = read(repository, tree, file, &mut all)? else {
            continue;
        };
        for companion in file.companions(&text) {
            // A lock file that is not committed, or does not know the package,
            // has nothing to say.
            let mut locked = Vec::new();
            read(repository, tree, &companion, &mut locked)?;
            locked.retain(|(_, said)| matches!(said, Said::Version(_)));
            all.append(&mut locked);
        }
    }
    Ok(all)
}

/// Finds the file that the version is written in, as `prepare` does.
fn source(
    repository: &Repository,
    tree: &str,
    file: &VersionFile,
) -> Result<VersionFile, GitError> {
    let read = |path: &str| {
        let content = repository.file(tree, path).ok().flatten()?;
        String::from_utf8(content).ok()
    };
    let content = repository.file(tree, &file.path)?;
    let text = content.and_then(|content| String::from_utf8(content).ok());
    let found = text.and_then(|text| file.resolved(&text, &read).ok());
    Ok(found.map_or_else(|| file.clone(), |(source, _)| source))
}

fn read(
    repository: &Repository,
    tree: &str,
    file: &VersionFile,
    into: &mut Vec<(VersionFile, Said)>,
) -> Result<Option<String>, GitError> {
    let text = repository.file(tree, &file.path)?.map(String::from_utf8);
    let said = match &text {
        None => Said::NotThere,
        Some(Err(_)) => Said::NotText,
        Some(Ok(text)) => match file.version_in(text) {
            Ok(version) => Said::Version(version),
            Err(error) => Said::Unreadable(error),
        },
    };
    into.push((file.clone(), said));
    Ok(text.and_then(Result::ok))
}

fn changelog(
    repository: &Repository,
    tree: &str,
    unit: &Unit,
) -> Result<Option<Changelog>, GitError> {
    let Some(path) = unit.changelog_path() else {
        return Ok(None);
    };
    let content = repository.file(tree, path)?;
    Ok(Some(Changelog {
        path: path.to_owned(),
        newest: content.map(|content| Entry::newest(&content)),
    }))
}

fn there(repository: &Repository, tag: &TagName) -> Result<Option<String>, GitError> {
    let name = format!("refs/tags/{tag}");
    let Some(object) = repository.ref_target(&name)? else {
        return Ok(None);
    };
    let commit = repository.commit(&name);
    Ok(Some(commit.map_or(object, |commit| commit.id)))
}
