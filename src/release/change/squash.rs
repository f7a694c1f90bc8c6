//! Squashed commits: the messages of a branch as bullets under one title.
//!
//! GitHub writes `* subject` with the body below, an empty line after each,
//! and a ruler before the co-authors; GitLab and people write lists of
//! subjects. Only bullets that are conventional are changes of their own: what
//! lies between them is text of the one before, as bullets in prose are.

use std::collections::BTreeSet;

use crate::format::conventional::{Colon, Header, Message, fenced};
use crate::release::trailer;

/// What a squashed message holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Squashed<'a> {
    /// What stands between title and first bullet.
    pub intro: &'a str,
    /// The messages of the bullets.
    pub items: Vec<String>,
    /// What stands behind all of them: trailers of the whole.
    pub trailers: &'a str,
}

/// How the title is worded, by which bullets are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Title {
    /// It is conventional: below it, `- Test: …` is a list of what was done.
    Conventional,
    /// It is not.
    Plain,
}

/// Finds the messages below a title; nothing where no bullet is conventional.
pub(super) fn squashed<'a>(
    rest: &'a str,
    title: Title,
    types: &BTreeSet<String>,
) -> Option<Squashed<'a>> {
    let bullets = bullets(rest, title, types);
    let first = bullets.first()?;
    let starts = bullets.iter().map(|bullet| bullet.start);
    let ends = starts.clone().skip(1).chain([rest.len()]);
    let mut pieces: Vec<&str> = starts.zip(ends).map(|(from, to)| &rest[from..to]).collect();
    let listed = pieces.len() > 1
        && (pieces[..pieces.len() - 1].iter()).all(|piece| !piece.contains("\n\n"));
    let last = pieces.last_mut()?;
    let behind = ruler(last).or_else(|| last.find("\n\n").filter(|_| listed));
    let mut trailers = "";
    if let Some(at) = behind {
        let message = Message::of("", &last[at..]);
        if message.body.is_empty() && !message.trailers.is_empty() {
            trailers = &last[at..];
            *last = &last[..at];
        }
    }
    Some(Squashed {
        intro: &rest[..first.start],
        items: pieces.into_iter().map(message).collect(),
        trailers,
    })
}

/// A bullet that is conventional.
struct Bullet {
    /// Where its line starts.
    start: usize,
    indent: usize,
}

fn bullets(rest: &str, title: Title, types: &BTreeSet<String>) -> Vec<Bullet> {
    let mut found: Vec<Bullet> = Vec::new();
    if !rest.contains("* ") && !rest.contains("- ") {
        return found;
    }
    let mut start = 0;
    for (line, fenced) in fenced(rest.split('\n')) {
        let text = bullet_text(line).filter(|_| !fenced);
        if let Some(text) = text
            && is_change(text, title, types)
        {
            let indent = line.len() - line.trim_start().len();
            found.push(Bullet { start, indent });
        }
        start += line.len() + 1;
    }
    // Bullets further in are part of those above them.
    let outermost = found.iter().map(|bullet| bullet.indent).min();
    found.retain(|bullet| Some(bullet.indent) == outermost);
    found
}

fn bullet_text(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix("* ").or_else(|| line.strip_prefix("- "))
}

fn is_change(text: &str, title: Title, types: &BTreeSet<String>) -> bool {
    let written_small = || {
        let first = text.chars().next();
        first.is_some_and(|c| !c.is_uppercase())
    };
    (title == Title::Plain || written_small())
        && Header::parse(text.trim_start()).is_some_and(|header| {
            header.colon == Colon::Spaced && types.contains(header.kind.as_ref())
        })
}

/// Returns what a message says below its subject, without the release commits
/// that were squashed into it under bullets which are no changes; nothing where
/// it is the message of a release commit itself.
pub(super) fn without_release(rest: &str) -> Option<&str> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in rest.split('\n') {
        if trailer::named(line).is_some() {
            return squashed_at(&lines).map(|at| rest[..at].trim_end());
        }
        lines.push((start, line));
        start += line.len() + 1;
    }
    Some(rest)
}

/// Finds the bullet that these lines end with, as forges set the subject of a
/// squashed commit: alone, with empty lines around it. A list that a release
/// commit has is closer.
fn squashed_at(lines: &[(usize, &str)]) -> Option<usize> {
    let is_empty = |line: &str| line.trim().is_empty();
    let alone = |at: usize| {
        let line = lines[at].1;
        (line.starts_with("* ") || line.starts_with("- "))
            && (at == 0 || is_empty(lines[at - 1].1))
            && lines.get(at + 1).is_some_and(|(_, next)| is_empty(next))
    };
    let at = (0..lines.len()).rev().find(|&at| alone(at))?;
    Some(lines[at].0)
}

/// Finds the ruler that GitHub puts before the co-authors.
fn ruler(piece: &str) -> Option<usize> {
    let at = piece.rfind("\n---")?;
    let line = piece[at + 1..].split('\n').next().unwrap_or_default();
    line.trim_end().bytes().all(|b| b == b'-').then_some(at)
}

/// Makes a bullet's lines a message: the subject, lines that were wrapped
/// joined to it, then the body without the list's indentation.
fn message(piece: &str) -> String {
    let mut lines = piece.trim_end().split('\n');
    let first = lines.next().unwrap_or_default();
    let mut subject = bullet_text(first).unwrap_or(first).trim().to_owned();
    let mut body = Vec::new();
    for line in lines {
        let wrapped = line.starts_with([' ', '\t']) && bullet_text(line).is_none();
        if body.is_empty() && wrapped && !line.trim().is_empty() {
            subject.push(' ');
            subject.push_str(line.trim());
        } else {
            body.push(line);
        }
    }
    let indent = (body.iter())
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    if body.first().is_some_and(|line| !line.trim().is_empty()) {
        subject.push('\n');
    }
    for line in body {
        subject.push('\n');
        subject.push_str(line.get(indent..).unwrap_or_default());
    }
    subject
}
