//! Deployment requests and who approves them.

use debcut::flow::rolling::delivering::Courier;
use debcut::flow::rolling::requesting::{self, Asking};
use debcut::model::Fingerprint;
use debcut::rollout::event::Event;
use debcut::rollout::plan;
use debcut::rollout::policy::Approval;
use debcut::rollout::telling::{Destination, Form};
use debcut::sys::environment::Environment;
use serde_json::Value;

use crate::rollout_samples::{Story, at, id};
use crate::world::World;

fn needed(count: u32, keys: &[&str]) -> Approval {
    Approval::Needed {
        count,
        keys: keys
            .iter()
            .map(|&key| Fingerprint::new(key).expect("a fingerprint"))
            .collect(),
    }
}

/// Plans and rehearses a rollout, and asks; the journal is in `state`.
fn asked(world: &World, approval: Approval, form: Form) -> Story {
    let mut story = Story::new("a fix for the parser", approval);
    story.rehearsed("2025-06-02T08:10:00Z");
    let directory = world.path("state").join(id().to_string());
    std::fs::create_dir_all(&directory).expect("a directory");
    let environment = Environment::new(&directory, [("PATH", "/usr/bin:/bin")]);
    let top = world.path("tmp");
    let courier = Courier {
        environment: &environment,
        directory: &top,
    };
    let asking = Asking {
        form,
        to: Some(Destination::File("sent".into())),
        notes: None,
        changes: Some("hello (1.2-1) stable; urgency=high\n\n  * A fix.\n".to_owned()),
    };
    let (rollout, now) = (story.rollout(), at("2025-06-02T08:15:00Z"));
    let next = plan::next(&rollout, now);
    let state = (&rollout, story.entries.as_slice());
    let made = requesting::request(&courier, &asking, &directory, state, (&next, now));
    let request = made.expect("a request").digest;
    story.add("2025-06-02T08:15:00Z", Event::Requested { request });
    story.write(world);
    story
}

fn words<'a>(state: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["rollout", "approve", "hello", "--state", state];
    words.extend(more);
    words
}

/// The worlds' clock stands before these rollouts.
const LATER: &str = "2025-06-02T09:00:00Z";

#[test]
fn a_request_says_what_is_asked_and_an_approval_is_for_it_alone() {
    let world = World::new();
    let key = world.key();
    let story = asked(&world, needed(1, &[&key]), Form::Markdown);
    let sent = std::fs::read_to_string(world.path("tmp/sent")).expect("sent");
    for part in [
        "# Request to roll out hello 1.2-1",
        "`hello_1.2-1`",
        "a fix for the parser",
        "the rehearsal went well",
        "incoming@41",
        "at the earliest",
        "| Hosts | 94 |",
        "**canary**: canary01.example.org, canary02.example.org, suites canary; 1 at a time, soaks 1 d",
        "check errors: on the controller: ./error-rate --below 1%",
        "  * A fix.",
    ] {
        assert!(sent.contains(part), "{part:?} in\n{sent}");
    }
    let state = world.path("state");
    let state = state.to_str().expect("text");
    let run = |more: &[&str]| {
        world
            .debcut(words(state, more))
            .env("DEBCUT_NOW", LATER)
            .run()
    };
    let before = world.listing();
    let plan = run(&["--dry-run", "--json"]).code(0);
    let plan = plan.document("debcut/rollout-approve/1");
    assert_eq!(plan["request"], story.rollout().request.expect("asked"));
    assert_eq!(world.listing(), before);
    // A text that is the request of another rollout is not signed for this one.
    let other = world.path("other.md");
    std::fs::write(&other, sent.replace("hello_1.2-1", "hello_1.2-2")).expect("written");
    let other = other.to_str().expect("text");
    let ran = world
        .run(["rollout", "approve", "hello_1.2-1", "--request", other])
        .code(1);
    assert!(
        ran.stdout.contains("the request of hello_1.2-2"),
        "{}",
        ran.stdout
    );
    // Nor one that is not what was asked by, where that is known.
    std::fs::write(other, sent.replace("94", "9")).expect("written");
    let ran = run(&["--request", other]).code(2);
    assert!(ran.stderr.contains("no-rollout") || ran.stderr.contains("hello"));
    let ran = world
        .run([
            "rollout",
            "approve",
            "hello_1.2-1",
            "--request",
            other,
            "--state",
            state,
        ])
        .code(1);
    assert!(
        ran.stdout.contains("is not the request that was made"),
        "{}",
        ran.stdout
    );
    // On a machine that has the key and the request, and nothing else.
    let out = world.path("approval.asc");
    let out = out.to_str().expect("text");
    let request = world.path("tmp/sent");
    let elsewhere = [
        "rollout",
        "approve",
        "hello_1.2-1",
        "--request",
        request.to_str().expect("text"),
        "--out",
        out,
        "--key",
        &key,
    ];
    world
        .debcut(elsewhere)
        .env("DEBCUT_NOW", LATER)
        .run()
        .code(0);
    let statement = std::fs::read_to_string(out).expect("a statement");
    assert!(statement.contains("Rollout: hello_1.2-1\n"), "{statement}");
    // gpg agrees that it is signed.
    let keyring = world.keyring();
    let mut gpgv = crate::world::tool("gpgv", "gpgv");
    gpgv.arg("--keyring").arg(keyring).arg(out);
    world.judge(gpgv).code(0);
    // Tampered, it counts for nothing; whole, it does, once.
    let forged = statement.replace("Rollout: hello_1.2-1", "Rollout: hello_1.2-1_2");
    std::fs::write(world.path("forged.asc"), forged).expect("written");
    let forged = world.path("forged.asc");
    let ran = run(&["--statement", forged.to_str().expect("text"), "--json"]).code(1);
    let document = ran.document("debcut/rollout-approve/1");
    let message = document["findings"][0]["message"]
        .as_str()
        .expect("a message");
    assert!(message.contains("does not match the content"), "{message}");
    let done = run(&["--statement", out, "--json"]).code(0);
    let done = done.document("debcut/rollout-approve/1");
    let found = (
        &done["changed"],
        &done["key"],
        &done["approvals"],
        &done["needed"],
    );
    assert_eq!(
        found,
        (&true.into(), &key.as_str().into(), &1.into(), &1.into())
    );
    let again = run(&["--statement", out, "--json"]).code(0);
    assert_eq!(again.document("debcut/rollout-approve/1")["changed"], false);
    // Who looks at the journal later sees who approved what.
    let history = world
        .debcut(["rollout", "history", "hello", "--state", state])
        .run();
    assert!(history.code(0).stdout.contains(&format!("{key} approves")));
}

