use std::collections::BTreeMap;
use std::process::Command;

use proptest::prelude::*;

use super::render::{Format, render, render_all};
use super::*;
use crate::format::changelog::Urgency;
use crate::release::change::{GbpDch, Note};

/// A change from `type(scope): description`, `!` for breaking; its commit's id
/// is made of `number`.
pub(super) fn change(number: u64, subject: &str) -> Change {
    let (head, description) = subject.split_once(": ").unwrap_or(("", subject));
    let breaking = head.ends_with('!').then(|| description.to_owned());
    let head = head.trim_end_matches('!');
    let (kind, scopes) = head.split_once('(').unwrap_or((head, ""));
    let scopes = scopes.trim_end_matches(')').split(',');
    Change {
        commit: format!("{number:040x}").replace('0', "e"),
        kind: (!kind.is_empty()).then(|| kind.to_owned()),
        scopes: scopes
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect(),
        breaking,
        description: description.to_owned(),
        body: String::new(),
        note: Note::Unsaid,
        action_required: None,
        closes: Vec::new(),
        launchpad: Vec::new(),
        cves: Vec::new(),
        exploited: false,
        fixes: Vec::new(),
        release_as: None,
        authors: vec![person("Ada Lovelace", "ada@example.org")],
        pull_request: None,
        gbp_dch: GbpDch::Short,
        reverts: None,
        parents: Vec::new(),
        remarks: Vec::new(),
    }
}

pub(super) fn person(name: &str, email: &str) -> Person {
    Person {
        name: name.into(),
        email: email.into(),
    }
}

pub(super) fn policy() -> NotesPolicy {
    NotesPolicy {
        pull_request: Some("https://forge.example/hello/pull/{number}".into()),
        compare: Some("https://forge.example/hello/compare/{from}...{to}".into()),
        ..NotesPolicy::default()
    }
}

pub(super) fn made(changes: &[Change], policy: &NotesPolicy) -> Notes {
    let tag = |name: &str| TagName::new(name).expect("a tag");
    let source = Source {
        package: "hello",
        version: Some("1.3.0"),
        tag: Some(&tag("v1.3.0")),
        previous_tag: Some(&tag("v1.2.3")),
        kind: ReleaseKind::Other,
        date: Timestamp::from_unix(1_795_253_400),
        changes,
    };
    notes(&source, policy)
}

/// `Title: text | text` for every section.
fn outline(notes: &Notes) -> Vec<String> {
    let section = |section: &NotesSection| {
        let texts: Vec<_> = section.notes.iter().map(|n| n.text.as_str()).collect();
        format!("{}: {}", section.title, texts.join(" | "))
    };
    notes.sections.iter().map(section).collect()
}

/// Something of everything, newest first.
pub(super) fn sample() -> Vec<Change> {
    let mut hole = change(9, "fix: check lengths of names");
    hole.cves = vec!["CVE-2026-1234".into()];
    hole.note = Note::Written("Names longer than 255 bytes no longer overflow a buffer.".into());
    let mut moved = change(8, "feat!: read settings from /etc/hello");
    moved.action_required = Some("Move `hello.conf` to `/etc/hello/`.".into());
    let mut gone = change(7, "refactor(cli)!: drop --old");
    gone.breaking = Some("use --new instead".into());
    gone.closes = vec![1234];
    let mut fix = change(
        6,
        "fix: accept <script>alert(1)</script> & @ada in `Vec<T>` (#12)",
    );
    fix.pull_request = Some(12);
    fix.authors
        .push(person("Grace", "42+grace@users.noreply.github.com"));
    fix.authors
        .push(person("dependabot[bot]", "support@github.com"));
    let mut silent = change(5, "chore: tidy");
    silent.note = Note::Nothing;
    let long = "feat: greet everyone who comes in by their own name, in their own language, at the time that suits";
    vec![
        hole,
        moved,
        gone,
        fix,
        silent,
        change(3, "docs: explain greetings"),
        change(2, long),
        change(1, "feat: wave"),
    ]
}

#[test]
fn a_change_stands_once_in_the_first_section_that_takes_it() {
    let found = made(&sample(), &policy());
    assert_eq!(
        outline(&found),
        [
            "Action required: Read settings from /etc/hello.",
            "Security: Names longer than 255 bytes no longer overflow a buffer.",
            "Breaking: Drop --old.",
            "Added: Wave | Greet everyone who comes in by their own name, in their own language, at the time that suits",
            "Fixed: Accept <script>alert(1)</script> & @ada in `Vec<T>`",
            "Other: Explain greetings",
        ]
    );
    let names: Vec<_> = found.contributors.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["Ada Lovelace", "Grace"]);
    let compare = "https://forge.example/hello/compare/v1.2.3...v1.3.0";
    assert_eq!(found.compare.as_deref(), Some(compare));
}

