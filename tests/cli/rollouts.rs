//! The verbs of rollouts without any host: plans, refusals, a pull ring from its
//! opening to the way back, words that reach a controller that runs.

use std::path::PathBuf;

use serde_json::Value;

use crate::world::{Ran, World, finished};

/// Packs a package of this version.
pub fn package(world: &World, version: &str) -> PathBuf {
    let control = format!(
        "Package: hello\nVersion: {version}\nArchitecture: all\n\
         Maintainer: Ada Example <ada@example.org>\nDescription: says hello\n so.\n"
    );
    world.write("tree/DEBIAN/control", control);
    let file = world.path(&format!("hello_{version}_all.deb"));
    let out = file.to_str().expect("text").to_owned();
    let call = world.debcut(["deb", "pack", "tree", "--out", &out]);
    call.env("SOURCE_DATE_EPOCH", "1748700000").run().code(0);
    file
}

/// An archive with 1.0 everywhere and 1.1 where versions enter, and rings of
/// hosts that update themselves.
pub fn world() -> World {
    let world = World::new();
    world.key();
    let suites = "incoming,canary,stable";
    world
        .run(["archive", "init", "../apt", "--suite", suites])
        .code(0);
    let add = |version: &str| {
        let file = package(&world, version);
        let file = file.to_str().expect("text");
        let to = [
            "archive",
            "add",
            file,
            "--to",
            "incoming",
            "--archive",
            "../apt",
        ];
        world.run(to).code(0);
    };
    add("1.0");
    for suite in ["canary", "stable"] {
        let to = [
            "archive", "promote", "hello", "--from", "incoming", "--to", suite,
        ];
        world
            .debcut(to)
            .env("DEBCUT_ARCHIVE", "../apt")
            .run()
            .code(0);
    }
    add("1.1");
    world.write(
        "rings.toml",
        "from = 'incoming'\n\
         [[ring]]\nname = 'canary'\nsuite = 'canary'\nsoak = '2h'\n\
         pull = { observe = 'cat canary.count', every = '1m' }\n\
         [[ring]]\nname = 'everyone'\nsuite = 'stable'\nsoak = '1h'\n\
         pull = { observe = 'cat everyone.count', every = '1m' }\n\
         [[check]]\nname = 'errors'\ncontroller = 'test ! -e errors'\n",
    );
    world.write("canary.count", "a 1.0\n");
    world.write("everyone.count", "b 1.0\nc 1.0\n");
    world
}

pub fn at(world: &World, time: &str, words: &[&str]) -> Ran {
    let words = ["rollout"].iter().chain(words);
    let call = world.debcut(words).env("DEBCUT_STATE", world.path("state"));
    call.env("DEBCUT_NOW", format!("2025-06-02T{time}Z")).run()
}

pub const START: [&str; 7] = [
    "start",
    "hello=1.1",
    "--rings",
    "rings.toml",
    "--archive",
    "../apt",
    "--skip-rehearsal=no scripts",
];

