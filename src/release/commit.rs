//! What a history says, before anything is made of it: commits with their
//! messages and the packages that they touch.

use serde::{Deserialize, Serialize};

use crate::model::{TagName, Timestamp};

/// A person as git writes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A commit of the range that some package's next release may be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The object id in hexadecimal.
    pub id: String,
    /// The ids of its parents; two and more make it a merge.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Person,
    /// When it was committed.
    pub committed: Timestamp,
    /// The whole message, as it is stored, with invalid UTF-8 replaced.
    pub message: String,
    /// The packages whose paths it touches, as indices into
    /// [`super::Policy::units`], ascending.
    pub touches: Vec<usize>,
    /// How many paths it touches that no package owns, and one of them.
    pub unowned: Option<(usize, String)>,
    /// What it was picked from; empty: it is no pick.
    pub origins: Vec<Origin>,
}

/// A commit that another one was picked from: what release managers call its
/// parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The object id in hexadecimal; as the pick writes it where the commit is
    /// not in this clone.
    pub id: String,
    /// What it says; none: it is not in this clone.
    pub said: Option<Said>,
    /// The pull request that brought it, where others than itself tell: the
    /// number and the title.
    pub request: Option<(u64, String)>,
    /// What users are told of it, as somebody said later.
    pub note: Option<String>,
}

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who wrote it.
    pub author: Person,
    /// The whole message.
    pub message: String,
    /// Of a merge, the messages of the commits that it brought, oldest first.
    pub brought: Vec<String>,
}

impl Commit {
    /// Tells whether it is a merge.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }

    /// Returns the first line of the message.
    pub fn subject(&self) -> &str {
        self.message
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches('\r')
    }

    /// Returns the id as people write it: its first twelve digits.
    pub fn short(&self) -> &str {
        &self.id[..self.id.len().min(12)]
    }
}

/// A release of a package, as its tag tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The tag.
    pub tag: TagName,
    /// The version that the tag's name carries, as the project writes it.
    pub version: String,
    /// The commit that the tag leads to.
    pub commit: String,
    /// When that commit was made.
    pub committed: Timestamp,
}
