use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::format::changelog::judge::dpkg;
use crate::release::change::{GbpDch, Note};

fn person(name: &str) -> Person {
    let first = name.split(' ').next().unwrap_or_default().to_lowercase();
    Person {
        name: name.into(),
        email: format!("{first}@example.org"),
    }
}

fn change(description: &str) -> Change {
    Change {
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        kind: Some("fix".into()),
        scopes: Vec::new(),
        breaking: None,
        description: description.into(),
        body: String::new(),
        note: Note::Unsaid,
        action_required: None,
        closes: Vec::new(),
        launchpad: Vec::new(),
        cves: Vec::new(),
        exploited: false,
        fixes: Vec::new(),
        release_as: None,
        authors: vec![person("Ada Lovelace")],
        pull_request: None,
        gbp_dch: GbpDch::Short,
        reverts: None,
        parents: Vec::new(),
        remarks: Vec::new(),
    }
}

fn by(author: &str, description: &str) -> Change {
    Change {
        authors: vec![person(author)],
        ..change(description)
    }
}

/// What a test wants; borrowed as [`Wanted`].
#[derive(Clone)]
struct Wish {
    version: Version,
    distribution: Option<Suite>,
    opening: Option<&'static str>,
    changes: Vec<Change>,
    maintainer: Person,
    binary_only: bool,
}

fn wish(version: &str, changes: &[Change]) -> Wish {
    Wish {
        version: Version::new(version).expect(version),
        distribution: None,
        opening: None,
        changes: changes.iter().rev().cloned().collect(),
        maintainer: person("Ada Lovelace"),
        binary_only: false,
    }
}

impl Wish {
    fn with<T>(&self, use_it: impl FnOnce(&Wanted<'_>) -> T) -> T {
        let source = PackageName::new("hail").expect("a name");
        use_it(&Wanted {
            source: &source,
            version: &self.version,
            distribution: self.distribution.as_ref(),
            urgency: None,
            binary_only: self.binary_only,
            opening: self.opening,
            changes: &self.changes,
            maintainer: &self.maintainer,
            date: Timestamp::from_unix(1_795_253_400),
        })
    }

    fn write(&self, old: &str) -> Result<String, EntryError> {
        let policy = DebianPolicy::default();
        let bytes = self.with(|wanted| write(old.as_bytes(), wanted, &policy))?;
        let again = self.with(|wanted| write(&bytes, wanted, &policy));
        let text = String::from_utf8(bytes).expect("UTF-8");
        match again {
            Ok(again) => assert_eq!(String::from_utf8_lossy(&again), text, "written again"),
            Err(error) => panic!("{error} when it is written again:\n{text}"),
        }
        Ok(text)
    }
}

const OLD: &str = "\
hail (1.0-1) unstable; urgency=medium

  * first release

