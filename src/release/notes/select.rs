//! Which changes are told, and in which section.

use std::collections::BTreeSet;

use super::{NoteLine, NotesSection, ParentLine, links, merged, picked, text};
use crate::release::change::{Change, Note};
use crate::release::policy::{NotesPolicy, Section};

/// The sections that stand before the policy's: kind and title.
const FIRST: [(&str, &str); 3] = [
    ("action-required", "Action required"),
    ("security", "Security"),
    ("breaking", "Breaking"),
];

/// How notes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By kind.
    Kind,
    /// By kind, then by component.
    Component,
}

/// Sorts changes, newest first, into sections with the oldest first.
pub(super) fn sections(changes: &[Change], policy: &NotesPolicy, by: By) -> Vec<NotesSection> {
    let first = FIRST.map(|(kind, title)| (kind, title.to_owned()));
    let own = policy.sections.iter();
    let own = own.map(|section| ("changes", section.title.clone()));
    let mut sections: Vec<NotesSection> = first
        .into_iter()
        .chain(own)
        .map(|(kind, title)| NotesSection {
            kind,
            title,
            notes: Vec::new(),
        })
        .collect();
    let born = BornHere::new(changes);
    let told = oldest_first(changes)
        .filter(|change| change.note != Note::Nothing && !born.and_fixed(change));
    for told in picked::together(told.collect()) {
        let Some(place) = place(&told.change, &policy.sections) else {
            continue;
        };
        let mut line = line(&told.change, sections[place].kind, policy, by);
        line.merged = told.with;
        // `fix: .` tells nothing.
        if text::tells(&line.text) {
            sections[place].notes.push(line);
        }
    }
    for section in &mut sections {
        section.notes = merged(std::mem::take(&mut section.notes));
        let component = |note: &NoteLine| {
            let name = note.component.as_ref().map(|name| name.to_lowercase());
            (name.is_none(), name)
        };
        section.notes.sort_by_cached_key(component);
    }
    sections.retain(|section| !section.notes.is_empty());
    sections
}

/// Turns the order about: the commits', not that of the changes of one commit.
fn oldest_first(changes: &[Change]) -> impl Iterator<Item = &Change> {
    let commits = changes.chunk_by(|a, b| a.commit == b.commit);
    commits.rev().flatten()
}

/// Returns the index of the first section that takes a change.
fn place(change: &Change, own: &[Section]) -> Option<usize> {
    if change.action_required.is_some() {
        return Some(0);
    }
    if !change.cves.is_empty() {
        return Some(1);
    }
    if change.breaking.is_some() {
        return Some(2);
    }
    let kind = change.kind.as_deref();
    let scoped = |name: &str| {
        let (name, scope) = name.strip_suffix(')')?.split_once('(')?;
        let has = change.scopes.iter().any(|own| own == scope);
        Some(has && kind == Some(name))
    };
    let with_scope = |name: &String| scoped(name).unwrap_or(false);
    let by_type = |name: &String| kind == Some(name);
    let rest = |name: &String| name == "*";
    let takes = |test: &dyn Fn(&String) -> bool| {
        let mut each = own.iter();
        each.position(|section| section.types.iter().any(test))
    };
    let found = takes(&with_scope).or_else(|| takes(&by_type));
    Some(FIRST.len() + found.or_else(|| takes(&rest))?)
}

