use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::model::{Sha256, Timestamp};
use crate::release::commit::Person;
use crate::release::prepare::plan::FileEdit;
use crate::sys::git::scratch::Scratch;

/// A project in which a user is in the middle of something else.
fn busy() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("VERSION", "1.0\n");
    scratch.write("bin/tool", "v=1.0\n");
    let program = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scratch.top().join("bin/tool"), program).expect("mode");
    scratch.write("README", "text\n");
    scratch.write("staged", "text\n");
    scratch.commit("first");
    scratch.write("staged", "other text\n");
    scratch.git("add staged");
    scratch.write("README", "changed\n");
    scratch.write("untracked", "mine\n");
    scratch
}

fn edit(path: &str, before: Option<&str>, after: &str, executable: bool) -> FileEdit {
    FileEdit {
        path: path.into(),
        before: before.map(|text| text.as_bytes().to_vec()),
        after: after.as_bytes().to_vec(),
        sha256: Sha256::of(after.as_bytes()),
        executable,
        what: String::new(),
    }
}

fn plan(scratch: &Scratch) -> PreparePlan {
    PreparePlan {
        parent: scratch.head(),
        branch: Some("main".into()),
        advance: Advance::Current,
        files: vec![
            edit("VERSION", Some("1.0\n"), "1.1\n", false),
            edit("bin/tool", Some("v=1.0\n"), "v=1.1\n", true),
            edit("docs/new/CHANGES.md", None, "# 1.1\n", false),
        ],
        message: "chore(release): pp 1.1\n\nDebcut-Release: pp 1.1\n".into(),
        author: Person {
            name: "Rita Release".into(),
            email: "rita@example.org".into(),
        },
        date: Timestamp::from_unix(1_700_000_100),
    }
}

fn run(plan: &PreparePlan, scratch: &Scratch) -> Result<Prepared, PrepareError> {
    apply(plan, &scratch.repository(), &scratch.environment())
}

fn recovered(scratch: &Scratch) -> Result<Recovered, PrepareError> {
    recover(&scratch.repository(), &scratch.environment())
}

/// All that git and the user can see of a work tree.
fn state(scratch: &Scratch) -> String {
    scratch.git("fsck --strict --no-dangling");
    let shown = [
        "for-each-ref",
        "symbolic-ref -q HEAD",
        "rev-parse HEAD",
        "status --porcelain=v1 --untracked-files=all",
        "ls-files --stage",
        "diff",
        "log -1 --format=raw",
    ];
    let shown = shown.map(|words| scratch.try_git(words).unwrap_or_default());
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(scratch.top()).sort_by_file_name() {
        let entry = entry.expect("walks");
        let inside = entry.path().strip_prefix(scratch.top()).expect("inside");
        if entry.file_type().is_file() && !inside.starts_with(".git") {
            let mode = entry.metadata().expect("metadata").permissions().mode();
            let text = fs::read_to_string(entry.path()).expect("text");
            files.push(format!("{mode:o} {}: {text}", inside.display()));
        }
    }
    format!("{}\n{}", shown.join("\n--\n"), files.join(""))
}

fn journal_is_gone(scratch: &Scratch) -> bool {
    !journal::path(&scratch.repository()).exists()
}

const KILLED: &str = "killed";

fn killed() -> PrepareError {
    PrepareError::Changed {
        path: KILLED.into(),
    }
}

/// Applies a plan and stops after so many steps; returns how many there were.
fn stop_after(count: usize, plan: &PreparePlan, scratch: &Scratch) -> Vec<Step> {
    let mut done = Vec::new();
    let ended = apply_in_steps(
        plan,
        &scratch.repository(),
        &scratch.environment(),
        &mut |step| {
            done.push(step);
            if done.len() == count {
                Err(killed())
            } else {
                Ok(())
            }
        },
    );
    assert_eq!(ended.is_ok(), done.len() < count, "{ended:?}");
    done
}