 -- Ada Lovelace <ada@example.org>  Fri, 20 Nov 2026 09:30:00 +0000
";
const END: &str = " -- Ada Lovelace <ada@example.org>  Sat, 21 Nov 2026 09:30:00 +0000\n";

/// The lines of changes of a first entry.
fn body(changes: &[Change]) -> String {
    let text = wish("1.0-2", changes).write("").expect("an entry");
    let start = "hail (1.0-2) unstable; urgency=medium\n\n";
    let text = text.strip_prefix(start).expect(&text);
    text.strip_suffix(&format!("\n{END}"))
        .expect(text)
        .to_owned()
}

#[test]
fn a_first_entry_and_one_above_others() {
    let text = wish("1.0-2", &[change("speak of hail"), change("be quiet")]);
    let entry = format!(
        "hail (1.0-2) unstable; urgency=medium\n\n  * speak of hail\n  * be quiet\n\n{END}"
    );
    assert_eq!(text.write("").as_deref(), Ok(entry.as_str()));
    assert_eq!(text.write(OLD), Ok(format!("{entry}\n{OLD}")));
    let policy = DebianPolicy::default();
    for old in ["", OLD, &format!("{entry}\n{OLD}")] {
        let found = text.with(|wanted| preview(old.as_bytes(), wanted, &policy));
        assert_eq!(found.as_deref(), Ok(entry.as_str()));
    }
}

#[test]
fn changes_are_worded() {
    let usual = || change("fix the crash");
    for (change, want) in [
        (usual(), "  * fix the crash\n"),
        (
            Change {
                scopes: vec!["api".into(), "hail".into()],
                ..usual()
            },
            "  * api: fix the crash\n",
        ),
        (
            Change {
                closes: vec![12, 3],
                launchpad: vec![7],
                ..usual()
            },
            "  * fix the crash (Closes: #3, #12) (LP: #7)\n",
        ),
        (
            Change {
                closes: vec![3],
                ..change("fix it. Closes: #3")
            },
            "  * fix it. Closes: #3\n",
        ),
        (
            Change {
                breaking: Some("fix the crash".into()),
                ..usual()
            },
            "  * fix the crash (breaking change)\n",
        ),
        (
            Change {
                breaking: Some("Clients must\nask twice.".into()),
                ..usual()
            },
            "  * fix the crash\n    - Breaking change: Clients must ask twice.\n",
        ),
        (
            Change {
                action_required: Some("Run hail --migrate".into()),
                ..usual()
            },
            "  * fix the crash\n    - Action required: Run hail --migrate\n",
        ),
        (
            Change {
                authors: vec![
                    person("Ada Lovelace"),
                    person("Grace Hopper"),
                    person("B. Bee"),
                ],
                closes: vec![1],
                ..usual()
            },
            "  * fix the crash, thanks to Grace Hopper and B. Bee (Closes: #1)\n",
        ),
        (
            Change {
                body: "One,\ntwo.\n\n* three\n  four\n- five\n\nsix".into(),
                ..usual()
            },
            "  * fix the crash\n",
        ),
        (
            Change {
                body: "One,\ntwo.\n\n* three\n  four\n- five\n\nsix".into(),
                gbp_dch: GbpDch::Full,
                ..usual()
            },
            "  * fix the crash\n    One, two.\n    - three four\n    - five\n    six\n",
        ),
        (
            change("* a\u{7}\r\n\tbullet of its own"),
            "  * a bullet of its own\n",
        ),
        (change(""), "  * Commit 0123456789ab\n"),
    ] {
        assert_eq!(body(std::slice::from_ref(&change)), want, "{change:?}");
    }
}

#[test]
fn long_texts_are_wrapped_and_urls_are_not() {
    let url = format!("https://example.org/{}", "long/".repeat(18));
    let change = Change {
        closes: (1_000_000..1_000_012).collect(),
        ..change(&format!("speak of hail as {url} says, and of nothing else"))
    };
    let found = body(&[change]);
    let want = format!(
        "  * speak of hail as\n    {url}\n    says, and of nothing else (Closes: #1000000, #1000001, #1000002, #1000003,\n    \
         #1000004, #1000005, #1000006, #1000007, #1000008, #1000009, #1000010,\n    #1000011)\n"
    );
    assert_eq!(found, want);
}

#[test]
fn sections_start_with_the_second_author() {
    let changes = [
        by("Ada Lovelace", "one"),
        by("Grace [H] Hopper", "two"),
        by("Ada Lovelace", "three"),
    ];
    assert_eq!(body(&changes[..1]), "  * one\n");
    assert_eq!(
        body(&changes),
        "  [ Ada Lovelace ]\n  * one\n  * three\n\n  [ Grace H Hopper ]\n  * two\n"
    );
    let again = OLD.replace(
        "  * first release",
        "  [ A ]\n  * one\n\n  [ B ]\n  * two\n\n  [ A ]\n  * three",
    );
    let found = wish("1.0-2", &changes).write(&again).expect("an entry");
    assert!(
        found.contains(
            "\n\n  [ Ada Lovelace ]\n  * one\n\n  [ Grace H Hopper ]\n  * two\n\n  [ Ada Lovelace ]\n  * three\n\n -- "
        ),
        "{found}"
    );
    let opened = Wish {
        opening: Some("New upstream release."),
        ..wish("1.0-2", &changes)
    };
    let found = opened.write(OLD).expect("an entry");
    assert!(
        found.contains("\n\n  * New upstream release.\n\n  [ Ada Lovelace ]\n  * one\n"),
        "{found}"
    );
    let policy = DebianPolicy {
        multi_maintainer: false,
        ..DebianPolicy::default()
    };
    let found = wish("1.0-2", &changes).with(|wanted| preview(b"", wanted, &policy));
    assert!(
        found
            .expect("an entry")
            .contains("\n\n  * one\n  * two\n  * three\n\n")
    );
}

#[test]
fn habits_of_the_package_are_kept() {
    let changes = [
        Change {
            closes: vec![7],
            ..change("speak of hail")
        },
        change("apt-hail: be quiet"),
    ];
    for (old, want) in [
        (
            "  * One. Closes: #1.\n  * Two. Closes: #2.\n  * Three.",
            "  * Speak of hail. Closes: #7.\n  * apt-hail: be quiet.\n",
        ),
        (
            "  - one (closes: #1)\n\n  - two\n\n  - three\n\n  - four",
            "  - speak of hail (Closes: #7)\n\n  - apt-hail: be quiet\n",
        ),
        (
            "  * One (Closes: #1).\n  * Two (Closes: #3).\n  * Three.",
            "  * Speak of hail (Closes: #7).\n  * apt-hail: be quiet.\n",
        ),
    ] {
        let old = OLD.replace("  * first release", old);
        let found = wish("1.0-2", &changes).write(&old).expect("an entry");
        assert!(found.contains(&format!("\n\n{want}\n -- ")), "{found}");
        assert!(found.ends_with(&old), "{found}");
    }
}

#[test]
fn an_unreleased_entry_is_completed() {
    let open = "\
hail (1.0-2) UNRELEASED; urgency=high, XS-Why=because

  * Fix   the
    CRASH.
  * written  by hand,
      with its own   blanks
  *

 -- Grace Hopper <grace@example.org>  Fri, 20 Nov 2026 10:30:00 +0100

";
    let old = format!("{open}{OLD}");
    let ada = [
        Change {
            closes: vec![9],
            ..change("fix the crash")
        },
        change("be quiet"),
    ];
    let wanted = Wish {
        opening: Some("New upstream release."),
        ..wish("1.1-1", &ada)
    };
    let hand = "  * Fix   the\n    CRASH.\n    (Closes: #9)\n  * written  by hand,\n      with its own   blanks\n";
    assert_eq!(
        wanted.write(&old).expect("an entry"),
        format!(
            "hail (1.1-1) unstable; urgency=high, XS-Why=because\n\n  * New upstream release.\n\n  \
             [ Grace Hopper ]\n{hand}\n  [ Ada Lovelace ]\n  * be quiet\n\n{END}\n{OLD}"
        )
    );
    // All of one author: no sections.
    let grace = [by("Grace Hopper", "be quiet")];
    let found = wish("1.0-2", &grace).write(&old).expect("an entry");
    let want = format!(
        "\n\n{}  * be quiet\n\n{END}\n{OLD}",
        hand.replace("    (Closes: #9)\n", "")
    );
    assert!(found.ends_with(&want), "{found}");
    // Sections that are there are used.
    let sections = old.replace(
        "  * Fix ",
        "  [ Ada Lovelace ]\n  * mine\n\n  [ Grace Hopper ]\n  * Fix ",
    );
    let found = wish("1.0-2", &ada).write(&sections).expect("an entry");
    assert!(
        found.contains("  * mine\n  * be quiet\n\n  [ Grace Hopper ]\n  * Fix   the\n"),
        "{found}"
    );
    // New words of the same meaning are enough.
    let opened = old.replace("  * Fix ", "  * New upstream version 1.1\n  * Fix ");
    assert!(
        !wanted
            .write(&opened)
            .expect("an entry")
            .contains("release.")
    );
    // Without a change and without an end, as editors leave them.
    for bare in [
        "hail (1.0-2) UNRELEASED; urgency=low\n\n",
        "hail (1.0-2) UNRELEASED; urgency=low\n\n  * \n\n --\n\n",
    ] {
        let found = wish("1.0-2", &ada[1..]).write(&format!("{bare}{OLD}"));
        if bare.contains("--") {
            assert!(matches!(found, Err(EntryError::Newest(_))), "{found:?}");
        } else {
            let want =
                format!("hail (1.0-2) unstable; urgency=medium\n\n  * be quiet\n\n{END}\n{OLD}");
            assert_eq!(found, Ok(want));
        }
    }
}

#[test]
fn what_is_being_written_may_be_released_as_a_candidate() {
    let open = OLD
        .replace("unstable", "UNRELEASED")
        .replace("1.0-1", "1.1-1");
    let old = format!("{open}\n{OLD}");
    let changes = [change("be quiet")];
    let found = wish("1.1~rc1-1", &changes).write(&old).expect("an entry");
    assert!(found.starts_with("hail (1.1~rc1-1) unstable;"), "{found}");
    assert!(!found.contains("UNRELEASED"), "{found}");
    for lower in ["1.0.1~rc1-1", "1.0-2"] {
        let found = wish(lower, &changes).write(&old);
        assert!(
            matches!(found, Err(EntryError::UnreleasedHigher { .. })),
            "{lower}"
        );
    }
}

#[test]
fn what_would_be_lost_or_wrong_is_refused() {
    let changes = [change("be quiet")];
    let open = OLD.replace("unstable", "UNRELEASED");
    for (old, wish, want) in [
        (
            "not a changelog at all\n",
            wish("1.0-2", &changes),
            "line 1: there is no entry",
        ),
        (
            OLD,
            wish("1.0-0", &changes),
            "1.0-0 is not higher than 1.0-1",
        ),
        (
            &open,
            wish("1.0-0", &changes),
            "the UNRELEASED entry is 1.0-1, which is higher than 1.0-0",
        ),
        (
            OLD,
            wish("1.0-1", &changes),
            "1.0-1 has an entry already, which does not tell “be quiet”",
        ),
        (OLD, wish("1.0-2", &[]), "an entry for 1.0-2 would be empty"),
        (
            OLD,
            wish(
                "1.0-2",
                &[Change {
                    gbp_dch: GbpDch::Ignore,
                    ..change("x")
                }],
            ),
            "an entry for 1.0-2 would be empty",
        ),
        (
            OLD,
            Wish {
                distribution: Some(Suite::new("unstabel").expect("a suite")),
                ..wish("1.0-2", &changes)
            },
            "“unstabel” is no distribution of Debian's, of Ubuntu's or of debcut.toml's (“unstable” is)",
        ),
        (
            &open.replace("  * first", "note: mind this\n  * first"),
            wish("1.0-2", &changes),
            "the newest entry cannot be read",
        ),
        (
            OLD,
            Wish {
                maintainer: person(""),
                ..wish("1.0-2", &changes)
            },
            "the new entry would not be valid",
        ),
    ] {
        let error = wish.write(old).expect_err(want);
        assert!(error.to_string().starts_with(want), "{error}");
    }
}

#[test]
fn urgency_is_the_highest_and_rebuilds_are_marked() {
    let hole = Change {
        cves: vec!["CVE-2026-1".into()],
        ..change("fix it")
    };
    let exploited = Change {
        exploited: true,
        gbp_dch: GbpDch::Ignore,
        ..hole.clone()
    };
    for (changes, want) in [
        (vec![change("x")], "medium\n\n  * x\n"),
        (
            vec![change("x"), hole.clone()],
            "high\n\n  * x\n  * fix it (CVE-2026-1)\n",
        ),
        (vec![exploited, change("x")], "critical\n\n  * x\n"),
    ] {
        let found = wish("1.0-2", &changes).write(OLD).expect("an entry");
        assert!(
            found.starts_with(&format!("hail (1.0-2) unstable; urgency={want}")),
            "{found}"
        );
    }
    let rebuild = Wish {
        binary_only: true,
        opening: Some("Rebuild against libhail 2."),
        ..wish("1.0-1+b1", &[])
    };
    let found = rebuild.write(OLD).expect("an entry");
    assert!(
        found.starts_with(
            "hail (1.0-1+b1) unstable; urgency=medium, binary-only=yes\n\n  * Rebuild"
        ),
        "{found}"
    );
    let backport = Wish {
        distribution: Some(Suite::new("bookworm-backports").expect("a suite")),
        opening: Some("Rebuild for bookworm-backports."),
        ..wish("1.0-1~bpo12+1", &[])
    };
    backport.write(OLD).expect("lower than its base");
}

#[test]
fn an_edited_entry_takes_the_place() {
    let file = format!("{}\n{OLD}", OLD.replace("1.0-1", "1.0-2"));
    let text = OLD
        .replace("1.0-1", "1.0-2")
        .replace("first release", "second one");
    let found = replace_newest(file.as_bytes(), &format!("\n{}\r\n\n", text.trim_end()));
    assert_eq!(found, Ok(format!("{text}\n{OLD}").into_bytes()));
    for (edited, want) in [
        (String::new(), "expected one entry, found 0"),
        (format!("{text}\n{text}"), "expected one entry, found 2"),
        (
            text.replace("1.0-2", "1.0-3"),
            "expected the entry of hail (1.0-2), found that of hail (1.0-3)",
        ),
        (
            text.replace("hail (", "rain ("),
            "expected the entry of hail (1.0-2), found that of rain",
        ),
        (
            text.replace(" unstable", " unstabel"),
            "“unstabel” is no distribution",
        ),
        (
            text.replace("Fri,", "Sun,"),
            "the new entry would not be valid",
        ),
        (
            text.replace("  * second one\n", ""),
            "the new entry would not be valid",
        ),
        (
            format!("a remark\n{text}"),
            "the new entry would not be valid",
        ),
        (format!("{text}vim: x\n"), "expected one entry, found 2"),
    ] {
        let error = replace_newest(file.as_bytes(), &edited).expect_err(&edited);
        assert!(error.to_string().starts_with(want), "{edited}: {error}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    const WORDS: &str = "fix|the|crash|in|*|-|[|]|Closes:|closes:|#12,|#3|bug|LP:|(|)|ünïcode|\
        https://example.org/a/very/long/address/that/is/longer/than/a/line/of/the/changelog/may/be|\
        --|x (1) y;|Ada <a@b.c>  Sat, 21 Nov 2026 09:30:00 +0000|\n|\n\n| -- A <a@b.c>|\t|\u{a0}|\u{7}|vim:|.";
    let words: Vec<_> = WORDS.split('|').collect();
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|words| words.join(" "))
}

fn any_change() -> impl Strategy<Value = Change> {
    let bugs = || prop::collection::vec(1..2_000_000_u64, 0..12);
    let author = prop::sample::select(vec!["Ada Lovelace", "Grace Hopper", "Jörg [x]", ""]);
    let dch = prop::sample::select(vec![GbpDch::Short, GbpDch::Full]);
    let texts = (any_text(), any_text(), prop::option::of(any_text()));
    (texts, author, bugs(), bugs(), dch).prop_map(|(texts, author, closes, launchpad, gbp_dch)| {
        Change {
            body: texts.1,
            breaking: texts.2,
            closes,
            launchpad,
            gbp_dch,
            ..by(author, &texts.0)
        }
    })
}

const OPEN: &str = "\
hail (1.0-2) UNRELEASED; urgency=low

  [ Grace Hopper ]
  * fix   the   crash
    by hand

 -- Grace Hopper <grace@example.org>  Fri, 20 Nov 2026 09:30:00 +0000

";

/// Hundreds of entries, always the same ones: dpkg reads each without a
/// warning, with the fields that were wanted and the bugs that were to be
/// closed; what was there stays; writing again changes nothing.
#[test]
fn generated_entries_are_right_for_dpkg() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut runner = TestRunner::deterministic();
    let changes = prop::collection::vec(any_change(), 1..6);
    let (mut paths, mut wishes) = (Vec::new(), Vec::new());
    for at in 0..250 {
        let changes = changes.new_tree(&mut runner).expect("a value").current();
        let wish = wish("1.0-2", &changes);
        let old = match at % 3 {
            0 => String::new(),
            1 => OLD.to_owned(),
            _ => format!("{OPEN}{OLD}"),
        };
        let text = wish
            .write(&old)
            .unwrap_or_else(|error| panic!("{error:?}: {changes:#?}"));
        assert!(
            text.ends_with(if at % 3 == 2 { OLD } else { &old }),
            "{text}"
        );
        if at % 3 == 2 {
            assert!(
                text.contains("  [ Grace Hopper ]\n  * fix   the   crash\n    by hand\n"),
                "{text}"
            );
        }
        for line in text.lines() {
            let whole = line.trim_start().contains(' ') && !line.contains("https:");
            assert!(
                line.chars().count() <= 80 || !whole || line.contains("oses:"),
                "{line}"
            );
        }
        let path = dir.path().join(at.to_string());
        std::fs::write(&path, text).expect("a file");
        paths.push(path);
        wishes.push(wish);
    }
    for (at, (said, wish)) in dpkg(&paths).into_iter().zip(&wishes).enumerate() {
        assert_eq!(said.warnings, "", "{at}");
        assert_eq!(said.entries.len(), if at % 3 == 0 { 1 } else { 2 });
        let [
            source,
            version,
            suite,
            urgency,
            maintainer,
            date,
            closes,
            lp,
            _,
        ] = &said.entries[0][..]
        else {
            panic!("{:?}", said.entries[0]);
        };
        assert_eq!((source.as_str(), version.as_str()), ("hail", "1.0-2"));
        assert_eq!((suite.as_str(), urgency.as_str()), ("unstable", "medium"));
        assert_eq!(maintainer, "Ada Lovelace <ada@example.org>");
        assert_eq!(date, "Sat, 21 Nov 2026 09:30:00 +0000");
        for (found, wanted) in [
            (
                closes,
                wish.changes
                    .iter()
                    .flat_map(|c| &c.closes)
                    .collect::<Vec<_>>(),
            ),
            (lp, wish.changes.iter().flat_map(|c| &c.launchpad).collect()),
        ] {
            let found: Vec<_> = found.split_whitespace().collect();
            for bug in wanted {
                assert!(
                    found.contains(&bug.to_string().as_str()),
                    "{bug} of {at}: {found:?}"
                );
            }
        }
    }
}

/// An entry above those of real packages, in their habits: dpkg reads it and
/// all others, and the others' bytes stay.
#[test]
fn entries_stand_above_those_of_real_packages() {
    let dir = tempfile::tempdir().expect("a directory");
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let changes = [Change {
        closes: vec![1_099_999],
        ..change("speak of hail")
    }];
    for name in [
        "debian/hello",
        "changelogs/bc",
        "changelogs/ed",
        "changelogs/less",
        "changelogs/mawk",
    ] {
        let old = std::fs::read_to_string(fixtures.join(format!("{name}.changelog")));
        let old = old.expect("a fixture");
        let before = File::parse(old.as_bytes());
        let version = before.entries[0].version().expect("a version");
        let text = wish(&format!("{version}.1"), &changes)
            .write(&old)
            .expect(name);
        assert!(text.ends_with(&format!("+0000\n\n{old}")), "{name}");
        let path = dir.path().join("changelog");
        std::fs::write(&path, &text).expect("a file");
        let said = &dpkg(&[path])[0];
        assert_eq!(said.warnings, "", "{name}");
        assert_eq!(said.entries.len(), before.entries.len() + 1, "{name}");
        let [_, new, suite, _, _, _, closes, ..] = &said.entries[0][..] else {
            panic!("{:?}", said.entries[0]);
        };
        assert_eq!(*new, format!("{version}.1"));
        assert_eq!(
            *suite,
            before.entries[0].distributions().join(" "),
            "{name}"
        );
        assert_eq!(closes, "1099999", "{name}");
    }
}

/// lintian has nothing to say about a changelog of ours.
#[test]
fn lintian_finds_nothing_in_the_changelog() {
    let dir = tempfile::tempdir().expect("a directory");
    let tree = dir.path().join("hail-1.1");
    std::fs::create_dir_all(tree.join("debian/source")).expect("a folder");
    let changes = [
        Change {
            closes: vec![12, 34],
            breaking: Some("Old clients must ask twice.".into()),
            ..change(&format!(
                "speak of hail, {}",
                "as everybody does, ".repeat(6)
            ))
        },
        by(
            "Grace Hopper",
            "see https://example.org/a/very/long/address/that/is/longer/than/a/line/of/a/changelog/may/be",
        ),
    ];
    let old = OLD.replace("1.0-1", "1.0");
    let text = wish("1.1", &changes).write(&old).expect("an entry");
    let control = "Source: hail\nSection: misc\nPriority: optional\n\
        Maintainer: Ada Lovelace <ada@example.org>\nStandards-Version: 4.6.2\n\
        Rules-Requires-Root: no\n\nPackage: hail\nArchitecture: all\n\
        Description: hail\n A small package.\n";
    for (path, text) in [
        ("changelog", text.as_str()),
        ("control", control),
        ("rules", "#!/usr/bin/make -f\n%:\n\tdh $@\n"),
        ("source/format", "3.0 (native)\n"),
    ] {
        std::fs::write(tree.join("debian").join(path), text).expect("a file");
    }
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", dir.path())
            .output()
            .unwrap_or_else(|error| panic!("cannot run {program}: {error}"));
        let text = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&text).into_owned())
    };
    let (status, said) = run("dpkg-source", &["--build", "hail-1.1"]);
    assert!(status.success() && !said.contains("warning"), "{said}");
    let (_, said) = run(
        "lintian",
        &[
            "--allow-root",
            "--display-info",
            "--pedantic",
            "hail_1.1.dsc",
        ],
    );
    assert!(said.contains("source:"), "lintian looked at it: {said}");
    let about: Vec<_> = said
        .lines()
        .filter(|line| line.contains("changelog"))
        .collect();
    assert!(about.is_empty(), "{about:#?}");
}

