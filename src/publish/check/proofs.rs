//! Whether the proofs that a generation keeps are there.

use super::{Check, Depth};
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::Manifest;
use crate::archive::proofs;
use crate::publish::error::PublishError;
use crate::publish::head::read_object;

impl Check<'_> {
    /// Checks that every shelf can be read, and that what it lists is there.
    pub(super) fn proofs(&mut self, manifest: &Manifest) -> Result<(), PublishError> {
        for sha256 in manifest.shelves.values() {
            let path = layout::object(ObjectKind::Shelf, sha256);
            let bytes = match read_object(self.store, ObjectKind::Shelf, sha256) {
                Ok(bytes) => bytes,
                Err(PublishError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    self.damaged_state(&path, &error);
                    continue;
                }
            };
            let list = match proofs::from_bytes(&bytes) {
                Ok(list) => list,
                Err(source) => {
                    self.damaged_state(&path.clone(), &PublishError::Shelf { path, source });
                    continue;
                }
            };
            for proof in &list {
                let path = layout::object(ObjectKind::Proof, &proof.sha256);
                if !self.seen.insert((path.clone(), proof.sha256)) {
                    continue;
                }
                let (found, digest) = match self.depth {
                    Depth::References => (self.store.size(&path)?, None),
                    Depth::Everything => self.store.digest(&path)?.unzip(),
                };
                let whole = found == Some(proof.size) && digest.is_none_or(|d| d == proof.sha256);
                if !whole {
                    let what = match found {
                        None => "missing",
                        Some(_) => "damaged",
                    };
                    let message = format!(
                        "{} of {} {} is {what}: nobody can check where its packages came from",
                        proof.name, proof.source, proof.version
                    );
                    let fix = "publish its upload again, or restore it from a backup";
                    self.error("missing-proof", &path, message, fix);
                }
            }
        }
        Ok(())
    }
}
