//! The repository and this machine → [`TaggedSource`]. Writes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::missing::missing;
use super::origins::Origins;
use super::package::{Debian, Kind, Package};
use super::source::{
    DebianSource, Recipe, Revision, SourceFormat, TagSignature, TaggedSource, VersionFileProblem,
    VersionFound,
};
use super::unmet::{Question, Unmet, unmet};
use crate::format::changelog::{ChangelogError, Entry};
use crate::format::control::{RulesRequiresRoot, SourceControl};
use crate::format::deb822::Deb822Error;
use crate::model::{Fingerprint, TagName};
use crate::release::VersionFile;
use crate::sys::environment::Environment;
use crate::sys::files::FileError;
use crate::sys::git::{Commit, GitError, Repository, Tag, TagKind};
use crate::sys::openpgp::{Keyring, VerifyError};
use crate::sys::process::{Tool, ToolError};

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// This tag.
    Tag(TagName),
    /// This revision, as a candidate for a release.
    Commit(String),
    /// The release commit that is to get this tag.
    Release {
        /// The commit.
        commit: String,
        /// The tag.
        tag: TagName,
    },
}

/// What an observation may use beside the repository.
pub struct Means<'a> {
    /// The environment of the process, for the search path.
    pub environment: &'a Environment,
    /// The certificates whose signatures on tags can be checked.
    pub keyring: &'a Keyring,
    /// Whose signatures count; empty: all of the keyring.
    pub tag_keys: &'a [Fingerprint],
    /// The upstream tarball or its directory, where one was given.
    pub orig: Option<&'a Path>,
    /// Which dependencies are needed here; none: no binaries are built, or not
    /// with what is installed here.
    pub dependencies: Option<Question>,
}

/// Why there is nothing to plan with.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file outside the repository cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tool is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The tree lacks a file that the build needs.
    #[error("the tree of {revision} has no {path}")]
    NoFile {
        /// The tag or revision.
        revision: String,
        /// The file.
        path: String,
    },
    /// The tree lacks what a package's description names.
    #[error("package {package}: the tree of {revision} has no {}", missing.join(", no "))]
    Missing {
        /// The tag or revision.
        revision: String,
        /// The package.
        package: String,
        /// Each thing, with the key that names it.
        missing: Vec<String>,
    },
    /// A control file is broken.
    #[error("{path} of {revision}: {source}")]
    Control {
        /// The tag or revision.
        revision: String,
        /// The file.
        path: String,
        /// What is wrong, with its line.
        source: Deb822Error,
    },
    /// A changelog is broken.
    #[error("{path} of {revision}: {source}")]
    Changelog {
        /// The tag or revision.
        revision: String,
        /// The file.
        path: String,
        /// What is wrong, with its line.
        source: ChangelogError,
    },
    /// A format of source package that is not built.
    #[error(
        "{path} of {revision} says “{found}”; debcut builds “3.0 (quilt)”, “3.0 (native)” and “1.0”"
    )]
    Format {
        /// The tag or revision.
        revision: String,
        /// The file.
        path: String,
        /// What it says.
        found: String,
    },
    /// The upstream tarball is nowhere.
    #[error("there is no upstream tarball for {package} {version}: no tag {} and no file {name}.*{}", tags.join(" or "), beside.as_ref().map(|at| format!(" in {}", at.display())).unwrap_or_default())]
    NoOrig {
        /// The source package.
        package: String,
        /// The upstream version.
        version: String,
        /// The tags that were looked for.
        tags: Vec<String>,
        /// The file's name without its compression.
        name: String,
        /// The file or directory that was named for it.
        beside: Option<PathBuf>,
        /// A file of that name above the repository, which nobody named.
        nearby: Option<PathBuf>,
    },
    /// The branch `pristine-tar` is to make the tarball, and cannot.
    #[error("pristine-tar has no {name}.*: its branch does not hold this version")]
    NoPristineTar {
        /// The file's name without its compression.
        name: String,
    },
    /// An upstream tarball beside the main one is nowhere.
    #[error(
        "there is no {name}.* for {package}: no file, no tag and no directory {component} of the upstream tag"
    )]
    NoComponent {
        /// The source package.
        package: String,
        /// The component.
        component: String,
        /// The file's name without its compression.
        name: String,
    },
    /// Build dependencies are not installed.
    #[error("build dependencies of {package} are not installed: {}", unmet.shown())]
    UnmetDependencies {
        /// The source package.
        package: String,
        /// What is missing.
        unmet: Unmet,
    },
}

