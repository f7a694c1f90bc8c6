//! Patches from one state of an index to the next, as apt applies them (pdiffs).
//!
//! Follows the Debian repository format ("Diffs") and what apt's rred(1) method
//! reads: an ed(1) script of `a`, `c` and `d` commands, the last lines first.
//! Made from the chunks that differ: what both states have is never read.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::archive::chunk::Chunk;
use crate::archive::layout::IndexName;
use crate::archive::manifest::Index;
use crate::format::release::IndexFile;
use crate::model::Sha256;

/// A patch from an earlier state of an index to the one after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The plain text it can be applied to.
    pub from: IndexFile,
    /// Its own text.
    pub script: IndexFile,
    /// Its file, compressed with gzip.
    pub download: IndexFile,
}

impl Patch {
    /// Returns the name of its file, without `.gz`: a state can be left in several
    /// directions, so it says also what the patch is.
    pub fn name(&self) -> String {
        let (from, script) = (self.from.sha256.hex(), self.script.sha256.hex());
        format!("{}-{}", &from[..16], &script[..16])
    }
}

/// Returns the script that makes `after` of `before`; `text` reads a chunk of
/// either, and is asked only for those that the other one lacks.
pub fn script<E>(
    name: &IndexName,
    before: &[Chunk],
    after: &[Chunk],
    text: impl Fn(&Chunk) -> Result<String, E>,
) -> Result<String, E> {
    let digests = |chunks: &[Chunk]| chunks.iter().map(|c| c.sha256).collect::<BTreeSet<_>>();
    let (old, new) = (digests(before), digests(after));
    let read = |chunks: &[Chunk]| -> Result<String, E> {
        chunks.iter().map(&text).collect::<Result<String, E>>()
    };
    let (mut commands, mut line) = (Vec::new(), 0);
    let (mut i, mut j) = (0, 0);
    while i < before.len() || j < after.len() {
        let (from, to) = (i, j);
        while before.get(i).is_some_and(|c| !new.contains(&c.sha256)) {
            i += 1;
        }
        while after.get(j).is_some_and(|c| !old.contains(&c.sha256)) {
            j += 1;
        }
        if i > from || j > to {
            let (gone, come) = (read(&before[from..i])?, read(&after[to..j])?);
            commands.extend(edits(units(name, &gone), units(name, &come), line));
            line += before[from..i].iter().map(|c| c.lines).sum::<u64>();
        }
        // Both are in the order of their keys, so what both have comes in the
        // same order in both.
        if let (Some(chunk), true) = (before.get(i), j < after.len()) {
            line += chunk.lines;
            i += 1;
            j += 1;
        }
    }
    commands.reverse();
    Ok(commands.concat())
}

/// Splits a text into what comes and goes as one: paragraphs with the empty
/// line after them, or lines.
fn units<'a>(name: &IndexName, text: &'a str) -> Vec<&'a str> {
    let is_lines = matches!(name, IndexName::Contents { .. });
    match is_lines {
        true => text.split_inclusive('\n').collect(),
        false => {
            let mut found = Vec::new();
            let mut rest = text;
            while !rest.is_empty() {
                let at = rest.find("\n\n").map_or(rest.len(), |at| at + 2);
                let (unit, after) = rest.split_at(at);
                found.push(unit);
                rest = after;
            }
            found
        }
    }
}

/// Returns the commands that make one run of units of another, which starts
/// after so many lines, from the first line to the last.
fn edits(before: Vec<&str>, after: Vec<&str>, start: u64) -> Vec<String> {
    let lines = |unit: &str| unit.bytes().filter(|byte| *byte == b'\n').count() as u64;
    let (old, new) = (BTreeSet::from_iter(&before), BTreeSet::from_iter(&after));
    let (mut commands, mut line) = (Vec::new(), start);
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let mut gone = 0;
        while let Some(unit) = before.next_if(|unit| !new.contains(unit)) {
            gone += lines(unit);
        }
        let mut come = String::new();
        while let Some(unit) = after.next_if(|unit| !old.contains(unit)) {
            come.push_str(unit);
        }
        let (first, last) = (line + 1, line + gone);
        let range = match gone {
            1 => first.to_string(),
            _ => format!("{first},{last}"),
        };
        match (gone, come.is_empty()) {
            (0, true) => {}
            (0, false) => commands.push(format!("{line}a\n{come}.\n")),
            (_, true) => commands.push(format!("{range}d\n")),
            (_, false) => commands.push(format!("{range}c\n{come}.\n")),
        }
        line = last;
        match (before.next(), after.next()) {
            (None, None) => return commands,
            (unit, _) => line += unit.map_or(0, |unit| lines(unit)),
        }
    }
}

