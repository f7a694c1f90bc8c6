//! Errors of archives: stores and publishes.

use super::{Exit, Failure};
use crate::publish::PublishError;
use crate::publish::mirror::MirrorError;
use crate::sys::process::ToolError;
use crate::sys::store::StoreError as ArchiveStoreError;

impl From<ArchiveStoreError> for Failure {
    fn from(error: ArchiveStoreError) -> Self {
        match error {
            ArchiveStoreError::NoSpace { .. } => Self::of(Exit::Outside, "no-space", &error)
                .hint("make room and run the same command again"),
            ArchiveStoreError::Denied { .. } => {
                Self::of(Exit::Request, "permission", &error).hint("run it as the archive's owner")
            }
            ArchiveStoreError::Conflict { .. } | ArchiveStoreError::Changed { .. } => {
                Self::of(Exit::Outside, "changed-meanwhile", &error)
                    .hint("run the same command again")
            }
            ArchiveStoreError::Local { .. } | ArchiveStoreError::Failed { .. } => {
                Self::of_failed_io(&error)
            }
        }
    }
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Store(error) => error.into(),
            MirrorError::Publish(error) => error.into(),
            MirrorError::Rsync {
                source: ToolError::Missing { .. },
                ..
            } => Self::of(Exit::Request, "tool", &error).hint("apt-get install rsync"),
            MirrorError::Rsync { .. } => Self::of(Exit::Outside, "rsync", &error)
                .hint("run the same command again: only what lacks is sent"),
            MirrorError::Stopped { .. } => Self::of(Exit::Stopped, "stopped", &error)
                .hint("run the same command again: only what lacks is sent"),
            MirrorError::OnTheWay { .. } => Self::of_failed_io(&error),
            MirrorError::NotADirectory { .. } => Self::of(Exit::Request, "location", &error)
                .hint("push to a directory or an object store, and from there on"),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::LostRace { .. } => {
                Self::of(Exit::Outside, "lost-race", &error).hint("run the same command again")
            }
            PublishError::Foreign { .. } => Self::of(Exit::Request, "foreign-archive", &error)
                .hint("choose a directory of its own for debcut's archive")
                .hint("a head that was lost is restored from a backup"),
            PublishError::Sign { .. } => Self::of(Exit::Request, "signing", &error),
            PublishError::Unread(_) => Self::of(Exit::Bug, "bug", &error),
            PublishError::Head { .. }
            | PublishError::Manifest { .. }
            | PublishError::Shelf { .. }
            | PublishError::Missing { .. }
            | PublishError::Damaged { .. }
            | PublishError::Chunk { .. }
            | PublishError::Package { .. }
            | PublishError::Piece { .. } => Self::of(Exit::Request, "damaged-archive", &error)
                .hint("debcut archive check --deep says what else is damaged"),
        }
    }
}
