//! Errors of the small tools: packages and versions.

use super::{Exit, Failure};
use crate::flow::inspecting::InspectError;
use crate::flow::packing::PackError;
use crate::format::deb::{self, BuildTreeError, ReadError};
use crate::format::tar;
use crate::format::version::VersionError;
use crate::sys::tree::TreeReadError;

impl From<VersionError> for Failure {
    fn from(error: VersionError) -> Self {
        Self::of(Exit::Request, "invalid-version", &error)
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        match error {
            PackError::File(error) => error.into(),
            PackError::Tree(TreeReadError::Read { .. })
            | PackError::Build {
                source: BuildTreeError::Content { .. },
                ..
            } => Self::of_failed_io(&error),
            PackError::Tree(TreeReadError::NoDirectory { .. }) => {
                Self::of(Exit::Request, "no-directory", &error)
            }
            PackError::Tree(TreeReadError::Kind { .. }) | PackError::Build { .. } => {
                Self::of(Exit::Request, "broken-tree", &error)
            }
            PackError::Level(_) => Self::of(Exit::Request, "compression", &error),
            PackError::Tree(TreeReadError::Changed { .. })
            | PackError::Write {
                source:
                    deb::WriteError::Tar {
                        source: tar::WriteError::Size { .. },
                        ..
                    },
                ..
            } => Self::of(Exit::Outside, "tree-changed", &error)
                .hint("wait until nobody writes in the directory, and run the same command again"),
            PackError::Write {
                source: deb::WriteError::Header { .. },
                ..
            } => Self::of(Exit::Request, "too-large", &error),
            PackError::Write { .. } => Self::of_failed_io(&error),
        }
    }
}

impl From<InspectError> for Failure {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::File(error) => error.into(),
            InspectError::Read {
                source: ReadError::Source { .. } | ReadError::Visit { .. },
                ..
            }
            | InspectError::Compare { .. }
            | InspectError::Spool(_) => Self::of_failed_io(&error),
            InspectError::Read { .. } => Self::of(Exit::Request, "unsound-package", &error),
        }
    }
}
