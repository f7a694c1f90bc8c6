//! What an operator sees of a rollout: what stands against it and what to do, one
//! moment in one format, the way back by its own words, a screen of any size.

use debcut::rollout::event::Event;
use debcut::rollout::policy::Approval;
use serde_json::Value;

use crate::rollout_samples::{Story, at, host};
use crate::world::{Ran, World};

fn seen(world: &World, state: &std::path::Path, now: &str, words: &[&str]) -> Ran {
    let words = ["rollout"].iter().chain(words);
    let call = world.debcut(words).env("DEBCUT_STATE", state);
    call.env("DEBCUT_NOW", now).run()
}

fn story() -> Story {
    Story::new("a fix for the parser", Approval::NotNeeded)
}

/// Returns the JSON and the text of one rollout's status.
fn status(story: &Story, now: &str) -> (Value, String) {
    let world = World::new();
    let state = story.write(&world);
    let json = seen(&world, &state, now, &["status", "--json"]).code(0);
    let text = seen(&world, &state, now, &["status"]).code(0).stdout;
    let json = json.document("debcut/rollout-status/1");
    for finding in json["findings"].as_array().expect("a list") {
        let fix = finding["fix"].as_str().expect("text");
        assert!(text.contains(fix), "{fix:?} in\n{text}");
    }
    (json, text)
}

