//! Release notes, for those who use the software: what they can do now, what
//! breaks, what they must do.

pub mod changes_file;
pub mod lint;
pub mod render;

use serde::Serialize;

use super::change::Change;
use super::commit::Person;
use super::policy::NotesPolicy;
use crate::model::{TagName, Timestamp};

/// What notes are made of.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The package.
    pub package: &'a str,
    /// Its version, as the project writes it; none: not released yet.
    pub version: Option<&'a str>,
    /// The release's tag.
    pub tag: Option<&'a TagName>,
    /// The tag of the release before.
    pub previous_tag: Option<&'a TagName>,
    /// The release's date.
    pub date: Timestamp,
    /// Its changes, newest first.
    pub changes: &'a [Change],
}

/// The notes of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notes {
    /// The package.
    pub package: String,
    /// The version; none: not released yet.
    pub version: Option<String>,
    /// The release's tag.
    pub tag: Option<String>,
    /// The tag of the release before.
    pub previous_tag: Option<String>,
    /// The release's day, `2026-11-21`.
    pub date: String,
    /// The page that compares both tags.
    pub compare: Option<String>,
    /// The sections that have something in them, in their order.
    pub sections: Vec<NotesSection>,
    /// Who contributed, by name, each once.
    pub contributors: Vec<Person>,
}

/// A section of the notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotesSection {
    /// What it is about: `security`, `action-required`, `breaking`, `changes`.
    pub kind: &'static str,
    /// Its heading.
    pub title: String,
    /// The notes in it, oldest change first.
    pub notes: Vec<NoteLine>,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteLine {
    /// What users are told.
    pub text: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The commit.
    pub commit: String,
    /// The commit's page.
    pub commit_url: Option<String>,
    /// The pull request's number.
    pub pull_request: Option<u64>,
    /// The pull request's page.
    pub pull_request_url: Option<String>,
    /// Bugs of Debian that are closed.
    pub closes: Vec<u64>,
    /// Holes that are closed.
    pub cves: Vec<String>,
}

/// Makes the notes of a release.
pub fn notes(source: &Source<'_>, policy: &NotesPolicy) -> Notes {
    let _ = policy;
    Notes {
        package: source.package.to_owned(),
        version: source.version.map(str::to_owned),
        tag: source.tag.map(ToString::to_string),
        previous_tag: source.previous_tag.map(ToString::to_string),
        date: source.date.day(),
        compare: None,
        sections: Vec::new(),
        contributors: Vec::new(),
    }
}
