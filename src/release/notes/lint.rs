//! What is wrong with notes from a user's point of view.

mod code;

use std::collections::BTreeMap;

use code::of_code;

use super::text;
use crate::model::Finding;
use crate::release::change::{Change, Note, Parent};

/// Whether a note must be written for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The description may serve.
    Wanted,
    /// Features, fixes and breaking changes need one, if they are picks: on a
    /// maintenance branch each was asked for by somebody who can say why.
    DemandedOfPicks,
    /// Features, fixes and breaking changes need one.
    Demanded,
}

/// Looks for notes that are empty, copied, or speak of code instead of what the
/// user sees. Warnings, one for each change at most, newest change first.
pub fn lint(changes: &[Change]) -> Vec<Finding> {
    lint_as(changes, Written::Wanted)
}

/// Does the same as [`lint`], and says which notes are missing where they are
/// demanded.
pub fn lint_as(changes: &[Change], written: Written) -> Vec<Finding> {
    let mut oldest: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for change in changes.iter().rev() {
        let note = match &change.note {
            Note::Written(note) => oldest.insert(text::key(note), &change.commit),
            Note::Nothing | Note::Unsaid => None,
        };
        // Picks of one pull request have its note each, and are told once.
        let repeated = note.filter(|before| **before != change.commit && change.parents.is_empty());
        if let Note::Written(note) = &change.note
            && let Some(before) = repeated
        {
            oldest.insert(text::key(note), before);
        }
        found.extend(fault(change, repeated, written).map(|fault| fault.finding(change)));
    }
    found.reverse();
    found
}

/// What is wrong with a note.
enum Fault<'a> {
    /// It says nothing.
    Empty(String),
    /// It breaks something, and the note is `NONE`.
    Hidden(&'static str),
    /// It breaks something and does not say what to do.
    NoWay,
    /// It says the same as the subject.
    Copied(String),
    /// It says the same as that of an older commit.
    Repeated(&'a str),
    /// It names a thing of the code.
    Code(String),
    /// Nobody wrote one.
    Missing,
    /// Nobody wrote one where it can be read: what was picked is not here.
    Elsewhere,
}

impl Fault<'_> {
    fn finding(self, change: &Change) -> Finding {
        let id = &change.commit[..change.commit.len().min(12)];
        let (rule, message, fix) = match self {
            Self::Empty(text) => (
                "note-empty",
                format!("“{text}” tells users nothing"),
                "say what they can do now, or what no longer goes wrong",
            ),
            Self::Hidden(what) => (
                "note-hidden",
                format!("it {what}, and its note is NONE"),
                "write a Release-Note: users must know",
            ),
            Self::NoWay => (
                "note-without-way",
                "it breaks something and does not say what users must do".to_owned(),
                "say it in the BREAKING CHANGE: footer or in Action-Required:",
            ),
            Self::Copied(text) => (
                "note-copied",
                format!("the note is the subject, word for word: “{text}”"),
                "leave out the trailer, or say what users see",
            ),
            Self::Repeated(before) => (
                "note-repeated",
                format!(
                    "the note is that of {} again",
                    &before[..before.len().min(12)]
                ),
                "say what this change adds, or Release-Note: NONE",
            ),
            Self::Code(word) => (
                "note-of-code",
                format!("“{word}” is a thing of the code, not of what users see"),
                "write a Release-Note: of what users see, or NONE",
            ),
            Self::Missing => (
                "note-missing",
                format!(
                    "no note for users was written: “{}”",
                    text::one_line(&change.description)
                ),
                "add a Release-Note: trailer, NONE where users see nothing",
            ),
            Self::Elsewhere => (
                "parent-not-here",
                "what it was picked from is not in this clone: its own words count alone"
                    .to_owned(),
                "git fetch the branch that it was picked from, of a shallow clone --unshallow",
            ),
        };
        let parents = change.parents.iter();
        let parents: Vec<&str> = parents
            .map(|one| &one.commit[..one.commit.len().min(12)])
            .collect();
        if parents.is_empty() {
            return Finding::warning(rule, id, message).fix(fix);
        }
        let message = format!("{message} (picked from {})", parents.join(", "));
        let fix = match rule {
            "parent-not-here" => fix.to_owned(),
            _ => format!("{fix}; debcut patch answer REQUEST --note TEXT says it of a pick"),
        };
        Finding::warning(rule, id, message).fix(fix)
    }
}

