//! What one rollout does to another of the same package, and words that reach it.

use debcut::rollout::journal::Journal;
use debcut::rollout::state::RolloutId;

use crate::rollouts::{START, at, package, status, suite, world};
use crate::world::{Ran, World};

const NEXT: [&str; 6] = [
    "start",
    "hello=1.2",
    "--rings=rings.toml",
    "--archive=../apt",
    "--skip-rehearsal=no scripts",
    "--supersede=replace",
];

/// Publishes 1.2 where versions enter.
fn with_next() -> World {
    let world = world();
    let file = package(&world, "1.2");
    let file = file.to_str().expect("text");
    let add = ["archive", "add", file, "--to=incoming", "--archive=../apt"];
    world.run(add).code(0);
    at(&world, "12:00:00", &START).code(0);
    world
}

#[track_caller]
fn mentions(ran: &Ran, parts: &[&str]) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for part in parts {
        assert!(all.contains(part), "{part:?} in\n{all}");
    }
}

fn state(world: &World, id: &str) -> String {
    let ran = at(world, "13:00:00", &["status", id, "--json"]).code(0);
    let document = ran.document("debcut/rollout-status/1");
    let state = document["rollouts"][0]["state"].as_str();
    state.expect("a state").to_owned()
}

#[test]
fn what_is_replaced_has_ended_before_anything_begins() {
    let world = with_next();
    at(&world, "12:00:00", &["advance"]).code(0);
    assert_eq!(suite(&world, "canary"), "1.1");
    // Somebody controls it, and does not look.
    let id: RolloutId = "hello_1.1".parse().expect("an id");
    let busy = Journal::open(&world.path("state"), &id, "somebody").expect("nobody has it");
    let refused = at(&world, "12:10:00", &NEXT).code(1);
    mentions(&refused, &["is busy: it has not ended", "rollout pause"]);
    let inbox = world.path("state/hello_1.1/inbox");
    let left = std::fs::read_dir(&inbox).expect("listed").count();
    assert_eq!(left, 0, "a word that nobody waits for ends nothing later");
    drop(busy);
    assert_eq!(state(&world, "hello_1.1"), state(&world, "hello"));
    at(&world, "12:20:00", &NEXT).code(0);
    assert_eq!(state(&world, "hello_1.1"), "superseded");
    assert_eq!(status(&world, "12:20:00")["id"], "hello_1.2");

    // Who gave its place away does not go back beside what took it; where that
    // has touched nobody, it is the one that can.
    let back = ["rollback", "hello_1.1", "--yes"];
    let refused = at(&world, "12:30:00", &back).code(1);
    mentions(
        &refused,
        &["hello_1.2 came after it", "rollout abort hello_1.2"],
    );
    at(&world, "12:31:00", &["abort", "hello_1.2"]).code(0);
    at(&world, "12:32:00", &back).code(0);
    assert_eq!(state(&world, "hello_1.1"), "rolled back");
    assert_eq!(suite(&world, "canary"), "1.0");
}

#[test]
fn an_older_rollout_does_not_go_back_below_a_newer_one() {
    let world = with_next();
    at(&world, "12:00:00", &["advance"]).code(0);
    at(&world, "12:05:00", &["abort"]).code(0);
    at(&world, "12:10:00", &NEXT).code(0);
    at(&world, "12:10:00", &["advance"]).code(0);
    assert_eq!(suite(&world, "canary"), "1.2");
    let back = ["rollback", "hello_1.1", "--yes"];
    let refused = at(&world, "12:20:00", &back).code(1);
    mentions(
        &refused,
        &["hello_1.2 came after it", "rollout rollback hello_1.2"],
    );
    assert_eq!(suite(&world, "canary"), "1.2");
    assert_eq!(state(&world, "hello_1.1"), "aborted");
    // What hosts that update themselves keep is no way back that was gone.
    world.write("canary.count", "a 1.2\n");
    let kept = at(&world, "12:30:00", &["rollback", "hello_1.2", "--yes"]).code(1);
    mentions(&kept, &["canary"]);
    assert_eq!(suite(&world, "canary"), "1.1", "what was there before it");
    assert_ne!(state(&world, "hello_1.2"), "rolled back");
}

#[test]
fn an_inbox_takes_what_a_person_may_say_and_nothing_else() {
    let world = with_next();
    at(&world, "12:00:00", &["advance"]).code(0);
    let inbox = world.path("state/hello_1.1/inbox");
    std::fs::create_dir_all(&inbox).expect("a directory");
    let note = |name: &str, word: &str| {
        let text = format!(r#"{{"at": "2025-06-02T12:01:00Z", "by": "nobody", {word}}}"#);
        std::fs::write(inbox.join(name), text).expect("written");
    };
    note("1-a-1.json", r#""event": {"is": "done"}"#);
    note(
        "2-b-1.json",
        r#""asks": {"asks": "passed", "ring": "canary"}"#,
    );
    note(
        "3-c-1.json",
        r#""asks": {"asks": "approve", "statement": "I approve this rollout."}"#,
    );
    note(
        "4-d-1.json",
        r#""asks": {"asks": "pause", "reason": "lunch"}"#,
    );
    at(&world, "12:02:00", &["advance"]).code(0);
    let found = status(&world, "12:03:00");
    assert!(found["rings"][0]["passed"].is_null(), "{found:#}");
    let history = at(&world, "12:03:00", &["history", "hello"]).code(0).stdout;
    assert!(history.contains("lunch"), "{history}");
    assert!(!history.contains("approves"), "{history}");
    assert_eq!(suite(&world, "canary"), "1.0", "it is paused");
}

#[test]
fn a_command_that_cannot_count_is_known_at_the_start() {
    let world = world();
    for (count, want) in [
        ("", "sees no host"),
        ("total nonsense\n", "cannot say what hosts run"),
    ] {
        world.write("canary.count", count);
        let mut words = START.to_vec();
        words.push("--dry-run");
        mentions(&at(&world, "12:00:00", &words).code(0), &["canary", want]);
    }
    at(&world, "12:00:00", &START).code(0);
    // It waits, says why, and goes on.
    at(&world, "12:00:00", &["advance"]).code(0);
    at(&world, "12:05:00", &["advance"]).code(0);
    world.write("canary.count", "a 1.1\n");
    at(&world, "13:00:00", &["advance"]).code(0);
    let found = status(&world, "13:00:00");
    assert!(!found["rings"][0]["soak_until"].is_null(), "{found:#}");
}
