use super::*;
use crate::rollout::simulation::{epoch, package, planned, policy, ring, version};

fn id() -> RolloutId {
    RolloutId::first(package("hello"), version("2"))
}

fn place(dir: &Path) -> PathBuf {
    dir.join("hello_2").join(FILE)
}

/// Writes a journal of four entries.
fn written(dir: &Path) -> Vec<Entry> {
    let mut journal = Journal::create(dir, &id(), "ada@here").expect("there is none");
    let first = planned(policy(vec![ring("canary", &["c"])]));
    journal
        .append(first.event, epoch(), "ada@here")
        .expect("written");
    let reason = Some("so it is “ü”\n".to_owned());
    let paused = Event::Paused {
        reason: reason.clone(),
    };
    journal
        .append(paused, epoch(), "bob@there")
        .expect("written");
    let more = vec![
        Event::Resumed { reason },
        Event::Rehearsed {
            problems: Vec::new(),
        },
    ];
    let at = epoch().plus_seconds(1);
    let more = more.into_iter().enumerate();
    let more = more.map(|(ahead, event)| journal.next(ahead, event, at));
    let more = more.collect();
    journal.write(more).expect("written");
    journal.entries().to_vec()
}

#[test]
fn what_was_written_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let entries = written(dir.path());
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[1].by, "bob@there");
    assert_eq!(Journal::look(dir.path(), &id()).expect("whole"), entries);
    let mut journal = Journal::open(dir.path(), &id(), "eve@there").expect("whole");
    assert_eq!(journal.entries(), entries);
    let event = Event::Paused { reason: None };
    let entry = journal
        .append(event, epoch(), "eve@there")
        .expect("written");
    assert_eq!(entry.number, 5);
    drop(journal);
    assert_eq!(Journal::look(dir.path(), &id()).expect("whole").len(), 5);
    // Each line is an object with all that an auditor asks for.
    let text = std::fs::read_to_string(place(dir.path())).expect("it is there");
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        for key in ["chain", "number", "at", "by", "event"] {
            assert!(line.get(key).is_some(), "{key} in {line}");
        }
    }
}

#[test]
fn it_is_made_once_and_opened_when_it_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = Journal::open(dir.path(), &id(), "a");
    assert!(matches!(missing, Err(JournalError::Missing(_))));
    let entries = written(dir.path());
    let again = Journal::create(dir.path(), &id(), "a");
    assert!(matches!(again, Err(JournalError::Taken(_))));
    assert_eq!(
        Journal::look(dir.path(), &id()).expect("untouched"),
        entries
    );
    // A controller that died before its first entry has left nothing to keep.
    let next = id().again();
    drop(Journal::create(dir.path(), &next, "a").expect("there is none"));
    drop(Journal::create(dir.path(), &next, "a").expect("nothing was planned"));
}

#[test]
fn a_second_controller_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = Journal::create(dir.path(), &id(), "ada@here").expect("there is none");
    let second = Journal::open(dir.path(), &id(), "bob@there");
    let Err(JournalError::Locked { holder, .. }) = second else {
        panic!("{second:?}");
    };
    assert_eq!(
        holder,
        format!("process {} of ada@here", std::process::id())
    );
    drop(first);
    Journal::open(dir.path(), &id(), "bob@there").expect("it is free");
}

#[test]
fn a_torn_end_is_dropped_wherever_it_is_torn() {
    let dir = tempfile::tempdir().expect("a directory");
    let entries = written(dir.path());
    let whole = std::fs::read(place(dir.path())).expect("it is there");
    for cut in 0..whole.len() {
        std::fs::write(place(dir.path()), &whole[..cut]).expect("written");
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let mut journal = Journal::open(dir.path(), &id(), "a").expect("torn is not changed");
        assert_eq!(journal.entries(), &entries[..lines], "cut at {cut}");
        if lines > 0 {
            let event = Event::Paused { reason: None };
            journal.append(event, epoch(), "a").expect("written");
            drop(journal);
            let read = Journal::look(dir.path(), &id()).expect("nothing is left of it");
            assert_eq!(read.len(), lines + 1);
        }
    }
}

#[test]
fn whatever_else_is_changed_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    written(dir.path());
    let whole = std::fs::read_to_string(place(dir.path())).expect("it is there");
    let lines: Vec<&str> = whole.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect();
    let changes: [(&str, String); 6] = [
        ("a word", whole.replacen("bob@there", "bab@there", 1)),
        ("a time", whole.replacen("09:00:00Z", "09:00:01Z", 1)),
        ("a line less", joined(&[lines[0], lines[2], lines[3]])),
        ("the first line less", joined(&lines[1..])),
        (
            "two lines swapped",
            joined(&[lines[0], lines[2], lines[1], lines[3]]),
        ),
        (
            "a line twice",
            joined(&[lines[0], lines[1], lines[1], lines[2], lines[3]]),
        ),
    ];
    for (what, text) in changes {
        assert_ne!(text, whole, "{what}");
        std::fs::write(place(dir.path()), text).expect("written");
        let opened = Journal::open(dir.path(), &id(), "a");
        assert!(
            matches!(opened, Err(JournalError::Changed { .. })),
            "{what}"
        );
        let looked = Journal::look(dir.path(), &id());
        assert!(
            matches!(looked, Err(JournalError::Changed { .. })),
            "{what}"
        );
    }
}
