//! Commits that take over another one's change: as git-cherry-pick(1) with
//! `-x` makes them.
//!
//! The author is the original's, byte for byte, with its date; the committer is
//! whoever picks. The message ends with the original's name, right behind the
//! trailers where there are some (git's `has_conforming_footer`), and is then
//! cleaned up as git does it when it adds that line (`--cleanup=whitespace`).

mod footer;

use super::user::{UserGit, line};
use super::{Author, CommitError, GitError, ObjectId, Repository, failed};

/// A pick that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewPick<'a> {
    /// The commit whose change it takes over.
    pub of: &'a str,
    /// The commit it stands on.
    pub parent: &'a str,
    /// Its tree.
    pub tree: &'a str,
    /// Who picks, and when, in UTC.
    pub committer: Author<'a>,
}

/// An author as a commit holds one: `Name <address> SECONDS ZONE`.
struct Written {
    name: String,
    email: String,
    when: String,
}

/// Returns the message of a pick.
pub fn picked_message(message: &str, of: &str) -> String {
    // git begins at the subject: what is empty before it is no part of it.
    let mut whole = footer::from_subject(message).to_owned();
    if !whole.ends_with('\n') {
        whole.push('\n');
    }
    if !footer::is_conforming(&whole) {
        whole.push('\n');
    }
    whole += &format!("(cherry picked from commit {of})\n");
    cleaned(&whole)
}

/// Cleans a message up as git's `whitespace` mode does: nothing at lines' ends,
/// one empty line where there are several, none at the ends.
fn cleaned(message: &str) -> String {
    let mut kept = String::new();
    let mut empty = 0;
    for text in message.split('\n') {
        let text = text.trim_end_matches([' ', '\t', '\r', '\x0b', '\x0c']);
        if text.is_empty() {
            empty += 1;
            continue;
        }
        if empty > 0 && !kept.is_empty() {
            kept.push('\n');
        }
        empty = 0;
        kept += text;
        kept.push('\n');
    }
    kept
}

impl Repository {
    /// Reads whose a commit is, in UTF-8, and its message.
    fn written(&self, id: &str) -> Result<(Written, String), GitError> {
        let act = || failed(format!("read the commit {id}"));
        let parsed = git2::Oid::from_str(id).map_err(act())?;
        let found = ObjectId::of(parsed);
        let found = found.ok_or_else(|| GitError::NoCommit {
            revision: id.to_owned(),
        })?;
        let commit = self.objects()?.commit(found)?;
        let (name, email) = commit.author();
        let stored = self.inner.find_commit(parsed).map_err(act())?;
        let when = stored.author().when();
        let (sign, minutes) = (when.sign(), when.offset_minutes().abs());
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let when = format!("{} {sign}{hours:02}{minutes:02}", when.seconds());
        Ok((Written { name, email, when }, commit.message()))
    }

    fn write_pick_unsigned(
        &self,
        pick: &NewPick<'_>,
        author: &Written,
        message: &str,
    ) -> Result<String, GitError> {
        // Written as bytes: libgit2 refuses authors without a name, which
        // exist, and who wrote something is not ours to refuse.
        let Written { name, email, when } = author;
        let space = if name.is_empty() { "" } else { " " };
        let Author {
            name: by,
            email: address,
            date,
        } = pick.committer;
        let text = format!(
            "tree {}\nparent {}\nauthor {name}{space}<{email}> {when}\n\
             committer {} <{}> {} +0000\n\n{message}",
            pick.tree,
            pick.parent,
            plain(by),
            plain(address),
            date.unix(),
        );
        let store = || -> Result<git2::Oid, git2::Error> {
            let odb = self.inner.odb()?;
            odb.write(git2::ObjectType::Commit, text.as_bytes())
        };
        let id = store().map_err(failed(format!("store the pick of {}", pick.of)))?;
        Ok(id.to_string())
    }
}

/// Takes out of a name what would end it early in a commit.
fn plain(name: &str) -> String {
    let name: String = name.chars().filter(|c| !"<>\n\0".contains(*c)).collect();
    name.trim().to_owned()
}

impl UserGit<'_> {
    /// Stores a pick, signed where the user's configuration has
    /// `commit.gpgSign`. No ref is moved and no hook is run.
    pub fn write_pick(&self, pick: &NewPick<'_>, signs: Signs) -> Result<String, CommitError> {
        let repository = self.repository;
        let (author, message) = repository.written(pick.of)?;
        let message = picked_message(&message, pick.of);
        if signs == Signs::No {
            return Ok(repository.write_pick_unsigned(pick, &author, &message)?);
        }
        let Author { name, email, date } = pick.committer;
        let tool = self
            .tool()
            .env("GIT_AUTHOR_NAME", &author.name)
            .env("GIT_AUTHOR_EMAIL", &author.email)
            .env("GIT_AUTHOR_DATE", format!("@{}", author.when))
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", email)
            .env("GIT_COMMITTER_DATE", format!("{} +0000", date.unix()))
            .args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S"])
            .args(["-p", pick.parent, "-F", "-", pick.tree])
            .input(message);
        let action = format!("sign the pick of {}", pick.of);
        Ok(line(&self.run(&action, tool)?))
    }

    /// Tells whether the user's commits are signed.
    pub fn signs(&self) -> Result<Signs, CommitError> {
        Ok(match self.is_set("commit.gpgSign")? {
            true => Signs::Yes,
            false => Signs::No,
        })
    }
}

/// Whether commits are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    /// By the user's configuration.
    Yes,
    /// Not.
    No,
}

#[cfg(test)]
mod tests;
