//! Which tags are to be made, after checking that tree version, changelog and
//! tag agree.

use serde::Serialize;

use crate::model::{PackageName, TagName};

/// A tag that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewTag {
    /// The package.
    pub package: PackageName,
    /// The version, as the project writes it.
    pub version: String,
    /// The tag's name.
    pub name: TagName,
    /// The release commit.
    pub commit: String,
    /// The message: a title and the notes.
    pub message: String,
}