#[test]
fn who_may_not_approve_is_told_so() {
    let world = World::new();
    let mine = world.key();
    asked(
        &world,
        needed(1, &["0123456789ABCDEF0123456789ABCDEF01234567"]),
        Form::Text,
    );
    let state = world.path("state");
    let state = state.to_str().expect("text");
    let run = |more: &[&str]| {
        world
            .debcut(words(state, more))
            .env("DEBCUT_NOW", LATER)
            .run()
    };
    let ran = run(&["--json"]).code(1);
    let document: Value = ran.document("debcut/rollout-approve/1");
    let message = document["findings"][0]["message"]
        .as_str()
        .expect("a message");
    assert!(
        message.contains(&format!("key {mine} is none of those that may approve")),
        "{message}"
    );
    // A request that was changed where it is kept is not signed blindly.
    let directory = world.path("state").join(id().to_string());
    let kept = std::fs::read_dir(&directory).expect("listed");
    let kept = kept.map(|entry| entry.expect("listed").path());
    let mut requests = kept.filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let request = requests.next().expect("a request");
    let text = std::fs::read_to_string(&request).expect("read");
    assert!(
        text.starts_with("Request to roll out hello 1.2-1\n"),
        "{text}"
    );
    std::fs::write(&request, text.replace("hello 1.2-1", "hello 1.2-2")).expect("written");
    let ran = run(&[]).code(1);
    assert!(
        ran.stdout.contains("is not the request that was made"),
        "{}",
        ran.stdout
    );
    world
        .debcut(["rollout", "approve", "other", "--state", state])
        .run()
        .code(2);
}

#[test]
fn nobody_is_asked_before_the_rehearsal() {
    let world = World::new();
    world.key();
    let mut story = Story::new("x", needed(1, &[]));
    story.write(&world);
    let state = world.path("state");
    let state = state.to_str().expect("text");
    let ran = world.run(words(state, &[])).code(1);
    assert!(
        ran.stdout.contains("nobody was asked to approve it yet"),
        "{}",
        ran.stdout
    );
    story.rehearsed("2025-06-02T08:10:00Z");
}

#[test]
fn requests_for_programs_and_chats_are_json() {
    for (form, field, want) in [
        (Form::Json, "/schema", "debcut/rollout-request/1"),
        (
            Form::Slack,
            "/text",
            "Somebody is asked to approve hello 1.2-1",
        ),
    ] {
        let world = World::new();
        asked(&world, needed(1, &[]), form);
        let sent = std::fs::read_to_string(world.path("tmp/sent")).expect("sent");
        let sent: Value = serde_json::from_str(&sent).expect("JSON");
        assert_eq!(
            sent.pointer(field).and_then(Value::as_str),
            Some(want),
            "{sent:#}"
        );
    }
}
