use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Grafted, Picking, Step};
use crate::sys::git::Repository;
use crate::sys::git::scratch::Scratch;

/// What git-cherry-pick(1) makes of a commit on a branch: a tree, or a conflict.
fn by_git(scratch: &Scratch, commit: &str, onto: &str) -> Result<String, BTreeSet<String>> {
    scratch.git("reset -q --hard");
    scratch.git("clean -q -f -d -x");
    scratch.git(&format!("checkout -q --detach {onto}"));
    match scratch.try_git(&format!("cherry-pick --no-commit {commit}")) {
        Ok(_) => Ok(scratch.git("write-tree")),
        Err(_) => {
            let paths = scratch.git("diff --name-only --diff-filter=U");
            let paths = paths.lines().map(str::to_owned).collect();
            scratch.git("reset -q --hard");
            Err(paths)
        }
    }
}

fn by_us(repository: &Repository, commit: &str, onto: &str) -> Result<String, BTreeSet<String>> {
    let tree = repository.commit(onto).expect("a commit").tree;
    match repository.graft(commit, &tree).expect("it answers") {
        Grafted::Tree(tree) => Ok(tree),
        Grafted::Nothing => Ok(tree),
        Grafted::Conflicts(paths) => Err(paths),
    }
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("may");
}

fn link(scratch: &Scratch, name: &str, to: &str) {
    let place = scratch.top().join(name);
    let _ = std::fs::remove_file(&place);
    std::os::unix::fs::symlink(to, &place).expect("links");
}

/// Puts a submodule at a commit that is not here.
fn submodule(scratch: &Scratch, digit: char) {
    std::fs::create_dir_all(scratch.top().join("sub")).expect("may");
    let id: String = std::iter::repeat_n(digit, 40).collect();
    scratch.git(&format!("update-index --add --cacheinfo 160000,{id},sub"));
}

fn lines(changed: &[(usize, &str)]) -> String {
    let line = |number: usize| {
        let own = changed.iter().find(|(at, _)| *at == number);
        own.map_or(format!("line {number}\n"), |(_, text)| format!("{text}\n"))
    };
    (0..20).map(line).collect()
}

/// Commits what is there, their change of it on main and our change of it on
/// another branch, which is checked out then; returns the last two commits.
fn two_sides(
    scratch: &Scratch,
    theirs: impl FnOnce(&Scratch),
    ours: impl FnOnce(&Scratch),
) -> (String, String) {
    scratch.commit("base");
    scratch.git("branch release");
    theirs(scratch);
    let commit = scratch.commit("theirs");
    scratch.git("checkout -q release");
    ours(scratch);
    (commit, scratch.commit("ours"))
}

#[test]
fn picks_are_those_of_git() {
    type Act = fn(&Scratch);
    let cases: [(&str, Act, Act); 19] = [
        (
            "a file changed far away",
            |s| s.write("d/a", &lines(&[(15, "ours")])),
            |s| {
                s.write("d/a", &lines(&[(2, "theirs")]));
            },
        ),
        (
            "the same line",
            |s| s.write("d/a", &lines(&[(2, "ours")])),
            |s| {
                s.write("d/a", &lines(&[(2, "theirs")]));
            },
        ),
        (
            "the same change",
            |s| s.write("d/a", &lines(&[(2, "same")])),
            |s| {
                s.write("d/a", &lines(&[(2, "same")]));
            },
        ),
        (
            "moved here, changed there",
            |s| {
                s.git("mv d/a moved");
            },
            |s| {
                s.write("d/a", &lines(&[(2, "theirs")]));
            },
        ),
        (
            "changed here, moved there",
            |s| s.write("d/a", &lines(&[(2, "ours")])),
            |s| {
                s.git("mv d/a moved");
            },
        ),
        (
            "deleted here, changed there",
            |s| {
                s.git("rm -q d/a");
            },
            |s| {
                s.write("d/a", &lines(&[(2, "theirs")]));
            },
        ),
        (
            "moved here, deleted there",
            |s| {
                s.git("mv d/a moved");
            },
            |s| {
                s.git("rm -q d/a");
            },
        ),
        (
            "both add a file",
            |s| s.write("new", "ours\n"),
            |s| s.write("new", "theirs\n"),
        ),
        (
            "a file in place of a directory",
            |s| {
                s.git("rm -q -r d");
                s.write("d", "x\n");
            },
            |s| {
                s.write("d/new", "theirs\n");
            },
        ),
        (
            "a directory moved here, a file added there",
            |s| {
                s.git("mv d e");
            },
            |s| {
                s.write("d/new", "theirs\n");
            },
        ),
        (
            "a file added here, its directory moved there",
            |s| s.write("d/new", "ours\n"),
            |s| {
                s.git("mv d e");
            },
        ),
        (
            "a file added here, its directory deleted there",
            |s| s.write("d/new", "ours\n"),
            |s| {
                s.git("rm -q -r d");
            },
        ),
        (
            "a new directory",
            |s| s.write("other", "ours\n"),
            |s| s.write("n/e/w", "theirs\n"),
        ),
        (
            "a mode",
            |s| s.write("d/a", &lines(&[(2, "ours")])),
            |s| {
                make_executable(&s.top().join("d/a"));
            },
        ),
        (
            "a mode on both sides",
            |s| make_executable(&s.top().join("d/a")),
            |s| {
                s.write("d/a", &lines(&[(2, "theirs")]));
                make_executable(&s.top().join("d/a"));
            },
        ),
        (
            "a link that leads elsewhere",
            |s| link(s, "link", "d/b"),
            |s| link(s, "link", "d"),
        ),
        (
            "a file in place of a link",
            |s| s.write("d/a", &lines(&[(2, "ours")])),
            |s| {
                s.git("rm -q link");
                s.write("link", "a file\n");
            },
        ),
        (
            "a submodule that moves on, beside a file",
            |s| s.write("d/a", &lines(&[(2, "ours")])),
            |s| submodule(s, '2'),
        ),
        (
            "other content than text",
            |s| s.write("binary", "\0ours"),
            |s| {
                s.write("binary", "\0theirs");
            },
        ),
    ];
    for (what, ours, theirs) in cases {
        let scratch = Scratch::new();
        scratch.write("d/a", &lines(&[]));
        scratch.write("d/b", "b\n");
        scratch.write("binary", "\0");
        link(&scratch, "link", "d/a");
        submodule(&scratch, '1');
        let (commit, onto) = two_sides(&scratch, theirs, ours);
        let repository = scratch.repository();
        let own = by_us(&repository, &commit, &onto);
        let judged = by_git(&scratch, &commit, &onto);
        match (&own, &judged) {
            (Ok(own), Ok(judged)) => assert_eq!(own, judged, "{what}"),
            (Err(_), Err(_)) => {}
            _ => panic!("{what}: {own:?}, and git {judged:?}"),
        }
    }
}

