//! The fleet itself: it is what it claims to be, and leaves nothing behind.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Fleet, Package};
use crate::world::World;

#[test]
fn hosts_are_machines_of_their_own() {
    let hosts = ["a", "b", "c", "d", "e", "f"];
    let begun = Instant::now();
    let Some(mut fleet) = Fleet::start_in(World::with_archive(), &hosts) else {
        return;
    };
    assert!(begun.elapsed() < Duration::from_secs(30), "{begun:?}");
    let mut ids = Vec::new();
    for host in hosts {
        let said = fleet.here(&[
            "ssh",
            "-oBatchMode=yes",
            host,
            "hostname; cat /etc/machine-id",
        ]);
        let said = said.code(0).stdout;
        let (name, id) = said.split_once('\n').expect("two lines");
        assert_eq!(name, host);
        ids.push(id.to_owned());
        assert_eq!(
            fleet.on(host, "ps -o comm= -p 1; dpkg --list | wc -l"),
            "systemd\n0"
        );
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), hosts.len());

    let world = &fleet.world;
    Package::new("tally", "1.0")
        .service()
        .publish(world, "stable");
    fleet.serve();
    fleet.read(&["a", "b"], &["stable"]);
    fleet.install("a", "tally");
    assert_eq!(fleet.dpkg("a", "tally"), "1.0 installed");
    assert_eq!(fleet.dpkg("b", "tally"), "none");
    assert_eq!(fleet.on("a", "systemctl is-active tally"), "active");
    assert!(
        !Path::new("/usr/share/tally").exists(),
        "the machine has it"
    );

    // A crash takes the processes and leaves the disk.
    let boot = |host| fleet.on(host, "cat /proc/sys/kernel/random/boot_id");
    let first = boot("a");
    fleet.does("crash", "a");
    fleet.does("up", "a");
    assert_ne!(boot("a"), first);
    assert_eq!(fleet.dpkg("a", "tally"), "1.0 installed");

    let connects = |host| {
        let words = ["ssh", "-oBatchMode=yes", "-oConnectTimeout=2", host, "true"];
        fleet.here(&words).code
    };
    for (bad, good) in [("freeze", "thaw"), ("cut", "mend")] {
        fleet.does(bad, "b");
        assert_eq!(connects("b"), 255, "{bad}");
        assert_eq!(connects("c"), 0, "{bad}");
        fleet.does(good, "b");
        assert_eq!(connects("b"), 0, "{good}");
    }
    fleet.does("fill", "c");
    let full = fleet.on("c", "df --output=avail / | tail -1; ! echo x > /x");
    assert_eq!(full.lines().next().map(str::trim), Some("0"));
    fleet.does("empty", "c");
    fleet.on("c", "echo x > /x");
}

/// Tells whether a process of the fleet in this directory is there.
fn lives(dir: &Path) -> bool {
    let dir = dir.to_str().expect("text");
    let all = Command::new("ps").args(["-eo", "args"]).output();
    let all = all.expect("ps runs").stdout;
    let all = String::from_utf8_lossy(&all).into_owned();
    let is_ours = |line: &str| line.contains(dir) && line.contains("fleet.d");
    all.lines().any(is_ours)
}

#[test]
fn nothing_is_left_of_it() {
    let Some(fleet) = Fleet::start(&["a"]) else {
        return;
    };
    let dir = fleet.dir.clone();
    let group = fleet.here(&["cat", &format!("{}/group", dir.display())]);
    let group = group.code(0).stdout.trim().to_owned();
    assert!(lives(&dir) && Path::new(&group).is_dir());
    drop(fleet);
    assert!(!lives(&dir) && !Path::new(&group).exists());
    assert!(std::fs::read_dir(&dir).is_err(), "the world is gone");

    // Killed, it has no time to tidy up: the kernel does.
    let fleet = Fleet::start(&["a"]).expect("there was one");
    let dir = fleet.dir.clone();
    let mut kill = Command::new("kill");
    kill.args(["-KILL", &fleet.inside]);
    assert!(kill.status().expect("it runs").success());
    let begun = Instant::now();
    while lives(&dir) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it lives on");
        std::thread::sleep(Duration::from_millis(50));
    }
}
