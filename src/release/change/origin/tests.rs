use super::super::{Change, Note, changes};
use crate::model::Timestamp;
use crate::release::commit::{Commit, Origin, Person, Said};
use crate::release::policy::Policy;

fn person(name: &str) -> Person {
    Person {
        name: name.into(),
        email: format!("{name}@example.org").to_lowercase(),
    }
}

/// A commit that is not in the clone.
fn absent(id: char) -> Origin {
    Origin {
        id: id.to_string().repeat(40),
        said: None,
        request: None,
        note: None,
    }
}

fn origin(id: char, message: &str) -> Origin {
    Origin {
        said: Some(Said {
            author: person("Ida"),
            message: message.into(),
            brought: Vec::new(),
        }),
        ..absent(id)
    }
}

fn commit(id: char, message: &str, origins: Vec<Origin>) -> Commit {
    Commit {
        id: id.to_string().repeat(40),
        parents: Vec::new(),
        author: person("Ida"),
        committed: Timestamp::from_unix(0),
        message: message.into(),
        touches: vec![0],
        unowned: None,
        origins,
    }
}

fn read(message: &str, origins: Vec<Origin>) -> Vec<Change> {
    let pick = commit('f', message, origins);
    changes(&[&pick], &Policy::usual(Vec::new())).changes
}

fn written(text: &str) -> Note {
    Note::Written(text.into())
}

#[test]
fn what_the_pick_says_goes_first_and_the_parent_says_the_rest() {
    let parent = "fix(api): cut long names (#12)\n\nCVE-2026-1234\n\n\
                  Release-Note: Long names are whole.\nCloses: #7\n";
    let cases: &[(&str, &str, Note, Option<&str>)] = &[
        // The pick's message, the parent's, the note, the kind.
        (
            parent,
            parent,
            written("Long names are whole."),
            Some("fix"),
        ),
        // A silent pick.
        (
            "fix: cut",
            parent,
            written("Long names are whole."),
            Some("fix"),
        ),
        // An edited note.
        (
            "fix: cut\n\nRelease-Note: Names are whole here.",
            parent,
            written("Names are whole here."),
            Some("fix"),
        ),
        (
            "fix: cut\n\nRelease-Note: NONE",
            parent,
            Note::Nothing,
            Some("fix"),
        ),
        // A subject that no tool reads.
        (
            "[release-1.0] fix: cut",
            parent,
            written("Long names are whole."),
            Some("fix"),
        ),
        (
            "Backport of a fix",
            parent,
            written("Long names are whole."),
            Some("fix"),
        ),
        // Nobody says anything.
        ("fix: cut", "fix: cut", Note::Unsaid, Some("fix")),
        ("cut", "cut", Note::Unsaid, None),
        (
            "fix: cut",
            "fix: cut\n\nRelease-Note: NONE",
            Note::Nothing,
            Some("fix"),
        ),
    ];
    for (message, parent, note, kind) in cases {
        let found = read(message, vec![origin('a', parent)]);
        let [change] = found.as_slice() else {
            panic!("{message}: {found:?}");
        };
        assert_eq!(
            (&change.note, change.kind.as_deref()),
            (note, *kind),
            "{message}"
        );
        assert_eq!(change.parents.len(), 1, "{message}");
        assert_eq!(change.parents[0].commit, "a".repeat(40));
    }
    let found = read("fix: cut (#45)", vec![origin('a', parent)]);
    assert_eq!(found[0].cves, ["CVE-2026-1234"]);
    assert_eq!(found[0].closes, [7]);
    assert_eq!(found[0].scopes, ["api"]);
    assert_eq!(found[0].pull_request, Some(45));
    assert_eq!(found[0].parents[0].pull_request, Some(12));
}

#[test]
fn a_note_that_was_said_later_replaces_a_copied_one_and_not_an_edited_one() {
    let parent = "fix: a\n\nRelease-Note: Old words.";
    for (message, want) in [
        ("fix: a", "New words."),
        (parent, "New words."),
        ("fix: a\n\nRelease-Note: Own words.", "Own words."),
    ] {
        let mut said = origin('a', parent);
        said.note = Some("New words.".into());
        assert_eq!(
            read(message, vec![said])[0].note,
            written(want),
            "{message}"
        );
    }
    let mut none = origin('a', "fix: a");
    none.note = Some("NONE".into());
    assert_eq!(read("fix: a", vec![none])[0].note, Note::Nothing);
}

