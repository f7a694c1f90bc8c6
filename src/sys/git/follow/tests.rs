use super::*;
use crate::model::Timestamp;
use crate::sys::git::Author;
use crate::sys::git::scratch::Scratch;

/// A branch at its first commit, and a second one to follow to.
fn two() -> (Scratch, String, String) {
    let scratch = Scratch::new();
    for name in ["kept", "changed", "gone", "staged"] {
        scratch.write(name, "1\n");
    }
    let first = scratch.commit("first");
    scratch.write("changed", "2\n");
    scratch.write("new/file", "2\n");
    scratch.git("rm -q gone");
    let second = scratch.commit("second");
    scratch.git(&format!("reset -q --hard {first}"));
    scratch.git(&format!("update-ref refs/heads/main {second}"));
    (scratch, first, second)
}

fn follow(scratch: &Scratch, from: &str, to: &str) -> (Following, Following) {
    let (repository, environment) = (scratch.repository(), scratch.environment());
    let git = UserGit::new(&repository, &environment);
    let can = git.can_follow(from, to).expect("an answer");
    (can, git.follow(from, to).expect("an answer"))
}

#[test]
fn a_clean_work_tree_follows_and_keeps_what_is_the_users() {
    let (scratch, first, second) = two();
    scratch.write("kept", "mine\n");
    scratch.write("staged", "mine\n");
    scratch.git("add staged");
    scratch.write("untracked", "mine\n");
    let free = (Following::Free, Following::Free);
    assert_eq!(follow(&scratch, &first, &second), free);
    let status = scratch.git("status --porcelain");
    assert_eq!(
        status,
        "M kept\nM  staged\n?? untracked".replacen("M kept", " M kept", 1)
    );
    assert_eq!(scratch.read("new/file"), "2\n");
    // Again: there is nothing left to do.
    assert_eq!(follow(&scratch, &first, &second), free);
    assert_eq!(scratch.read("kept"), "mine\n");
}

#[test]
fn a_changed_file_that_would_change_keeps_it_from_following() {
    for (name, text) in [
        ("changed", "mine\n"),
        ("gone", "mine\n"),
        ("new/file", "mine\n"),
    ] {
        let (scratch, first, second) = two();
        scratch.write(name, text);
        let changed = Following::Changed(vec![name.to_owned()]);
        assert_eq!(
            follow(&scratch, &first, &second),
            (changed.clone(), changed)
        );
        assert_eq!(scratch.read(name), text);
    }
    let (scratch, first, second) = two();
    std::fs::write(scratch.top().join(".git/index.lock"), "").expect("a file");
    let locked = (Following::Locked, Following::Locked);
    assert_eq!(follow(&scratch, &first, &second), locked);
}

#[test]
fn what_a_killed_run_has_written_is_taken_over() {
    let (scratch, first, second) = two();
    scratch.write("changed", "2\n");
    scratch.write("new/file", "2\n");
    std::fs::remove_file(scratch.top().join("gone")).expect("it is there");
    let (_, followed) = follow(&scratch, &first, &second);
    assert_eq!(followed, Following::Free);
    assert_eq!(scratch.git("status --porcelain"), "");
}

#[test]
fn notes_are_copied_where_the_user_keeps_them() {
    let (scratch, first, second) = two();
    scratch.git(&format!("notes add -m reviewed {first}"));
    scratch.git(&format!("notes --ref=ci add -m passed {first}"));
    scratch.git(&format!("notes --ref=review/x add -m good {first}"));
    scratch.git("config notes.rewriteRef refs/notes/review/*");
    let (repository, environment) = (scratch.repository(), scratch.environment());
    let git = UserGit::new(&repository, &environment);
    let by = Author {
        name: "Una",
        email: "una@example.org",
        date: Timestamp::from_unix(1_700_000_000),
    };
    for _ in 0..2 {
        git.copy_notes(&[(first.clone(), second.clone())], by)
            .expect("copied");
        assert_eq!(scratch.git(&format!("notes show {second}")), "reviewed");
        let review = scratch.git(&format!("notes --ref=review/x show {second}"));
        assert_eq!(review, "good");
        scratch
            .try_git(&format!("notes --ref=ci show {second}"))
            .expect_err("what a build said of one commit is not true of another");
    }
}
