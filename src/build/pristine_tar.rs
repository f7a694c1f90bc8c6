//! The branch `pristine-tar`, read: which tarballs it can make again
//! (pristine-tar(1)). Writes nothing.

use std::collections::BTreeMap;
use std::io::Read;

use super::upstream::Origin;
use crate::format::compress::{Compression, Decoder};
use crate::format::tar::Reader;
use crate::model::Sha256;
use crate::sys::git::{GitError, Repository};

/// Where the branch is looked for, as pristine-tar does.
const REFS: [&str; 2] = [
    "refs/heads/pristine-tar",
    "refs/remotes/origin/pristine-tar",
];

/// The branch, as it was found.
#[derive(Debug)]
pub(super) struct Branch {
    commit: String,
    files: BTreeMap<String, String>,
}

impl Branch {
    /// Finds the branch.
    pub(super) fn find(repository: &Repository) -> Result<Option<Self>, GitError> {
        for name in REFS {
            let Some(commit) = repository.ref_target(name)? else {
                continue;
            };
            let entries = repository.directory(&repository.commit(&commit)?.tree)?;
            let entries = entries.into_iter();
            let files = entries.map(|entry| {
                let name = String::from_utf8_lossy(&entry.path).into_owned();
                (name, entry.id)
            });
            let files = files.collect();
            return Ok(Some(Self { commit, files }));
        }
        Ok(None)
    }

    /// Lists the tarballs whose names begin so, by name.
    pub(super) fn tarballs(&self, beginning: &str) -> Vec<String> {
        let names = self.files.keys();
        let names = names.filter_map(|name| name.strip_suffix(".delta"));
        let names = names.filter(|name| name.starts_with(beginning));
        names.map(str::to_owned).collect()
    }

    /// Says how a tarball is made again.
    pub(super) fn origin(
        &self,
        repository: &Repository,
        name: &str,
    ) -> Result<Option<Origin>, GitError> {
        let object = |ending: &str| self.files.get(&format!("{name}{ending}"));
        let (Some(delta), Some(id)) = (object(".delta"), object(".id")) else {
            return Ok(None);
        };
        let tree = String::from_utf8_lossy(&repository.blob(id)?)
            .trim()
            .to_owned();
        Ok(Some(Origin::PristineTar {
            commit: self.commit.clone(),
            sha256: digest(&repository.blob(delta)?),
            delta: delta.clone(),
            tree,
        }))
    }

    /// Reads upstream's signature of a tarball, where the branch has it.
    pub(super) fn signature(
        &self,
        repository: &Repository,
        name: &str,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let id = self.files.get(&format!("{name}.asc"));
        id.map(|id| repository.blob(id)).transpose()
    }
}

/// Reads the tarball's digest out of its delta: the delta is a tar.gz whose
/// member `sha256sum` has it since pristine-tar 1.40.
fn digest(delta: &[u8]) -> Option<Sha256> {
    const WINDOW_BYTES: u64 = 1 << 16;
    const LONGEST: u64 = 256;
    let decoder = Decoder::new(Compression::Gzip, delta, WINDOW_BYTES).ok()?;
    let mut members = Reader::new(decoder);
    while let Some(entry) = members.next_entry().ok()? {
        if entry.path.as_bytes() == b"sha256sum" {
            let mut text = String::new();
            members
                .by_ref()
                .take(LONGEST)
                .read_to_string(&mut text)
                .ok()?;
            return text.split_whitespace().next()?.parse().ok();
        }
    }
    None
}