#[test]
fn sections_take_by_scope_before_type_and_the_star_takes_the_rest() {
    let own = |title: &str, types: &[&str]| crate::release::policy::Section {
        title: title.into(),
        types: types.iter().map(|&name| name.into()).collect(),
    };
    let policy = NotesPolicy {
        sections: vec![
            own("Rest", &["*"]),
            own("New", &["feat"]),
            own("API", &["feat(api)"]),
        ],
        ..NotesPolicy::default()
    };
    let changes = ["feat(api): a", "feat: b", "c", "ci: d"];
    let changes: Vec<_> = (1..).zip(changes).map(|(n, s)| change(n, s)).collect();
    assert_eq!(
        outline(&made(&changes, &policy)),
        ["Rest: D | C", "New: B", "API: A"]
    );
    let none = NotesPolicy {
        sections: vec![own("New", &["feat"])],
        ..NotesPolicy::default()
    };
    assert_eq!(outline(&made(&changes, &none)), ["New: B | A"]);
}

#[test]
fn changes_of_one_commit_keep_their_order_and_equal_notes_are_one() {
    let mut again = change(3, "fix: Handle  empty names.");
    again.closes = vec![7];
    let mut first = change(1, "fix: handle empty names");
    first.pull_request = Some(5);
    let changes = [again, change(2, "feat: one"), change(2, "feat: two"), first];
    let found = made(&changes, &policy());
    assert_eq!(
        outline(&found),
        ["Added: One | Two", "Fixed: Handle empty names"]
    );
    let fix = &found.sections[1].notes[0];
    assert_eq!((fix.pull_request, &fix.closes[..]), (Some(5), &[7][..]));
    assert_eq!(fix.merged, [changes[0].commit.clone()]);
}

#[test]
fn a_bug_born_and_fixed_in_the_range_is_nobodys_news() {
    let feature = change(0xa1, "feat: wave");
    let whole = feature.commit.clone();
    let cases: &[(&str, &[&str], bool)] = &[
        ("fix: wave once", &[&whole], false),
        ("fix: wave once", &[&whole[..12]], false),
        (
            "fix: wave once",
            &[&format!("{} (\"feat: wave\")", &whole[..12])],
            false,
        ),
        ("fix: wave once", &[&whole[..12], "#12"], false),
        // Six digits are no commit, an older commit was released, an issue is
        // somebody's.
        ("fix: wave once", &[&whole[..6]], true),
        ("fix: wave once", &[&whole[..12], "1234567890"], true),
        ("fix: wave once", &["#12"], true),
        ("feat: wave twice", &[&whole], true),
        ("fix!: wave once", &[&whole], true),
    ];
    for (subject, fixes, told) in cases {
        let mut fix = change(0xb2, subject);
        fix.fixes = fixes.iter().map(|&text| text.to_owned()).collect();
        let found = made(&[fix.clone(), feature.clone()], &policy());
        let notes: usize = found.sections.iter().map(|s| s.notes.len()).sum();
        assert_eq!(notes == 2, *told, "{subject}: {fixes:?}");
        // What came later was not broken by what it fixes.
        let found = made(&[feature.clone(), fix], &policy());
        let notes: usize = found.sections.iter().map(|s| s.notes.len()).sum();
        assert_eq!(notes, 2, "{subject}: {fixes:?}");
    }
}

#[test]
fn text_is_cleaned_and_begins_with_a_capital() {
    for (text, want) in [
        ("wave", "Wave"),
        ("élan, more of it", "Élan, more of it"),
        ("iOS is supported", "iOS is supported"),
        ("apt-get is called", "apt-get is called"),
        ("x86 works", "x86 works"),
        ("`x` works.", "`x` works."),
        ("a\tb\u{1b}[31m\u{202e}c\u{0}", "A b[31mc"),
    ] {
        let found = made(&[change(1, &format!("feat: {text}"))], &policy());
        assert_eq!(outline(&found), [format!("Added: {want}")], "{text:?}");
    }
    let mut written = change(1, "feat: x");
    written.note = Note::Written("one  \r\ntwo\u{2028}three\n".into());
    let found = made(&[written], &policy());
    assert_eq!(outline(&found), ["Added: one\ntwo\nthree"]);
    assert_eq!(text::in_url("debian/1%1.2_rc1-1"), "debian/1%251.2_rc1-1");
}

