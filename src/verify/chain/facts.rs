//! What was found of each link.

use std::path::PathBuf;

use super::link::LinkName;
use crate::model::{FileDigests, Sha256, Timestamp};
use crate::verify::facts::{Claim, Signature};

/// All that was found; the judge asks nothing else.
#[derive(Debug, Clone)]
pub struct Facts {
    /// How the user named the package.
    pub asked: String,
    /// The installed package; not asked where the walk begins later.
    pub installed: Look<Installed>,
    /// The `.deb`.
    pub package: Look<Package>,
    /// Other files of its name where the user said to look, which are not it.
    pub others: Vec<String>,
    /// The suite that lists it; not asked where no archive is named.
    pub archive: Look<Archived>,
    /// The upload.
    pub changes: Look<Text>,
    /// What the build was made with.
    pub buildinfo: Look<Text>,
    /// The attestations, the builder's own first.
    pub provenance: Look<Text>,
    /// The tag.
    pub tag: Look<TagFound>,
}

/// What came of looking for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look<T> {
    /// It is no part of this walk.
    NotAsked,
    /// It was looked for in vain: why, in a clause.
    Missing(String, Cause),
    /// Found.
    Found(T),
}

/// What has to be put right before a link can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nobody said where it is.
    Unnamed,
    /// This, as a person would do it.
    Remedy(String),
    /// An earlier link; there is nothing else to do.
    Follows(LinkName),
}

impl<T> Look<T> {
    /// Returns what was found.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::NotAsked | Self::Missing(..) => None,
        }
    }
}

/// A package as dpkg's database has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// How many files were compared with the `.deb`.
    pub compared: usize,
    /// The files that are not what the `.deb` has, and how.
    pub differing: Vec<String>,
    /// What dpkg keeps of the package, its maintainer scripts above all, and is
    /// not what the `.deb` has.
    pub scripts: Vec<String>,
    /// What differs and may: changed conffiles, files left out by dpkg's
    /// configuration.
    pub allowed: Vec<String>,
}

/// A `.deb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where it is, for people.
    pub place: String,
    /// The name that uploads list it under.
    pub file_name: String,
    /// Its digests.
    pub digests: FileDigests,
    /// What it says of itself, or why nobody should install it.
    pub control: Result<Control, String>,
}

/// What the control file of a `.deb` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// The source package.
    pub source: String,
    /// The version of that.
    pub source_version: String,
}

/// A suite that should list the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The suite and where its archive is, for people.
    pub place: String,
    /// The signature on its `InRelease`.
    pub signature: Signature,
    /// The digest and size under which it lists the package, or where the way
    /// from `InRelease` over the index to it ends.
    pub listed: Result<(Sha256, u64), String>,
    /// Since when apt takes it no longer (`Valid-Until`).
    pub outdated: Option<Timestamp>,
}

/// A text about the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its file's name.
    pub file_name: String,
    /// Where it was found, for people.
    pub place: String,
    /// Its digests.
    pub digests: FileDigests,
    /// What it says, and who signed it.
    pub claim: Claim,
}

/// The tag that provenance names, as the repository has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFound {
    /// The repository.
    pub repository: PathBuf,
    /// The tag's name.
    pub name: String,
    /// The tag object that the ref points at; none for a lightweight tag.
    pub object: Option<String>,
    /// Its signature; none where nobody here can check its kind, and why.
    pub signature: Result<Signature, String>,
    /// The commit it leads to.
    pub commit: CommitFound,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFound {
    /// Its id.
    pub id: String,
    /// Its tree.
    pub tree: String,
    /// Its signature; none where nobody here can check its kind, and why.
    pub signature: Result<Signature, String>,
}
