//! Version bumps of dependencies: which ones a commit moves, from where to
//! where, read from manifests and lock files before and after it.
//!
//! A lock file says exactly what is used, so it goes before the manifest that
//! names the same dependency. What cannot be read moves nothing: a broken file
//! is somebody else's finding.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// A dependency that moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Move {
    /// Its name.
    pub name: String,
    /// The version or requirement before; none: it is new.
    pub from: Option<String>,
    /// The one after; none: it is gone.
    pub to: Option<String>,
    /// How far it goes.
    pub step: Step,
    /// The file that says so; empty: the commit's subject.
    pub file: String,
}

/// How far a dependency moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Its last numbers.
    Patch,
    /// Its second number.
    Minor,
    /// Something that is no number.
    Other,
    /// It goes back.
    Back,
    /// It is gone.
    Gone,
    /// It is new.
    New,
    /// Its first number, or below 1.0 its second one: it may break who uses it.
    Major,
}

impl std::fmt::Display for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, from, to, .. } = self;
        match (from, to) {
            (Some(from), Some(to)) => write!(f, "{name} {from} → {to}")?,
            (None, Some(to)) => write!(f, "{name} {to} (new)")?,
            (Some(from), None) => write!(f, "{name} {from} (gone)")?,
            (None, None) => f.write_str(name)?,
        }
        match self.step {
            Step::Major => f.write_str(" (major)"),
            Step::Back => f.write_str(" (back)"),
            _ => Ok(()),
        }
    }
}

/// The versions of dependencies by their names; several where several are used.
type Versions = BTreeMap<String, BTreeSet<String>>;

/// How exactly a file says what is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    /// The versions that are used.
    Locked,
    /// What would do.
    Required,
}

/// Tells whether a path is a manifest or a lock file that is read here.
pub fn is_manifest(path: &str) -> bool {
    read::form(path).is_some()
}

/// A file before and after a commit.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its content before.
    pub before: Option<&'a [u8]>,
    /// Its content after.
    pub after: Option<&'a [u8]>,
}

/// Finds what some files of a commit move, by name.
pub fn moves<'a>(files: impl IntoIterator<Item = Changed<'a>>) -> Vec<Move> {
    let mut found: BTreeMap<String, (Exactness, Vec<Move>)> = BTreeMap::new();
    for file in files {
        let Some(form) = read::form(file.path) else {
            continue;
        };
        let versions = |content: Option<&[u8]>| match content {
            Some(content) => form.read(&String::from_utf8_lossy(content)),
            None => Some(Versions::new()),
        };
        let (Some(before), Some(after)) = (versions(file.before), versions(file.after)) else {
            continue;
        };
        let exactness = form.exactness();
        for (name, moved) in between(file.path, &before, &after) {
            match found.get(&name) {
                Some((known, _)) if *known <= exactness => {}
                _ => {
                    found.insert(name, (exactness, moved));
                }
            }
        }
    }
    found.into_values().flat_map(|(_, moved)| moved).collect()
}

fn between(file: &str, before: &Versions, after: &Versions) -> Vec<(String, Vec<Move>)> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = BTreeSet::new();
    let mut found = Vec::new();
    for name in names {
        let (was, is) = (
            before.get(name).unwrap_or(&none),
            after.get(name).unwrap_or(&none),
        );
        // Lowest with lowest: of several versions of one name each moves by
        // itself.
        let mut left: Vec<&String> = was.difference(is).collect();
        let mut come: Vec<&String> = is.difference(was).collect();
        left.sort_by_key(|version| numbers(version));
        come.sort_by_key(|version| numbers(version));
        let moved = (0..left.len().max(come.len())).map(|at| {
            let (from, to) = (left.get(at), come.get(at));
            Move {
                name: name.clone(),
                from: from.map(|text| (*text).clone()),
                to: to.map(|text| (*text).clone()),
                step: match (from, to) {
                    (Some(from), Some(to)) => step(from, to),
                    (None, _) => Step::New,
                    (_, None) => Step::Gone,
                },
                file: file.to_owned(),
            }
        });
        let moved: Vec<Move> = moved.collect();
        if !moved.is_empty() {
            found.push((name.clone(), moved));
        }
    }
    found
}

/// Reads the move that a subject tells of: `bump NAME from 1.2 to 1.9`, as people
/// and Dependabot write it.
pub fn of_subject(subject: &str) -> Option<Move> {
    let words: Vec<&str> = subject.split_whitespace().collect();
    let bumps = |word: &str| {
        let word = word.to_ascii_lowercase();
        let verbs = ["bump", "bumps", "update", "updates", "upgrade", "upgrades"];
        verbs.contains(&word.as_str())
    };
    let bare = |word: &str| {
        let word = word.trim_matches(['`', '"', '\'', ',', ';', '(', ')']);
        word.trim_end_matches('.').to_owned()
    };
    let told = words.windows(5).enumerate().find(|(at, told)| {
        let number = |text: &str| !numbers(&bare(text)).is_empty();
        let rest = &words[..*at];
        told[1] == "from"
            && told[3] == "to"
            && number(told[2])
            && number(told[4])
            && rest.iter().any(|word| bumps(word))
    });
    let (_, told) = told?;
    let (name, from, to) = (bare(told[0]), bare(told[2]), bare(told[4]));
    Some(Move {
        step: step(&from, &to),
        name,
        from: Some(from),
        to: Some(to),
        file: String::new(),
    })
}

/// Adds what a commit's subject tells of and its files do not.
pub fn with_subject(mut found: Vec<Move>, subject: &str) -> Vec<Move> {
    let told = of_subject(subject);
    found.extend(told.filter(|told| found.iter().all(|one| one.name != told.name)));
    found
}

/// Joins the moves of commits in a row: what one moves on from where another one
/// ended moves once.
pub fn joined(moves: impl IntoIterator<Item = Move>) -> Vec<Move> {
    let mut found: Vec<Move> = Vec::new();
    for one in moves {
        let goes_on = |before: &&mut Move| {
            before.name == one.name && before.to.is_some() && before.to == one.from
        };
        let Some(before) = found.iter_mut().find(goes_on) else {
            found.push(one);
            continue;
        };
        before.step = match (&before.from, &one.to) {
            (Some(from), Some(to)) => step(from, to),
            (None, _) => Step::New,
            (_, None) => Step::Gone,
        };
        before.to = one.to;
    }
    found.retain(|one| one.from != one.to);
    found
}

/// Reads the numbers of a version or requirement, up to where it is no number:
/// of `^1.2.0-rc1` 1, 2, 0; of `>=1.2,<2` 1, 2.
fn numbers(version: &str) -> Vec<u64> {
    let bare = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.');
    let bare = &bare[..end.unwrap_or(bare.len())];
    bare.split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

/// Tells how far it is from a version to another one.
pub fn step(from: &str, to: &str) -> Step {
    let (was, is) = (numbers(from), numbers(to));
    let at = |numbers: &[u64], place: usize| numbers.get(place).copied().unwrap_or(0);
    if was.is_empty() || is.is_empty() {
        return Step::Other;
    }
    let length = was.len().max(is.len());
    let Some(place) = (0..length).find(|place| at(&was, *place) != at(&is, *place)) else {
        return Step::Other;
    };
    if at(&is, place) < at(&was, place) {
        return Step::Back;
    }
    // Below 1.0.0 the second number says what may break (SemVer 2.0.0, 4;
    // Cargo's reading of it).
    match place {
        0 => Step::Major,
        1 if at(&was, 0) == 0 => Step::Major,
        1 => Step::Minor,
        _ => Step::Patch,
    }
}

#[cfg(test)]
mod tests;
