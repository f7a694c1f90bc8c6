//! The tag that provenance names, in a clone of the project.

use std::path::Path;

use crate::flow::FlowError;
use crate::sys::git::{Commit, GitError, Repository, TagKind};
use crate::verify::chain::{CommitFound, Look, TagFound, Text};
use crate::verify::{Reader, Signature};

/// Finds the tag in the repository that `start` is in.
pub(super) fn find(
    start: &Path,
    provenance: &Look<Text>,
    reader: &Reader<'_>,
) -> Result<Look<TagFound>, FlowError> {
    let content = provenance.found().map(|text| &text.claim.content);
    let Some(Ok(content)) = content else {
        return Ok(Look::Missing(
            "there is no provenance to name it".to_owned(),
        ));
    };
    let Some(name) = content.origin.as_ref().and_then(|o| o.tag.clone()) else {
        let why = "the provenance names no tag: a candidate was built";
        return Ok(Look::Missing(why.to_owned()));
    };
    let repository = match Repository::discover(start) {
        Ok(repository) => repository,
        Err(error @ GitError::NoRepository { .. }) => return Ok(Look::Missing(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let top = repository.top().to_owned();
    let tag = match repository.tag(&name) {
        Ok(tag) => tag,
        Err(error @ GitError::NoTag { .. }) => {
            return Ok(Look::Missing(format!("{error} in {}", top.display())));
        }
        Err(error @ GitError::RenamedTag { .. }) => {
            let full = format!("refs/tags/{name}");
            let why = error.to_string();
            return Ok(Look::Found(TagFound {
                object: repository.ref_target(&full)?,
                commit: commit(&repository, &repository.commit(&full)?, reader)?,
                repository: top,
                name,
                signature: Ok(Signature::Bad { why }),
            }));
        }
        Err(error) => return Err(error.into()),
    };
    let commit = commit(&repository, &tag.commit, reader)?;
    let (object, signature) = match tag.kind {
        TagKind::Lightweight => (None, Ok(Signature::Absent)),
        TagKind::Annotated {
            object,
            signed,
            signature,
        } => {
            let signature = signature.map(|signature| (signed, signature));
            (Some(object), weighed(signature, "git verify-tag", reader))
        }
    };
    Ok(Look::Found(TagFound {
        repository: top,
        name,
        object,
        signature,
        commit,
    }))
}

fn commit(
    repository: &Repository,
    commit: &Commit,
    reader: &Reader<'_>,
) -> Result<CommitFound, FlowError> {
    let signature = repository.commit_signature(&commit.id)?;
    Ok(CommitFound {
        id: commit.id.clone(),
        tree: commit.tree.clone(),
        signature: weighed(signature, "git verify-commit", reader),
    })
}

/// Weighs git's signature over these bytes.
fn weighed(
    signature: Option<(Vec<u8>, String)>,
    judge: &str,
    reader: &Reader<'_>,
) -> Result<Signature, String> {
    match signature {
        None => Ok(Signature::Absent),
        Some((_, armoured)) if !armoured.contains("BEGIN PGP") => {
            Err(format!("it is not signed with OpenPGP; {judge} checks it"))
        }
        Some((signed, armoured)) => Ok(reader.detached(&signed, armoured.as_bytes())),
    }
}
