//! Commits → next version, changelog, notes, tag.
//!
//! All of it is pure but the files named `observe` and `apply`: commits,
//! files' contents and tags' names come in as arguments.
//!
//! The way of a release: [`observe`] reads the history into [`Facts`], [`plan`]
//! turns them by the [`Policy`] into a [`ReleasePlan`]; [`prepare`] writes the
//! plan's files as one commit, [`tag`] puts the tags on it.

pub mod back_merge;
pub mod bump;
pub mod change;
pub mod changelog;
pub mod commit;
pub mod debian_version;
pub mod facts;
pub mod lead_time;
pub mod notes;
pub mod number;
pub mod observe;
pub mod ownership;
pub mod plan;
pub mod policy;
pub mod prepare;
pub mod standing;
pub mod tag;
pub mod tag_pattern;
pub mod trailer;
pub mod upstream;
pub mod version_file;

pub use facts::{Facts, UnitFacts};
pub use plan::{ReleasePlan, Request};
pub use policy::{Bump, Policy, Unit};
pub use tag_pattern::{PatternError, TagPattern};
pub use version_file::{VersionFile, VersionFileError};
