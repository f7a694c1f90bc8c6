//! A generation as it is written: an immutable manifest, known by its digest.
//!
//! Says which chunks every index consists of, and which compressed pieces its
//! published files. The files in the pool are not listed a second time: the
//! stanzas name them, with their sizes and digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::chunk::Chunk;
use crate::archive::layout::{self, IndexName};
use crate::archive::pdiff::{self, Patch};
use crate::archive::proofs::Shelf;
use crate::archive::settings::Settings;
use crate::format::index::piece::Encoding;
use crate::format::release::{self, Release};
use crate::model::{Architecture, Sha256, Suite, Timestamp};

/// The form this program writes and reads.
pub const SCHEMA: &str = "debcut/generation/1";

/// One generation of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The suite.
    pub suite: Suite,
    /// Its number, from 1, one more with every generation of the suite.
    pub number: u64,
    /// The digest of the manifest before it.
    pub parent: Option<Sha256>,
    /// The `Date` of its `Release`.
    pub date: Timestamp,
    /// The `Valid-Until` of its `Release`.
    pub valid_until: Option<Timestamp>,
    /// Who made it and why.
    pub record: Record,
    /// What the suite is.
    pub settings: Settings,
    /// Its indices, in order of their names.
    pub indices: Vec<Index>,
    /// The lists of its proofs, by their shelves' two hexadecimal digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shelves: BTreeMap<String, Shelf>,
}

/// Who made a generation and why, for the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The person or account.
    pub who: String,
    /// The reason, as far as one was given.
    pub why: Option<String>,
    /// The command as it was given.
    pub command: String,
    /// The fingerprint of the key it is signed with.
    pub key: Option<String>,
}

/// An index of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Which one.
    pub name: IndexName,
    /// The size of its plain text in bytes.
    pub size: u64,
    /// The digest of its plain text.
    pub sha256: Sha256,
    /// The chunks of its plain text.
    pub chunks: Vec<Chunk>,
    /// Its published files.
    pub files: Vec<IndexFile>,
    /// Patches from earlier states, the oldest first, each to the next one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
}

impl Index {
    /// Returns how its published files are compressed, in order.
    pub fn encodings(&self) -> impl Iterator<Item = &Encoding> {
        self.files.iter().map(|file| &file.encoding)
    }
}

/// A published file of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexFile {
    /// How it is compressed.
    pub encoding: Encoding,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// The pieces it is put together from, one for each chunk.
    pub pieces: Vec<Piece>,
}

/// A compressed chunk, kept so that it need not be compressed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
}

/// A generation, known for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Its number.
    pub number: u64,
    /// The digest of its manifest.
    pub manifest: Sha256,
}

/// Says why bytes are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// They are not the JSON of one.
    #[error("not a manifest of the form {SCHEMA}")]
    Json(#[source] serde_json::Error),
    /// Another program, or a later version of this one, wrote it.
    #[error("found a manifest of the form “{found}”, expected {SCHEMA}")]
    Schema {
        /// What it calls itself.
        found: String,
    },
    /// Its parts contradict each other.
    #[error("the manifest contradicts itself at {index}: {what}")]
    Contradiction {
        /// The index.
        index: String,
        /// What does not fit.
        what: &'static str,
    },
}