/// What dpkg's tools are found under: nothing of the user's own.
pub const TOOL_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Reads everything that a build of `package` will depend on.
pub fn observe(
    repository: &Repository,
    wanted: &Wanted,
    package: Package,
    means: &Means<'_>,
) -> Result<TaggedSource, ObserveError> {
    let (revision, commit) = revision(repository, wanted, means)?;
    let tree = Tree {
        repository,
        commit: &commit,
        revision: revision.shown(),
    };
    if repository.subtree(&commit.tree, &package.path)?.is_none() {
        let missing = vec![format!("directory {} (path)", package.path)];
        return Err(tree.lacks(&package, missing));
    }
    let version_files = package.version_files.iter();
    let version_files = version_files.map(|file| Ok((file.clone(), tree.version(file)?)));
    let version_files = version_files.collect::<Result<_, ObserveError>>()?;
    let recipe = match &package.kind {
        Kind::Debian(debian) => {
            let found = debian_source(&tree, &package, debian, &revision, means)?;
            Recipe::Debian(Box::new(found))
        }
        Kind::Declared(declared) => {
            // What a command makes is nobody's to know before it ran.
            if declared.command.is_none() {
                let missing = missing(&repository.entries(&commit.tree)?, &package, declared);
                if !missing.is_empty() {
                    return Err(tree.lacks(&package, missing));
                }
            }
            let changelog = match &declared.changelog {
                None => None,
                Some(name) => {
                    let path = package.file(name);
                    let text = tree.need(&path)?;
                    Some(Box::new((tree.changelog(&path, &text)?, text)))
                }
            };
            Recipe::Declared { changelog }
        }
    };
    Ok(TaggedSource {
        revision,
        commit: commit.id,
        tree: commit.tree,
        committed: commit.committed,
        package,
        version_files,
        recipe,
    })
}

fn revision(
    repository: &Repository,
    wanted: &Wanted,
    means: &Means<'_>,
) -> Result<(Revision, Commit), ObserveError> {
    match wanted {
        Wanted::Commit(revision) => {
            let commit = repository.commit(revision)?;
            let (revision, meant) = (revision.clone(), None);
            Ok((Revision::Candidate { revision, meant }, commit))
        }
        Wanted::Release { commit, tag } => {
            let (revision, meant) = (commit.clone(), Some(tag.clone()));
            let commit = repository.commit(commit)?;
            Ok((Revision::Candidate { revision, meant }, commit))
        }
        Wanted::Tag(name) => {
            let tag = repository.tag(name.as_str())?;
            let signature = tag_signature(&tag, means);
            let object = match &tag.kind {
                TagKind::Lightweight => None,
                TagKind::Annotated { object, .. } => Some(object.clone()),
            };
            Ok((
                Revision::Tag {
                    name: tag.name,
                    object,
                    signature,
                },
                tag.commit,
            ))
        }
    }
}

fn tag_signature(tag: &Tag, means: &Means<'_>) -> TagSignature {
    let TagKind::Annotated {
        signed,
        signature: Some(signature),
        ..
    } = &tag.kind
    else {
        return TagSignature::Unsigned;
    };
    if signature.contains("BEGIN SSH") {
        let why = "it is signed with SSH, which git verify-tag checks".to_owned();
        return TagSignature::Unchecked { why };
    }
    match means.keyring.verify_detached(signed, signature.as_bytes()) {
        Ok(by) if !means.tag_keys.is_empty() && !means.tag_keys.contains(&by.fingerprint) => {
            let why = format!(
                "{} ({}) is not among signing.tag-keys",
                by.fingerprint, by.user_id
            );
            TagSignature::Bad { why }
        }
        Ok(by) => TagSignature::Good {
            fingerprint: by.fingerprint,
            user_id: by.user_id,
            made: by.made,
        },
        Err(error @ VerifyError::UnknownKey { .. }) => TagSignature::Unchecked {
            why: error.to_string(),
        },
        Err(error) => TagSignature::Bad {
            why: error.to_string(),
        },
    }
}

/// A commit's tree, with its name for errors.
pub(super) struct Tree<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The commit.
    pub commit: &'a Commit,
    /// What a person calls it.
    pub revision: &'a str,
}