fn rules(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("a list");
    findings
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect()
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn a_halted_rollout_says_what_to_do() {
    let mut halted = story();
    halted.canaries().halted();
    let (json, text) = status(&halted, "2025-06-03T09:30:00Z");
    assert_eq!(
        rules(&json),
        ["halted", "host-failed", "host-failed", "host-unreachable"],
        "{json:#}"
    );
    let rollout = &json["rollouts"][0];
    let commands = rollout["commands"].as_array().expect("a list");
    let commands: Vec<_> = commands.iter().map(|one| &one["command"]).collect();
    assert_eq!(
        commands,
        [
            "debcut rollout rollback hello_1.2-1",
            "debcut rollout resume hello_1.2-1",
            "debcut rollout advance hello_1.2-1"
        ]
    );
    contains(
        &text,
        &[
            "halted: 2 hosts failed in ring early, 0 may",
            "2025-06-03 09:00:30 UTC",
            "next: it is halted, until somebody resumes it or rolls it back",
            "it is asked again by itself",
        ],
    );
    assert!(!text.contains("T09:"), "one format:\n{text}");
    assert!(!text.contains("ends:"), "nothing goes on:\n{text}");
}

#[test]
fn who_would_go_back_is_told_with_what_each_gets() {
    let world = World::new();
    let mut halted = story();
    halted.canaries().halted();
    let state = halted.write(&world);
    let before = world.listing();
    let words = ["rollback", "--dry-run", "--json"];
    let plan = seen(&world, &state, "2025-06-03T09:30:00Z", &words).code(0);
    assert_eq!(world.listing(), before);
    let plan = plan.document("debcut/rollout-rollback/1");
    assert_eq!(plan["dry_run"], true);
    let hosts = plan["hosts"].as_array().expect("a list");
    // Both canaries, five that have it, two that failed.
    assert_eq!(
        (hosts.len(), &plan["untouched"]),
        (9, &85.into()),
        "{plan:#}"
    );
    let package = &hosts[0]["packages"][0];
    assert_eq!(
        (&hosts[0]["name"], &package["from"], &package["to"]),
        (
            &"canary01.example.org".into(),
            &"1.2-1".into(),
            &"1.1-1".into()
        )
    );
    assert_eq!(
        plan["suites"],
        serde_json::json!(["canary", "early", "incoming", "stable"])
    );
    let words = ["rollback", "--dry-run"];
    let text = seen(&world, &state, "2025-06-03T09:30:00Z", &words)
        .code(0)
        .stdout;
    contains(
        &text,
        &["hello_1.2-1 would go back", "85 hosts were never touched"],
    );
    assert!(!text.contains("next:"), "{text}");
}

#[test]
fn the_way_back_has_words_of_its_own() {
    let mut back = story();
    back.canaries().halted();
    back.add(
        "2025-06-03T09:40:00Z",
        Event::RollbackBegun { reason: None },
    );
    let (json, text) = status(&back, "2025-06-03T09:41:00Z");
    let rings = &json["rollouts"][0]["rings"];
    let states = [0, 1, 2].map(|at| rings[at]["state"].as_str().expect("text"));
    assert_eq!(
        states,
        ["going back", "going back", "untouched"],
        "{json:#}"
    );
    let hosts = &rings[2]["hosts"];
    assert_eq!(
        (&hosts["untouched"], &hosts["skipped"]),
        (&80.into(), &0.into())
    );
    contains(&text, &["UNTOUCHED", "next: the version leaves"]);
    assert!(!text.contains("passed"), "{text}");
    let world = World::new();
    let state = back.write(&world);
    let words = ["converge", "--archive", "../apt", "--json"];
    // Without the archive nothing is done; what is refused is refused before.
    let refused = seen(&world, &state, "2025-06-03T09:41:00Z", &words);
    assert_ne!(refused.code, 0, "{}", refused.stdout);
}

#[test]
fn a_pause_says_that_the_soak_runs_on() {
    let mut paused = story();
    paused.canaries();
    // The gate is not passed yet.
    paused.entries.pop();
    let (json, text) = status(&paused, "2025-06-02T09:00:00Z");
    let rollout = &json["rollouts"][0];
    assert_eq!(rollout["next_at"], "2025-06-03T08:31:00Z");
    contains(
        &text,
        &[
            "ring canary soaks until 2025-06-03 08:31 UTC (in 23 h 31 min), then ring early \
             opens: 12 hosts",
            "ends: 2025-06-04 02:31 UTC at the earliest",
        ],
    );
    let reason = Some("lunch".to_owned());
    paused.add("2025-06-02T09:00:00Z", Event::Paused { reason });
    let (json, text) = status(&paused, "2025-06-02T09:00:00Z");
    assert!(json["rollouts"][0]["earliest_end"].is_null(), "{json:#}");
    contains(
        &text,
        &[
            "paused: lunch",
            "ring canary's soak runs on, until 2025-06-03 08:31 UTC",
            "debcut rollout resume hello_1.2-1 goes on",
        ],
    );
}

#[test]
fn who_is_left_out_is_named_with_why_and_by_whom() {
    let mut done = story();
    let out = host("node07.example.org");
    let reason = "its disk is replaced".to_owned();
    done.canaries();
    done.add(
        "2025-06-03T08:35:00Z",
        Event::Excluded { host: out, reason },
    );
    let (json, text) = status(&done, "2025-06-03T09:30:00Z");
    let left_out = &json["rollouts"][0]["left_out"][0];
    assert_eq!(left_out["name"], "node07.example.org", "{json:#}");
    assert_eq!(left_out["by"], "ada@control");
    let line = "left out: node07.example.org, by ada@control: its disk is replaced";
    contains(&text, &[line]);
    let world = World::new();
    let state = done.write(&world);
    let words = ["status", "hello", "--html", "page.html"];
    seen(&world, &state, "2025-06-03T09:30:00Z", &words).code(0);
    let page = std::fs::read_to_string(world.project().join("page.html")).expect("a page");
    contains(&page, &["Left out", "its disk is replaced", "ada@control"]);
}

#[test]
fn who_was_left_out_is_taken_in_again() {
    let world = World::new();
    let mut story = story();
    let out = host("node07.example.org");
    let reason = "its disk is replaced".to_owned();
    story.canaries();
    story.add(
        "2025-06-03T08:35:00Z",
        Event::Excluded { host: out, reason },
    );
    let state = story.write(&world);
    let now = "2025-06-03T09:30:00Z";
    let words = [
        "include",
        "node07.example.org",
        "--reason",
        "it is new",
        "--json",
    ];
    let dry: Vec<&str> = words.iter().copied().chain(["--dry-run"]).collect();
    seen(&world, &state, now, &dry).code(0);
    let said = seen(&world, &state, now, &words).code(0);
    let said = said.document("debcut/rollout-include/1");
    assert_eq!(said["changed"], true, "{said:#}");
    let again = seen(&world, &state, now, &words).code(0);
    assert_eq!(again.document("debcut/rollout-include/1")["changed"], false);
    let json = seen(&world, &state, now, &["status", "--json"]).code(0);
    let json = json.document("debcut/rollout-status/1");
    assert_eq!(json["rollouts"][0]["left_out"], serde_json::json!([]));
    assert_eq!(json["rollouts"][0]["rings"][2]["hosts"]["waiting"], 80);
    let wrong = seen(&world, &state, now, &["include", "node99"]).code(2);
    wrong.says(&["node99"]);
}

#[test]
fn what_failed_outside_is_told_until_a_step_is_done() {
    let mut stuck = story();
    let doing = "the rehearsal".to_owned();
    let why = "no mirror answers".to_owned();
    stuck.add("2025-06-02T08:05:00Z", Event::Stuck { doing, why });
    let (json, text) = status(&stuck, "2025-06-02T08:15:00Z");
    assert_eq!(rules(&json), ["stuck"], "{json:#}");
    contains(
        &text,
        &[
            "the rehearsal failed: no mirror answers",
            "--skip-rehearsal REASON",
        ],
    );
    stuck.rehearsed("2025-06-02T08:20:00Z");
    let (json, _) = status(&stuck, "2025-06-02T08:25:00Z");
    assert_eq!(rules(&json), Vec::<&str>::new(), "{json:#}");
}

#[test]
fn what_the_controller_has_wrong_is_no_host_that_is_away() {
    let mut away = story();
    away.canaries();
    away.opened("2025-06-03T08:40:00Z", "early", "early");
    for (name, why) in [
        (
            "web01.example.org",
            "the host key is not known: connect once with ssh web01",
        ),
        (
            "web02.example.org",
            "ssh: connect to host web02 port 22: No route to host",
        ),
    ] {
        let (host, why) = (host(name), why.to_owned());
        away.add("2025-06-03T08:50:00Z", Event::Silent { host, why });
    }
    let (json, _) = status(&away, "2025-06-03T08:51:00Z");
    assert_eq!(
        rules(&json),
        ["controller-ssh", "host-unreachable"],
        "{json:#}"
    );
    let reason = Some("enough".to_owned());
    away.add("2025-06-03T08:52:00Z", Event::Aborted { reason });
    let (json, text) = status(&away, "2025-06-03T08:53:00Z");
    assert_eq!(rules(&json).len(), 2);
    assert!(!text.contains("converge"), "it has ended:\n{text}");
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let world = World::new();
    let nowhere = world.path("nowhere");
    let ran = seen(
        &world,
        &nowhere,
        "2025-06-03T08:53:00Z",
        &["status", "--json"],
    )
    .code(0);
    let document = ran.document("debcut/rollout-status/1");
    assert_eq!(rules(&document), ["no-journals"]);
    let mut done = story();
    done.canaries().done();
    let state = done.write(&world);
    let words = ["skip-soak", "hello_1.2-1", "--reason", "now"];
    let ran = seen(&world, &state, "2025-06-06T08:53:00Z", &words).code(2);
    ran.says(&["has ended, so nothing of it soaks any more"]);
}

#[test]
fn several_open_rollouts_each_say_what_comes_next() {
    let world = World::new();
    let mut first = story();
    first.canaries();
    let state = first.write(&world);
    let mut journal = debcut::rollout::journal::Journal::create(
        &state,
        &"hello_1.2-1_2".parse().expect("a name"),
        "ada@control",
    )
    .expect("a journal");
    let Event::Planned {
        target,
        policy,
        reason,
        profile,
        ..
    } = first.entries[0].event.clone()
    else {
        panic!("it is planned first");
    };
    let id = "hello_1.2-1_2".parse().expect("a name");
    let planned = Event::Planned {
        id,
        target,
        policy,
        reason,
        profile,
        after: None,
    };
    let when = at("2025-06-03T08:00:00Z");
    journal
        .append(planned, when, "ada@control")
        .expect("written");
    drop(journal);
    let text = seen(&world, &state, "2025-06-03T08:53:00Z", &["status"])
        .code(0)
        .stdout;
    contains(
        &text,
        &[
            "debcut rollout status hello_1.2-1\n",
            "debcut rollout status hello_1.2-1_2\n",
            "next: ring early opens",
            "next: the way there and back is rehearsed",
        ],
    );
}

/// Runs what follows in a pseudo-terminal, resizes that, and presses Ctrl-C.
const WATCHED: &str = r#"
import fcntl, os, pty, select, signal, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.environ.pop("NO_COLOR", None)
    os.execvp(sys.argv[1], sys.argv[1:])
def size(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
def read(seconds):
    out, end = b"", time.time() + seconds
    while time.time() < end:
        ready, _, _ = select.select([fd], [], [], 0.1)
        if ready:
            try:
                out += os.read(fd, 65536)
            except OSError:
                break
        if out and not ready:
            break
    return out
size(24, 60)
first = read(20)
size(50, 120)
second = read(20)
os.write(fd, b"\x03")
last, ended, code = b"", time.time() + 20, None
while code is None and time.time() < ended:
    last += read(0.2)
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        code = os.waitstatus_to_exitcode(status)
last += read(0.2)
import json
print(json.dumps([first.decode(), second.decode(), last.decode(), code]))
"#;

#[test]
fn a_watched_screen_fits_and_is_given_back() {
    let world = World::new();
    let mut halted = story();
    halted.canaries().halted();
    let state = halted.write(&world);
    let mut python = crate::world::tool("python3", "python3");
    python.args(["-c", WATCHED, env!("CARGO_BIN_EXE_debcut")]);
    python.args([
        "rollout", "status", "--watch", "--color", "never", "--state",
    ]);
    python.arg(&state);
    let said = world.judge(python).code(0).stdout;
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let part = |at: usize| said[at].as_str().expect("text");
    let (first, second, last) = (part(0), part(1), part(2));
    assert!(first.starts_with("\u{1b}[?1049h\u{1b}[?25l"), "{first:?}");
    for (drawn, rows) in [(first, 24), (second, 50)] {
        let screen = drawn.rsplit("\u{1b}[H").next().expect("a screen");
        assert!(screen.split("\r\n").count() <= rows, "{screen}");
        contains(screen, &["next:", "debcut rollout rollback"]);
        assert!(
            !drawn.contains("\u{1b}[2J"),
            "a screen that is cleared flickers"
        );
    }
    contains(last, &["\u{1b}[?25h\u{1b}[?1049l", "next:"]);
    assert_eq!(said[3], 0, "{said:#}");
}
