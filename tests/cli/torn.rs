//! Archives that are read, written and killed at the same time: no reader ever
//! meets anything but one whole generation.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::apt::client::Client;
use crate::apt::{Served, sources};
use crate::archive::packages::{Deb, deb};
use crate::world::{World, tool};

/// How often something is done: a number of the environment, where a longer run
/// is wanted, else what a usual run of the tests can afford.
fn times(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect(name))
}

/// Two packages that belong together, in two states.
struct Pair {
    world: World,
    states: [Vec<std::path::PathBuf>; 2],
    sources: String,
}

impl Pair {
    /// Publishes `pear` and `plum` 1.0, and makes 2.0 of both.
    fn new() -> Self {
        let world = World::with_archive();
        let states = ["1.0", "2.0"].map(|version| {
            let make = |name| {
                let content = format!("{name} {version}");
                let content = content.as_bytes();
                Deb {
                    content,
                    ..deb(name, version)
                }
                .make(&world, "debs")
            };
            vec![make("pear"), make("plum")]
        });
        world.add(&states[0], &[]).code(0);
        let sources = sources(&world, &[]);
        Self {
            world,
            states,
            sources,
        }
    }

    /// Publishes the second state, or takes it away again.
    fn words(&self, come: bool) -> Vec<String> {
        let text = |word: &str| word.to_owned();
        match come {
            true => {
                let files = self.states[1].iter().map(|file| file.display().to_string());
                ["add", "--to", "stable"]
                    .map(text)
                    .into_iter()
                    .chain(files)
                    .collect()
            }
            false => ["remove", "--from", "stable", "pear=2.0", "plum=2.0"]
                .map(text)
                .into(),
        }
    }

    fn publish(&self, come: bool) {
        let words = self.words(come);
        self.world.archive(words.iter().map(String::as_str)).code(0);
    }

    /// Tells whether a client sees the second state; it never sees half of it.
    fn seen(&self, moment: &str) -> bool {
        let client = Client::new(&self.world, "client", ("a.sources", &self.sources));
        let ran = client.update();
        assert_eq!(ran.code, 0, "{moment}: {}", ran.stderr);
        let seen = ["pear", "plum"].map(|name| client.versions(name));
        assert_eq!(seen[0], seen[1], "{moment}");
        let second = seen[0].contains(&"2.0".to_owned());
        assert_eq!(seen[0].len(), 1 + usize::from(second), "{moment}: {seen:?}");
        second
    }

    fn is_whole(&self) {
        let check = self.world.archive_call(["check", "--deep"]);
        // With a clock that stands, each Release is a second ahead of the one
        // before at most.
        check
            .env("DEBCUT_NOW", "2025-06-01T12:30:00Z")
            .run()
            .code(0);
    }
}

#[test]
fn readers_never_fail_while_others_publish() {
    let publishes = times("DEBCUT_PUBLISHES", 200);
    let pair = Pair::new();
    let world = &pair.world;
    world
        .archive(["init", "--suite", "staging", "--component", "main,contrib"])
        .code(0);
    let served = Served::start(world);
    let text = sources(world, &["stable", "--uri", &served.url]);
    let (ended, read) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            // One client goes on from what it has, the other is always new.
            let old = Client::new(world, "old", ("a.sources", &text));
            while !ended.load(Ordering::Relaxed) {
                let new = Client::new(world, "new", ("a.sources", &text));
                for client in [&old, &new] {
                    let ran = client.update();
                    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
                    let fetched = client.everything(&["pear", "plum"], &[]);
                    let fetched = fetched.unwrap_or_else(|ran| panic!("{}", ran.stderr));
                    assert!(fetched.len() >= 2, "{fetched:?}");
                    read.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        for publish in 0..publishes {
            match publish % 4 {
                0 => pair.publish(true),
                1 => drop(
                    world
                        .archive(["promote", "--all", "--from", "stable", "--to", "staging"])
                        .code(0),
                ),
                2 => pair.publish(false),
                _ => drop(
                    world
                        .archive(["remove", "pear", "plum", "--from", "staging"])
                        .code(0),
                ),
            }
            assert!(!reading.is_finished(), "a reader failed at {publish}");
        }
        ended.store(true, Ordering::Relaxed);
        reading.join().expect("no reader failed");
    });
    assert!(read.load(Ordering::Relaxed) >= 4, "{read:?} reads only");
    served.end();
    pair.is_whole();
}

#[test]
fn killed_at_random_nothing_is_torn_or_lost() {
    let kills = times("DEBCUT_KILLS", 120);
    let pair = Pair::new();
    let timed = |come: bool| {
        let begun = Instant::now();
        pair.publish(come);
        begun.elapsed()
    };
    let mut usual = timed(true);
    let (mut second, mut hit, mut seed) = (true, 0, 0x2545_f491_u32);
    for kill in 0..kills {
        let words = pair.words(!second);
        let call = pair.world.archive_call(words.iter().map(String::as_str));
        let mut process = call.start();
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        // Most of a run is starting and reading: the later half is hit more.
        let share = f64::from(seed) / f64::from(u32::MAX);
        std::thread::sleep(usual.mul_f64(share.sqrt()));
        process.kill().expect("it was started");
        let done = process.wait().expect("it ends").success();
        hit += usize::from(!done);
        let now = pair.seen(&format!("kill {kill}"));
        assert!(!done || now != second, "kill {kill}: what was told is lost");
        if kill % 10 == 0 {
            pair.is_whole();
        }
        // Whoever comes next completes or discards it by itself.
        usual = usual.min(timed(!second));
        second = !second;
        assert_eq!(pair.seen(&format!("after kill {kill}")), second);
    }
    assert!(hit * 4 >= kills, "{hit} of {kills} were killed at all");
    pair.is_whole();
}

/// Kills a publish in front of each system call of a kind in turn; returns how
/// many there were.
fn at_every_call(pair: &Pair, call: &str) -> usize {
    for nth in 1..1000 {
        let inject = format!("--inject={call}:signal=KILL:when={nth}");
        let (trace, log) = (format!("--trace={call}"), pair.world.path("strace.log"));
        let log = format!("--output={}", log.display());
        let strace = tool("strace", "strace");
        let strace = strace.get_program().to_str().expect("text");
        let words = pair.words(true);
        let call_of = pair.world.archive_call(words.iter().map(String::as_str));
        let entrance = [
            strace,
            "--follow-forks",
            "--quiet=all",
            &trace,
            &inject,
            &log,
        ];
        let ran = call_of.under(entrance).run();
        let moment = format!("{call} {nth}");
        let second = pair.seen(&moment);
        if ran.code == 0 {
            assert!(second, "{moment}");
            pair.publish(false);
            return nth - 1;
        }
        assert_eq!(ran.code, 128 + 9, "{moment}: {}", ran.stderr);
        // Either what was half done is completed, or it is done anew.
        pair.publish(true);
        assert!(pair.seen(&moment), "{moment}");
        pair.publish(false);
    }
    panic!("{call} does not end");
}

#[test]
fn killed_at_every_change_of_the_disk() {
    let pair = Pair::new();
    let calls = [
        "rename",
        "renameat2",
        "link",
        "linkat",
        "unlink",
        "fsync",
        "syncfs",
        "mkdir",
        "fchmod",
    ];
    let mut found = Vec::new();
    for call in calls {
        found.push((call, at_every_call(&pair, call)));
    }
    let all: usize = found.iter().map(|(_, count)| count).sum();
    assert!(all > 30, "{found:?}");
    pair.is_whole();
}