pub fn suite(world: &World, suite: &str) -> String {
    let list = ["archive", "list", suite, "--archive", "../apt", "--json"];
    let ran = world.run(list).code(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    // Older ones stay for those who go back; the newest is what hosts take.
    let packages = document["suites"][0]["packages"].as_array();
    let newest = packages.and_then(|all| all.last());
    let version = newest.and_then(|newest| newest["version"].as_str());
    version.unwrap_or_else(|| panic!("{document:#}")).to_owned()
}

pub fn status(world: &World, time: &str) -> Value {
    let ran = at(world, time, &["status", "hello", "--json"]).code(0);
    ran.document("debcut/rollout-status/1")["rollouts"][0].clone()
}

#[test]
fn a_pull_ring_goes_there_and_back() {
    let world = world();
    let dry: Vec<&str> = START
        .iter()
        .copied()
        .chain(["--dry-run", "--json"])
        .collect();
    let before = world.listing();
    let planned = at(&world, "12:00:00", &dry)
        .code(0)
        .document("debcut/rollout-start/1");
    assert_eq!(world.listing(), before);
    assert_eq!(planned["earliest_end"], "2025-06-02T15:00:00Z");
    assert_eq!(
        planned["rings"][0]["checks"][0],
        "errors (here: test ! -e errors)"
    );
    at(&world, "12:00:00", &START).code(0);
    let again = at(&world, "12:00:00", &START).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    // Nothing was done yet; one step opens and counts.
    assert_eq!(suite(&world, "canary"), "1.0");
    let opened = at(&world, "12:00:00", &["advance", "--json"]).code(0);
    let opened = opened.document("debcut/rollout-advance/1");
    assert_eq!(opened["ending"], "waiting", "{opened:#}");
    assert_eq!(opened["until"], "2025-06-02T12:01:00Z");
    assert_eq!(
        (suite(&world, "canary"), suite(&world, "stable")),
        ("1.1".into(), "1.0".into())
    );
    // For cron: nothing has changed, so nothing is said.
    let quiet = at(&world, "12:00:30", &["advance", "--quiet"]).code(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    world.write("canary.count", "a 1.1\n");
    at(&world, "13:00:00", &["advance"]).code(0);
    let soaking = status(&world, "13:30:00");
    assert_eq!(
        soaking["rings"][0]["soak_until"], "2025-06-02T15:00:00Z",
        "{soaking:#}"
    );
    assert_eq!(soaking["rings"][0]["soak_left_seconds"], 5400);
    // A pause withdraws it from the ring and not from where it entered.
    let paused = at(
        &world,
        "13:30:00",
        &["pause", "--reason", "lunch", "--json"],
    )
    .code(0);
    let paused = paused.document("debcut/rollout-pause/1");
    assert_eq!(paused["findings"], serde_json::json!([]), "{paused:#}");
    assert_eq!(
        (suite(&world, "canary"), suite(&world, "incoming")),
        ("1.0".into(), "1.1".into())
    );
    at(&world, "13:40:00", &["resume"])
        .code(2)
        .says(&["paused: lunch", "--yes"]);
    at(&world, "13:40:00", &["resume", "--yes"]).code(0);
    at(&world, "13:40:00", &["advance"]).code(0);
    assert_eq!(suite(&world, "canary"), "1.1");
    // The check fails: it halts, and says so by its exit code.
    world.write("errors", "");
    let halted = at(&world, "13:50:00", &["advance", "--json"]).code(1);
    let halted = halted.document("debcut/rollout-advance/1");
    assert_eq!(halted["findings"][0]["rule"], "halted", "{halted:#}");
    // At once: nobody takes it from the ring any more.
    assert_eq!(suite(&world, "canary"), "1.0");
    assert_eq!(suite(&world, "stable"), "1.0", "ring two was never opened");
    at(&world, "13:55:00", &["rollback"])
        .code(2)
        .says(&["--yes"]);
    at(
        &world,
        "13:55:00",
        &["rollback", "--yes", "--reason", "errors"],
    )
    .code(1)
    .says(&["1 host that updates itself still has it, in canary"]);
    for name in ["incoming", "canary", "stable"] {
        assert_eq!(suite(&world, name), "1.0", "{name}");
    }
    // Who updates itself keeps it, until something newer takes it from it.
    assert_eq!(status(&world, "14:00:00")["state"], "blocked");
    world.write("canary.count", "a 1.0\n");
    at(&world, "14:00:00", &["resume", "--yes"]).code(0);
    at(&world, "14:00:00", &["advance"]).code(0);
    assert_eq!(status(&world, "14:00:00")["state"], "rolled back");
    let pins = ["archive", "pins", "--archive", "../apt"];
    assert!(world.run(pins).code(0).stdout.contains("no pins"));
    let history = at(&world, "14:00:00", &["history", "hello"]).code(0);
    assert!(
        history.stdout.contains("all goes back: errors"),
        "{}",
        history.stdout
    );
}

#[test]
fn a_word_reaches_a_controller_that_runs() {
    let world = world();
    at(&world, "12:00:00", &START).code(0);
    let words = ["rollout", "advance", "--watch", "--json"];
    let watch = world.debcut(words).env("DEBCUT_STATE", world.path("state"));
    let watch = watch.env("DEBCUT_NOW", "2025-06-02T12:00:00Z").start();
    // It controls the rollout once the ring is open.
    for _ in 0..200 {
        let found = status(&world, "12:00:00");
        if !found["rings"][0]["opened"].is_null() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let second = at(&world, "12:00:00", &["advance"]).code(3);
    second.says(&["is controlled by process", "pause, resume"]);
    at(&world, "12:00:01", &["abort", "--reason", "enough"]).code(0);
    let ended = crate::world::finished(watch.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let lines = ended.stdout.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect(line);
        assert_eq!(line["schema"], "debcut/rollout-advance/1");
        line["ending"].as_str().expect("text").to_owned()
    });
    let endings: Vec<_> = lines.collect();
    let (last, others) = endings.split_last().expect("lines");
    assert!(others.len() > 2 && last == "over", "{endings:?}");
    assert!(others.iter().all(|one| one == "running"), "{endings:?}");
    let found = status(&world, "12:10:00");
    assert_eq!(found["state"], "aborted", "{found:#}");
    let again = at(&world, "12:10:00", &["abort"]).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

#[test]
fn of_two_that_start_at_once_one_does() {
    let world = world();
    let words = ["rollout"].iter().chain(&START);
    let start = || {
        let call = world.debcut(words.clone());
        let call = call.env("DEBCUT_STATE", world.path("state"));
        call.env("DEBCUT_NOW", "2025-06-02T12:00:00Z").start()
    };
    let both = [start(), start()];
    let said = both.map(|child| {
        finished(child.wait_with_output().expect("it ends"))
            .code(0)
            .stdout
    });
    let nothing = said.iter().filter(|said| said.contains("nothing to do"));
    assert_eq!(nothing.count(), 1, "{said:#?}");
    let all = at(&world, "12:00:00", &["history", "--json"]).code(0);
    let all = all.document("debcut/rollout-history/1");
    assert_eq!(all["rollouts"].as_array().map(Vec::len), Some(1), "{all:#}");
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let world = world();
    let archive = ["--archive", "../apt", "--from", "incoming"];
    let start = |more: &[&str]| {
        let words: Vec<&str> = ["start"]
            .iter()
            .chain(more)
            .chain(&archive)
            .copied()
            .collect();
        at(&world, "12:00:00", &words)
    };
    start(&["hello"])
        .code(2)
        .says(&["nobody says which hosts", "--hosts a,b,c"]);
    start(&["hello=9"])
        .code(2)
        .says(&["hello 9 is not in incoming, which has 1.0, 1.1"]);
    start(&["hello", "--hosts", "a", "--emergency"])
        .code(2)
        .says(&["demands a reason"]);
    at(&world, "12:00:00", &["start", "--archive", "../apt"])
        .code(2)
        .says(&["neither a package", "--from SUITE"]);
    // What the environment holds was not typed.
    let words = ["rollout", "start", "--nonsense"];
    let wrong = world.debcut(words).env("DEBCUT_ARCHIVE", "../apt");
    let wrong = wrong.env("DEBCUT_PROGRESS", "never").run().code(2);
    assert!(!wrong.stderr.contains("--progress"), "{}", wrong.stderr);
    let twice = start(&["hello", "--hosts", "a,a,b", "--dry-run", "--json"]).code(0);
    let twice = twice.document("debcut/rollout-start/1");
    assert_eq!(twice["findings"][0]["rule"], "named-twice", "{twice:#}");
    start(&["hello", "--hosts", "a", "--profile", "x"])
        .code(2)
        .says(&["there is emergency"]);
    start(&["hello", "--hosts", "@web"])
        .code(2)
        .says(&["none is named", "inventory ="]);
    at(&world, "12:00:00", &["advance"])
        .code(2)
        .says(&["no rollout in", "rollout start"]);
    let bare = ["start", "hello", "--hosts", "a", "--archive", "../apt"];
    at(&world, "12:00:00", &bare)
        .code(2)
        .says(&["say which", "--from SUITE"]);
    world.write("wrong.toml", "\nsoke = '1h'\n");
    let wrong = start(&["hello", "--rings", "wrong.toml"]).code(2);
    wrong.says(&["wrong.toml:2: unknown key “soke”", "soak"]);
    let three = start(&[
        "hello",
        "--hosts",
        "a,b,c",
        "--emergency",
        "--reason=CVE",
        "--json",
    ]);
    let planned = three.code(0).document("debcut/rollout-start/1");
    let hosts = |ring: usize| planned["rings"][ring]["hosts"].clone();
    assert_eq!(
        (hosts(0), hosts(1)),
        (serde_json::json!(["a"]), serde_json::json!(["b", "c"]))
    );
    assert_eq!(planned["rings"][0]["soak_seconds"], 600);
    assert_eq!(planned["rehearsal"], "skipped: emergency: CVE");
    // What is there goes on as it was started; who wants it otherwise is told.
    let same = ["hello", "--hosts", "a,b,c", "--emergency", "--reason=CVE"];
    let again = start(&same).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let words = [
        "hello",
        "--hosts",
        "a,b,c",
        "--skip-rehearsal",
        "no mirror",
        "--json",
    ];
    let otherwise = start(&words).code(1).document("debcut/rollout-start/1");
    let finding = &otherwise["findings"][0];
    assert_eq!(finding["rule"], "started-otherwise", "{otherwise:#}");
    let message = finding["message"].as_str().expect("text");
    assert!(
        message.ends_with("the profile, the rehearsal, the rings"),
        "{message}"
    );
    for words in [
        ["skip-soak", "--reason", " "],
        ["abort", "--reason", ""],
        ["rollback", "--reason", ""],
    ] {
        let ran = at(&world, "12:00:00", &words);
        ran.code(2).says(&["a reason is for the record"]);
    }
    // One at a time, here and from any other directory of journals.
    world
        .run([
            "archive",
            "add",
            package(&world, "1.2").to_str().expect("text"),
            "--to",
            "incoming",
            "--archive",
            "../apt",
        ])
        .code(0);
    let refused = start(&["hello=1.2", "--hosts", "a"]).code(1);
    assert!(!refused.stdout.contains("next:"), "{}", refused.stdout);
    assert!(
        refused.stdout.ends_with("hello_1.2 was NOT STARTED\n"),
        "{}",
        refused.stdout
    );
    let dry = start(&["hello=1.2", "--hosts", "a", "--dry-run", "--json"]).code(1);
    let dry = dry.document("debcut/rollout-start/1");
    assert_eq!(
        (&dry["dry_run"], &dry["plan_digest"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert_eq!(dry["findings"][0]["rule"], "open-rollout", "{dry:#}");
    let second = start(&["hello=1.2", "--hosts", "a", "--json"]).code(1);
    let second = second.document("debcut/rollout-start/1");
    assert_eq!(second["findings"][0]["rule"], "open-rollout", "{second:#}");
    let words = [
        "rollout",
        "start",
        "hello=1.2",
        "--hosts",
        "a",
        "--json",
        "--archive",
        "../apt",
        "--from",
        "incoming",
    ];
    let elsewhere = world
        .debcut(words)
        .env("DEBCUT_STATE", world.path("other"))
        .run()
        .code(1);
    let elsewhere = elsewhere.document("debcut/rollout-start/1");
    assert_eq!(
        elsewhere["findings"][0]["rule"], "open-rollout",
        "{elsewhere:#}"
    );
    start(&["hello=1.2", "--hosts", "a", "--supersede", "replace"]).code(0);
    let history = at(&world, "12:00:00", &["history"]).code(0).stdout;
    let row = history.lines().find(|line| line.starts_with("hello_1.1 "));
    assert!(
        row.is_some_and(|row| row.contains("superseded")),
        "{history}"
    );
}