#[test]
fn descriptions_begin_with_their_scopes_where_that_is_wanted() {
    let mut policy = policy();
    policy.scopes = true;
    for (subject, note, want) in [
        ("feat(api): wave", None, "Added: api: wave"),
        ("feat(api,cli): wave", None, "Added: api, cli: wave"),
        ("feat: wave", None, "Added: Wave"),
        ("feat(api): wave", Some("Wave at it."), "Added: Wave at it."),
        ("feat(api)!: wave", None, "Breaking: api: wave"),
    ] {
        let mut change = change(1, subject);
        change.note = note.map_or(Note::Unsaid, |note| Note::Written(note.into()));
        assert_eq!(outline(&made(&[change], &policy)), [want], "{subject}");
    }
    assert!(made(&[change(1, "feat(api): .")], &policy).is_empty());
}

fn with_debian(notes: Notes) -> Notes {
    Notes {
        debian: Some(DebianHeading {
            source: notes.package.clone(),
            version: "1.3.0-1".into(),
            distribution: "unstable".into(),
            urgency: Urgency::High.to_string(),
            maintainer: "Ada Lovelace <ada@example.org>".into(),
            date: Timestamp::from_unix(1_795_253_400).rfc2822(),
        }),
        ..notes
    }
}

#[test]
fn every_form_of_the_sample() {
    let notes = with_debian(made(&sample(), &policy()));
    for format in Format::ALL {
        let text = render(&notes, format, &BTreeMap::new()).expect("a usual template");
        insta::assert_snapshot!(format.name(), text);
    }
    let nothing = with_debian(made(&[], &NotesPolicy::default()));
    for format in Format::ALL {
        let text = render(&nothing, format, &BTreeMap::new()).expect("a usual template");
        let news = format == Format::DebianNews;
        assert_eq!(text.is_empty(), news, "{text}");
        assert!(
            news || text.contains("No changes that users see."),
            "{text}"
        );
    }
}

#[test]
fn news_is_read_by_dpkg() {
    let notes = with_debian(made(&sample(), &policy()));
    let text = render(&notes, Format::DebianNews, &BTreeMap::new()).expect("NEWS");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("NEWS");
    std::fs::write(&path, &text).expect("written");
    let out = Command::new("dpkg-parsechangelog")
        .args(["-SVersion", "-l"])
        .arg(&path)
        .output()
        .expect("dpkg-dev is there");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(
        (out.stdout.as_slice(), &*said),
        (&b"1.3.0-1\n"[..], ""),
        "{text}"
    );
    assert!(
        crate::format::changelog::Entry::newest(text.as_bytes()).is_ok(),
        "{text}"
    );
}

#[test]
fn own_templates_are_used_and_their_faults_have_a_place() {
    let notes = made(&sample(), &policy());
    let own = |text: &str| BTreeMap::from([("md".to_owned(), text.to_owned())]);
    let text = render(&notes, Format::Markdown, &own("{{ package }}!  \n\n\n"));
    assert_eq!(text.expect("a template"), "hello!\n");
    let text = render(
        &notes,
        Format::Markdown,
        &own("x\n{% include 'notes.md' %}"),
    );
    assert!(text.expect("a template").contains("\n## hello 1.3.0"));
    for (template, want) in [
        ("\n{% if %}", "the template md cannot be used, line 2"),
        (
            "\n\n{{ sectoins }}",
            "the template md cannot be used, line 3",
        ),
    ] {
        let error = render(&notes, Format::Markdown, &own(template)).expect_err(template);
        assert_eq!(error.to_string(), want);
    }
    let error = render(&notes, Format::DebianNews, &BTreeMap::new()).expect_err("no heading");
    assert!(error.source.to_string().contains("needs a Debian version"));
}

#[test]
fn a_history_is_rendered_in_order() {
    let source = |version, changes| Source {
        package: "hello",
        version: Some(version),
        tag: None,
        previous_tag: None,
        kind: ReleaseKind::Other,
        date: Timestamp::from_unix(1_795_253_400),
        changes,
    };
    let (new, old) = ([change(2, "feat: bow")], [change(1, "feat: wave")]);
    let sources = [source("1.1.0", &new[..]), source("1.0.0", &old[..])];
    let history = sources.map(|source| notes(&source, &NotesPolicy::default()));
    let text = render_all(&history, Format::Markdown, &BTreeMap::new()).expect("rendered");
    let (first, second) = text
        .split_once("\n\n## hello 1.0.0 (")
        .expect("two releases");
    assert!(
        first.starts_with("## hello 1.1.0 (") && first.contains("- Bow"),
        "{text}"
    );
    assert!(
        second.contains("- Wave") && second.ends_with("Lovelace\n"),
        "{text}"
    );
}

