//! Links that are cut, hosts that freeze and crash, disks that are full, locks
//! that are held, an archive that is away, a clock that is behind.

use debcut::rollout::state::{Fault, Halt, HostState, Phase};

use super::{Fleet, Package};

fn is_done(phase: &Phase) -> bool {
    *phase == Phase::Done
}

/// A version that takes its time, and counts how often it was configured.
fn slow(name: &str) -> Package {
    let script = format!("echo once >> /var/lib/{name}.runs; sleep 4");
    Package::new(name, "1.1").script("postinst", &script)
}

#[test]
fn a_link_may_be_cut_at_any_time_and_a_host_may_freeze() {
    let names = ["before", "during", "after", "frozen"];
    let packages = names.map(|name| Package::new(name, "1.0"));
    let Some(fleet) = Fleet::rolling(&["a", "b"], &packages) else {
        return;
    };
    let runs = |host, name| fleet.on(host, &format!("cat /var/lib/{name}.runs"));

    fleet.does("cut", "a");
    let id = fleet.begin(&Package::new("before", "1.1"), "a,b");
    let mut watch = fleet.watch(&id);
    watch.until_host("a", "is away", |state| {
        matches!(state, HostState::Unreachable { .. })
    });
    watch.until_host("b", "is well", |state| *state == HostState::Ok);
    assert_eq!(fleet.dpkg("a", "before"), "1.0 installed");
    fleet.does("mend", "a");
    watch.end(0);
    fleet.phase(&id, is_done);
    fleet.has("a", "before", "1.1");

    // What was begun goes on without us, and is not begun again.
    let id = fleet.begin(&slow("during"), "a,b");
    let watch = fleet.watch(&id);
    fleet.until("a", "test -e /var/lib/during.runs");
    fleet.does("cut", "a");
    fleet.until(
        "a",
        "dpkg-query -W -f '${db:Status-Status}' during | grep -qx installed",
    );
    std::thread::sleep(std::time::Duration::from_secs(3));
    fleet.does("mend", "a");
    watch.end(0);
    fleet.phase(&id, is_done);
    for host in ["a", "b"] {
        fleet.has(host, "during", "1.1");
        assert_eq!(runs(host, "during"), "once", "{host}");
    }

    // Nobody can tell whether it keeps well: the gate stays shut.
    fleet.rings(&[("soak = '0'", "soak = '3s'\ncheck-time = '1s'")]);
    let id = fleet.begin(&Package::new("after", "1.1"), "a,b");
    let mut watch = fleet.watch(&id);
    watch.until("it soaks", |rollout| rollout.rings[0].soak.is_some());
    fleet.does("cut", "a");
    std::thread::sleep(std::time::Duration::from_secs(8));
    assert_eq!(fleet.state(&id).rings[0].passed, None);
    fleet.does("mend", "a");
    watch.end(0);
    fleet.phase(&id, is_done);
    fleet.rings(&[]);

    fleet.does("freeze", "a");
    let id = fleet.begin(&Package::new("frozen", "1.1"), "a,b");
    let mut watch = fleet.watch(&id);
    watch.until_host("a", "is silent", |state| {
        matches!(state, HostState::Unreachable { .. })
    });
    fleet.does("thaw", "a");
    watch.end(0);
    fleet.phase(&id, is_done);
    fleet.has("a", "frozen", "1.1");
}

#[test]
fn a_crash_in_postinst_is_repaired_and_held_locks_are_waited_for() {
    let packages = ["crash", "locks"].map(|name| Package::new(name, "1.0"));
    let Some(fleet) = Fleet::rolling(&["a", "b"], &packages) else {
        return;
    };
    let script = "[ -e /var/lib/crashed ] || { touch /var/lib/crashed; sleep 60; }";
    let id = fleet.begin(
        &Package::new("crash", "1.1").script("postinst", script),
        "a",
    );
    let watch = fleet.watch(&id);
    fleet.until("a", "test -e /var/lib/crashed");
    fleet.does("crash", "a");
    fleet.does("up", "a");
    watch.end(0);
    fleet.phase(&id, is_done);
    assert_eq!(fleet.host(&id, "a"), HostState::Repaired);
    fleet.has("a", "crash", "1.1");

    // apt's lists and dpkg are somebody else's for a while.
    let hold = "import fcntl, sys, time\n\
                files = [open(name, 'w') for name in sys.argv[2:]]\n\
                [fcntl.lockf(file, fcntl.LOCK_EX) for file in files]\n\
                open('/run/held', 'w')\n\
                time.sleep(float(sys.argv[1]))";
    for (host, seconds, lock) in [
        ("a", "6", "/var/lib/apt/lists/lock"),
        ("b", "9", "/var/lib/dpkg/lock-frontend"),
    ] {
        fleet.leave(host, &["/usr/bin/python3", "-c", hold, seconds, lock]);
        fleet.until(host, "test -e /run/held");
    }
    let id = fleet.bring(&Package::new("locks", "1.1"), "a,b", 0);
    fleet.phase(&id, is_done);
    for host in ["a", "b"] {
        fleet.has(host, "locks", "1.1");
    }
}

#[test]
fn full_disks_absent_archives_and_clocks_behind_are_named_and_gone_on_from() {
    let packages = ["full", "away", "clock"].map(|name| Package::new(name, "1.0"));
    let Some(mut fleet) = Fleet::rolling(&["a", "b"], &packages) else {
        return;
    };
    let halted = |fleet: &Fleet, id: &str| {
        fleet.phase(id, |phase| {
            matches!(
                phase,
                Phase::Halted {
                    why: Halt::Failures { .. },
                    ..
                }
            )
        });
        match fleet.host(id, "a") {
            HostState::Failed { fault } => fault,
            other => panic!("{other:?}"),
        }
    };
    let goes_on = |fleet: &Fleet, id: &str, package: &str| {
        fleet.rollout(["resume", id, "--yes"]).code(0);
        fleet.watched(id, 0);
        fleet.phase(id, is_done);
        fleet.has("a", package, "1.1");
    };

    fleet.does("fill", "a");
    let id = fleet.bring(&Package::new("full", "1.1"), "a", 1);
    let fault = halted(&fleet, &id);
    let said = format!("{fault:?}");
    assert!(said.contains("disk full"), "{said}");
    assert_eq!(fleet.dpkg("a", "full"), "1.0 installed");
    fleet.does("empty", "a");
    goes_on(&fleet, &id, "full");

    fleet.unserve();
    let id = fleet.bring(&Package::new("away", "1.1"), "a", 1);
    let fault = halted(&fleet, &id);
    assert!(matches!(fault, Fault::Update { .. }), "{fault:?}");
    assert_eq!(fleet.dpkg("a", "away"), "1.0 installed");
    fleet.serve();
    goes_on(&fleet, &id, "away");

    // To a clock that is behind, what is published now comes from the future.
    let made = Package::new("clock", "1.1").make(&fleet.world);
    let later = ["add", "--to", "new", made.to_str().expect("text")];
    let later = fleet.world.archive_call(later);
    later
        .env("DEBCUT_NOW", "2099-01-01T00:00:00Z")
        .run()
        .code(0);
    let words = ["start", "clock=1.1", "--hosts", "a"];
    fleet.rollout(words).code(0);
    fleet.watched("clock_1.1", 1);
    let Fault::Update { log } = halted(&fleet, "clock_1.1") else {
        panic!("{:?}", fleet.host("clock_1.1", "a"));
    };
    assert!(log.contains("not valid yet"), "{log}");
    assert_eq!(fleet.dpkg("a", "clock"), "1.0 installed");
}
