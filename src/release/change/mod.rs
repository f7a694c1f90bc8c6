//! Commits → changes: what each one says to those who use the software.
//!
//! A commit is one change or, when it was squashed, one for each bullet; or it
//! is left out, with the reason. Nothing disappears.

mod forge;
mod note;
mod origin;
mod read;
mod revert;
mod said;
mod squash;

use serde::Serialize;

use super::commit::{Commit, Person};
use super::policy::{Policy, Unconventional};
use crate::format::conventional::{Message, unix_lines};

pub use read::{KNOWN_TYPES, is_release};

/// One change, as a commit message tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The commit.
    pub commit: String,
    /// The type in lower case (`feat`, `fix`); none: an unconventional message.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The scopes, of which there may be several: `feat(a,b)`.
    pub scopes: Vec<String>,
    /// What breaks, where something does; the description if nothing else is
    /// said.
    pub breaking: Option<String>,
    /// The subject without type and scope.
    pub description: String,
    /// The message's paragraphs behind the subject, without trailers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// What users are told.
    pub note: Note,
    /// What users must do (`Action-Required:`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_required: Option<String>,
    /// Bugs of Debian that it closes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<u64>,
    /// Bugs of Launchpad that it closes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub launchpad: Vec<u64>,
    /// Holes that it closes: `CVE-2026-1234`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<String>,
    /// Whether it says that a hole is exploited (`Exploited: yes`).
    #[serde(skip)]
    pub exploited: bool,
    /// What `Fixes:` names, as it is written: commits, issues.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<String>,
    /// The version that `Release-As:` asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_as: Option<String>,
    /// Who made it: the author, then `Co-authored-by:`.
    pub authors: Vec<Person>,
    /// The pull request's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// What `Gbp-Dch:` says.
    #[serde(skip)]
    pub gbp_dch: GbpDch,
    /// What it takes back, where that is older than the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
    /// The commits that it was picked from; empty: it is no pick.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Parent>,
    /// What is odd about the message and was accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A commit that a change was picked from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parent {
    /// The commit: its id, as far as the pick names it where it is not here.
    pub commit: String,
    /// The pull request that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The title of that pull request, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who wrote it; none: it is not in this clone, and nothing of it is known.
    pub author: Option<Person>,
}

/// What users are told of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "text")]
pub enum Note {
    /// This (a `Release-Note:` trailer or a fenced `release-note` block).
    Written(String),
    /// Nothing: the author said `NONE`.
    Nothing,
    /// Nobody has said; the description serves.
    Unsaid,
}

/// What `Gbp-Dch:` asks for in `debian/changelog` (gbp-dch(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GbpDch {
    /// The subject.
    #[default]
    Short,
    /// The subject and the body.
    Full,
    /// No mention.
    Ignore,
}

/// A commit that brings no change of its own to a release, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// Why.
    pub reason: Reason,
}

/// Why a commit is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "detail")]
pub enum Reason {
    /// A merge; the commits that it brings speak for themselves.
    Merge,
    /// `fixup!`, `squash!`, `amend!`.
    Fixup,
    /// A release commit of debcut's.
    Release,
    /// Taken back within the range, by this commit.
    Reverted(String),
    /// Takes back this commit of the range.
    RevertOf(String),
    /// The policy leaves out this type, or unconventional messages.
    Policy(String),
    /// Its paths belong to no package.
    Unowned(String),
    /// It changes nothing (an empty commit).
    Empty,
}

/// What commits come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The changes, newest first, those of one commit in its order.
    pub changes: Vec<Change>,
    /// The commits that are left out, newest first.
    pub ignored: Vec<Ignored>,
}

/// What [`Reason::Policy`] says of a message that is no conventional commit.
const UNCONVENTIONAL: &str = "no conventional commit";

impl Changes {
    /// Returns the commits for which the policy stops the plan: those without
    /// a conventional message, where it says so.
    pub fn refused(&self, policy: &Policy) -> impl Iterator<Item = &Ignored> {
        let stops = policy.bumps.unconventional == Unconventional::Error;
        (self.ignored.iter())
            .filter(move |_| stops)
            .filter(|ignored| ignored.reason == Reason::Policy(UNCONVENTIONAL.into()))
    }
}

/// Reads commits, newest first, as changes: reverts cancel what they take back
/// where both are among them.
///
/// Every commit is either in [`Changes::ignored`], once, or has one or more
/// changes. What a pick leaves unsaid is said by what it was picked from.
pub fn changes(commits: &[&Commit], policy: &Policy) -> Changes {
    read::changes(commits, policy)
}

/// Finds the pull request that a message names as its own: at its subject's
/// end, or in the words of a forge's merge; with the pull request's title, which
/// is empty where the message does not say it.
pub fn pull_request(message: &str) -> Option<(u64, String)> {
    let text = unix_lines(message);
    let titled = forge::titled(&text);
    let title = match forge::is_untitled(titled.title) {
        true => "",
        false => titled.title,
    };
    Some((titled.pull_request?, title.to_owned()))
}

/// Reads a text as a note: `NONE` is that there is nothing to tell.
pub fn note_of(text: &str) -> Note {
    note::written(text)
}

/// Tells what users are told of a commit: by its trailers and fenced blocks.
pub fn note(message: &str) -> Note {
    let text = unix_lines(message);
    let titled = forge::titled(&text);
    let (rest, mut told) = note::take_blocks(titled.rest);
    for trailer in Message::of(titled.title, &rest).trailers {
        if trailer.is("Release-Note") || trailer.is("Release-Notes") {
            told = note::joined(told, note::written(&trailer.value));
        }
    }
    told
}

#[cfg(test)]
mod tests;