#[test]
fn release_commit_holds_the_release_and_nothing_else() {
    let scratch = busy();
    let old = scratch.head();
    let prepared = run(&plan(&scratch), &scratch).expect("applies");
    assert_eq!(prepared.commit, scratch.head());
    assert_eq!(prepared.left, Vec::<String>::new());
    assert_eq!(scratch.git("rev-parse HEAD^"), old);
    assert_eq!(
        scratch.git("log -1 --format=%an|%ae|%at|%cn|%ct|%B"),
        "Rita Release|rita@example.org|1700000100|Rita Release|1700000100|\
         chore(release): pp 1.1\n\nDebcut-Release: pp 1.1"
    );
    assert_eq!(
        scratch.git("diff-tree -r --name-status HEAD^ HEAD"),
        "M\tVERSION\nM\tbin/tool\nA\tdocs/new/CHANGES.md"
    );
    assert_eq!(
        scratch.git("status --porcelain --untracked-files=all"),
        " M README\nM  staged\n?? untracked"
    );
    assert_eq!(scratch.read("bin/tool"), "v=1.1\n");
    assert_eq!(
        scratch.git("ls-files --stage bin/tool").get(..6),
        Some("100755")
    );
    assert!(journal_is_gone(&scratch));
    assert!(state(&scratch).contains("100755 bin/tool: v=1.1\n"));
    let log = scratch.git("reflog -1 --format=%gs");
    assert_eq!(log, "debcut: prepare a release");
}