fn fault<'a>(change: &Change, repeated: Option<&'a str>, written: Written) -> Option<Fault<'a>> {
    let news = matches!(change.kind.as_deref(), Some("feat" | "fix" | "perf"));
    let weighs = change.breaking.is_some() || !change.cves.is_empty();
    let note = match &change.note {
        Note::Nothing if change.breaking.is_some() => {
            return Some(Fault::Hidden("breaks something"));
        }
        Note::Nothing if weighs => return Some(Fault::Hidden("closes a hole")),
        Note::Nothing => return None,
        Note::Written(note) => text::one_line(note),
        // Chores and the like are not written for users, and hardly read.
        Note::Unsaid if !news && !weighs && change.kind.is_some() => return None,
        Note::Unsaid => {
            let description = text::one_line(&change.description);
            text::without_request(&description, change.pull_request).to_owned()
        }
    };
    if is_empty(&note) {
        return Some(Fault::Empty(note));
    }
    if let Note::Written(_) = change.note {
        let subject = text::key(&change.description);
        let plain = text::without_request(&subject, change.pull_request);
        if text::key(&note) == plain || ends_as(&note, &subject) {
            return Some(Fault::Copied(note));
        }
        if let Some(before) = repeated {
            return Some(Fault::Repeated(before));
        }
    }
    if change.breaking.is_some() && !tells_way(change, &note) {
        return Some(Fault::NoWay);
    }
    if let Some(word) = of_code(&note) {
        return Some(Fault::Code(word));
    }
    let unsaid = change.note == Note::Unsaid && (news || weighs);
    let demanded = match written {
        Written::Wanted => false,
        Written::DemandedOfPicks => !change.parents.is_empty(),
        Written::Demanded => true,
    };
    let is_here = |parent: &Parent| parent.author.is_some();
    match (unsaid, demanded) {
        (true, true) => Some(Fault::Missing),
        (true, false) if change.parents.is_empty() => None,
        (true, false) => (!change.parents.iter().any(is_here)).then_some(Fault::Elsewhere),
        (false, _) => None,
    }
}

/// Tells whether a note is a whole subject: `feat(x): description`.
fn ends_as(note: &str, description: &str) -> bool {
    let (head, rest) = note.split_once(": ").unwrap_or(("", note));
    let word = !head.is_empty() && !head.contains(' ');
    word && text::key(rest) == *description
}

/// Words that say nothing alone.
const EMPTY: [&str; 36] = [
    "a",
    "adjustments",
    "bug",
    "bugfix",
    "bugfixes",
    "bugs",
    "change",
    "changes",
    "clean",
    "cleanup",
    "cleanups",
    "fix",
    "fixed",
    "fixes",
    "fixup",
    "improvement",
    "improvements",
    "issue",
    "issues",
    "leakfix",
    "minor",
    "misc",
    "miscellaneous",
    "more",
    "small",
    "some",
    "stuff",
    "tbd",
    "temp",
    "tmp",
    "todo",
    "typofix",
    "typos",
    "up",
    "various",
    "wip",
];
/// Words that say nothing alone, but may together with another one.
const ALONE: [&str; 14] = [
    "add", "as", "code", "docs", "improve", "new", "none", "oops", "release", "test", "tests",
    "update", "updated", "updates",
];

