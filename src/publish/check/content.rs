//! What the signed texts promise: indices, and the packages that these list;
//! and whether our own state agrees.

use std::collections::BTreeMap;

use super::{Check, Depth};
use crate::archive::chunk;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Index, IndexFile, Manifest};
use crate::archive::pdiff;
use crate::format::index::{self, PoolFile, Stanza, contents, translation};
use crate::format::release::Release;
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::{Head, read_object};

/// What to do when a published index is not what it must be.
const REPUBLISH: &str = "publish anything, which first puts back a file that is missing or cut short; \
                         else restore it from a backup";

impl Check<'_> {
    pub(super) fn content(
        &mut self,
        head: &Head,
        release: Option<&Release>,
    ) -> Result<(), PublishError> {
        let manifest = match head.manifest(self.store) {
            Ok(manifest) => manifest,
            Err(PublishError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let sha256 = &head.generation.manifest;
                self.damaged_state(&layout::object(ObjectKind::Manifest, sha256), &error);
                return Ok(());
            }
        };
        if let Some(release) = release.filter(|release| **release != manifest.release()) {
            let message = format!(
                "what is signed (dated {}) is not what generation {} says (dated {})",
                release.date, manifest.number, manifest.date
            );
            let fix = "publish anything, which first completes what was stopped";
            self.error(
                "unfinished-publish",
                &layout::in_release(&head.suite),
                message,
                fix,
            );
        }
        for index in &manifest.indices {
            self.index(&head.suite, &manifest, index)?;
        }
        self.proofs(&manifest)
    }

    fn index(
        &mut self,
        suite: &Suite,
        manifest: &Manifest,
        index: &Index,
    ) -> Result<(), PublishError> {
        let mut plain = None;
        for file in &index.files {
            let by_hash = layout::by_hash(suite, &index.name, &file.sha256);
            let found = self.published(&by_hash, index, file)?;
            plain = plain.or(found);
            let path = layout::index_file(suite, &index.name, file.encoding);
            self.digest(&path, file.sha256)?;
        }
        if let Some(listed) = pdiff::listed(index) {
            let by_hash = layout::patch_index_by_hash(suite, &index.name, &listed.sha256);
            self.digest(&by_hash, listed.sha256)?;
            self.digest(&layout::patch_index(suite, &index.name), listed.sha256)?;
            for patch in &index.patches {
                let path = layout::patch(suite, &index.name, patch);
                self.digest(&path, patch.download.sha256)?;
            }
        }
        if self.depth == Depth::Everything {
            self.objects(index)?;
        }
        let Some(plain) = plain else {
            return Ok(());
        };
        let path = layout::index_file(suite, &index.name, index.files[0].encoding);
        let rule = manifest.settings.rule_of(&index.name);
        let cut = match index.name.kind() {
            Some(kind) => match index::parse(&plain, kind) {
                Ok(stanzas) => {
                    for stanza in &stanzas {
                        self.stanza(&path, stanza)?;
                    }
                    chunk::cut(&rule, stanzas)
                }
                Err(error) => {
                    self.error("invalid-index", &path, error.to_string(), REPUBLISH);
                    return Ok(());
                }
            },
            None => {
                let is_translation = matches!(index.name, IndexName::Translation { .. });
                let cut = match is_translation {
                    true => translation::parse(&plain)
                        .map(|entries| chunk::cut(&rule, entries))
                        .map_err(|error| error.to_string()),
                    false => contents::parse(&String::from_utf8_lossy(&plain))
                        .map(|lines| chunk::cut(&rule, lines))
                        .map_err(|error| error.to_string()),
                };
                match cut {
                    Ok(cut) => cut,
                    Err(message) => {
                        self.error("invalid-index", &path, message, REPUBLISH);
                        return Ok(());
                    }
                }
            }
        };
        let cut = cut.into_iter().map(|(chunk, _)| chunk);
        if !cut.eq(index.chunks.iter().cloned()) {
            let message = "the manifest has other chunks than its stanzas give".to_owned();
            let fix = "this is a bug in debcut; please report it";
            self.error("wrong-chunks", &path, message, fix);
        }
        Ok(())
    }

    /// Reads a published index file; returns its plain text if all is well.
    fn published(
        &mut self,
        path: &ArchivePath,
        index: &Index,
        file: &IndexFile,
    ) -> Result<Option<Vec<u8>>, PublishError> {
        let Some(bytes) = self.store.read(path)? else {
            self.error("missing-index", path, "it is missing".to_owned(), REPUBLISH);
            return Ok(None);
        };
        if !self.is(path, "damaged-index", file.sha256, Sha256::of(&bytes)) {
            return Ok(None);
        }
        match file.encoding.decompress(&bytes, index.size) {
            Ok(plain) => {
                let same = self.is(path, "damaged-index", index.sha256, Sha256::of(&plain));
                Ok(same.then_some(plain))
            }
            Err(error) => {
                let message = format!("it cannot be decompressed: {error}");
                self.error("damaged-index", path, message, REPUBLISH);
                Ok(None)
            }
        }
    }

    /// Checks a file under its plain name.
    fn digest(&mut self, path: &ArchivePath, expected: Sha256) -> Result<(), PublishError> {
        match self.store.digest(path)? {
            None => self.error("missing-index", path, "it is missing".to_owned(), REPUBLISH),
            Some((_, found)) => {
                self.is(path, "damaged-index", expected, found);
            }
        }
        Ok(())
    }

    fn is(
        &mut self,
        path: &ArchivePath,
        rule: &'static str,
        expected: Sha256,
        found: Sha256,
    ) -> bool {
        if found != expected {
            let message = format!("expected sha256 {expected}, found {found}");
            self.error(rule, path, message, REPUBLISH);
        }
        found == expected
    }

    /// Checks the chunks and pieces of an index.
    fn objects(&mut self, index: &Index) -> Result<(), PublishError> {
        let mut wanted = BTreeMap::new();
        for chunk in &index.chunks {
            wanted.insert(chunk.sha256, ObjectKind::Chunk);
        }
        for file in &index.files {
            let kind = ObjectKind::Piece(file.encoding);
            wanted.extend(file.pieces.iter().map(|piece| (piece.sha256, kind)));
        }
        for (sha256, kind) in wanted {
            match read_object(self.store, kind, &sha256) {
                Ok(_) => {}
                Err(PublishError::Store(error)) => return Err(error.into()),
                Err(error) => self.damaged_state(&layout::object(kind, &sha256), &error),
            }
        }
        Ok(())
    }

    /// Checks that the files which a stanza promises are in the pool.
    fn stanza(&mut self, index: &ArchivePath, stanza: &Stanza) -> Result<(), PublishError> {
        let files = match index::files(stanza) {
            Ok(files) => files,
            Err(error) => {
                let message = format!("{} {}: {error}", stanza.name(), stanza.version());
                self.error("invalid-index", index, message, REPUBLISH);
                return Ok(());
            }
        };
        for file in files {
            self.pool_file(stanza, &file)?;
        }
        Ok(())
    }

    fn pool_file(&mut self, stanza: &Stanza, file: &PoolFile) -> Result<(), PublishError> {
        if !self.seen.insert((file.path.clone(), file.sha256)) {
            return Ok(());
        }
        let found = match self.depth {
            Depth::References => self.store.size(&file.path)?.map(|size| (size, None)),
            Depth::Everything => {
                let found = self.store.digest(&file.path)?;
                found.map(|(size, sha256)| (size, Some(sha256)))
            }
        };
        let (name, version) = (stanza.name(), stanza.version());
        let fix = "restore the file from a backup";
        let (rule, message) = match found {
            None => {
                let message = format!("{name} {version} is listed, but its file is missing");
                ("missing-package", message)
            }
            Some((size, _)) if size != file.size => {
                let message = format!("expected {} bytes, found {size}", file.size);
                ("damaged-package", message)
            }
            Some((_, Some(sha256))) if sha256 != file.sha256 => {
                let message = format!("expected sha256 {}, found {sha256}", file.sha256);
                ("damaged-package", message)
            }
            Some(_) => return Ok(()),
        };
        self.error(rule, &file.path, message, fix);
        Ok(())
    }
}
