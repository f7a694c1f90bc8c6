//! Why a publish, or a look at an archive, did not come to its end.

use std::error::Error;

use crate::archive::current::Unread;
use crate::archive::manifest::{Base, ManifestError};
use crate::archive::pins::PinError;
use crate::format::index::piece::PieceError;
use crate::model::{ArchivePath, Sha256, Suite, Timestamp};
use crate::sys::store::StoreError;

/// Why a publish, or a look at an archive, did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store did not do what it was asked for.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else published between the plan and its execution: look again,
    /// plan again.
    #[error("{suite} is at {}, expected {}", name(found), name(expected))]
    LostRace {
        /// The suite.
        suite: Suite,
        /// The generation that the plan builds on.
        expected: Option<Base>,
        /// The generation that is there.
        found: Option<Base>,
    },
    /// Another program's suite is where ours would be, or our head was lost.
    #[error(
        "{path} is there, but {head} is not: another program publishes this suite, \
         or its head was lost"
    )]
    Foreign {
        /// What is there.
        path: ArchivePath,
        /// What is not.
        head: ArchivePath,
    },
    /// A suite's head is not one that this program understands.
    #[error("{path} is not a head of the form {expected}, but {found}")]
    Head {
        /// Where it is.
        path: ArchivePath,
        /// The form expected.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A manifest cannot be understood.
    #[error("cannot understand {path}")]
    Manifest {
        /// Where it is.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: ManifestError,
    },
    /// A list of proofs cannot be understood.
    #[error("cannot understand {path}")]
    Shelf {
        /// Where it is.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A pin cannot be understood.
    #[error("cannot understand {path}")]
    Pin {
        /// Where it is.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: PinError,
    },
    /// Garbage is being collected, and what is wanted may be going.
    #[error("garbage has been collected since {since}, and what this needs may be going with it")]
    Collecting {
        /// Since when.
        since: Timestamp,
    },
    /// A file that must be there is not.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: ArchivePath,
    },
    /// A file's content is not what its name promises.
    #[error("{path} is damaged: expected sha256 {expected}, found {found}")]
    Damaged {
        /// The file.
        path: ArchivePath,
        /// The digest it must have.
        expected: Sha256,
        /// The digest it has.
        found: Sha256,
    },
    /// A chunk is not a part of an index.
    #[error("cannot read the chunk that starts at {first} in {path}")]
    Chunk {
        /// The chunk's first package or path.
        first: String,
        /// Where the chunk is.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A compressed piece is not one that can be joined with others.
    #[error("cannot join {path} with other pieces")]
    Piece {
        /// Where the piece is.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: PieceError,
    },
    /// A package's files cannot be listed.
    #[error("cannot list the files of {path}")]
    Package {
        /// The package.
        path: ArchivePath,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody asked to stop before clients could see anything.
    #[error("stopped before {suite} changed")]
    Stopped {
        /// The suite.
        suite: Suite,
    },
    /// The suite was observed for another question.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// The signature could not be made.
    #[error("cannot sign the Release of {suite}")]
    Sign {
        /// The suite.
        suite: Suite,
        /// What the signer said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl PublishError {
    /// Tells whether somebody else was faster: looking and planning again may
    /// succeed, or tell what stands against it now.
    pub fn is_lost_race(&self) -> bool {
        match self {
            Self::LostRace { .. } => true,
            Self::Store(error) => error.is_conflict(),
            _ => false,
        }
    }
}

fn name(base: &Option<Base>) -> String {
    match base {
        Some(base) => format!("generation {}", base.number),
        None => "no generation yet".to_owned(),
    }
}
