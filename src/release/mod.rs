//! What says which version this is: tags and version files.
//!
//! Wholly pure: the files' contents and the tags' names come in as arguments.

pub mod tag_pattern;
pub mod upstream;
pub mod version_file;

pub use tag_pattern::{PatternError, TagPattern};
pub use version_file::{VersionFile, VersionFileError};
