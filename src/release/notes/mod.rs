//! Release notes, for those who use the software: what they can do now, what
//! breaks, what they must do.
//!
//! A change's text is what its author wrote for users, else its description.
//! Commit messages are strangers' text: characters that a reader cannot see are
//! taken out here, what a form would read as its own marks is escaped in
//! [`render`].

pub mod changes_file;
mod contributors;
pub mod lint;
mod markdown;
mod picked;
pub mod render;
mod select;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

use std::collections::BTreeMap;

pub use picked::ParentLine;
use serde::Serialize;

use super::change::Change;
use super::commit::{Person, Release};
use super::number::Number;
use super::policy::{Bump, Components, NotesPolicy};
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
    /// What kind of release it is.
    pub kind: ReleaseKind,
    /// The release's date.
    pub date: Timestamp,
    /// Its changes, newest first.
    pub changes: &'a [Change],
}

/// What kind of release notes are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseKind {
    /// It raises the last number of its line, or the Debian revision alone.
    Patch,
    /// It does more, or is the first one.
    Other,
}

impl ReleaseKind {
    /// Tells the kind of a version by the release before it.
    pub fn of(version: &str, before: Option<&Release>) -> Self {
        let number = |text: &str| {
            let text = text.split_once(':').map_or(text, |(_, rest)| rest);
            let upstream = text.rsplit_once('-').map(|(upstream, _)| upstream);
            let whole = Number::parse(text).ok().filter(|it| !it.is_pre_release());
            whole.or_else(|| Number::parse(upstream?).ok())
        };
        let numbers = before.and_then(|before| number(version).zip(number(&before.version)));
        match numbers.map(|(new, old)| new.step_from(&old)) {
            Some(Bump::Patch | Bump::None) => Self::Patch,
            _ => Self::Other,
        }
    }
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
    /// What an entry of Debian's `NEWS` needs beside; none: there is none.
    pub debian: Option<DebianHeading>,
}

/// What frames an entry of Debian's `NEWS`, as in `debian/changelog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DebianHeading {
    /// The source package.
    pub source: String,
    /// The Debian version.
    pub version: String,
    /// The distributions, with blanks between them.
    pub distribution: String,
    /// The urgency's word.
    pub urgency: String,
    /// `Name <address>`.
    pub maintainer: String,
    /// The date in RFC 2822's form.
    pub date: String,
}

/// A section of the notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotesSection {
    /// What it is about: `action-required`, `security`, `breaking`, `changes`.
    pub kind: &'static str,
    /// Its heading.
    pub title: String,
    /// The notes in it, oldest change first.
    pub notes: Vec<NoteLine>,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteLine {
    /// What users are told; may have several lines.
    pub text: String,
    /// What breaks, where that says more than the text.
    pub breaking: Option<String>,
    /// What users must do, where that says more than the text.
    pub action: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The scopes as one word, where notes are told by component.
    pub component: Option<String>,
    /// The commit.
    pub commit: String,
    /// The commit's page.
    pub commit_url: Option<String>,
    /// The pull request's number.
    pub pull_request: Option<u64>,
    /// The pull request's page.
    pub pull_request_url: Option<String>,
    /// The commits that it was picked from; empty: it is no pick.
    pub parents: Vec<ParentLine>,
    /// Bugs of Debian that are closed.
    pub closes: Vec<u64>,
    /// Holes that are closed.
    pub cves: Vec<String>,
    /// Other commits whose notes said the same, or of the same pull request.
    pub merged: Vec<String>,
}

/// Makes the notes of a release.
///
/// Sections: action required, security, breaking, then the policy's; a change
/// stands in the first one that takes it. By component a section has its notes
/// in the order of their scopes, and those without one last. A bug that was born and fixed within
/// the changes is nobody's news and left out.
pub fn notes(source: &Source<'_>, policy: &NotesPolicy) -> Notes {
    let to = source.tag.map_or("HEAD", |tag| tag.as_str());
    let compare = source.previous_tag.zip(policy.compare.as_deref());
    Notes {
        package: source.package.to_owned(),
        version: source.version.map(str::to_owned),
        tag: source.tag.map(ToString::to_string),
        previous_tag: source.previous_tag.map(ToString::to_string),
        date: source.date.day(),
        compare: compare.map(|(from, pattern)| {
            let from = text::in_url(from.as_str());
            pattern
                .replace("{from}", &from)
                .replace("{to}", &text::in_url(to))
        }),
        sections: select::sections(
            source.changes,
            policy,
            match (policy.by_component, source.kind) {
                (Components::Always, _) | (Components::PatchReleases, ReleaseKind::Patch) => {
                    select::By::Component
                }
                _ => select::By::Kind,
            },
        ),
        contributors: match policy.contributors {
            true => contributors::contributors(source.changes),
            false => Vec::new(),
        },
        debian: None,
    }
}

impl Notes {
    /// Names the release: `hello 1.3.0`, without a version `hello, unreleased`.
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.package),
            None => format!("{}, unreleased", self.package),
        }
    }

    /// Tells whether there is nothing that users are told.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
}

/// The pages that a note leads to, by the policy's patterns.
fn links(change: &Change, policy: &NotesPolicy) -> (Option<String>, Option<String>) {
    let commit = policy.commit.as_deref();
    let commit = commit.map(|pattern| pattern.replace("{id}", &change.commit));
    let request = change.pull_request.zip(policy.pull_request.as_deref());
    let request = request.map(|(number, pattern)| pattern.replace("{number}", &number.to_string()));
    (commit, request)
}

/// Merges notes that say the same, in whatever case and spacing: the first one
/// stays and learns what the others knew.
fn merged(notes: Vec<NoteLine>) -> Vec<NoteLine> {
    let mut kept: Vec<NoteLine> = Vec::with_capacity(notes.len());
    let mut places = BTreeMap::new();
    for note in notes {
        let key = text::key(&note.text);
        let Some(&place) = places.get(&key) else {
            places.insert(key, kept.len());
            kept.push(note);
            continue;
        };
        let first: &mut NoteLine = &mut kept[place];
        if first.commit != note.commit && !first.merged.contains(&note.commit) {
            first.merged.push(note.commit);
        }
        unite(&mut first.merged, note.merged);
        unite(&mut first.parents, note.parents);
        unite(&mut first.scopes, note.scopes);
        unite(&mut first.closes, note.closes);
        unite(&mut first.cves, note.cves);
        first.breaking = first.breaking.take().or(note.breaking);
        first.action = first.action.take().or(note.action);
        if first.pull_request.is_none() {
            first.pull_request = note.pull_request;
            first.pull_request_url = note.pull_request_url;
        }
    }
    kept
}

fn unite<T: PartialEq>(into: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !into.contains(&one) {
            into.push(one);
        }
    }
}