#[test]
fn same_moment_gives_the_same_commit() {
    let ids = [0, 1].map(|_| {
        let scratch = busy();
        run(&plan(&scratch), &scratch).expect("applies").commit
    });
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn killed_at_any_step_it_is_undone_or_completed() {
    let undisturbed = busy();
    let steps = stop_after(usize::MAX, &plan(&undisturbed), &undisturbed);
    assert_eq!(steps.len(), 7, "{steps:?}");
    let want = state(&undisturbed);
    let at_branch = steps.iter().position(|step| *step == Step::Branch);
    let at_branch = at_branch.expect("moved") + 1;
    for count in 1..=steps.len() {
        let scratch = busy();
        let plan = plan(&scratch);
        let before = state(&scratch);
        stop_after(count, &plan, &scratch);
        if count < at_branch {
            assert_eq!(state(&scratch), before, "after {count}");
            let found = recovered(&scratch).expect("recovers");
            let note = steps[count - 1] == Step::Journal;
            let expected = if note {
                Recovered::Dropped
            } else {
                Recovered::Nothing
            };
            assert_eq!(found, expected, "after {count}");
            assert_eq!(state(&scratch), before, "after {count}");
            run(&plan, &scratch).expect("applies");
        } else {
            // A kill in the middle of writing leaves this too.
            scratch.write(".VERSION.debcut-new", "1.");
            scratch.write("docs/new/.CHANGES.md.debcut-new", "");
            let found = recovered(&scratch).expect("recovers");
            assert!(matches!(found, Recovered::Completed(_)), "{found:?}");
        }
        assert_eq!(state(&scratch), want, "after {count}");
        assert!(journal_is_gone(&scratch));
        assert_eq!(recovered(&scratch).expect("recovers"), Recovered::Nothing);
        let again = run(&plan, &scratch).expect_err("the branch has moved");
        assert!(matches!(again, PrepareError::Moved(_)), "{again:?}");
        assert_eq!(state(&scratch), want, "after {count}");
    }
}

#[test]
fn killed_twice_it_is_completed() {
    let undisturbed = busy();
    run(&plan(&undisturbed), &undisturbed).expect("applies");
    for count in 1..4 {
        let scratch = busy();
        stop_after(3, &plan(&scratch), &scratch);
        let repository = scratch.repository();
        let environment = scratch.environment();
        let mut done = 0;
        let ended = recover_locked(
            &repository,
            UserGit::new(&repository, &environment),
            &mut |_| {
                done += 1;
                if done == count { Err(killed()) } else { Ok(()) }
            },
        );
        assert!(matches!(ended, Err(PrepareError::Unfinished { .. })));
        recovered(&scratch).expect("recovers");
        assert_eq!(state(&scratch), state(&undisturbed), "after {count}");
    }
}

#[test]
fn a_user_who_went_on_after_a_kill_keeps_what_he_did() {
    // On the old place: the branch was never moved.
    let scratch = busy();
    stop_after(2, &plan(&scratch), &scratch);
    scratch.git("commit -q -m staged");
    let went_on = state(&scratch);
    assert_eq!(recovered(&scratch).expect("recovers"), Recovered::Dropped);
    assert_eq!(state(&scratch), went_on);
    // On the new place, with one of the files changed again.
    let scratch = busy();
    stop_after(3, &plan(&scratch), &scratch);
    scratch.git("checkout -q HEAD -- VERSION");
    scratch.write("VERSION", "2.0\n");
    scratch.git("commit -q -m mine VERSION");
    assert!(matches!(
        recovered(&scratch).expect("recovers"),
        Recovered::Completed(_)
    ));
    assert_eq!(scratch.read("VERSION"), "2.0\n");
    assert_eq!(scratch.read("bin/tool"), "v=1.1\n");
    assert_eq!(
        scratch.git("status --porcelain --untracked-files=all"),
        " M README\nM  staged\n?? untracked"
    );
    // Back from the new place: nobody but the user knows what is meant.
    let scratch = busy();
    let old = scratch.head();
    stop_after(3, &plan(&scratch), &scratch);
    scratch.git("stash -q");
    scratch.git("reset -q --hard HEAD^");
    scratch.git("commit -q --allow-empty -m other");
    let error = recovered(&scratch).expect_err("neither old nor new");
    let said = error.to_string();
    assert!(matches!(error, PrepareError::Elsewhere { .. }), "{said}");
    assert!(
        said.contains(&old) && said.contains("prepare.json"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_changed_meanwhile_is_left_alone() {
    let scratch = busy();
    let mut done = 0;
    let ended = apply_in_steps(
        &plan(&scratch),
        &scratch.repository(),
        &scratch.environment(),
        &mut |step| {
            done += 1;
            if step == Step::Branch {
                scratch.write("VERSION", "mine\n");
            }
            Ok(())
        },
    );
    assert_eq!(ended.expect("applies").left, ["VERSION"]);
    assert_eq!(scratch.read("VERSION"), "mine\n");
    assert!(scratch.git("diff VERSION").contains("-1.1\n+mine"));
}

#[test]
fn what_has_changed_since_the_plan_stops_it() {
    type Change = fn(&Scratch);
    type Want = fn(&PrepareError) -> bool;
    let changed: Want = |e| matches!(e, PrepareError::Changed { path } if path != KILLED);
    let cases: [(&str, Change, Want); 7] = [
        ("a file", |s| s.write("VERSION", "x\n"), changed),
        (
            "the index",
            |s| {
                s.write("VERSION", "x\n");
                s.git("add VERSION");
                s.write("VERSION", "1.0\n");
            },
            changed,
        ),
        (
            "a new file",
            |s| s.write("docs/new/CHANGES.md", ""),
            changed,
        ),
        (
            "a directory in the way",
            |s| s.write("docs/new/CHANGES.md/x", ""),
            changed,
        ),
        (
            "a link",
            |s| {
                let place = s.top().join("bin");
                fs::rename(&place, s.dir().join("bin")).expect("moves");
                std::os::unix::fs::symlink(s.dir().join("bin"), place).expect("links");
            },
            changed,
        ),
        (
            "the branch",
            |s| {
                s.git("commit -q -m staged");
            },
            |e| matches!(e, PrepareError::Moved(_)),
        ),
        (
            "another git",
            |s| s.write(".git/index.lock", ""),
            |e| matches!(e, PrepareError::IndexLocked { .. }),
        ),
    ];
    for (name, change, want) in cases {
        let scratch = busy();
        let plan = plan(&scratch);
        change(&scratch);
        let refs = scratch.git("for-each-ref");
        let error = run(&plan, &scratch).expect_err(name);
        assert!(want(&error), "{name}: {error:?}");
        assert_eq!(scratch.git("for-each-ref"), refs, "{name}");
        assert!(journal_is_gone(&scratch), "{name}");
        assert_eq!(scratch.read("README"), "changed\n");
    }
}

#[test]
fn another_branch_leaves_the_work_tree_alone() {
    let scratch = busy();
    let before = state(&scratch);
    let mut plan = plan(&scratch);
    plan.branch = Some("release/1.1".into());
    plan.advance = Advance::New;
    for count in [2, 3] {
        stop_after(count, &plan, &scratch);
        recovered(&scratch).expect("recovers");
    }
    let made = scratch.git("rev-parse release/1.1");
    assert_eq!(scratch.git("show release/1.1:VERSION"), "1.1");
    scratch.git("update-ref -d refs/heads/release/1.1");
    assert_eq!(state(&scratch), before);
    // Put forward, from an older commit.
    scratch.git("branch release/1.1");
    plan.advance = Advance::From(scratch.head());
    assert_eq!(run(&plan, &scratch).expect("applies").commit, made);
    let moved = run(&plan, &scratch).expect_err("it is not there any more");
    assert!(matches!(moved, PrepareError::Moved(_)), "{moved:?}");
    assert_eq!(scratch.git("rev-parse release/1.1"), made);
}

#[test]
fn detached_heads_and_other_work_trees_follow() {
    let scratch = busy();
    let main = scratch.head();
    scratch.git("checkout -q --detach");
    let mut plan = plan(&scratch);
    plan.branch = None;
    stop_after(3, &plan, &scratch);
    recovered(&scratch).expect("recovers");
    assert_eq!(
        scratch.git("rev-parse HEAD^ main"),
        format!("{main}\n{main}")
    );
    assert_eq!(scratch.read("VERSION"), "1.1\n");

    let scratch = busy();
    scratch.git("worktree add -q -b side ../side");
    let side = scratch.dir().join("side");
    let mut plan = self::plan(&scratch);
    plan.branch = Some("side".into());
    let repository = Repository::discover(&side).expect("a work tree");
    let ended = apply_in_steps(&plan, &repository, &scratch.environment(), &mut |step| {
        if step == Step::Branch {
            Err(killed())
        } else {
            Ok(())
        }
    });
    assert!(ended.is_err());
    // Completed from the main work tree, which stays as it is.
    let before = scratch.git("status --porcelain");
    recovered(&scratch).expect("recovers");
    assert_eq!(scratch.git("status --porcelain"), before);
    assert_eq!(scratch.at(&side, "status --porcelain"), "");
    assert_eq!(
        fs::read_to_string(side.join("VERSION")).expect("there"),
        "1.1\n"
    );
}

#[test]
fn line_ends_and_filters_are_the_work_trees() {
    let scratch = Scratch::new();
    scratch.write(
        ".gitattributes",
        "VERSION text eol=crlf\nbin/tool filter=up\n",
    );
    scratch.git("config filter.up.clean tr+A-Z+a-z");
    scratch.git("config filter.up.smudge tr+a-z+A-Z");
    scratch.write("VERSION", "1.0\r\n");
    scratch.write("bin/tool", "V=1.0\n");
    scratch.commit("first");
    let mut plan = plan(&scratch);
    plan.files[1].executable = false;
    run(&plan, &scratch).expect("applies");
    assert_eq!(scratch.read("VERSION"), "1.1\r\n");
    assert_eq!(scratch.read("bin/tool"), "V=1.1\n");
    assert_eq!(scratch.git("status --porcelain"), "");
    assert_eq!(scratch.git("cat-file blob HEAD:VERSION"), "1.1");
    assert_eq!(scratch.git("cat-file blob HEAD:bin/tool"), "v=1.1");
    // A filter that does not give back what it got.
    scratch.git("config filter.up.clean cat");
    scratch.git("config filter.up.smudge tr+a-z+A-Z");
    scratch.write("bin/tool", "v=1.1\n");
    let mut plan = self::plan(&scratch);
    plan.files = vec![edit("bin/tool", Some("v=1.1\n"), "v=1.2\n", false)];
    let error = run(&plan, &scratch).expect_err("loses");
    assert!(matches!(error, PrepareError::Filter { .. }), "{error:?}");
}

#[test]
fn sparse_files_are_committed_and_stay_away() {
    let scratch = Scratch::new();
    scratch.write("VERSION", "1.0\n");
    scratch.write("bin/tool", "v=1.0\n");
    scratch.commit("first");
    scratch.git("sparse-checkout set --no-cone /VERSION");
    assert!(!scratch.top().join("bin").exists());
    let mut plan = plan(&scratch);
    plan.files[1].executable = false;
    plan.files.truncate(2);
    run(&plan, &scratch).expect("applies");
    assert_eq!(scratch.git("status --porcelain"), "");
    assert_eq!(scratch.git("show HEAD:bin/tool"), "v=1.1");
    assert!(!scratch.top().join("bin").exists());
}

#[test]
fn commits_are_signed_as_git_is_configured() {
    let scratch = busy();
    scratch.sign_with_ssh();
    scratch.git("config commit.gpgSign true");
    let prepared = run(&plan(&scratch), &scratch).expect("applies");
    scratch.git(&format!("verify-commit {}", prepared.commit));
    assert_eq!(
        scratch.git("log -1 --format=%ct|%an"),
        "1700000100|Rita Release"
    );
    assert_eq!(
        scratch.git("status --porcelain --untracked-files=all"),
        " M README\nM  staged\n?? untracked"
    );
    // A key that is not there: nothing happens.
    let scratch = busy();
    scratch.git("config commit.gpgSign true");
    scratch.git("config gpg.format ssh");
    scratch.git("config user.signingKey /nowhere/key");
    let before = state(&scratch);
    let error = run(&plan(&scratch), &scratch).expect_err("no key");
    assert!(matches!(error, PrepareError::Commit(_)), "{error:?}");
    assert_eq!(state(&scratch), before);
}

#[test]
fn hooks_are_not_run() {
    let scratch = busy();
    for name in [
        "pre-commit",
        "commit-msg",
        "post-commit",
        "reference-transaction",
    ] {
        let hook = format!(".git/hooks/{name}");
        scratch.write(&hook, "#!/bin/sh\necho ran >> ran\nexit 1\n");
        let program = fs::Permissions::from_mode(0o755);
        fs::set_permissions(scratch.top().join(hook), program).expect("mode");
    }
    run(&plan(&scratch), &scratch).expect("applies");
    assert!(!scratch.top().join("ran").exists());
}

#[test]
fn files_can_be_written_without_a_commit() {
    let scratch = busy();
    let head = scratch.head();
    write_files(
        &plan(&scratch),
        &scratch.repository(),
        &scratch.environment(),
    )
    .expect("writes");
    assert_eq!(scratch.head(), head);
    assert_eq!(
        scratch.git("status --porcelain --untracked-files=all"),
        " M README\n M VERSION\n M bin/tool\nM  staged\n?? docs/new/CHANGES.md\n?? untracked"
    );
}

#[test]
fn two_at_once_do_not_meet() {
    let scratch = busy();
    let repository = scratch.repository();
    let _held = lock(&repository).expect("free");
    let error = run(&plan(&scratch), &scratch).expect_err("held");
    assert!(matches!(error, PrepareError::Busy { .. }), "{error:?}");
}