impl Manifest {
    /// Writes it; the digest of these bytes is its name.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("no map with keys that are no strings");
        bytes.push(b'\n');
        bytes
    }

    /// Reads one, and checks that its parts fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Form {
            schema: String,
        }
        // The form first: a later one fails in fields that say nothing.
        let form: Form = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
        if form.schema != SCHEMA {
            return Err(ManifestError::Schema { found: form.schema });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let refuse = |index: &dyn ToString, what| ManifestError::Contradiction {
            index: index.to_string(),
            what,
        };
        let names = self.indices.iter().map(|index| &index.name);
        if !names.eq(&self.settings.indices()) {
            return Err(refuse(&"indices", "they are not those of its settings"));
        }
        for index in &self.indices {
            let size = index.chunks.iter().map(|chunk| chunk.size).sum::<u64>();
            if size != index.size {
                return Err(refuse(
                    &index.name,
                    "its chunks have another size than it has",
                ));
            }
            if !index.chunks.is_sorted_by(|a, b| a.first < b.first) {
                return Err(refuse(&index.name, "its chunks are not in order"));
            }
            let pieces = index.files.iter().map(|file| file.pieces.len());
            if pieces.into_iter().any(|len| len != index.chunks.len()) {
                return Err(refuse(
                    &index.name,
                    "a file has not one piece for each chunk",
                ));
            }
            if !index
                .encodings()
                .eq(self.settings.encodings_of(&index.name))
            {
                return Err(refuse(
                    &index.name,
                    "its files are not one of each encoding",
                ));
            }
        }
        Ok(())
    }

    /// Returns the indices that list packages: `Packages` and `Sources`.
    pub fn listings(&self) -> impl Iterator<Item = &Index> {
        self.indices.iter().filter(|i| i.name.kind().is_some())
    }

    /// Returns the fingerprints of the keys it is signed with, in order.
    pub fn signers(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.record.key.iter().map(String::as_str).collect();
        for beside in &self.settings.signers {
            if !all.contains(&beside.as_str()) {
                all.push(beside.as_str());
            }
        }
        // In an order that does not depend on which of them was chosen.
        all.sort_unstable();
        all
    }

    /// Finds an index.
    pub fn index(&self, name: &IndexName) -> Option<&Index> {
        self.indices.iter().find(|index| index.name == *name)
    }

    /// Returns what its `Release` says. It lists every published file of every
    /// index, and the plain text, which nobody serves but apt wants to know.
    pub fn release(&self) -> Release {
        let mut architectures = vec![Architecture::all()];
        architectures.extend(self.settings.architectures.iter().cloned());
        let mut files = BTreeMap::new();
        for index in &self.indices {
            let (size, sha256) = (index.size, index.sha256);
            files.insert(index.name.file(None), release::IndexFile { size, sha256 });
            for file in &index.files {
                let (size, sha256) = (file.size, file.sha256);
                let path = index.name.file(Some(file.encoding));
                files.insert(path, release::IndexFile { size, sha256 });
            }
            if let Some(listed) = pdiff::listed(index) {
                files.insert(index.name.patches("Index"), listed);
            }
        }
        for (shelf, Shelf { size, sha256 }) in &self.shelves {
            let (size, sha256) = (*size, *sha256);
            let name = layout::shelf_name(shelf);
            files.insert(name, release::IndexFile { size, sha256 });
        }
        Release {
            origin: self.settings.origin.clone(),
            label: self.settings.label.clone(),
            suite: self.settings.stated.suite(&self.suite),
            codename: self.settings.codename.clone(),
            version: self.settings.version.clone(),
            date: self.date,
            valid_until: self.valid_until,
            upgrades: self.settings.upgrades,
            acquire_by_hash: true,
            all_in_every_architecture: true,
            architectures,
            components: self.settings.components.clone(),
            description: self.settings.description.clone(),
            snapshots: self.settings.snapshots.clone(),
            files,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Component;

    fn empty() -> Manifest {
        let main = Component::new("main").expect("a name");
        let amd64 = Architecture::new("amd64").expect("a name");
        let settings = Settings::new(vec![main], vec![amd64]);
        let nothing = Sha256::of(b"");
        let file = |encoding: &Encoding| IndexFile {
            encoding: *encoding,
            size: 32,
            sha256: nothing,
            pieces: Vec::new(),
        };
        let index = |name| Index {
            size: 0,
            sha256: nothing,
            chunks: Vec::new(),
            files: settings.encodings_of(&name).iter().map(file).collect(),
            patches: Vec::new(),
            name,
        };
        Manifest {
            schema: SCHEMA.to_owned(),
            suite: Suite::new("stable").expect("a name"),
            number: 1,
            parent: None,
            date: Timestamp::from_unix(1_795_253_400),
            valid_until: None,
            record: Record::default(),
            shelves: BTreeMap::new(),
            indices: settings.indices().into_iter().map(index).collect(),
            settings: settings.clone(),
        }
    }

    #[test]
    fn a_manifest_is_read_as_written() {
        let manifest = empty();
        let read = Manifest::from_bytes(&manifest.to_bytes()).expect("valid");
        assert_eq!(read, manifest);
        let paths: Vec<_> = manifest.release().files.into_keys().collect();
        assert_eq!(paths.len(), 8);
        assert_eq!(paths[1], "main/Contents-amd64.gz");
        assert_eq!(paths[3], "main/binary-amd64/Packages.gz");
    }

    #[test]
    fn contradictions_are_refused() {
        type Damage = fn(&mut Manifest);
        let cases: [(&str, Damage); 6] = [
            ("debcut/generation/9", |m| {
                m.schema = "debcut/generation/9".into()
            }),
            ("not those of its settings", |m| drop(m.indices.pop())),
            ("another size", |m| m.indices[0].size = 1),
            ("one of each encoding", |m| drop(m.indices[0].files.pop())),
            ("one piece for each chunk", |m| {
                let (sha256, size) = (Sha256::of(b"x"), 1);
                m.indices[0].files[0].pieces.push(Piece { sha256, size });
            }),
            ("not in order", |m| {
                let chunk = Chunk {
                    first: "aa".to_owned(),
                    sha256: Sha256::of(b"x"),
                    size: 0,
                    lines: 0,
                };
                m.indices[0].chunks = vec![chunk.clone(), chunk];
            }),
        ];
        for (want, damage) in cases {
            let mut manifest = empty();
            damage(&mut manifest);
            let error = Manifest::from_bytes(&manifest.to_bytes()).expect_err(want);
            assert!(error.to_string().contains(want), "{error}");
        }
        for text in ["", "{}", "[]", "{\"schema\":\"debcut/generation/1\"}"] {
            assert!(Manifest::from_bytes(text.as_bytes()).is_err(), "{text}");
        }
    }
}