#[test]
fn a_version_that_main_asks_for_is_not_the_branchs() {
    let parent = "fix: a\n\nRelease-As: 2.0.0";
    assert_eq!(read(parent, vec![origin('a', parent)])[0].release_as, None);
    let own = read("fix: a\n\nRelease-As: 1.0.5", vec![origin('a', parent)]);
    assert_eq!(own[0].release_as.as_deref(), Some("1.0.5"));
}

#[test]
fn whether_it_breaks_something_is_for_the_pick_to_say() {
    let parent = "feat!: a\n\nBREAKING CHANGE: move it";
    let same = read("feat!: a", vec![origin('a', parent)]);
    assert!(same[0].breaking.is_some());
    let softer = read("fix: a, as it was before", vec![origin('a', parent)]);
    assert_eq!(softer[0].breaking, None);
}

#[test]
fn squashed_picks_tell_what_each_parent_told() {
    let one = origin('a', "fix(api): a\n\nRelease-Note: First.");
    let two = origin('b', "fix(cli): b\n\nRelease-Note: Second.");
    let three = origin('c', "test: c");
    let told = |found: &[Change]| -> Vec<(String, String, usize)> {
        let each = found.iter().map(|change| {
            let Note::Written(note) = &change.note else {
                panic!("{change:?}");
            };
            (note.clone(), change.scopes.join(","), change.parents.len())
        });
        each.collect()
    };
    let found = read("fix: pick some", vec![one.clone(), two.clone(), three]);
    assert_eq!(
        told(&found),
        [
            ("First.".into(), "api".into(), 2),
            ("Second.".into(), "cli".into(), 1)
        ]
    );
    // Words of its own are for all of them.
    let own = read(
        "fix: some\n\nRelease-Note: Both.",
        vec![one.clone(), two.clone()],
    );
    assert_eq!(told(&own), [("Both.".into(), "api".into(), 2)]);
    // Bullets find the parents that they are.
    let bullets = "Pick some (#9)\n\n* fix(api): a\n\n* fix(cli): b\n";
    let found = read(bullets, vec![one, two]);
    assert_eq!(
        told(&found),
        [
            ("First.".into(), "api".into(), 1),
            ("Second.".into(), "cli".into(), 1)
        ]
    );
}

#[test]
fn a_merge_that_was_picked_says_what_it_brought() {
    let mut merge = origin('a', "Merge branch 'topic' into main");
    let said = merge.said.as_mut().expect("it is here");
    said.brought = vec![
        "test: first".into(),
        "fix: a\n\nRelease-Note: It works.".into(),
    ];
    let found = read("Merge branch 'topic' into main", vec![merge]);
    assert_eq!(found[0].note, written("It works."));
    assert!(found[0].kind.is_some());
    let titled = origin(
        'b',
        "Merge pull request #12 from ida/topic\n\nfix: a\n\nRelease-Note: B.",
    );
    let found = read("fix: a", vec![titled]);
    assert_eq!(found[0].note, written("B."));
    assert_eq!(found[0].parents[0].pull_request, Some(12));
}

#[test]
fn a_parent_that_is_not_here_is_named_and_nothing_fails() {
    let found = read("fix: a", vec![absent('a')]);
    assert_eq!(found[0].note, Note::Unsaid);
    assert_eq!(found[0].parents[0].author, None);
    assert_eq!(found[0].remarks, Vec::<String>::new());
}

#[test]
fn the_picked_revert_of_a_picked_commit_takes_it_back() {
    let (first, second) = ("a".repeat(40), "fix: renamed on the branch");
    let revert = format!("Revert \"fix: a\"\n\nThis reverts commit {first}.\n");
    let commits = [
        commit('2', &revert, vec![origin('b', &revert)]),
        commit('1', second, vec![origin('a', "fix: a")]),
    ];
    let all: Vec<&Commit> = commits.iter().collect();
    let read = changes(&all, &Policy::usual(Vec::new()));
    assert_eq!(read.changes, []);
    assert_eq!(read.ignored.len(), 2);
}
