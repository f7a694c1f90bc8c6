//! What was found: files with their digests, and what texts say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::build::product::ISOLATION;
use crate::model::{FileDigests, Fingerprint, Sha256, Timestamp};

/// Everything that a verdict is made of. Paths are as the user gave them.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The files that were asked about, by path.
    pub asked: BTreeSet<PathBuf>,
    /// Directories that were asked about and hold no file.
    pub empty: Vec<PathBuf>,
    /// Directories inside the ones that were asked about: not looked into.
    pub inner: Vec<PathBuf>,
    /// Digests of the files that were asked about, and of those they list; a
    /// file that is not here is not there.
    pub digests: BTreeMap<PathBuf, FileDigests>,
    /// What texts say: those asked about and those beside a file asked about.
    pub claims: BTreeMap<PathBuf, Claim>,
    /// The binary packages asked about: name, version and architecture, or why
    /// nobody should install it.
    pub packages: BTreeMap<PathBuf, Result<String, String>>,
    /// The source packages that they say they are of.
    pub sources: BTreeMap<PathBuf, SourceNamed>,
}

/// A text about other files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who signed it.
    pub signature: Signature,
    /// What it says, or why it cannot be read. Only as good as the signature.
    pub content: Result<Content, String>,
}

/// The state of a text's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// True, by a key of the keyring that was valid when it was made.
    Good(Signer),
    /// There is none.
    Absent,
    /// By a key that is not in the keyring.
    Unknown {
        /// The key, as the signature names it.
        key: String,
    },
    /// The text, or the signature, is not what was signed.
    Bad {
        /// What is wrong.
        why: String,
    },
    /// True, but it does not count: the key or the signature was not valid.
    Refused {
        /// Why it does not count.
        why: String,
    },
}

impl Signature {
    /// Returns who signed, where that is sure.
    pub fn signer(&self) -> Option<&Signer> {
        match self {
            Self::Good(signer) => Some(signer),
            _ => None,
        }
    }
}

/// Who signed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// The certificate's primary user ID.
    pub user_id: String,
    /// The certificate.
    pub fingerprint: Fingerprint,
    /// The key of it that signed.
    pub signing_key: Fingerprint,
    /// When, by the signer's word.
    pub time: Timestamp,
    /// What became of the certificate since, where it cannot sign any more
    /// (`expired on …`).
    #[serde(skip)]
    pub since: Option<String>,
}

/// What a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// What it is about, in a few words (`upload of hello 1.0-1 to unstable`).
    pub about: Option<String>,
    /// The source package that it is about, where it is about one.
    pub source: Option<SourceNamed>,
    /// The files it lists.
    pub listed: Vec<Listed>,
    /// Where the files came from, as a statement about a build says.
    pub origin: Option<Origin>,
    /// Until when apt takes it.
    pub valid_until: Option<Timestamp>,
    /// What others state of the same build, line by line.
    pub further: Vec<Further>,
}

/// A source package as a text names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNamed {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl std::fmt::Display for SourceNamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// An attestation behind the first of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    /// Its number in the file; the first is 1.
    pub line: usize,
    /// Who signed it.
    pub signature: Signature,
    /// What it says, or why it cannot be read.
    pub content: Result<Content, String>,
}

/// A file as a text lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path from the text's directory; never leads out of it.
    pub name: String,
    /// SHA-256.
    pub sha256: Sha256,
    /// The size in bytes, where the text lists it.
    pub size: Option<u64>,
    /// MD5 in hexadecimal; empty where the text does not list it.
    pub md5: String,
    /// SHA-1 in hexadecimal; empty where the text does not list it.
    pub sha1: String,
}

impl Listed {
    /// Says in which way a file is not the listed one: what it has, and what
    /// is listed.
    pub fn difference(&self, found: &FileDigests) -> Option<(String, String)> {
        let other = |listed: &str, found: &str| !listed.is_empty() && listed != found;
        let pair = |what: &str, found: String, listed: String| {
            Some((format!("{what} {found}"), format!("{what} {listed}")))
        };
        if self.sha256 != found.sha256 {
            return pair("SHA-256", found.sha256.hex(), self.sha256.hex());
        }
        if let Some(size) = self.size.filter(|size| *size != found.size) {
            return pair("size", found.size.to_string(), size.to_string());
        }
        if other(&self.sha1, &found.sha1) {
            return pair("SHA-1", found.sha1.clone(), self.sha1.clone());
        }
        if other(&self.md5, &found.md5) {
            return pair("MD5", found.md5.clone(), self.md5.clone());
        }
        None
    }
}

/// Where artifacts came from, as a statement about a build says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The commit that was built.
    pub commit: Option<String>,
    /// The tag that was built; none for a candidate.
    pub tag: Option<String>,
    /// The tag object that was built, where the tag is an annotated one.
    pub tag_object: Option<String>,
    /// The commit's tree.
    pub tree: Option<String>,
    /// Who built it, a URI.
    pub builder: String,
    /// The digest of the build's plan.
    pub plan_digest: Option<String>,
    /// When the build ended.
    pub finished: Option<Timestamp>,
}

impl Origin {
    /// Returns what stood between the build and the machine, where the builder
    /// is one that says so.
    pub fn isolation(&self) -> Option<&str> {
        self.builder.strip_prefix(ISOLATION)
    }
}

impl Facts {
    /// Returns what a claim lists, with the path each file has here.
    pub fn listed_by<'a>(
        &'a self,
        claim: &'a Path,
    ) -> impl Iterator<Item = (PathBuf, &'a Listed)> + 'a {
        let found = self.claims.get(claim);
        let content = found.and_then(|found| found.content.as_ref().ok());
        let listed = content.into_iter().flat_map(|content| &content.listed);
        listed.map(|listed| (claim.with_file_name(&listed.name), listed))
    }
}

/// Returns the last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
