//! Whether the proofs that a generation keeps are there.

use super::{Check, Depth};
use crate::archive::layout;
use crate::archive::manifest::Manifest;
use crate::publish::error::PublishError;
use crate::publish::proofs::read_shelf;

impl Check<'_> {
    /// Checks that every shelf can be read, and that what it lists is there.
    pub(super) fn proofs(&mut self, manifest: &Manifest) -> Result<(), PublishError> {
        for shelf in manifest.shelves.values() {
            let list = match read_shelf(self.store, &manifest.suite, shelf) {
                Ok(list) => list,
                Err(PublishError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    let path = layout::proof(&manifest.suite, &shelf.sha256);
                    self.damaged_state(&path, &error);
                    continue;
                }
            };
            for proof in &list {
                let path = layout::proof(&manifest.suite, &proof.sha256);
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
