use std::error::Error;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::format::deb822::{Syntax, paragraph};
use crate::model::Timestamp;

const HELLO: &[u8] = include_bytes!("../../../fixtures/debian/hello.changelog");

const GOOD: &str = "\
hello (1:1.0~rc1-1) unstable; urgency=medium

  [ Ada ]
  * One. Closes: #12, bug#3, BUG 4,
    #5

  * Two (closes:7), LP: #9, #10; LP:#11; Fixes: #13; Closes #14; closes:
    #15.

 -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100
";

#[test]
fn the_newest_entry_is_read() {
    let found = Entry::newest(GOOD.as_bytes()).expect("an entry");
    assert_eq!(found.source.as_str(), "hello");
    assert_eq!(found.version.as_str(), "1:1.0~rc1-1");
    assert_eq!(found.distributions[0].as_str(), "unstable");
    assert!(!found.is_unreleased());
    assert_eq!(found.urgency, Urgency::Medium);
    assert_eq!(found.upload, Upload::Source);
    assert_eq!(found.maintainer, "Ada Lovelace <ada@example.org>");
    assert_eq!(found.date.to_string(), "2026-11-21T09:30:00Z");
    assert_eq!(found.date_text, "Sat, 21 Nov 2026 10:30:00 +0100");
    assert_eq!(found.lines.len(), 6);
    assert_eq!(found.closes(), [3, 4, 5, 7, 12, 15]);
    assert_eq!(found.closes_launchpad(), [9, 10]);
    let changes: Vec<_> = found.changes().collect();
    assert_eq!(changes[1], "hello (1:1.0~rc1-1) unstable; urgency=medium");
    assert_eq!(changes[3], "  [ Ada ]");

    let open = GOOD.replace(
        "unstable; urgency=medium",
        "UNRELEASED bookworm; Urgency=LOW (x),binary-only=yes",
    );
    let found = Entry::newest(format!("\n{open}").as_bytes()).expect("an entry");
    assert!(found.is_unreleased());
    assert_eq!(
        (found.urgency, found.upload, found.line),
        (Urgency::Low, Upload::BinaryOnly, 2)
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let last = " -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 10:30:00 +0100\n";
    for (from, to, want, cause) in [
        (
            GOOD,
            "",
            "line 1: found the end of the file, expected a heading",
            "",
        ),
        ("hello (", "hello(", "line 1: found “hello(1:1.0", ""),
        (
            "hello (",
            "Hello (",
            "line 1: a name in the heading is not valid",
            "“Hello” is not a valid package name",
        ),
        (
            " unstable;",
            ";",
            "line 1: found “hello (1:1.0~rc1-1); urgency=medium”, expected a heading",
            "",
        ),
        (
            "~rc1-1",
            "~rc1-",
            "line 1: the version in the heading is not valid",
            "“1:1.0~rc1-” is not a valid version",
        ),
        (
            "unstable",
            "un_~stable",
            "line 1: a name in the heading is not valid",
            "“un_~stable” is not a valid suite",
        ),
        (
            "unstable",
            "bookworm/updates",
            "line 1: found “hello (1:1.0~rc1-1) bookworm/updates; urgency=medium”, expected",
            "",
        ),
        (
            "=medium",
            "=soon",
            "line 1: the urgency in the heading is not valid",
            "“soon” is not an urgency",
        ),
        (
            "urgency=medium",
            "",
            "line 1: found “hello (1:1.0~rc1-1) unstable; ”, expected “urgency=…” and",
            "",
        ),
        (
            "urgency=medium",
            "binary-only=yes",
            "line 1: found “hello (1:1.0~rc1-1) unstable; binary-only=yes”, expected “urgency=…” after",
            "",
        ),
        (
            "  * One",
            " * One",
            "line 4: found “ * One. Closes: #12, bug#3, BUG 4,”, expected a change, with two",
            "",
        ),
        (
            "  * One",
            "x (1.0) y; urgency=low",
            "line 4: found “x (1.0) y; urgency=low.",
            "",
        ),
        (
            last,
            "",
            "line 10: found the end of the file, expected a change",
            "",
        ),
        (
            "<ada@example.org>  ",
            "<ada@example.org> ",
            "line 10: found “ -- Ada Lovelace <ada@example.org> Sat",
            "",
        ),
        (
            " -- Ada",
            " --Ada",
            "line 10: found “ --Ada Lovelace <ada@example.org>  Sat",
            "",
        ),
        (
            "Sat, 21",
            "Sun, 21",
            "line 10: the entry's date is not valid",
            "“Sun, 21 Nov 2026 10:30:00 +0100” is not a date",
        ),
        (" +0100", " CET", "line 10: found “ -- Ada Lovelace", ""),
        (" +0100", "", "line 10: found “ -- Ada Lovelace", ""),
        (
            "\n  [",
            "\r\n  [",
            "line 2: found “”, expected no carriage return",
            "",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        let error = Entry::newest(text.as_bytes()).expect_err(to);
        assert!(error.to_string().starts_with(want), "{error}");
        let source = error.source().map_or(String::new(), ToString::to_string);
        assert!(source.starts_with(cause), "{error}: {source}");
    }
    let empty = "x1 (1) y; urgency=low\n\n -- A <a@b>  Sat, 21 Nov 2026 10:30:00 +0100\n";
    let error = Entry::newest(empty.as_bytes()).expect_err("no changes");
    assert!(error.to_string().starts_with("line 3: "), "{error}");
    assert!(Entry::newest(b"h\xe9llo (1) y; urgency=low\n").is_err());
    let old = [GOOD.as_bytes(), b"\n\nanything \xe9\n"].concat();
    Entry::newest(&old).expect("old entries may be anything");
}

/// `dpkg-parsechangelog` prints its fields as the `.changes` has them.
#[test]
fn dpkg_reads_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("changelog");
    for text in [HELLO, GOOD.as_bytes()] {
        std::fs::write(&path, text).expect("a file");
        let output = Command::new("dpkg-parsechangelog")
            .arg("-l")
            .arg(&path)
            .output()
            .expect("cannot run dpkg-parsechangelog: install the package dpkg-dev");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
        let want = paragraph(&output.stdout, Syntax::Generated).expect("fields");

        let found = Entry::newest(text).expect("an entry");
        let changes = want.field("Changes").expect("Changes");
        let changes: Vec<_> = changes.lines().map(|(_, line)| line).collect();
        assert_eq!(found.changes().collect::<Vec<_>>(), changes);
        let closes: Vec<_> = found.closes().iter().map(u64::to_string).collect();
        for (field, found) in [
            ("Source", found.source.to_string()),
            ("Version", found.version.to_string()),
            ("Date", found.date_text.clone()),
            ("Timestamp", found.date.unix().to_string()),
            ("Maintainer", found.maintainer.clone()),
            ("Urgency", found.urgency.to_string()),
            ("Closes", closes.join(" ")),
        ] {
            assert_eq!(want.get(field), Some(found.as_str()), "{field}");
        }
    }
}

#[test]
fn headings_reach_back_to_the_beginning() {
    let found = headings(HELLO);
    let text = std::str::from_utf8(HELLO).expect("UTF-8");
    for heading in &found {
        let line = text.lines().nth(heading.line - 1).expect("a line");
        let want = format!("{} ({})", heading.source, heading.version);
        assert!(line.starts_with(&want), "{line}: {want}");
    }
    let heading = |line: &&str| line.starts_with("hello");
    let all = text.lines().filter(heading).count();
    assert_eq!(found.len(), all);
}

fn new_entry() -> NewEntry {
    NewEntry {
        source: "hello".parse().expect("a name"),
        version: "1.0-1".parse().expect("a version"),
        distribution: "stable".parse().expect("a suite"),
        urgency: Urgency::High,
        maintainer: "Ada Lovelace <ada@example.org>".to_owned(),
        date: Timestamp::from_unix(1_795_253_400),
        changes: vec!["First.".to_owned(), "Second,\nmore.".to_owned()],
    }
}

#[test]
fn headings_of_old_forms_and_odd_names_are_found() {
    let text = b"gtk+2.0 (2.24-1) unstable; urgency=low\n\n  * libc (1.0) x; urgency=low\n\n\
            b\xe9b\xe9 (1) x; urgency=low\nhello (1.3-4); priority=LOW\nA (1) x; y\nhello (1-) x; y\n";
    let found: Vec<_> = headings(text)
        .iter()
        .map(|h| format!("{} {} {}", h.line, h.source, h.version))
        .collect();
    assert_eq!(found, ["1 gtk+2.0 2.24-1", "6 hello 1.3-4"]);
}

#[test]
fn a_new_entry_is_written() {
    let text = new_entry().text().expect("an entry");
    assert_eq!(
        text,
        "hello (1.0-1) stable; urgency=high\n\n  * First.\n  * Second,\n    more.\n\n \
             -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 09:30:00 +0000\n"
    );
    for (case, changed) in [
        (
            "no change",
            NewEntry {
                changes: Vec::new(),
                ..new_entry()
            },
        ),
        (
            "no mail",
            NewEntry {
                maintainer: "Ada".to_owned(),
                ..new_entry()
            },
        ),
        (
            "two lines",
            NewEntry {
                maintainer: "A <a@b>  Sat, 21 Nov 2026 09:30:00 +0000\nx <a@b>".to_owned(),
                ..new_entry()
            },
        ),
    ] {
        assert!(changed.text().is_err(), "{case}");
    }
}

proptest! {
    #[test]
    fn any_change_is_refused_or_read(at in 0..GOOD.len(), len in 0..9_usize, with in "[ -~\n]{0,3}") {
        let end = (at + len).min(GOOD.len());
        let text = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
        if let Ok(found) = Entry::newest(text.as_bytes()) {
            prop_assert!(!found.lines.is_empty());
            found.closes();
            found.closes_launchpad();
        }
        headings(text.as_bytes());
    }

    #[test]
    fn new_entries_are_read_back(changes in prop::collection::vec("[ -~\né]{1,40}", 1..5)) {
        let entry = NewEntry { changes, ..new_entry() };
        if let Ok(text) = entry.text() {
            let found = Entry::newest(text.as_bytes()).expect("what we wrote");
            prop_assert_eq!(found.maintainer, entry.maintainer);
        }
    }
}
