use proptest::prelude::*;

use super::*;
use crate::release::change::Note;
use crate::release::notes::tests::{change, made, policy, sample};
use crate::release::policy::NotesPolicy;

macro_rules! corpus {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../fixtures/changes-files/", $name, ".md")))),*]
    };
}

const CORPUS: [(&str, &str); 12] = corpus![
    "byteorder-1.5.0",
    "cfg-if-1.0.5",
    "debcut-0.1.0",
    "fastrand-2.5.0",
    "generic-array-0.14.7",
    "heck-0.5.0",
    "slab-0.4.12",
    "strsim-0.11.1",
    "text-size-1.1.1",
    "typenum-1.20.1",
    "vcpkg-0.2.15",
    "web-time-1.1.0",
];

/// Notes of a version that none of the files has.
fn small(version: &str) -> Notes {
    let mut fix = change(2, "fix: greet nobody twice");
    fix.pull_request = Some(12);
    let policy = NotesPolicy {
        pull_request: Some("https://forge.example/{number}".into()),
        ..NotesPolicy::default()
    };
    let mut notes = made(&[fix, change(1, "feat: wave")], &policy);
    notes.tag = Some(format!("v{version}"));
    notes.version = Some(version.to_owned());
    notes
}

/// What the result has that the old text has not, as runs of lines.
fn added(old: &str, new: &str) -> String {
    let old: Vec<_> = old.split_inclusive('\n').collect();
    let mut rest = &old[..];
    let mut out = String::new();
    let mut gap = false;
    for line in new.split_inclusive('\n') {
        // A reference that was replaced is passed over.
        let near = rest.iter().take(2).position(|old| *old == line);
        match near.filter(|&at| at == 0 || line.starts_with('[')) {
            Some(at) => {
                rest = &rest[at + 1..];
                gap = true;
            }
            None => {
                out.push_str(if gap { "...\n" } else { "" });
                out.push_str(line);
                gap = false;
            }
        }
    }
    out
}

#[test]
fn real_files_are_continued_in_their_own_style() {
    for (name, old) in CORPUS {
        let notes = small("90.1.0");
        let new = continued(old, &notes).expect(name);
        insta::assert_snapshot!(format!("{name}"), added(old, &new).replace('\r', "␍"));
        assert_eq!(
            continued(&new, &notes).as_deref(),
            Ok(new.as_str()),
            "{name}: again"
        );
        let crlf = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
        assert_eq!(crlf(old), crlf(&new), "{name}");
        check_suffix(name, old, &new);
        // The next release stands in front of this one, in the same style.
        let mut next = small("90.2.0");
        next.previous_tag = Some("v90.1.0".into());
        let last = continued(&new, &next).expect(name);
        check_suffix(name, &new, &last);
        let file = File::read(&last, None);
        let versions: Vec<_> = file.releases.iter().map(|r| &r.title.version[..]).collect();
        assert_eq!(versions[..2], ["90.2.0", "90.1.0"], "{name}");
        assert_eq!(file.releases[0].title.before, file.releases[1].title.before);
    }
}

/// Everything from the newest old release on is the end of the new text, but
/// the lines of references.
fn check_suffix(name: &str, old: &str, new: &str) {
    let file = File::read(old, None);
    let Some(first) = file.releases.first() else {
        return;
    };
    let is_reference = |line: &&str| line.starts_with('[') && line.contains("]:");
    let from = file.lines[first.heading.line].start;
    let plain = |text: &str| {
        let lines = text
            .split_inclusive('\n')
            .filter(|line| !is_reference(line));
        lines.collect::<String>()
    };
    assert!(plain(new).ends_with(&plain(&old[from..])), "{name}: {new}");
    if references::references(&file.lines).is_empty() {
        assert!(new.ends_with(&old[from..]), "{name}: {new}");
    }
    let above = file
        .open
        .as_ref()
        .map_or(first.heading.line, |open| open.after);
    let above = &old[..file.lines.get(above).map_or(0, |line| line.start)];
    assert!(new.starts_with(above), "{name}: {new}");
}

#[test]
fn a_new_file_has_a_header() {
    let new = continued("", &made(&sample(), &policy())).expect("a file");
    insta::assert_snapshot!("new", new);
    assert_eq!(
        continued(&new, &made(&sample(), &policy())).as_ref(),
        Ok(&new)
    );
    let nothing = continued(" \n", &made(&[], &policy())).expect("a file");
    assert!(
        nothing.ends_with("2026-11-21\n\n- No changes that users see.\n"),
        "{nothing}"
    );
}

