//! Git's attributes, gitattributes(5): which names a tree's `.gitattributes`
//! give to a path.
//!
//! Only what is in the tree counts: `.git/info/attributes` and the user's own
//! file are one machine's, and a tarball must not depend on them. Patterns are
//! matched as git's `wildmatch.c` does; negative patterns are ignored, as git
//! ignores them.

use std::collections::BTreeMap;

mod wildmatch;

pub use wildmatch::{Slash, matches};

/// What an attribute is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// `name`.
    Set,
    /// `-name`.
    Unset,
    /// `!name`: as if nothing had been said.
    Unspecified,
    /// `name=value`.
    Value(String),
}

/// What a path is to git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A file, a link or a submodule.
    File,
    /// A directory.
    Directory,
}

/// The attributes of a whole tree.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    rules: Vec<Rule>,
    macros: BTreeMap<String, Vec<(String, State)>>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// The directory of the file that says it, with its `/`; empty at the top.
    below: Vec<u8>,
    pattern: Vec<u8>,
    /// The pattern names a place, not just any file of that name.
    anchored: bool,
    directories_only: bool,
    states: Vec<(String, State)>,
}

impl Attributes {
    /// Takes the tree's `.gitattributes`, each with its directory's path (empty
    /// for the top), in any order.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        // What is said closer to a path wins, so it is asked last.
        files.sort_by_key(|(directory, _)| {
            let depth = directory.split(|byte| *byte == b'/').count();
            (!directory.is_empty(), depth)
        });
        let binary = ["diff", "merge", "text"].map(|name| (name.to_owned(), State::Unset));
        let mut found = Self {
            rules: Vec::new(),
            macros: [("binary".to_owned(), binary.to_vec())].into(),
        };
        for (directory, text) in files {
            let mut below = directory.to_vec();
            if !below.is_empty() {
                below.push(b'/');
            }
            for line in text.split(|byte| *byte == b'\n') {
                found.line(&below, line);
            }
        }
        found
    }

    fn line(&mut self, below: &[u8], line: &[u8]) {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            return;
        }
        let (pattern, rest) = if line[0] == b'"' {
            match unquoted(line) {
                Some(found) => found,
                None => return,
            }
        } else {
            let end = line.iter().position(u8::is_ascii_whitespace);
            let (pattern, rest) = line.split_at(end.unwrap_or(line.len()));
            (pattern.to_vec(), rest)
        };
        let states = states(rest);
        if let Some(name) = pattern.strip_prefix(b"[attr]") {
            if below.is_empty() {
                let name = String::from_utf8_lossy(name).into_owned();
                self.macros.insert(name, states);
            }
            return;
        }
        if pattern[..1] == *b"!" {
            return;
        }
        let directories_only = pattern.ends_with(b"/");
        let pattern = pattern.strip_suffix(b"/").unwrap_or(&pattern);
        let anchored = pattern.contains(&b'/');
        let pattern = pattern.strip_prefix(b"/").unwrap_or(pattern).to_vec();
        self.rules.push(Rule {
            below: below.to_vec(),
            pattern,
            anchored,
            directories_only,
            states,
        });
    }

    /// Returns what an attribute of a path is set to.
    pub fn of(&self, path: &[u8], kind: PathKind, name: &str) -> State {
        let mut found = State::Unspecified;
        for rule in &self.rules {
            if !rule.is_about(path, kind) {
                continue;
            }
            for (said, state) in &rule.states {
                if said == name {
                    found = state.clone();
                } else if *state == State::Set
                    && let Some(meant) = self.macros.get(said)
                    && let Some((_, state)) = meant.iter().rev().find(|(said, _)| said == name)
                {
                    found = state.clone();
                }
            }
        }
        found
    }

    /// Tells whether nothing is said about any path.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Rule {
    fn is_about(&self, path: &[u8], kind: PathKind) -> bool {
        if self.directories_only && kind != PathKind::Directory {
            return false;
        }
        let Some(path) = path.strip_prefix(self.below.as_slice()) else {
            return false;
        };
        if self.anchored {
            return matches(&self.pattern, path, Slash::Divides);
        }
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        matches(&self.pattern, name, Slash::IsACharacter)
    }
}

fn states(text: &[u8]) -> Vec<(String, State)> {
    let words = text.split(u8::is_ascii_whitespace);
    let words = words.filter(|word| !word.is_empty());
    let state = |word: &[u8]| {
        let word = String::from_utf8_lossy(word);
        if let Some(name) = word.strip_prefix('-') {
            return (name.to_owned(), State::Unset);
        }
        if let Some(name) = word.strip_prefix('!') {
            return (name.to_owned(), State::Unspecified);
        }
        match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), State::Value(value.to_owned())),
            None => (word.into_owned(), State::Set),
        }
    };
    words.map(state).collect()
}

/// Takes a pattern in C's quotes from the front of a line.
fn unquoted(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (mut found, mut at) = (Vec::new(), 1);
    loop {
        match *line.get(at)? {
            b'"' => return (!found.is_empty()).then(|| (found, &line[at + 1..])),
            b'\\' => {
                at += 1;
                let escaped = *line.get(at)?;
                found.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'0'..=b'3' => {
                        let digits = std::str::from_utf8(line.get(at..at + 3)?).ok()?;
                        at += 2;
                        u8::from_str_radix(digits, 8).ok()?
                    }
                    other => other,
                });
            }
            byte => found.push(byte),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests;
