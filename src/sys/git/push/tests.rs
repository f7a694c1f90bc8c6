use std::sync::Mutex;

use super::*;
use crate::model::Event;
use crate::sys::git::scratch::Scratch;

#[derive(Default)]
struct Heard(Mutex<String>);

impl Listener for Heard {
    fn hear(&self, event: Event) {
        if let Event::Output(line) = event {
            *self.0.lock().expect("lock") += &format!("{line}\n");
        }
    }
}

fn project() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("VERSION", "1.0\n");
    scratch.commit("first");
    scratch.at(scratch.dir(), "init -q --bare remote.git");
    scratch.git("remote add origin ../remote.git");
    scratch.git("tag -a -m one v1");
    scratch
}

fn pushed(scratch: &Scratch, remote: &str) -> (Result<Pushed, PushError>, String) {
    let heard = Heard::default();
    let refspecs = ["refs/heads/main:refs/heads/main", "refs/tags/v1"];
    let refspecs = refspecs.map(str::to_owned);
    let ended = push(
        &scratch.repository(),
        &scratch.environment(),
        remote,
        &refspecs,
        &heard,
    );
    (ended, heard.0.into_inner().expect("lock"))
}

fn remote_refs(scratch: &Scratch) -> String {
    scratch.at(&scratch.dir().join("remote.git"), "for-each-ref")
}

#[test]
fn branch_and_tag_arrive_together_once() {
    let scratch = project();
    let (ended, heard) = pushed(&scratch, "origin");
    assert_eq!(ended.expect("pushes"), Pushed::Changed);
    assert!(heard.contains("refs/tags/v1"), "{heard}");
    assert_eq!(
        remote_refs(&scratch),
        scratch.git("for-each-ref refs/heads refs/tags")
    );
    let (ended, _) = pushed(&scratch, "origin");
    assert_eq!(ended.expect("pushes"), Pushed::UpToDate);
}

#[test]
fn one_that_is_refused_keeps_the_other_back() {
    let scratch = project();
    pushed(&scratch, "origin").0.expect("pushes");
    scratch.git("commit -q --allow-empty -m second");
    scratch.git("tag -f -a -m two v1");
    let before = remote_refs(&scratch);
    match pushed(&scratch, "origin").0 {
        Err(PushError::Rejected { refused, .. }) => {
            assert!(
                refused.iter().any(|line| line.contains("already exists")),
                "{refused:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(remote_refs(&scratch), before);
}

#[test]
fn remotes_that_are_not_there_are_told_apart() {
    let scratch = project();
    let (ended, _) = pushed(&scratch, "upstream");
    assert!(
        matches!(ended, Err(PushError::NoRemote { .. })),
        "{ended:?}"
    );
    let (ended, _) = pushed(&scratch, "../gone.git");
    assert!(
        matches!(ended, Err(PushError::Unreached { .. })),
        "{ended:?}"
    );
}

#[test]
fn a_hook_of_the_remote_is_quoted() {
    let said = "remote: GitLab: You are not allowed \nremote: \nremote: to push here.\nTo x\n";
    let declined = "refs/heads/a [remote rejected] (pre-receive hook declined)".to_owned();
    let want = format!("{declined}: GitLab: You are not allowed to push here.");
    for (refused, said, want) in [
        (&declined, said, &want),
        (&declined, "To x\n", &declined),
        (
            &"[rejected] (fetch first)".to_owned(),
            said,
            &"[rejected] (fetch first)".to_owned(),
        ),
    ] {
        assert_eq!(explained(refused.clone(), said), *want);
    }
}
