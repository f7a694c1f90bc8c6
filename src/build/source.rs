//! What a build was found to start from: a tag's or a candidate's tree.

use serde::Serialize;

use super::Package;
pub use super::upstream::{Exported, Orig, Origin};
use crate::format::changelog::Entry;
use crate::format::control::SourceControl;
use crate::model::{Finding, Fingerprint, TagName, Timestamp};
use crate::release::{VersionFile, VersionFileError};

/// Everything that is known before a build is planned.
#[derive(Debug)]
pub struct TaggedSource {
    /// What was asked for: a tag, or a commit as a candidate for one.
    pub revision: Revision,
    /// The commit's id.
    pub commit: String,
    /// The commit's tree.
    pub tree: String,
    /// When it was committed.
    pub committed: Timestamp,
    /// The package to build.
    pub package: Package,
    /// The version files that are named for it, with what they say.
    pub version_files: Vec<(VersionFile, VersionFound)>,
    /// What the kind of build needs to know.
    pub recipe: Recipe,
}

/// What a version file says.
pub type VersionFound = Result<String, VersionFileProblem>;

/// Why a version file says nothing.
#[derive(Debug)]
pub enum VersionFileProblem {
    /// The tree has no such file.
    NotThere,
    /// The file tells no version.
    Unreadable(VersionFileError),
}

/// What a build is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Revision {
    /// A release.
    Tag {
        /// The tag's name.
        name: TagName,
        /// The tag object's id; a lightweight tag has none.
        object: Option<String>,
        /// Whose signature it carries.
        signature: TagSignature,
    },
    /// A commit that has no tag yet.
    Candidate {
        /// The revision as it was asked for.
        revision: String,
        /// The tag that it is meant to get; none: it is only tried out.
        meant: Option<TagName>,
    },
}

/// What is known of a tag's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum TagSignature {
    /// There is none.
    Unsigned,
    /// True, and made by a key that counts.
    Good {
        /// The certificate.
        fingerprint: Fingerprint,
        /// Its user.
        user_id: String,
        /// When it was made.
        made: Timestamp,
    },
    /// Nobody can tell: the key is unknown, or the scheme is not OpenPGP.
    Unchecked {
        /// Why.
        why: String,
    },
    /// False, or by a key that does not count.
    Bad {
        /// Why.
        why: String,
    },
}

/// What the kind of build needs to know of the tree.
#[derive(Debug)]
pub enum Recipe {
    /// A tree with `debian/`.
    Debian(Box<DebianSource>),
    /// A package described in `debcut.toml`.
    Declared {
        /// The newest entry of its changelog file and the whole file, where
        /// the description names one.
        changelog: Option<Box<(Entry, Vec<u8>)>>,
    },
}

/// A tree with `debian/`.
#[derive(Debug)]
pub struct DebianSource {
    /// `debian/control`.
    pub control: SourceControl,
    /// The newest entry of `debian/changelog`.
    pub changelog: Entry,
    /// `debian/source/format`.
    pub format: SourceFormat,
    /// The upstream tarball; a native package has none.
    pub orig: Option<Orig>,
    /// What `.gitattributes` leave out of the tree, where the tarball lacks it,
    /// too.
    pub exported: Exported,
    /// What was seen on the way and speaks for or against it.
    pub findings: Vec<Finding>,
}

/// The formats of source packages that are built, dpkg-source(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SourceFormat {
    /// `3.0 (native)`.
    #[serde(rename = "3.0 (native)")]
    Native,
    /// `3.0 (quilt)`.
    #[serde(rename = "3.0 (quilt)")]
    Quilt,
    /// `1.0` without an upstream tarball.
    #[serde(rename = "1.0 (native)")]
    OldNative,
    /// `1.0` with an upstream tarball and a `.diff.gz`.
    #[serde(rename = "1.0")]
    OldDiff,
}

impl SourceFormat {
    /// Tells whether the package has no upstream but itself.
    pub fn is_native(self) -> bool {
        matches!(self, Self::Native | Self::OldNative)
    }

    /// Returns the endings that an upstream tarball may have, the usual first.
    pub fn tarball_endings(self) -> &'static [&'static str] {
        match self {
            Self::Native | Self::Quilt => &["xz", "gz", "bz2", "lzma"],
            Self::OldNative | Self::OldDiff => &["gz"],
        }
    }
}

impl Revision {
    /// Returns what a person calls it.
    pub fn shown(&self) -> &str {
        match self {
            Self::Tag { name, .. } => name.as_str(),
            Self::Candidate { revision, .. } => revision,
        }
    }
}
