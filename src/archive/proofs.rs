//! What proves where packages came from, kept by the archive: the `.changes`,
//! `.buildinfo` and attestations that they came with.
//!
//! apt never reads them. Each is a file of the suite named by its SHA-256, so
//! that two builds of one version can never be in each other's way. Which there
//! are is said by shelves, lists of the proofs of those sources whose name's
//! SHA-256 begins with the same two hexadecimal digits: a generation's manifest
//! and its `Release` name at most 256 of them, and publishing one source writes
//! one anew. So whoever verifies needs only what clients can fetch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::admission::Admission;
use crate::format::version::Version;
use crate::model::{PackageName, Sha256};

/// How the names of files of attestations end.
pub const ATTESTATIONS: &str = ".intoto.jsonl";

/// The lists of a suite's proofs, by the digits of their shelf.
pub type Shelves = BTreeMap<String, Vec<Proof>>;

/// A shelf's list as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shelf {
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

impl Shelf {
    /// Returns what a list is as a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
        }
    }
}

/// A proof as a shelf lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The source package it is about.
    pub source: PackageName,
    /// The version of the upload.
    pub version: Version,
    /// The file's name, for people; its place is its digest.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// A proof that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// What it is.
    pub proof: Proof,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl ProofFile {
    /// Takes a file.
    pub fn new(source: PackageName, version: Version, name: String, bytes: Vec<u8>) -> Self {
        let (size, sha256) = (bytes.len() as u64, Sha256::of(&bytes));
        let proof = Proof {
            source,
            version,
            name,
            size,
            sha256,
        };
        Self { proof, bytes }
    }
}

impl Proof {
    /// Tells whether it is a file of attestations, which grows.
    pub fn is_attestations(&self) -> bool {
        self.name.ends_with(ATTESTATIONS)
    }

    fn key(&self) -> (&PackageName, &str, &str) {
        (&self.source, self.version.as_str(), &self.name)
    }
}

/// Returns the shelf of a source's proofs.
pub fn shelf(source: &PackageName) -> String {
    Sha256::of(source.as_str().as_bytes()).hex()[..2].to_owned()
}

/// Writes a shelf's list.
pub fn to_bytes(proofs: &[Proof]) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(proofs).expect("strings and numbers only");
    bytes.push(b'\n');
    bytes
}

/// Reads a shelf's list.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Proof>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

impl Admission {
    /// Keeps the proofs that came with a change, beside those that the suite
    /// has on the same shelves. Where one of that name is there, attestations
    /// replace it, because whoever offers them has added to the old ones; an
    /// upload replaces it only when it brings something: built once more, it
    /// proves nothing about what is there.
    #[must_use]
    pub fn with_proofs(mut self, before: &Shelves, offered: Vec<ProofFile>) -> Self {
        let brings = !self.added.is_empty();
        for file in offered {
            let name = shelf(&file.proof.source);
            let there = || before.get(&name).cloned().unwrap_or_default();
            let mut list = self.shelves.get(&name).cloned().unwrap_or_else(there);
            let same = list
                .iter()
                .position(|proof| proof.key() == file.proof.key());
            match same {
                Some(at) if list[at] == file.proof => continue,
                Some(at) if brings || file.proof.is_attestations() => {
                    list[at] = file.proof.clone();
                }
                Some(_) => continue,
                None => list.push(file.proof.clone()),
            }
            list.sort_by(|a, b| a.key().cmp(&b.key()));
            self.shelves.insert(name, list);
            self.proof_files.push(file);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::{deb, nothing_there};
    use crate::archive::{Older, admit};

    fn file(name: &str, text: &str) -> ProofFile {
        let source = PackageName::new("hello").expect("a name");
        let version = "1.0-1".parse().expect("a version");
        ProofFile::new(source, version, name.into(), text.into())
    }

    #[test]
    fn proofs_stay_and_attestations_grow() {
        let hello = [deb("hello 1.0-1 amd64 x")];
        let empty = nothing_there();
        let added = || admit(&empty, &hello, Older::Refuse).expect("admitted");
        let same = || admit(&empty, &[], Older::Refuse).expect("admitted");
        let first = [file("a.changes", "1"), file("a.intoto.jsonl", "1")];
        let start = added().with_proofs(&Shelves::new(), first.to_vec());
        assert_eq!(start.shelves.len(), 1);
        let before = start.shelves.clone();
        let list = &before[&shelf(&first[0].proof.source)];
        assert_eq!(from_bytes(&to_bytes(list)).expect("as written"), *list);
        let other = [file("a.changes", "2"), file("a.intoto.jsonl", "2")];
        // (what is offered, whether packages come with it, how many are written)
        let cases = [(&first, false, 0), (&other, false, 1), (&other, true, 2)];
        for (offered, brings, want) in cases {
            let admission = if brings { added() } else { same() };
            let next = admission.with_proofs(&before, offered.to_vec());
            assert_eq!(next.proof_files.len(), want, "{offered:?} {brings}");
            assert_eq!(next.is_change(), brings || want > 0);
        }
    }
}
