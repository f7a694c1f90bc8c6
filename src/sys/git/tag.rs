//! Tags: resolved once, with the text that a signature would cover.

use super::{Commit, GitError, Repository, failed};
use crate::model::name::nearest;
use crate::model::{TagName, Timestamp};

/// What kind of tag it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagKind {
    /// A ref that points at a commit directly; nobody can have signed it.
    Lightweight,
    /// A tag object.
    Annotated {
        /// The tag object's id in hexadecimal.
        object: String,
        /// The bytes that a signature covers.
        signed: Vec<u8>,
        /// The armoured signature (OpenPGP or SSH), if there is one.
        signature: Option<String>,
    },
}

/// A tag and the commit it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The name, without `refs/tags/`.
    pub name: TagName,
    /// Lightweight or annotated.
    pub kind: TagKind,
    /// The commit.
    pub commit: Commit,
}

impl Repository {
    /// Resolves a tag. An annotated tag's own name must be the ref's: a signed
    /// tag copied to another name would pass for that release.
    pub fn tag(&self, name: &str) -> Result<Tag, GitError> {
        let none = || -> GitError {
            let names = self.tag_names().unwrap_or_default();
            let nearest = nearest(name, names.iter().map(TagName::as_str));
            GitError::NoTag {
                name: name.to_owned(),
                nearest: nearest.map(str::to_owned),
            }
        };
        let name = TagName::new(name).map_err(|_| none())?;
        let full = format!("refs/tags/{name}");
        let reference = match self.inner.find_reference(&full) {
            Ok(reference) => reference,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Err(none()),
            Err(error) => return Err(failed(format!("look up {full}"))(error)),
        };
        let reference = reference
            .resolve()
            .map_err(failed(format!("resolve {full}")))?;
        let id = reference.target().ok_or_else(none)?;
        let commit = self.commit(&id.to_string())?;
        let kind = match self.inner.find_tag(id) {
            Err(error) if error.code() == git2::ErrorCode::NotFound => TagKind::Lightweight,
            Err(error) => return Err(failed(format!("read the tag {name}"))(error)),
            Ok(tag) => {
                let own = String::from_utf8_lossy(tag.name_bytes());
                if own != name.as_str() {
                    let (wanted, own) = (name.to_string(), own.into_owned());
                    return Err(GitError::RenamedTag { wanted, own });
                }
                let odb = self.inner.odb().map_err(failed("open its objects"))?;
                let object = odb
                    .read(id)
                    .map_err(failed(format!("read the tag {name}")))?;
                let (signed, signature) = split_signature(object.data());
                TagKind::Annotated {
                    object: id.to_string(),
                    signed,
                    signature,
                }
            }
        };
        Ok(Tag { name, kind, commit })
    }

    /// Returns what a commit's signature covers, and the signature, armoured;
    /// none for a commit without.
    pub fn commit_signature(&self, id: &str) -> Result<Option<(Vec<u8>, String)>, GitError> {
        let action = || failed(format!("read the commit {id}"));
        let parsed = git2::Oid::from_str(id).map_err(action())?;
        match self.inner.extract_signature(&parsed, None) {
            Ok((signature, signed)) => {
                let signature = String::from_utf8_lossy(&signature).into_owned();
                Ok(Some((signed.to_vec(), signature)))
            }
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(action()(error)),
        }
    }

    /// Stores a tag object as it is given; returns its id. No ref points at it.
    pub fn write_tag_object(&self, name: &TagName, object: &[u8]) -> Result<String, GitError> {
        let action = || failed(format!("write the tag {name}"));
        let odb = self.inner.odb().map_err(action())?;
        let id = odb.write(git2::ObjectType::Tag, object).map_err(action())?;
        Ok(id.to_string())
    }

    /// Tells whether a tag object, by its id, ends with a signature.
    pub fn is_signed_tag(&self, id: &str) -> Result<bool, GitError> {
        let action = || failed(format!("read the tag object {id}"));
        let odb = self.inner.odb().map_err(action())?;
        let parsed = git2::Oid::from_str(id).map_err(action())?;
        let object = odb.read(parsed).map_err(action())?;
        Ok(split_signature(object.data()).1.is_some())
    }

    /// Stores a tag object as it is given and points a new ref at it.
    pub fn write_tag(&self, name: &TagName, object: &[u8]) -> Result<(), GitError> {
        let action = || failed(format!("write the tag {name}"));
        let id = self.write_tag_object(name, object)?;
        let id = git2::Oid::from_str(&id).map_err(action())?;
        let full = format!("refs/tags/{name}");
        self.inner
            .reference(&full, id, false, "tag")
            .map_err(action())?;
        Ok(())
    }
}

/// Writes the text of a tag object on a commit, which is also the text that
/// its signature covers; the armoured signature is appended to it.
pub fn tag_object(
    name: &TagName,
    commit: &str,
    tagger: &str,
    date: Timestamp,
    message: &str,
) -> String {
    let seconds = date.unix();
    format!(
        "object {commit}\ntype commit\ntag {name}\ntagger {tagger} {seconds} +0000\n\n{}\n",
        message.trim_end()
    )
}

const ARMOURS: [&[u8]; 3] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
];

/// Splits a tag object where git does: at the last line that begins with a
/// signature's armour.
fn split_signature(object: &[u8]) -> (Vec<u8>, Option<String>) {
    let mut starts = (0..object.len()).filter(|&at| at == 0 || object[at - 1] == b'\n');
    let begins = |at: &usize| {
        ARMOURS
            .iter()
            .any(|armour| object[*at..].starts_with(armour))
    };
    match starts.rfind(begins) {
        None => (object.to_vec(), None),
        Some(at) => {
            let signature = String::from_utf8_lossy(&object[at..]).into_owned();
            (object[..at].to_vec(), Some(signature))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_split_off_at_the_last_armour() {
        let armour = "-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\n";
        let cases = [
            ("object 1\n\ntext\n", None),
            ("object 1\n\nquotes -----BEGIN PGP SIGNATURE-----\n", None),
        ];
        for (text, want) in cases {
            assert_eq!(
                split_signature(text.as_bytes()),
                (text.as_bytes().to_vec(), want)
            );
        }
        let text = format!("object 1\n\n{armour}more\n{armour}");
        let (signed, signature) = split_signature(text.as_bytes());
        assert_eq!(signed, format!("object 1\n\n{armour}more\n").as_bytes());
        assert_eq!(signature.as_deref(), Some(armour));
    }
}
