//! What an archive needs, and which of its files nothing needs any more.
//!
//! Knows names only. A file whose name nobody here understands is left alone:
//! somebody else may have put it there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::Manifest;
use crate::archive::proofs::{Proof, Shelf};
use crate::format::deb822::Deb822Error;
use crate::format::index::piece::Encoding;
use crate::format::index::{self, Kind, Stanza};
use crate::model::{ArchivePath, Sha256, Suite};

/// What a file is that garbage collection may remove, in the order in which it
/// goes: a generation is unknown before the first file of it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Garbage {
    /// A generation's manifest.
    Manifest,
    /// An index under its plain name, which no `Release` lists any more.
    Index,
    /// A patch of an index, or the plain name of the file that lists them.
    Patch,
    /// An index under its digest.
    ByHash,
    /// A proof, or a list of them.
    Proof,
    /// A package's file.
    Pool,
    /// A chunk, or a compressed piece of one.
    Object,
    /// The list of a package's files.
    FileList,
}

impl Garbage {
    /// Tells what a file is by its name; `None` for what is never collected.
    pub fn of(path: &ArchivePath, suites: &[Suite]) -> Option<Self> {
        let text = path.as_str();
        if let Some(object) = text.strip_prefix(".debcut/objects/") {
            return match object.ends_with(".json") {
                true => Some(Self::Manifest),
                false => Some(Self::Object),
            };
        }
        if text.starts_with(".debcut/files/") {
            return Some(Self::FileList);
        }
        if text.starts_with("pool/") {
            return Some(Self::Pool);
        }
        let inside = text.strip_prefix("dists/")?;
        let mut own = suites.iter().filter_map(|suite| {
            let below = inside.strip_prefix(suite.as_str())?.strip_prefix('/')?;
            published(below)
        });
        own.next()
    }
}

/// Tells what a file is by its name below the directory of its suite.
fn published(below: &str) -> Option<Garbage> {
    if let Some((directory, name)) = below.rsplit_once("/by-hash/SHA256/") {
        name.parse::<Sha256>().ok()?;
        return match directory {
            "proofs" => Some(Garbage::Proof),
            _ => Some(Garbage::ByHash),
        };
    }
    if let Some((index, file)) = below.split_once(".diff/") {
        index.parse::<IndexName>().ok()?;
        return (file == "Index" || file.ends_with(".gz")).then_some(Garbage::Patch);
    }
    let (name, suffix) = below.rsplit_once('.')?;
    suffix.parse::<Encoding>().ok()?;
    name.parse::<IndexName>().ok()?;
    Some(Garbage::Index)
}

/// The files that are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed(BTreeSet<ArchivePath>);

impl Needed {
    /// Tells whether a file is needed.
    pub fn has(&self, path: &ArchivePath) -> bool {
        self.0.contains(path)
    }

    /// Returns them in order.
    pub fn paths(&self) -> impl Iterator<Item = &ArchivePath> {
        self.0.iter()
    }

    /// Adds what others need.
    pub fn join(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Adds the state that a kept generation consists of; its packages and
    /// proofs are read from it, and added by themselves.
    pub fn add_generation(&mut self, sha256: &Sha256, manifest: &Manifest) {
        self.0.insert(layout::object(ObjectKind::Manifest, sha256));
        for index in &manifest.indices {
            let chunks = index.chunks.iter();
            let chunks = chunks.map(|chunk| layout::object(ObjectKind::Chunk, &chunk.sha256));
            self.0.extend(chunks);
            for file in &index.files {
                let kind = ObjectKind::Piece(file.encoding);
                let pieces = file.pieces.iter();
                self.0
                    .extend(pieces.map(|piece| layout::object(kind, &piece.sha256)));
            }
        }
        for Shelf { sha256, .. } in manifest.shelves.values() {
            self.0.insert(layout::proof(&manifest.suite, sha256));
        }
    }

    /// Adds what clients fetch who have the generation's `InRelease`.
    pub fn add_by_hash(&mut self, manifest: &Manifest) {
        for (name, file) in manifest.release().files {
            let path = layout::listed_by_hash(&manifest.suite, &name, &file.sha256);
            self.0.insert(path);
        }
    }

    /// Adds the patches that such clients fetch.
    pub fn add_patches(&mut self, manifest: &Manifest) {
        for index in &manifest.indices {
            let own = index.patches.iter();
            self.0
                .extend(own.map(|patch| layout::patch(&manifest.suite, &index.name, patch)));
        }
    }

    /// Adds what clients fetch by plain names: of the newest generation.
    pub fn add_plain_names(&mut self, manifest: &Manifest) {
        for name in manifest.release().files.keys() {
            self.0.insert(layout::listed(&manifest.suite, name));
        }
    }

    /// Adds the files of a package, and what is kept about them.
    pub fn add_stanza(&mut self, stanza: &Stanza) -> Result<(), Deb822Error> {
        for file in index::files(stanza)? {
            if stanza.kind() == Kind::Packages {
                self.0.insert(layout::file_list(&file.sha256));
            }
            self.0.insert(file.path);
        }
        Ok(())
    }

    /// Adds a proof.
    pub fn add_proof(&mut self, suite: &Suite, proof: &Proof) {
        self.0.insert(layout::proof(suite, &proof.sha256));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_can_be_garbage() {
        let suites = ["stable", "stable/updates"].map(|name| Suite::new(name).expect("a name"));
        let digest = Sha256::of(b"x").hex();
        let cases = [
            (
                format!(".debcut/objects/2d/{digest}.json"),
                Some(Garbage::Manifest),
            ),
            (
                format!(".debcut/objects/2d/{digest}"),
                Some(Garbage::Object),
            ),
            (
                format!(".debcut/objects/2d/{digest}.xz"),
                Some(Garbage::Object),
            ),
            (
                format!(".debcut/files/2d/{digest}.zst"),
                Some(Garbage::FileList),
            ),
            (".debcut/suites/stable/head".into(), None),
            (".debcut/keys/A.asc".into(), None),
            (".debcut/lock".into(), None),
            (format!(".debcut/purged/{digest}.json"), None),
            (
                "pool/main/h/hello/hello_1_all.deb".into(),
                Some(Garbage::Pool),
            ),
            ("dists/stable/InRelease".into(), None),
            (
                "dists/stable/main/binary-amd64/Packages.xz".into(),
                Some(Garbage::Index),
            ),
            (
                "dists/stable/main/Contents-amd64.gz".into(),
                Some(Garbage::Index),
            ),
            ("dists/stable/main/binary-amd64/Release".into(), None),
            (
                "dists/stable/updates/main/source/Sources.gz".into(),
                Some(Garbage::Index),
            ),
            (
                format!("dists/stable/main/binary-amd64/by-hash/SHA256/{digest}"),
                Some(Garbage::ByHash),
            ),
            (
                "dists/stable/main/binary-amd64/by-hash/SHA256/notes".into(),
                None,
            ),
            (
                format!("dists/stable/proofs/by-hash/SHA256/{digest}"),
                Some(Garbage::Proof),
            ),
            (
                format!("dists/other/main/binary-amd64/by-hash/SHA256/{digest}"),
                None,
            ),
            ("index.html".into(), None),
        ];
        for (text, want) in cases {
            let path = ArchivePath::new(text.as_str()).expect("a path");
            assert_eq!(Garbage::of(&path, &suites), want, "{text}");
        }
    }
}
