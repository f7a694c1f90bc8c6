//! A suite's head: the one small file that says which generation is current.
//!
//! Replacing it is the commit of a publish. It carries the signed texts, so
//! that whoever comes after a crash can complete the publish without the key.

use serde::{Deserialize, Serialize};

use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Base, Manifest};
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::sys::store::Store;

/// The form this program writes and reads.
const SCHEMA: &str = "debcut/head/1";

/// A suite's head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    schema: String,
    /// The suite.
    pub suite: Suite,
    /// The generation.
    pub generation: Base,
    /// Its `Release`.
    pub release: String,
    /// Its `Release.gpg`.
    pub release_gpg: String,
    /// Its `InRelease`.
    pub in_release: String,
}

impl Head {
    /// Makes the head of a sealed generation.
    pub(super) fn new(
        suite: Suite,
        generation: Base,
        release: String,
        release_gpg: String,
        in_release: String,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            suite,
            generation,
            release,
            release_gpg,
            in_release,
        }
    }

    /// Writes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the head of `suite`, which is at `path`.
    pub fn from_bytes(
        path: &ArchivePath,
        suite: &Suite,
        bytes: &[u8],
    ) -> Result<Self, PublishError> {
        let refuse = |found| PublishError::Head {
            path: path.clone(),
            expected: SCHEMA,
            found,
        };
        let head: Self =
            serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
        if head.schema != SCHEMA {
            return Err(refuse(format!("of the form {}", head.schema)));
        }
        if head.suite != *suite {
            return Err(refuse(format!("that of {}", head.suite)));
        }
        Ok(head)
    }

    /// Reads the manifest it names.
    pub fn manifest(&self, store: &dyn Store) -> Result<Manifest, PublishError> {
        read_manifest(store, &self.generation.manifest)
    }
}

/// Reads a manifest by its digest.
pub fn read_manifest(store: &dyn Store, sha256: &Sha256) -> Result<Manifest, PublishError> {
    let bytes = read_object(store, ObjectKind::Manifest, sha256)?;
    Manifest::from_bytes(&bytes).map_err(|source| PublishError::Manifest {
        path: layout::object(ObjectKind::Manifest, sha256),
        source,
    })
}

/// Reads an object, and makes sure that it is the one that was asked for.
pub(super) fn read_object(
    store: &dyn Store,
    kind: ObjectKind,
    sha256: &Sha256,
) -> Result<Vec<u8>, PublishError> {
    read_named(store, layout::object(kind, sha256), sha256)
}

/// Reads a file that is named by its digest, and makes sure that it has it.
pub(super) fn read_named(
    store: &dyn Store,
    path: ArchivePath,
    sha256: &Sha256,
) -> Result<Vec<u8>, PublishError> {
    let Some(bytes) = store.read(&path)? else {
        return Err(PublishError::Missing { path });
    };
    match Sha256::of(&bytes) {
        found if found == *sha256 => Ok(bytes),
        found => Err(PublishError::Damaged {
            path,
            expected: *sha256,
            found,
        }),
    }
}