fn is_empty(note: &str) -> bool {
    let lower = note.to_lowercase();
    let mut first = lower.split(|c: char| !c.is_alphanumeric());
    let first = first.next().unwrap_or_default();
    // “See the title”, “TODO: write one”.
    let elsewhere = ["see", "as", "same"].contains(&first) && lower.split_whitespace().count() <= 4;
    if elsewhere || ["todo", "tbd", "fixme"].contains(&first) {
        return true;
    }
    let words = note.split(|c: char| !c.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|w| !w.is_empty() && w.contains(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect();
    let letters = note.chars().any(char::is_alphabetic);
    let alone = |word: &String| EMPTY.contains(&word.as_str()) || ALONE.contains(&word.as_str());
    !letters || words.iter().all(alone) && words.len() <= 3
}

/// Words by which a text says what is to be done.
const WAY: [&str; 30] = [
    "add",
    "adapt",
    "adjust",
    "call",
    "change",
    "configure",
    "convert",
    "delete",
    "edit",
    "install",
    "instead",
    "migrate",
    "migration",
    "move",
    "must",
    "need",
    "needs",
    "now",
    "pass",
    "reinstall",
    "rename",
    "replace",
    "replaced",
    "run",
    "set",
    "should",
    "switch",
    "update",
    "upgrade",
    "use",
];

fn tells_way(change: &Change, note: &str) -> bool {
    if change.action_required.is_some() {
        return true;
    }
    // The description tells what the author did, not what users do.
    let said = change.breaking.as_deref().unwrap_or_default();
    let said = if said == change.description { "" } else { said };
    let note = if change.note == Note::Unsaid {
        ""
    } else {
        note
    };
    let text = format!("{said} {note}").to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| WAY.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::tests::change;
    use super::*;

    fn rules(changes: &[Change], written: Written) -> Vec<&'static str> {
        let found = lint_as(changes, written);
        found.iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn every_fault_is_named() {
        let none: &[&str] = &[];
        let cases: &[(&str, Option<&str>, &[&str])] = &[
            ("feat: greet everyone by name", None, none),
            ("fix: .", None, &["note-empty"]),
            ("wip", None, &["note-empty"]),
            ("fix: update", None, &["note-empty"]),
            ("fix: various small fixes", None, &["note-empty"]),
            ("fix: update of a running host", None, none),
            ("chore: wip in src/main.rs", None, none),
            ("chore: wip", Some("Fixes"), &["note-empty"]),
            ("fix: close src/greet.rs", None, &["note-of-code"]),
            ("fix: name it in `greet.py`", None, &["note-of-code"]),
            ("fix: read /usr/lib/hello/greet.py", None, none),
            ("fix: read debcut.toml and hello.conf", None, none),
            ("feat: run on Node.js and x86_64", None, none),
            ("fix: panic in fn greet(name)", None, &["note-of-code"]),
            ("fix: greet() is quick", None, &["note-of-code"]),
            ("fix: use hello::greet", None, &["note-of-code"]),
            ("fix: set `last_name` again", None, &["note-of-code"]),
            ("fix: honour LC_ALL and --last_name", None, none),
            ("feat: refactor greetings", None, &["note-of-code"]),
            ("feat: wave", Some("Wave."), &["note-copied"]),
            ("feat: wave", Some("feat: wave"), &["note-copied"]),
            ("feat: wave", Some("Greetings come with a wave."), none),
            ("feat!: drop --old", None, &["note-without-way"]),
            (
                "feat!: drop --old",
                Some("`--old` is gone."),
                &["note-without-way"],
            ),
            (
                "feat!: drop --old",
                Some("Use `--new` in place of `--old`."),
                none,
            ),
        ];
        for (subject, note, want) in cases {
            let mut change = change(1, subject);
            change.note = note.map_or(Note::Unsaid, |note| Note::Written(note.into()));
            assert_eq!(
                rules(&[change], Written::Wanted),
                *want,
                "{subject}: {note:?}"
            );
        }
    }

    #[test]
    fn breaking_and_holes_are_not_hidden() {
        let mut gone = change(1, "feat!: drop --old");
        gone.breaking = Some("pass --new".into());
        assert_eq!(rules(&[gone.clone()], Written::Wanted), [""; 0]);
        gone.note = Note::Nothing;
        let mut hole = change(2, "fix: check lengths");
        hole.note = Note::Nothing;
        let quiet = hole.clone();
        hole.cves = vec!["CVE-2026-1234".into()];
        let found = lint(&[hole, quiet, gone]);
        let shown: Vec<_> = found.iter().map(|f| (f.rule, f.message.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("note-hidden", "it closes a hole, and its note is NONE"),
                ("note-hidden", "it breaks something, and its note is NONE"),
            ]
        );
        assert_eq!(found[0].subject.len(), 12);
        assert!(
            found
                .iter()
                .all(|finding| !finding.is_error() && !finding.fix.is_empty())
        );
    }

    #[test]
    fn equal_notes_and_missing_ones_are_told() {
        let noted = |number: u64| {
            let mut change = change(number, &format!("feat: wave {number} times"));
            change.note = Note::Written("Greetings come with waves.".into());
            change
        };
        let twice = [noted(3), noted(2), noted(1), noted(1)];
        assert_eq!(rules(&twice, Written::Wanted), ["note-repeated"; 2]);
        assert!(lint(&twice)[0].message.contains(&noted(1).commit[..12]));
        let unsaid = [
            change(1, "feat: wave"),
            change(2, "docs: more"),
            change(3, "fix: bow deeply"),
        ];
        assert_eq!(rules(&unsaid, Written::Wanted), [""; 0]);
        assert_eq!(rules(&unsaid, Written::Demanded), ["note-missing"; 2]);
    }

    #[test]
    fn picks_are_judged_by_their_parents_notes() {
        let pick = |number: u64, subject: &str, author: bool| {
            let mut change = change(number, subject);
            change.parents.push(Parent {
                commit: "b".repeat(40),
                pull_request: Some(12),
                title: None,
                author: author.then(|| change.authors[0].clone()),
            });
            change
        };
        let here = pick(1, "fix: bow deeply", true);
        let alone = change(2, "fix: wave");
        let found = lint_as(&[here.clone(), alone], Written::DemandedOfPicks);
        let shown: Vec<_> = found.iter().map(|f| f.rule).collect();
        assert_eq!(shown, ["note-missing"]);
        assert!(found[0].message.contains("(picked from bbbbbbbbbbbb)"));
        assert!(found[0].fix.contains("--note"), "{}", found[0].fix);
        assert_eq!(rules(&[here], Written::Wanted), [""; 0]);
        let gone = pick(3, "fix: bow deeply", false);
        assert_eq!(rules(&[gone], Written::Wanted), ["parent-not-here"]);
        // The note of a pull request comes with each of its commits.
        let mut twice = [pick(5, "fix: a thing", true), pick(4, "fix: a part", true)];
        for one in &mut twice {
            one.note = Note::Written("Greetings come with waves.".into());
        }
        assert_eq!(rules(&twice, Written::DemandedOfPicks), [""; 0]);
    }

    #[test]
    fn notes_that_say_nothing() {
        for note in [
            "See title",
            "see #123",
            "As title.",
            "same as the subject",
            "Fix bug 1234",
            "Typofix",
            "Code clean-up.",
            "Test fix",
            "Docs",
            "TODO: write it",
            "TBD",
            "Fixes #12",
        ] {
            assert!(is_empty(note), "{note}");
        }
        for note in [
            "Fix a crash in bug reports",
            "Updates are signed",
            "Update tzdata to 2026b for Morocco",
            "Seen mail is moved",
            "As root, debcut refuses to build without a sandbox.",
            "Leap seconds are counted.",
        ] {
            assert!(!is_empty(note), "{note}");
        }
    }
}
