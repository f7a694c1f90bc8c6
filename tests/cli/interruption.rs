//! Builds that are stopped, and builds whose own command fails.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::projects::COMMAND;
use crate::world::{World, finished};

/// Replaces the build command and tags again.
fn with_command(command: &str) -> World {
    let world = World::declared();
    world.edit("debcut.toml", COMMAND, command);
    world.commit("build: another command");
    world.git(&["tag", "--delete", "v1.2.0"]);
    world.tag("v1.2.0");
    world
}

/// Waits for a process to write its number into a file.
fn pid_in(file: &Path) -> Pid {
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(pid) = text.strip_suffix('\n').and_then(|pid| pid.parse().ok()) {
            return Pid::from_raw(pid).expect("numbers of processes are positive");
        }
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "the build did not start"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Tells whether a process is gone within some seconds.
fn ends(pid: Pid) -> bool {
    let started = Instant::now();
    while test_kill_process(pid).is_ok() {
        if started.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

#[test]
fn interrupted_build_leaves_nothing_and_can_be_run_again() {
    for signal in [Signal::INT, Signal::TERM] {
        // The command comes from the tag, so its files are outside of the world.
        let flags = tempfile::tempdir().expect("a directory");
        let at = flags.path().display();
        let command = format!(
            "test -e {at}/go || {{ sleep 300 & echo $! > {at}/child; echo $$ > {at}/shell; wait; }}; \
             {COMMAND}"
        );
        let world = with_command(&command);
        world.key();
        let before = world.listing();
        let debcut = world.debcut(["build", "--json"]).start();
        let (shell, child) = (
            pid_in(&flags.path().join("shell")),
            pid_in(&flags.path().join("child")),
        );
        let asked = Instant::now();
        let pid = Pid::from_raw(debcut.id() as i32).expect("it runs");
        kill_process(pid, signal).expect("it runs");
        let ran = finished(debcut.wait_with_output().expect("it ends")).code(4);
        assert!(
            asked.elapsed() < Duration::from_secs(20),
            "{:?}",
            asked.elapsed()
        );
        let document = ran.document("debcut/error/1");
        assert_eq!(document["kind"], "interrupted");
        ran.says(&["stopped while", "run the same command again"]);
        assert!(ends(shell) && ends(child), "nothing is left running");
        let mut after = world.listing();
        after.retain(|path, _| {
            !path.starts_with("project/.git/debcut") && path != Path::new("project/dist")
        });
        assert_eq!(after, before, "nothing is half-written");
        std::fs::write(flags.path().join("go"), "").expect("a file");
        let ran = world.run(["build", "--json"]).code(0);
        assert_eq!(ran.document("debcut/build/1")["changed"], true);
    }
}

#[test]
fn failing_command_is_a_no_with_its_last_words_and_log() {
    let world = with_command("echo first >&2; seq 100; echo 'it is not here: libx' >&2; exit 7");
    world.key();
    let ran = world.run(["build", "--json"]).code(1);
    let finding = &ran.document("debcut/build/1")["findings"][0];
    assert_eq!(finding["rule"], "build-failed");
    assert_eq!(finding["subject"], "tally 1.2.0");
    let message = finding["message"].as_str().expect("text");
    assert!(
        message.contains("ended with 7") && message.contains("it is not here: libx"),
        "{message}"
    );
    assert!(!message.contains("first"), "only the last lines: {message}");
    let fix = finding["fix"].as_str().expect("text");
    let log = fix.rsplit(' ').next().expect("a path");
    let log = std::fs::read_to_string(log).expect("the log is there");
    assert!(
        log.contains("first\n1\n2\n") && log.ends_with("it is not here: libx\n"),
        "{log}"
    );
    assert!(!world.project().join("dist/v1.2.0").exists());
    let text = world.run(["build"]).code(1).stdout;
    assert!(
        text.contains("error: tally 1.2.0") && text.contains("whole output is in"),
        "{text}"
    );
}

#[test]
fn failing_debian_build_is_a_no() {
    let world = World::native();
    world.edit("debian/rules", "mkdir -p debian/stamp", "false");
    world.commit("build: fail");
    world.git(&["tag", "--delete", "debian/1.0"]);
    world.tag("debian/1.0");
    let ran = world.run(["build", "--no-sign", "--json"]).code(1);
    let finding = &ran.document("debcut/build/1")["findings"][0];
    assert_eq!(finding["rule"], "build-failed");
    let message = finding["message"].as_str().expect("text");
    assert!(message.contains("dpkg-buildpackage"), "{message}");
    assert!(!world.project().join("dist/debian/1.0").exists());
}
