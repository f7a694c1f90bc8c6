//! Makes the tags: all objects first, then all refs in one transaction.

use std::path::PathBuf;

use super::plan::NewTag;
use crate::model::{TagName, Timestamp};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::files::FileError;
use crate::sys::git::{
    Author, GitError, RefUpdate, RefsError, Repository, SignTagError, UserGit, tag_object,
};
use crate::sys::openpgp::{SignError, Signer};

/// How tags are signed.
#[derive(Debug)]
pub enum Signing<'a> {
    /// As the user's git is configured: OpenPGP, SSH or X.509.
    Git,
    /// By one of debcut's keys.
    Key(&'a Signer),
    /// Not at all. Only on explicit request.
    None,
}

/// A tag that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its name.
    pub name: TagName,
    /// The release commit.
    pub commit: String,
    /// The tag object.
    pub object: String,
}

/// Why no tag was made.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// Another debcut prepares or tags in this repository.
    #[error("another debcut works in this repository (it holds {})", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// The tag was not signed by the user's git.
    #[error("the tag {tag} is not signed: git's configuration names no key that can sign")]
    Git {
        /// The tag.
        tag: TagName,
        /// What went wrong.
        #[source]
        source: SignTagError,
    },
    /// git made a tag without a signature.
    #[error("git made the tag {tag} without a signature")]
    Unsigned {
        /// The tag.
        tag: TagName,
    },
    /// The key did not sign.
    #[error("the tag {tag} is not signed")]
    Key {
        /// The tag.
        tag: TagName,
        /// Why not.
        #[source]
        source: SignError,
    },
    /// Somebody made one of the tags meanwhile, or a ref is locked.
    #[error("the tags are not made")]
    Refs(#[source] RefsError),
    /// The repository did not take an object.
    #[error(transparent)]
    Repository(#[from] GitError),
    /// The lock could not be taken.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Makes the tags, all or none, by a tagger at a moment; the refs are made in
/// one transaction after all objects are signed and stored.
pub fn apply(
    tags: &[NewTag],
    repository: &Repository,
    environment: &Environment,
    signing: &Signing<'_>,
    tagger: &Person,
    date: Timestamp,
) -> Result<Vec<Tagged>, TagError> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let _lock = repository.own_lock()?.ok_or_else(|| TagError::Busy {
        path: repository.own_lock_path(),
    })?;
    let git = UserGit::new(repository, environment);
    git.sweep_signing()?;
    let author = Author {
        name: &tagger.name,
        email: &tagger.email,
        date,
    };
    let mut made = Vec::new();
    for tag in tags {
        made.push(Tagged {
            name: tag.name.clone(),
            commit: tag.commit.clone(),
            object: object(tag, repository, git, signing, author)?,
        });
    }
    let updates: Vec<RefUpdate> = made
        .iter()
        .map(|tag| RefUpdate {
            name: format!("refs/tags/{}", tag.name),
            from: None,
            to: tag.object.clone(),
        })
        .collect();
    git.update_refs(&updates, "debcut: tag a release")
        .map_err(TagError::Refs)?;
    Ok(made)
}

/// Stores one tag object; returns its id.
fn object(
    tag: &NewTag,
    repository: &Repository,
    git: UserGit<'_>,
    signing: &Signing<'_>,
    author: Author<'_>,
) -> Result<String, TagError> {
    let name = || tag.name.clone();
    let signer = match signing {
        Signing::Git => {
            let made = git.sign_tag(&tag.name, &tag.commit, author, &tag.message);
            let id = made.map_err(|source| TagError::Git {
                tag: name(),
                source,
            })?;
            // git 2.39 ends well also when ssh-keygen has refused.
            if !repository.is_signed_tag(&id)? {
                return Err(TagError::Unsigned { tag: name() });
            }
            return Ok(id);
        }
        Signing::Key(signer) => Some(signer),
        Signing::None => None,
    };
    let who = format!("{} <{}>", plain(author.name), plain(author.email));
    let mut text = tag_object(&tag.name, &tag.commit, &who, author.date, &tag.message);
    if let Some(signer) = signer {
        let signature = signer.detach_sign(text.as_bytes(), author.date);
        text += &signature.map_err(|source| TagError::Key {
            tag: name(),
            source,
        })?;
    }
    Ok(repository.write_tag_object(&tag.name, text.as_bytes())?)
}

/// Leaves out what git leaves out of names: it would end the line's field.
fn plain(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|c| !"<>".contains(*c) && !c.is_control());
    kept.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