impl Tree<'_> {
    fn file(&self, path: &str) -> Result<Option<Vec<u8>>, ObserveError> {
        Ok(self.repository.file(&self.commit.tree, path)?)
    }

    fn need(&self, path: &str) -> Result<Vec<u8>, ObserveError> {
        let none = || ObserveError::NoFile {
            revision: self.revision.to_owned(),
            path: path.to_owned(),
        };
        self.file(path)?.ok_or_else(none)
    }

    fn lacks(&self, package: &Package, missing: Vec<String>) -> ObserveError {
        ObserveError::Missing {
            revision: self.revision.to_owned(),
            package: package.name.to_string(),
            missing,
        }
    }

    fn version(&self, file: &VersionFile) -> Result<VersionFound, ObserveError> {
        Ok(match self.file(&file.path)? {
            None => Err(VersionFileProblem::NotThere),
            Some(text) => file
                .version_in(&String::from_utf8_lossy(&text))
                .map_err(VersionFileProblem::Unreadable),
        })
    }

    fn control(&self, path: &str, text: &[u8]) -> Result<SourceControl, ObserveError> {
        SourceControl::parse(text).map_err(|source| ObserveError::Control {
            revision: self.revision.to_owned(),
            path: path.to_owned(),
            source,
        })
    }

    fn changelog(&self, path: &str, text: &[u8]) -> Result<Entry, ObserveError> {
        Entry::newest(text).map_err(|source| ObserveError::Changelog {
            revision: self.revision.to_owned(),
            path: path.to_owned(),
            source,
        })
    }
}

fn debian_source(
    tree: &Tree<'_>,
    package: &Package,
    policy: &Debian,
    tag: &Revision,
    means: &Means<'_>,
) -> Result<DebianSource, ObserveError> {
    let path = package.file("debian/control");
    let control_text = tree.need(&path)?;
    let control = tree.control(&path, &control_text)?;
    let path = package.file("debian/changelog");
    let changelog = tree.changelog(&path, &tree.need(&path)?)?;
    let path = package.file("debian/source/format");
    let format = tree.file(&path)?.unwrap_or_default();
    let format = match String::from_utf8_lossy(&format).trim() {
        "3.0 (native)" => SourceFormat::Native,
        "3.0 (quilt)" => SourceFormat::Quilt,
        // Without the file, too (dpkg-source(1)).
        "1.0" | "" if changelog.version.is_native() => SourceFormat::OldNative,
        "1.0" | "" => SourceFormat::OldDiff,
        found => {
            let (revision, found) = (tree.revision.to_owned(), found.to_owned());
            return Err(ObserveError::Format {
                revision,
                path,
                found,
            });
        }
    };
    let Origins {
        orig,
        exported,
        findings,
    } = tree.origins(package, policy, (&changelog, &control, format), tag, means)?;
    let tools = tools(&control, means)?;
    if let Some(question) = &means.dependencies {
        let missing = unmet(&control_text, question, means.environment)?;
        if !missing.is_empty() {
            let package = control.source.to_string();
            return Err(ObserveError::UnmetDependencies {
                package,
                unmet: missing,
            });
        }
    }
    Ok(DebianSource {
        control,
        changelog,
        format,
        orig,
        exported,
        findings,
        tools,
    })
}

/// Checks that the tools are there, and notes their versions.
fn tools(
    control: &SourceControl,
    means: &Means<'_>,
) -> Result<BTreeMap<String, String>, ObserveError> {
    let mut found = BTreeMap::new();
    let dpkg = Tool::new("dpkg-source")
        .arg("--version")
        .env("PATH", TOOL_PATH);
    let said = dpkg
        .env("LC_ALL", "C.UTF-8")
        .limit(Duration::from_secs(60))
        .output()?
        .stdout;
    let said = String::from_utf8_lossy(&said);
    let version = said
        .lines()
        .next()
        .and_then(|line| line.split(' ').next_back());
    found.insert(
        "dpkg-dev".to_owned(),
        version.unwrap_or_default().trim_matches('.').to_owned(),
    );
    let root = rustix::process::geteuid().is_root();
    let needs_root = control.rules_requires_root != Some(RulesRequiresRoot::No);
    if means.dependencies.is_some() && needs_root && !root {
        let fakeroot = TOOL_PATH
            .split(':')
            .any(|at| Path::new(at).join("fakeroot").is_file());
        if !fakeroot {
            return Err(ToolError::Missing {
                program: "fakeroot".to_owned(),
            }
            .into());
        }
    }
    Ok(found)
}