#[test]
fn thousands_of_changes_are_written_in_reasonable_time() {
    const COUNT: usize = 6000;
    let texts: Vec<_> = (0..COUNT).map(|n| format!("repair part {n}")).collect();
    let authors = ["Ada Lovelace", "Bea Bee"];
    let each = texts.iter().enumerate();
    let changes: Vec<_> = each.map(|(n, text)| by(authors[n % 2], text)).collect();
    let again = "  [ Ada Lovelace ]\n  * One.\n\n  [ Bea Bee ]\n  * Two.\n\n  [ Ada Lovelace ]\n  * Three.\n";
    let sections = OLD.replace("  * first release\n", again);
    let told: String = texts.iter().map(|text| format!("  * {text}\n")).collect();
    let open = OLD
        .replace("1.0-1", "1.1-1")
        .replace("unstable", "UNRELEASED");
    let open = open.replace("  * first release\n", &told);
    let started = std::time::Instant::now();
    for old in [OLD, sections.as_str(), &format!("{open}\n{OLD}")] {
        let new = wish("1.1-1", &changes).write(old).expect("an entry");
        assert_eq!(new.matches(" part ").count(), COUNT);
    }
    // Where each was compared with all others this took minutes.
    let took = started.elapsed();
    assert!(took.as_secs() < 30, "it took {took:?}");
}