/// Returns the text of the file that lists an index's patches; `None` when there
/// are none.
pub fn listing(index: &Index) -> Option<String> {
    if index.patches.is_empty() {
        return None;
    }
    let mut text = format!("SHA256-Current: {} {}\n", index.sha256, index.size);
    type Column = fn(&Patch) -> &IndexFile;
    let columns: [(&str, Column, &str); 3] = [
        ("History", |patch| &patch.from, ""),
        ("Patches", |patch| &patch.script, ""),
        ("Download", |patch| &patch.download, ".gz"),
    ];
    for (field, column, ending) in columns {
        let _ = writeln!(text, "SHA256-{field}:");
        for patch in &index.patches {
            let IndexFile { size, sha256 } = column(patch);
            let _ = writeln!(text, " {sha256} {size} {}{ending}", patch.name());
        }
    }
    Some(text)
}

/// Returns what a `Release` says of the file that lists an index's patches.
pub fn listed(index: &Index) -> Option<IndexFile> {
    listing(index).map(|text| IndexFile {
        size: text.len() as u64,
        sha256: Sha256::of(text.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::archive::chunk::{ChunkRule, cut};
    use crate::format::index::contents;

    const RULE: ChunkRule = ChunkRule {
        boundary_bits: 2,
        max_bytes: 200,
    };

    fn name() -> IndexName {
        "main/Contents-amd64".parse().expect("a name")
    }

    fn text(names: &BTreeSet<String>) -> String {
        names
            .iter()
            .map(|name| format!("usr/{name}\tx/y\n"))
            .collect()
    }

    /// Applies a script with ed(1)'s rules, as far as scripts of ours use them.
    fn apply(before: &str, script: &str) -> String {
        let mut lines: Vec<_> = before.split_inclusive('\n').map(str::to_owned).collect();
        let mut commands = script.split_inclusive('\n');
        while let Some(command) = commands.next() {
            let command = command.trim_end();
            let (range, act) = command.split_at(command.len() - 1);
            let (from, to) = range.split_once(',').unwrap_or((range, range));
            let (from, to): (usize, usize) =
                (from.parse().expect("a line"), to.parse().expect("a line"));
            let mut own = Vec::new();
            if act != "d" {
                own.extend(commands.by_ref().take_while(|line| *line != ".\n"));
            }
            let own = own.into_iter().map(str::to_owned);
            match act {
                "a" => drop(lines.splice(from..from, own)),
                _ => drop(lines.splice(from - 1..to, own)),
            }
        }
        lines.concat()
    }

    fn names() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[a-d][a-f]", 0..40)
    }

    fn script_of(before: &str, after: &str) -> String {
        let chunks = |text: &str| cut(&RULE, contents::parse(text).expect("lines"));
        let (old, new) = (chunks(before), chunks(after));
        let texts: BTreeMap<_, _> = old
            .iter()
            .chain(&new)
            .cloned()
            .map(|(c, t)| (c.sha256, t))
            .collect();
        let list =
            |chunks: &[(Chunk, String)]| chunks.iter().map(|(c, _)| c.clone()).collect::<Vec<_>>();
        let read = |chunk: &Chunk| Ok::<_, Infallible>(texts[&chunk.sha256].clone());
        script(&name(), &list(&old), &list(&new), read).unwrap_or_else(|never| match never {})
    }

    proptest! {
        #[test]
        fn a_script_makes_the_next_state(before in names(), after in names()) {
            let (before, after) = (text(&before), text(&after));
            let script = script_of(&before, &after);
            prop_assert_eq!(apply(&before, &script), after.clone(), "{}", script);
            prop_assert_eq!(script.is_empty(), before == after);
        }
    }

    #[test]
    fn the_ed_commands_are_in_descending_order() {
        let before: BTreeSet<_> = ["a", "b", "c", "d"].map(str::to_owned).into();
        let after: BTreeSet<_> = ["0", "b", "cc", "d", "e"].map(str::to_owned).into();
        let script = script_of(&text(&before), &text(&after));
        let firsts: Vec<u64> = script
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .map(|line| line.trim_end_matches(['a', 'c', 'd']))
            .map(|range| {
                range
                    .split(',')
                    .next()
                    .expect("a part")
                    .parse()
                    .expect("a line")
            })
            .collect();
        assert!(firsts.is_sorted_by(|a, b| a > b), "{script}");
    }
}