#[test]
fn markdown_that_would_break_the_document_is_escaped() {
    use markdown::{Mentions, escaped};
    for (text, want) in [
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("2026 is fine", "2026 is fine"),
        ("-Wall is fine", "-Wall is fine"),
        ("*this* is fine", "*this* is fine"),
        (
            "a <b> `Vec<T>` ``a`<b>`` `<i>",
            "a \\<b> `Vec<T>` ``a`<b>`` `\\<i>",
        ),
        ("a \\<b \\", "a \\<b \\\\"),
        ("text\n===", "text\n\\==="),
        ("text\n---", "text\n\\---"),
        ("text\n- a\n- b", "text\n- a\n- b"),
        ("text\n## no", "text\n\\## no"),
        ("```\nopen", "\\```\nopen"),
        ("text\n```\nopen <b>", "text\n\\```\nopen \\<b>"),
        (
            "text\n```sh\n# <b>\n```\n# no",
            "text\n```sh\n# <b>\n```\n\\# no",
        ),
        ("[x]: https://example.org", "\\[x]: https://example.org"),
        ("[x](https://example.org)", "[x](https://example.org)"),
    ] {
        assert_eq!(escaped(text, Mentions::Plain), want, "{text:?}");
    }
    for (text, want) in [
        (
            "thank @ada, @a/b and a@b.org",
            "thank `@ada`, `@a/b` and a@b.org",
        ),
        ("`@ada` @ x", "`@ada` @ x"),
    ] {
        assert_eq!(escaped(text, Mentions::Code), want);
    }
}

#[test]
fn text_is_wrapped_at_blanks_only() {
    let long = format!("see https://example.org/{} now", "x".repeat(30));
    let want = format!("- see\n  https://example.org/{}\n  now", "x".repeat(30));
    assert_eq!(wrap::wrapped(&long, 20, "- ", "  "), want);
    let lists = "a\nb\n- c\n- d\n\n    code x\nlast";
    let want = "- a b\n  - c\n  - d\n\n      code x\n  last";
    assert_eq!(wrap::wrapped(lists, 72, "- ", "  "), want);
}

/// A pick of a change, with its parent's number and pull request.
fn picked(mut change: Change, parent: u64, request: Option<u64>) -> Change {
    change.parents.push(crate::release::change::Parent {
        commit: format!("{parent:040x}").replace('0', "a"),
        pull_request: request,
        title: None,
        author: Some(person("Grace", "42+grace@users.noreply.github.com")),
    });
    change
}

/// What a patch release brings, newest first.
fn patches() -> Vec<Change> {
    let mut hole = picked(change(9, "fix(parser): check lengths"), 9, Some(90));
    hole.cves = vec!["CVE-2026-1234".into()];
    hole.note = Note::Written("Names longer than 255 bytes no longer overflow a buffer.".into());
    hole.pull_request = Some(95);
    let mut moved = picked(change(8, "fix(cli): read /etc/hello"), 8, None);
    moved.action_required = Some("Move `hello.conf` to `/etc/hello/`.".into());
    // One pull request of three commits.
    let mut three: Vec<Change> = [
        (7, "test(api): b"),
        (6, "fix(api): a bit"),
        (5, "fix(api): b"),
    ]
    .map(|(number, subject)| picked(change(number, subject), number, Some(70)))
    .into();
    for one in &mut three {
        one.parents[0].title = Some("Names are kept whole".into());
    }
    let mut noted = picked(change(4, "fix(api): wave"), 4, Some(40));
    noted.note = Note::Written("Greetings come with a wave.".into());
    let silent = picked(change(3, "docs(api): wave"), 3, Some(40));
    let born = change(2, "fix: born here");
    let mut mended = picked(change(1, "feat(cli): bow"), 1, None);
    mended.parents[0].author = None;
    let mut all = vec![hole, moved];
    all.extend(three);
    all.extend([noted, silent, born, mended]);
    all
}