fn line(change: &Change, kind: &str, policy: &NotesPolicy, by: By) -> NoteLine {
    let component = match by {
        By::Component => Some(text::one_line(&change.scopes.join(", "))),
        By::Kind => None,
    };
    let component = component.filter(|name| text::tells(name));
    let text = match &change.note {
        Note::Written(note) => text::cleaned(note),
        Note::Nothing | Note::Unsaid => {
            let description = text::one_line(&change.description);
            let description = text::without_request(&description, change.pull_request);
            match change.scopes.as_slice() {
                // A text without a word is no note, whatever it is about.
                scopes
                    if policy.scopes
                        && component.is_none()
                        && !scopes.is_empty()
                        && text::tells(description) =>
                {
                    format!("{}: {description}", text::one_line(&scopes.join(", ")))
                }
                _ => text::capitalised(description),
            }
        }
    };
    let said = text::key(&text);
    let more = |part: &Option<String>| {
        let part = text::cleaned(part.as_deref()?);
        let news = !part.is_empty() && text::key(&part) != said;
        let same = text::key(&part) == text::key(&change.description);
        (news && !same).then(|| text::capitalised(&part))
    };
    let (breaking, action) = (more(&change.breaking), more(&change.action_required));
    let (commit_url, pull_request_url) = links(change, policy);
    // An action that stands in its own section and is all that the author
    // wrote for users is the note.
    let (text, action) = match (kind, &change.note, action) {
        ("action-required", Note::Unsaid, Some(action)) if text.is_empty() => (action, None),
        (_, _, action) => (text, action),
    };
    let follows = breaking.is_some() || action.is_some();
    let text = text::sentence(text, follows);
    let breaking = breaking.map(|text| text::sentence(text, action.is_some()));
    NoteLine {
        text,
        breaking,
        action,
        scopes: change.scopes.iter().map(|s| text::one_line(s)).collect(),
        component,
        commit: change.commit.clone(),
        commit_url,
        pull_request: change.pull_request,
        pull_request_url,
        parents: (change.parents.iter())
            .map(|parent| ParentLine::of(parent, policy))
            .collect(),
        closes: change.closes.clone(),
        cves: change.cves.iter().map(|cve| text::one_line(cve)).collect(),
        merged: Vec::new(),
    }
}

/// Commits of the range by which a fix tells that its bug was born in it.
struct BornHere<'a> {
    /// Every commit of the changes with its place: the newest is 0.
    commits: BTreeSet<(&'a str, usize)>,
}

impl<'a> BornHere<'a> {
    fn new(changes: &'a [Change]) -> Self {
        let fixes = changes.iter().any(|change| !change.fixes.is_empty());
        let each = changes.iter().enumerate().filter(|_| fixes);
        // Of picks, a fix names what main calls the commit that it fixes.
        let commits = each.flat_map(|(place, change)| {
            let parents = change.parents.iter().map(|parent| &parent.commit);
            let ids = [&change.commit].into_iter().chain(parents);
            ids.map(move |id| (id.as_str(), place))
        });
        Self {
            commits: commits.collect(),
        }
    }

    /// Tells whether a change fixes only what older commits of the range broke.
    /// Holes and what users must know or do are told all the same.
    fn and_fixed(&self, change: &Change) -> bool {
        let told = !change.cves.is_empty()
            || change.action_required.is_some()
            || change.breaking.is_some();
        if change.kind.as_deref() != Some("fix") || told {
            return false;
        }
        let mut named = change
            .fixes
            .iter()
            .filter_map(|text| commit_id(text))
            .peekable();
        named.peek().is_some() && named.all(|id| self.is_older(&id, change))
    }

    fn is_older(&self, id: &str, than: &Change) -> bool {
        let own = self.first(&than.commit);
        let found = self.first(id);
        own.zip(found).is_some_and(|(own, found)| found > own)
    }

    fn first(&self, id: &str) -> Option<usize> {
        let mut from = self.commits.range((id, 0)..);
        let (commit, place) = from.next()?;
        commit.starts_with(id).then_some(*place)
    }
}

/// Reads a commit's id, whole or abbreviated, as in `abcdef123456 ("subject")`.
fn commit_id(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?;
    let word = word.strip_prefix("commit:").unwrap_or(word);
    let word = match word {
        "commit" => text.split_whitespace().nth(1)?,
        word => word,
    };
    let word = word.trim_end_matches([',', '.', ':']).to_ascii_lowercase();
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && (7..=64).contains(&word.len())).then_some(word)
}