#[test]
fn what_was_written_by_hand_is_kept_and_moved() {
    let old = "\
# Changelog

## [Unreleased]

By hand.

### Fixed

- Nobody is greeted twice, at last (#12).
* Another one.

### Docs

- A manual.

## [1.2.3] - 2026-01-01

### Fixed
- Old.

[Unreleased]: https://forge.example/compare/v1.2.3...HEAD
[1.2.3]: https://forge.example/compare/v1.2.2...v1.2.3
";
    let mut wave = change(3, "feat!: wave");
    wave.breaking = Some("hands are needed".into());
    let mut fix = change(2, "fix: greet nobody twice");
    fix.pull_request = Some(12);
    let changes = [wave, fix, change(1, "fix: another  one.")];
    let mut notes = made(&changes, &NotesPolicy::default());
    let new = continued(old, &notes).expect("continued");
    let want = "\
# Changelog

## [Unreleased]

## [1.3.0] - 2026-11-21

By hand.

### Breaking
- Wave. Hands are needed

### Fixed
- Nobody is greeted twice, at last (#12).
* Another one.

### Docs
- A manual.

## [1.2.3] - 2026-01-01

### Fixed
- Old.

[Unreleased]: https://forge.example/compare/v1.3.0...HEAD
[1.3.0]: https://forge.example/compare/v1.2.3...v1.3.0
[1.2.3]: https://forge.example/compare/v1.2.2...v1.2.3
";
    assert_eq!(new, want);
    assert_eq!(continued(&new, &notes).as_deref(), Ok(want));

    // An edited draft is kept.
    let edited = new.replace("Wave. Hands are needed", "Hands are needed to wave");
    assert_eq!(continued(&edited, &notes), Ok(edited.clone()));
    notes.date = "2026-11-22".into();
    assert_eq!(continued(&edited, &notes), Ok(edited.clone()));
    // A draft that says so is completed.
    let draft = old.replace("[Unreleased]\n\nBy", "[1.3.0] - Unreleased\n\nBy");
    let done = continued(&draft, &notes).expect("completed");
    assert!(
        done.contains("\n## [1.3.0] - 2026-11-22\n\nBy hand."),
        "{done}"
    );
    // Another release's words are not.
    for (date, words) in [("2025-05-05", "- Other."), ("2025-05-05", "")] {
        let taken = format!("## 1.3.0 - {date}\n\n{words}\n\n## 1.2.0 - 2025-01-01\n\n- x\n");
        let error = continued(&taken, &notes).expect_err(&taken);
        assert_eq!(
            error.to_string(),
            "it already has a section 1.3.0, at line 1"
        );
    }
    let behind = "## 1.4.0 - 2026-11-22\n\n- x\n\n## 1.3.0 - 2026-11-22\n\n- y\n";
    assert!(continued(behind, &notes).is_err());
}

#[test]
fn notes_without_a_version_stand_under_unreleased() {
    let mut notes = small("1.0.0");
    notes.version = None;
    for old in [
        "",
        "# Changelog\n\n## 1.0.0\n\n- Old\n",
        "## Unreleased\n\n- Wave\n\n## 0.9.0\n\n- Old\n",
    ] {
        let new = continued(old, &notes).expect("continued");
        assert!(new.contains("## Unreleased\n\n"), "{new}");
        assert_eq!(new.to_lowercase().matches("wave").count(), 1, "{new}");
        assert_eq!(continued(&new, &notes), Ok(new));
    }
}

#[test]
fn titles_are_read_and_written_again() {
    for (title, want) in [
        ("1.2.3", "1.3.0"),
        ("v1.2.3", "v1.3.0"),
        ("Version 1.2.3", "Version 1.3.0"),
        ("1.2.3 (2026-01-01)", "1.3.0 (2026-11-21)"),
        ("v1.2.3 - date", "v1.3.0"),
        ("v1.2.3 - March 18, 2019", "v1.3.0 - November 21, 2026"),
        ("1.2.3 (July 8th, 2026)", "1.3.0 (November 21st, 2026)"),
        ("1.2.3, 8 Jul 2026", "1.3.0, 21 Nov 2026"),
        ("1.2.3 — 2026/01/01 :tada:", "1.3.0 — 2026/11/21"),
        ("1.2.3 – “Name” 2026-01-01", "1.3.0 - 2026-11-21"),
        ("[v1.2.3] - (2024-04-03)", "[v1.3.0] - (2026-11-21)"),
        ("hello-1.2.3-rc.1", "hello-1.3.0"),
        (
            "[1.2.3](https://f.example/compare/v1.2.2...v1.2.3)",
            "[1.3.0](https://f.example/compare/v1.2.3...v1.3.0)",
        ),
        (
            "[1.2.3](https://f.example/releases/tag/v1.2.3)",
            "[1.3.0](https://f.example/compare/v1.2.3...v1.3.0)",
        ),
    ] {
        let old = format!("## {title}\n\n- x\n");
        let mut notes = small("1.3.0");
        notes.compare = None;
        let new = continued(&old, &notes).expect(title);
        assert_eq!(new.lines().next(), Some(&*format!("## {want}")), "{title}");
    }
    for title in [
        "2.x series",
        "Changes in the 2.0 line",
        "2018-10-22",
        "Added",
        "10 things",
    ] {
        assert_eq!(Title::read(title, None), None, "{title}");
    }
}

#[test]
fn versions_of_any_look_are_found_again() {
    for version in ["42", "2026-11-21", "r7", "1.3.0-rc.1"] {
        let notes = small(version);
        let old = "# Changelog\n\nWords.\n";
        let new = continued(old, &notes).expect(version);
        assert_eq!(continued(&new, &notes), Ok(new.clone()), "{version}");
        let heading = format!("# Changelog\n\nWords.\n\n## {version} - 2026-11-21\n");
        assert!(new.starts_with(&heading), "{new}");
    }
    let old = "## 1.3.0-rc.1 - 2026-01-01\n\n- Wave\n";
    let new = continued(old, &small("1.3.0")).expect("another release");
    assert!(
        new.starts_with("## 1.3.0 - 2026-11-21\n\n- Wave\n"),
        "{new}"
    );
}

#[test]
fn headings_in_fences_and_comments_are_none() {
    let old = "# Changelog\n\n<!--\n## 9.9.9\n-->\n\n```\n## 8.8.8\n```\n\n## 1.0.0\n\n- x\n";
    let new = continued(old, &small("1.3.0")).expect("continued");
    let at = new.find("## 1.3.0").expect("a heading");
    assert!(new[..at].ends_with("```\n\n") && new[at..].contains("\n\n## 1.0.0\n\n- x\n"));
}

#[test]
fn packages_that_share_a_file_are_told_apart() {
    let old = "# hello-1.3.0\n\n* x\n\n# bye-0.1.0\n\n* y\n";
    let mut notes = small("1.3.0");
    notes.package = "bye".into();
    let new = continued(old, &notes).expect("continued");
    assert!(new.starts_with("# bye-1.3.0\n\n* Wave\n"), "{new}");
}

fn old_file() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => Just("- item".to_owned()),
        2 => Just("  more of it".to_owned()),
        3 => Just(String::new()),
        1 => Just("### Fixed".to_owned()),
        1 => Just("## [Unreleased]".to_owned()),
        1 => Just("```".to_owned()),
        1 => Just("[0.1.0]: https://f.example/compare/v0.0.9...v0.1.0".to_owned()),
        1 => Just("[Unreleased]: https://f.example/compare/v0.1.0...HEAD".to_owned()),
        2 => (0u8..3, 0u8..9).prop_map(|(a, b)| format!("## {a}.{b}.0 - 2026-01-0{}", b + 1)),
        1 => Just("0.1.0\n=====".to_owned()),
        1 => "\\PC{0,12}",
    ];
    (
        prop::collection::vec(line, 0..25),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(lines, end, crlf)| {
            let text = lines.join("\n") + if end { "\n" } else { "" };
            if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        })
}

proptest! {
    #[test]
    fn old_parts_stay_and_again_is_nothing(old in old_file(), written in "\\PC{0,30}") {
        let mut notes = small("90.1.0");
        let mut own = change(7, "fix: x");
        own.note = Note::Written(written);
        notes.sections.extend(made(&[own], &NotesPolicy::default()).sections);
        let new = continued(&old, &notes).expect("a version that is not there");
        check_suffix("random", &old, &new);
        prop_assert_eq!(continued(&new, &notes), Ok(new.clone()));
        // No line is lost but empty ones and the unreleased reference.
        let known: std::collections::BTreeSet<_> = new.lines().collect();
        for line in old.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("[Unreleased]:")) {
            prop_assert!(known.contains(line), "{:?} of {}\nin\n{}", line, old, new);
        }
    }
}