#[test]
fn picks_of_a_patch_release() {
    let tag = |name: &str| TagName::new(name).expect("a tag");
    let changes = patches();
    let source = Source {
        package: "hello",
        version: Some("1.2.4"),
        tag: Some(&tag("v1.2.4")),
        previous_tag: Some(&tag("v1.2.3")),
        kind: ReleaseKind::Patch,
        date: Timestamp::from_unix(1_795_253_400),
        changes: &changes,
    };
    let policy = NotesPolicy {
        commit: Some("https://forge.example/hello/commit/{id}".into()),
        ..policy()
    };
    let found = notes(&source, &policy);
    for format in [Format::Markdown, Format::Text, Format::Html, Format::Forge] {
        let text = render(&found, format, &BTreeMap::new()).expect("a usual template");
        insta::assert_snapshot!(format!("patch-{}", format.name()), text);
    }
    let told: Vec<_> = found
        .sections
        .iter()
        .flat_map(|section| &section.notes)
        .collect();
    let three = told.iter().find(|note| note.text == "Names are kept whole");
    let three = three.expect("the pull request's title");
    assert_eq!((three.merged.len(), three.parents.len()), (2, 3));
    let never = NotesPolicy {
        by_component: Components::Never,
        ..policy
    };
    let found = notes(&source, &never);
    assert!(
        found
            .sections
            .iter()
            .flat_map(|one| &one.notes)
            .all(|note| note.component.is_none())
    );
}

#[test]
fn the_kind_of_a_release_is_told_by_the_one_before() {
    for (before, version, want) in [
        (Some("1.2.3"), "1.2.4", ReleaseKind::Patch),
        (Some("1.2.3"), "1.3.0", ReleaseKind::Other),
        (Some("1.2.3"), "1.2.3.1", ReleaseKind::Patch),
        (Some("1.2.3-1"), "1.2.3-2", ReleaseKind::Patch),
        (Some("1:1.2.3-1"), "1:1.2.4-1", ReleaseKind::Patch),
        (Some("1.2.3-1"), "1.3-1", ReleaseKind::Other),
        (Some("0.1.0"), "0.1.1", ReleaseKind::Patch),
        (Some("odd"), "odder", ReleaseKind::Other),
        (None, "1.0.1", ReleaseKind::Other),
    ] {
        let release = before.map(|version| Release {
            tag: TagName::new("v1").expect("a tag"),
            version: version.into(),
            commit: String::new(),
            committed: Timestamp::from_unix(0),
        });
        assert_eq!(
            ReleaseKind::of(version, release.as_ref()),
            want,
            "{before:?} {version}"
        );
    }
}

/// Commit messages as strangers would write them.
fn strange() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "[-#*`~<>\\[\\]:@ &=\"'\\\\\n\r\t\u{1b}ab1.()]{0,40}",
    ]
}

proptest! {
    #[test]
    fn no_form_is_broken_by_strangers(texts in prop::collection::vec((strange(), strange()), 1..5)) {
        let changes: Vec<_> = (1..).zip(&texts).map(|(number, (subject, note))| {
            let mut change = change(number, "feat!: x");
            change.description = subject.clone();
            change.breaking = Some(note.clone());
            change.note = if note.len() % 2 == 0 { Note::Written(note.clone()) } else { Note::Unsaid };
            change
        }).collect();
        let notes = with_debian(made(&changes, &policy()));
        for format in Format::ALL {
            let text = render(&notes, format, &BTreeMap::new()).expect("a usual template");
            prop_assert!(text.lines().all(|line| line == line.trim_end()), "{}", text);
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", text);
            let blocks = |mark: &str| text.lines().filter(|line| line.starts_with(mark)).count();
            match format {
                Format::Markdown => {
                    prop_assert_eq!(blocks("#"), 1 + notes.sections.len(), "{}", text);
                    prop_assert_eq!(blocks("- "), notes.sections.iter().map(|s| s.notes.len()).sum::<usize>());
                }
                Format::Html => {
                    let open = text.matches('<').count();
                    prop_assert_eq!(open, text.matches('>').count(), "{}", text);
                    prop_assert_eq!(text.matches("<code>").count(), text.matches("</code>").count());
                    prop_assert_eq!(text.matches("<li>").count(), text.matches("</li>").count());
                }
                Format::Text => prop_assert!(blocks("#") == 0, "{}", text),
                Format::DebianNews => if !text.is_empty() {
                    let entry = crate::format::changelog::Entry::newest(text.as_bytes());
                    prop_assert!(entry.is_ok(), "{:?}\n{}", entry, text);
                }
                Format::Forge => {}
            }
        }
    }
}
