//! What a branch lacks of another line's releases: entries of changelogs,
//! sections of files of changes, and versions, each only upward.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::changelog;
use super::notes::changes_file;
use super::number::Number;
use super::policy::Policy;
use super::version_file::VersionFile;
use crate::model::{Finding, finding::with_causes};

/// Files by their paths: what a side has.
pub type Side<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The three sides.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The branch that takes something over.
    pub into: Side<'a>,
    /// The release that it is taken from.
    pub from: Side<'a>,
    /// Where both parted.
    pub base: Side<'a>,
}

/// What a branch takes over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The files that change on it, by path.
    pub files: BTreeMap<String, File>,
    /// Every file that was looked at, as a merge may see it on the branch, in
    /// the release and where both parted: so alike that nothing conflicts which
    /// was decided here.
    pub alike: BTreeMap<String, [Option<Vec<u8>>; 3]>,
    /// The releases whose words are taken over, `NAME VERSION`, the oldest
    /// first.
    pub releases: Vec<(String, String)>,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What will be in it.
    pub after: Vec<u8>,
    /// What changes, as one clause.
    pub what: String,
}

/// Finds what a branch lacks of a release.
pub fn taken(policy: &Policy, sides: Sides<'_>) -> Taken {
    let mut work = Work {
        sides,
        taken: Taken::default(),
    };
    for unit in &policy.units {
        for file in &unit.version_files {
            work.version(file);
        }
        let name = unit.name.as_str();
        if let Some(path) = unit.changelog_path() {
            work.changelog(name, path);
        }
        if let Some(path) = &unit.changes_file {
            work.changes_file(name, path);
        }
    }
    work.taken
}

struct Work<'a> {
    sides: Sides<'a>,
    taken: Taken,
}

const INTO: usize = 0;
const FROM: usize = 1;
const BASE: usize = 2;

impl Work<'_> {
    /// Returns a file as it is by now on a side.
    fn now(&self, side: usize, path: &str) -> Option<Vec<u8>> {
        match self.taken.alike.get(path) {
            Some(sides) => sides[side].clone(),
            None => match side {
                INTO => (self.sides.into)(path),
                FROM => (self.sides.from)(path),
                _ => (self.sides.base)(path),
            },
        }
    }

    fn text(&self, side: usize, path: &str) -> Option<String> {
        String::from_utf8(self.now(side, path)?).ok()
    }

    /// Decides what a file is on a side.
    fn put(&mut self, side: usize, path: &str, content: Vec<u8>) {
        if !self.taken.alike.contains_key(path) {
            let all = [INTO, FROM, BASE].map(|side| self.now(side, path));
            self.taken.alike.insert(path.to_owned(), all);
        }
        if let Some(sides) = self.taken.alike.get_mut(path) {
            sides[side] = Some(content);
        }
    }

    /// Changes a file on the branch.
    fn change(&mut self, path: &str, after: Vec<u8>, what: String) {
        self.put(INTO, path, after.clone());
        let file = self.taken.files.entry(path.to_owned()).or_insert(File {
            after: Vec::new(),
            what: String::new(),
        });
        file.after = after;
        if !file.what.is_empty() {
            file.what += ", ";
        }
        file.what += &what;
    }

    /// Lets a version rise to that of the release, and makes the sides say the
    /// same one.
    fn version(&mut self, file: &VersionFile) {
        let said = |side: usize| {
            let read = |path: &str| self.text(side, path);
            let text = self.text(side, &file.path)?;
            file.resolved(&text, &read).ok()
        };
        let (Some((own, into)), Some((_, from))) = (said(INTO), said(FROM)) else {
            return;
        };
        let (Ok(old), Ok(new)) = (Number::parse(&into), Number::parse(&from)) else {
            return;
        };
        let rises = new.cmp(&old) == Ordering::Greater;
        let wanted = if rises { &from } else { &into };
        for side in [INTO, FROM, BASE] {
            for file in with_companions(&own, self.text(side, &own.path)) {
                let Some(text) = self.text(side, &file.path) else {
                    continue;
                };
                if !file.version_in(&text).is_ok_and(|said| said != **wanted) {
                    continue;
                }
                match (file.edited(&text, wanted), side) {
                    (Ok(edited), INTO) => {
                        let what = format!("{into} → {wanted}");
                        self.change(&file.path, edited.into_bytes(), what);
                    }
                    (Ok(edited), side) => self.put(side, &file.path, edited.into_bytes()),
                    (Err(error), INTO) => {
                        let why = format!("it stays at {into}: {}", with_causes(&error));
                        let finding = Finding::warning("version-file-unreadable", &file.path, why);
                        self.taken.findings.push(finding);
                    }
                    (Err(_), _) => {}
                }
            }
        }
    }

    fn changelog(&mut self, name: &str, path: &str) {
        let (Some(into), Some(from)) = (self.now(INTO, path), self.now(FROM, path)) else {
            return;
        };
        let base = self.now(BASE, path).unwrap_or_default();
        let joined = changelog::joined(&into, &from, &base);
        if let Some(open) = &joined.overtaken
            && let Some(last) = joined.taken.last()
        {
            let why = format!("its newest entry is {open}, which is lower than {last} by now");
            let finding = Finding::warning("changelog-overtaken", path, why);
            let fix = "raise the version that is being written: dch --newversion";
            self.taken.findings.push(finding.fix(fix));
        }
        for version in &joined.taken {
            self.release(name, version.as_str());
        }
        let versions: Vec<String> = joined.taken.iter().map(ToString::to_string).collect();
        let what = format!("entries {}", versions.join(", "));
        self.words(path, into, joined.bytes, what);
    }

    fn changes_file(&mut self, name: &str, path: &str) {
        let (Some(into), Some(from)) = (self.text(INTO, path), self.text(FROM, path)) else {
            return;
        };
        let base = self.text(BASE, path).unwrap_or_default();
        let joined = changes_file::joined(&into, &from, &base);
        for version in &joined.taken {
            self.release(name, version);
        }
        let what = format!("sections {}", joined.taken.join(", "));
        self.words(path, into.into_bytes(), joined.text.into_bytes(), what);
    }

    /// Takes words over; a merge finds them on every side.
    fn words(&mut self, path: &str, before: Vec<u8>, after: Vec<u8>, what: String) {
        for side in [FROM, BASE] {
            self.put(side, path, after.clone());
        }
        if before != after {
            self.change(path, after, what);
        }
    }

    fn release(&mut self, name: &str, version: &str) {
        let same = |one: &(String, String)| {
            let alike = one.1.starts_with(version) || version.starts_with(&one.1);
            one.0 == name && alike
        };
        if !self.taken.releases.iter().any(same) {
            let release = (name.to_owned(), version.to_owned());
            self.taken.releases.push(release);
        }
    }
}

fn with_companions(file: &VersionFile, text: Option<String>) -> Vec<VersionFile> {
    let companions = text.map(|text| file.companions(&text)).unwrap_or_default();
    // The lock file goes first: it is found by what the manifest says.
    companions.into_iter().chain([file.clone()]).collect()
}
