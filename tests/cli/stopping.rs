//! `prepare` and `tag` killed at many moments: running again ends in the state
//! of an undisturbed run.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::steps::package;
use crate::world::{Listing, World, finished, listing, tool};

/// Several packages with all kinds of files, and changes of each.
fn busy() -> World {
    let more = "changes-file = true";
    let tables = ["aa", "bb", "cc"].map(|name| {
        package(name, name, more).replace(
            "license = \"MIT\"",
            &format!("license = \"MIT\"\nchangelog = \"{name}/changelog\""),
        )
    });
    let world = World::several(&tables, &["aa", "bb", "cc"]);
    for (at, name) in ["aa", "bb", "cc"].into_iter().enumerate() {
        for n in 0..=at {
            world.change(&format!("{name}/f"), &format!("feat: {n}"));
        }
    }
    world
}

/// Copies a world's repository into a new one.
fn copy(from: &World) -> World {
    let to = World::new();
    std::fs::remove_dir_all(to.project()).expect("it is there");
    let mut cp = Command::new("cp");
    cp.arg("--archive").arg(from.project()).arg(to.project());
    assert!(cp.status().expect("cp runs").success());
    to
}

/// What a release leaves: refs with all that they lead to, files, the index.
fn state(world: &World) -> (String, String, Listing) {
    let refs = world.git(&[
        "for-each-ref",
        "--format=%(refname) %(objectname) %(*objectname)",
    ]);
    let index = world.git(&["ls-files", "--stage"]);
    let mut files = listing(&world.project());
    files.retain(|path, _| !path.starts_with(".git"));
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(world.git(&["fsck", "--strict", "--no-dangling"]), "");
    let left = listing(&world.project().join(".git"));
    let is_left = |path: &&std::path::PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with("prepare.json") || (name.ends_with(".lock") && !name.starts_with("debcut"))
    };
    let left: Vec<_> = left.keys().filter(is_left).collect();
    assert!(left.is_empty(), "{left:?}");
    (refs, index, files)
}

/// Runs a step, killed after a time; tells whether it was still running.
fn killed(world: &World, words: &[&str], after: Duration) -> bool {
    let mut child = world.debcut(words).start();
    std::thread::sleep(after);
    let _ = child.kill();
    finished(child.wait_with_output().expect("it ends")).code == 128 + 9
}

/// Kills a step at many moments of its life; what comes after is as if it had
/// not been.
fn at_every_moment(base: &World, words: &[&str], rest: &[&[&str]], moments: u32) {
    let undisturbed = copy(base);
    let started = Instant::now();
    undisturbed.run(words).code(0);
    let life = started.elapsed();
    for step in rest {
        undisturbed.run(*step).code(0);
    }
    let want = state(&undisturbed);
    let mut hit = 0;
    for moment in 0..moments {
        let world = copy(base);
        let after = life * moment / moments;
        hit += u32::from(killed(&world, words, after));
        // git of its own may outlive it by a moment.
        let lock = world.project().join(".git/index.lock");
        let waiting = Instant::now();
        while lock.exists() && waiting.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        world.run(words).code(0);
        for step in rest {
            world.run(*step).code(0);
        }
        assert_eq!(
            state(&world),
            want,
            "{words:?} killed after {after:?} of {life:?}"
        );
    }
    assert!(hit >= moments / 4, "{hit} of {moments} were killed at all");
}

#[test]
fn prepare_killed_at_any_moment() {
    at_every_moment(&busy(), &["prepare"], &[&["tag", "--no-sign"]], 7);
}

#[test]
fn tag_killed_at_any_moment() {
    let base = busy();
    base.prepare(&[]);
    at_every_moment(&base, &["tag", "--no-sign"], &[], 5);
}

/// Kills a step in front of a system call, each one of its kind in turn: no
/// moment between two changes of the disk is left out. Returns how many there
/// were.
fn at_every_call(base: &World, words: &[&str], call: &str) -> usize {
    let undisturbed = copy(base);
    undisturbed.run(words).code(0);
    let want = state(&undisturbed);
    for nth in 1..100 {
        let world = copy(base);
        let inject = format!("--inject={call}:signal=KILL:when={nth}");
        let (trace, log) = (format!("--trace={call}"), world.path("strace.log"));
        let log = format!("--output={}", log.display());
        let strace = tool("strace", "strace");
        let strace = strace.get_program().to_str().expect("text");
        let ran = world
            .debcut(words)
            .under([strace, "--quiet=all", &trace, &inject, &log]);
        let ran = ran.run();
        if ran.code == 0 {
            assert_eq!(state(&world), want);
            return nth - 1;
        }
        assert_eq!(ran.code, 128 + 9, "{call} {nth}: {}", ran.stderr);
        world.run(words).code(0);
        assert_eq!(state(&world), want, "{words:?} killed at {call} {nth}");
    }
    panic!("{words:?} does not end");
}

#[test]
fn prepare_killed_at_every_change_of_the_disk() {
    let base = World::recorded();
    base.change("f", "feat: x");
    for (call, least) in [("rename", 3), ("renameat", 1), ("unlink", 5)] {
        let found = at_every_call(&base, &["prepare"], call);
        assert!(found >= least, "{found} calls of {call}");
    }
}

#[test]
fn tag_killed_at_every_change_of_the_disk() {
    let base = World::recorded();
    base.change("f", "feat: x");
    base.prepare(&[]);
    let calls = ["link", "rename", "renameat", "unlink"];
    let found = calls.map(|call| at_every_call(&base, &["tag", "--no-sign"], call));
    assert!(found.iter().sum::<usize>() > 0, "{found:?}");
}