#[test]
fn union_and_binary_are_followed() {
    for (attribute, clean) in [("union", true), ("binary", false), ("text", false)] {
        let scratch = Scratch::new();
        scratch.write(".gitattributes", &format!("news merge={attribute}\n"));
        scratch.write("news", "one\n");
        let (commit, onto) = two_sides(
            &scratch,
            |s| s.write("news", "one\ntheirs\n"),
            |s| s.write("news", "one\nours\n"),
        );
        let own = by_us(&scratch.repository(), &commit, &onto);
        let judged = by_git(&scratch, &commit, &onto);
        assert_eq!(own.is_ok(), clean, "{attribute}");
        assert_eq!(own.ok(), judged.ok(), "{attribute}");
    }
}

#[test]
fn attributes_are_those_of_the_branch() {
    let scratch = Scratch::new();
    scratch.write("news", "one\n");
    let (commit, onto) = two_sides(
        &scratch,
        |s| s.write("news", "one\ntheirs\n"),
        |s| {
            s.write(".gitattributes", "*.txt text\nnews merge=union\n");
            s.write("news", "one\nours\n");
        },
    );
    // Main, which is checked out, says nothing of it.
    scratch.git("checkout -q main");
    let own = by_us(&scratch.repository(), &commit, &onto);
    assert_eq!(own.ok(), by_git(&scratch, &commit, &onto).ok());
}

#[test]
fn what_only_git_can_merge_is_left_to_git() {
    for (attributes, settings, clean) in [
        ("news merge=mine", &["merge.mine.driver=true"][..], false),
        // Without a command it is text.
        ("news merge=mine", &[], true),
        ("", &["merge.default=mine", "merge.mine.driver=true"], false),
        ("news -merge", &[], false),
        ("news merge", &["merge.default=binary"], true),
        ("", &["merge.renormalize=true"], false),
    ] {
        let scratch = Scratch::new();
        scratch.write(".gitattributes", attributes);
        scratch.write("news", &lines(&[]));
        let (commit, onto) = two_sides(
            &scratch,
            |s| s.write("news", &lines(&[(2, "theirs")])),
            |s| s.write("news", &lines(&[(15, "ours")])),
        );
        for setting in settings {
            let (name, value) = setting.split_once('=').expect("a value");
            scratch.git(&format!("config {name} {value}"));
        }
        let own = by_us(&scratch.repository(), &commit, &onto);
        assert_eq!(own.is_ok(), clean, "{attributes:?} {settings:?}");
        if clean {
            assert_eq!(own.ok(), by_git(&scratch, &commit, &onto).ok());
        }
    }
}

#[test]
fn what_can_be_aligned_in_two_ways_is_left_to_git() {
    // Found among random texts: Myers' alignment merges these, and git's
    // histogram alignment finds a conflict.
    let text = |words: &str| words.replace(' ', "\n") + "\n";
    let scratch = Scratch::new();
    scratch.write("a", &text("b c a a }"));
    let (commit, onto) = two_sides(
        &scratch,
        |s| s.write("a", &text("b c b a a } a }")),
        |s| s.write("a", &text("b c a a a x x")),
    );
    by_git(&scratch, &commit, &onto).expect_err("a conflict");
    by_us(&scratch.repository(), &commit, &onto).expect_err("a conflict");
}

