//! The tag that provenance names, in a clone of the project.

use std::path::Path;

use crate::flow::FlowError;
use crate::sys::git::{Commit, GitError, Repository, TagKind};
use crate::verify::chain::{Cause, CommitFound, LinkName, Look, TagFound, Text};
use crate::verify::{Reader, Signature};

/// Finds the tag in the repository that `start` is in.
pub(super) fn find(
    start: &Path,
    provenance: &Look<Text>,
    reader: &Reader<'_>,
) -> Result<Look<TagFound>, FlowError> {
    let follows = |why: &str| Look::Missing(why.to_owned(), Cause::Follows(LinkName::Provenance));
    let content = match provenance {
        Look::Found(text) => match &text.claim.content {
            Ok(content) => content,
            Err(_) => return Ok(follows("the provenance that would name it cannot be read")),
        },
        Look::Missing(..) | Look::NotAsked => {
            return Ok(follows("there is no provenance to name it"));
        }
    };
    let Some(name) = content.origin.as_ref().and_then(|o| o.tag.clone()) else {
        let why = "the provenance names no tag: a candidate was built";
        let fix = "build the tag, and publish that: debcut build TAG";
        return Ok(Look::Missing(why.to_owned(), Cause::Remedy(fix.to_owned())));
    };
    let repository = match Repository::discover(start) {
        Ok(repository) => repository,
        Err(error @ GitError::NoRepository { .. }) => {
            return Ok(Look::Missing(error.to_string(), Cause::Unnamed));
        }
        Err(error) => return Err(error.into()),
    };
    let top = repository.top().to_owned();
    let tag = match repository.tag(&name) {
        Ok(tag) => tag,
        Err(error @ GitError::NoTag { .. }) => {
            let why = format!("{error} in {}", top.display());
            let fix = format!(
                "git -C {} fetch --tags, or name the project's clone with --repository DIR",
                top.display()
            );
            return Ok(Look::Missing(why, Cause::Remedy(fix)));
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