#[test]
fn several_are_picked_and_nothing_is_stored() {
    let scratch = Scratch::new();
    scratch.write("a", &lines(&[]));
    let onto = scratch.commit("base");
    scratch.git("branch release");
    let mut commits = Vec::new();
    for (at, changed) in [(1, "x"), (2, "y"), (18, "z")].iter().enumerate() {
        let all = [(1, "x"), (2, "y"), (18, "z")];
        scratch.write("a", &lines(&all[..=at]));
        commits.push(scratch.commit(changed.1));
    }
    let repository = scratch.repository();
    let count = || scratch.git("count-objects -v");
    let before = count();
    let memory = repository.in_memory().expect("opens");
    let objects = memory.objects().expect("opens");
    let tree = repository.commit(&onto).expect("a commit").tree;
    let mut picking = Picking::new(&memory, &objects, &tree).expect("starts");
    // The second one needs the first one.
    let alone = picking.pick(&commits[1]).expect("it answers");
    assert_eq!(alone, Step::Conflicts(BTreeSet::from(["a".to_owned()])));
    for commit in &commits {
        assert_eq!(picking.pick(commit).expect("it answers"), Step::Changed);
    }
    assert_eq!(
        picking.pick(&commits[2]).expect("it answers"),
        Step::Nothing
    );
    let want = repository.commit(&commits[2]).expect("a commit").tree;
    assert_eq!(picking.tree().expect("it is stored"), want);
    assert_eq!(count(), before);
}

/// A change of a work tree.
#[derive(Debug, Clone)]
enum Change {
    Line { file: usize, line: usize, text: u8 },
    Insert { file: usize, line: usize, text: u8 },
    Delete { file: usize },
    Move { file: usize, to: usize },
    MoveDirectory,
    Add { file: usize },
}

const FILES: [&str; 6] = ["top", "d/one", "d/two", "d/sub/three", "e/four", "five"];

fn change() -> impl Strategy<Value = Change> {
    let file = 0..FILES.len();
    prop_oneof![
        12 => (file.clone(), 0usize..20, 0u8..4).prop_map(|(file, line, text)| Change::Line { file, line, text }),
        4 => (file.clone(), 0usize..20, 0u8..4).prop_map(|(file, line, text)| Change::Insert { file, line, text }),
        1 => file.clone().prop_map(|file| Change::Delete { file }),
        1 => (file.clone(), file.clone()).prop_map(|(file, to)| Change::Move { file, to }),
        1 => Just(Change::MoveDirectory),
        2 => file.prop_map(|file| Change::Add { file }),
    ]
}

fn act(scratch: &Scratch, change: &Change) {
    let top = scratch.top();
    let read = |file: usize| std::fs::read_to_string(top.join(FILES[file])).ok();
    match change {
        Change::Line { file, line, text } | Change::Insert { file, line, text } => {
            let Some(content) = read(*file) else { return };
            let mut all: Vec<String> = content.lines().map(str::to_owned).collect();
            let new = format!("{} changed to {text}", FILES[*file]);
            match change {
                Change::Line { .. } if *line < all.len() => all[*line] = new,
                _ => all.insert((*line).min(all.len()), new),
            }
            scratch.write(FILES[*file], &(all.join("\n") + "\n"));
        }
        Change::Delete { file } => {
            let _ = std::fs::remove_file(top.join(FILES[*file]));
        }
        Change::Move { file, to } => {
            let Some(content) = read(*file) else { return };
            if !top.join(FILES[*to]).exists() {
                std::fs::remove_file(top.join(FILES[*file])).expect("it is there");
                scratch.write(FILES[*to], &content);
            }
        }
        Change::MoveDirectory => {
            if top.join("d").exists() && !top.join("f").exists() {
                std::fs::rename(top.join("d"), top.join("f")).expect("moves");
            }
        }
        Change::Add { file } => {
            let place = format!("{}.new", FILES[*file]);
            scratch.write(&place, &lines(&[(0, &place)]));
        }
    }
}

fn committed(scratch: &Scratch, changes: &[Change]) -> String {
    changes.iter().for_each(|change| act(scratch, change));
    scratch.git("add -A");
    scratch.git("commit -q --allow-empty -m some");
    scratch.head()
}

proptest! {
    // Each case is some twenty runs of git.
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn random_picks_are_those_of_git(
        main in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..4),
        release in prop::collection::vec(change(), 1..5),
    ) {
        let scratch = Scratch::new();
        for file in FILES {
            let text: String = (0..20).map(|line| format!("{file} has {line}\n")).collect();
            scratch.write(file, &text);
        }
        scratch.commit("base");
        scratch.git("branch release");
        let commits: Vec<String> = main.iter().map(|one| committed(&scratch, one)).collect();
        scratch.git("checkout -q release");
        let onto = committed(&scratch, &release);
        let repository = scratch.repository();
        for commit in &commits {
            let own = by_us(&repository, commit, &onto);
            let judged = by_git(&scratch, commit, &onto);
            prop_assert_eq!(own.ok(), judged.ok(), "{} onto {}", commit, onto);
        }
    }
}
