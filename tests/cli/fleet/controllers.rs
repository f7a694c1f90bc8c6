//! Controllers that are killed, that meet each other, or whose version is gone.

use std::time::{Duration, Instant};

use debcut::rollout::state::{Fault, Halt, HostState, Phase, Skip};

use super::{Fleet, Package};
use crate::world::tool;

#[test]
fn killed_after_every_entry_it_ends_as_if_it_had_not_been() {
    let Some(fleet) = Fleet::rolling(&["a", "b"], &[Package::new("tally", "1.0")]) else {
        return;
    };
    let rings = "[[ring]]\nname = 'first'\nhosts = ['a']\n\n[[ring]]";
    let second = "hosts = 'rest'\nsuite = 'stable'";
    fleet.rings(&[("[[ring]]", rings), ("hosts = 'rest'", second)]);
    let once = Package::new("tally", "1.1").script("postinst", "echo once >> /var/lib/runs");
    let id = fleet.begin(&once, "a,b");
    let kills = killed_to_the_end(&fleet, &id, &["advance", &id, "--watch"]);
    assert!(kills >= 10, "{kills} kills only");
    fleet.phase(&id, |phase| *phase == Phase::Done);
    for host in ["a", "b"] {
        fleet.has(host, "tally", "1.1");
        assert_eq!(fleet.on(host, "cat /var/lib/runs"), "once", "{host}");
    }
    assert_eq!(
        fleet.world.packages_of("stable"),
        ["tally 1.0", "tally 1.1"]
    );

    // And all the way back.
    let kills = killed_to_the_end(&fleet, &id, &["rollback", &id, "--yes"]);
    assert!(kills >= 4, "{kills} kills only");
    fleet.phase(&id, |phase| *phase == Phase::RolledBack);
    for host in ["a", "b"] {
        fleet.has(host, "tally", "1.0");
    }
    assert_eq!(fleet.world.packages_of("stable"), ["tally 1.0"]);
    assert_eq!(fleet.world.packages_of("new"), Vec::<String>::new());
}

/// Runs a verb again and again, each time killed in front of the flush of what
/// it wrote into the journal or the archive, until it comes to its end. Returns
/// how often it was killed.
fn killed_to_the_end(fleet: &Fleet, id: &str, words: &[&str]) -> usize {
    let strace = tool("strace", "strace");
    let strace = strace.get_program().to_str().expect("text").to_owned();
    let log = format!("--output={}", fleet.world.path("strace.log").display());
    let (mut nth, mut kills, mut known) = (1, 0, fleet.state(id).phase);
    loop {
        let inject = format!("--inject=fdatasync:signal=KILL:when={nth}");
        let entrance = fleet.entrance();
        let words = ["rollout"].iter().chain(words).copied();
        let ran = fleet
            .world
            .debcut(words)
            .under([&strace, "--quiet=all", "--trace=fdatasync", &inject, &log])
            .under(entrance)
            .env("DEBCUT_ARCHIVE", fleet.world.archive_at())
            .env("XDG_STATE_HOME", fleet.world.path("state"))
            .env("DEBCUT_RINGS", fleet.world.path("rings.toml"))
            .run();
        if ran.code == 0 {
            return kills;
        }
        assert_eq!(ran.code, 128 + 9, "{}", ran.stderr);
        kills += 1;
        assert!(kills < 120, "it does not come to its end: {known:?}");
        // An intent that is written again is no progress: it gets further.
        let now = fleet.state(id).phase;
        nth = if now == known { nth + 1 } else { 1 };
        known = now;
    }
}

/// Ended without a word while it tells its host: whatever had reached the host,
/// exactly one job brings it the version, and the journal says which.
#[test]
fn killed_while_hosts_are_told_exactly_one_job_runs() {
    let Some(fleet) = Fleet::rolling(&["a"], &[Package::new("tally", "1.0")]) else {
        return;
    };
    for (number, wait) in [0, 60, 150, 300, 600].into_iter().enumerate() {
        let version = format!("1.{}", number + 1);
        let script = format!("echo {version} >> /var/lib/runs");
        let id = fleet.begin(
            &Package::new("tally", &version).script("postinst", &script),
            "a",
        );
        let watch = fleet.watch(&id);
        let begun = Instant::now();
        while fleet
            .state(&id)
            .hosts
            .values()
            .all(|host| host.job.is_none())
        {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it is never told"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(wait));
        watch.kill();
        // Its connections go with it; nobody here reaps them.
        let gone = "for i in $(seq 50); do ps -C ssh -o stat= | grep -vq Z || exit 0; sleep 0.1; done; exit 1";
        fleet.here(&["sh", "-c", gone]).code(0);
        fleet.watched(&id, 0);
        fleet.phase(&id, |phase| *phase == Phase::Done);
        fleet.has("a", "tally", &version);
        let runs = fleet.on("a", "cat /var/lib/runs");
        let runs = runs.lines().filter(|line| *line == version).count();
        assert_eq!(runs, 1, "killed after {wait} ms");
        // Of the jobs that the journal names, the last one ran and no other.
        let jobs = fleet.jobs(&id);
        let ran: Vec<_> = jobs
            .iter()
            .filter(|job| {
                fleet
                    .act(
                        "in",
                        &[
                            "a",
                            "test",
                            "-e",
                            &format!("/var/lib/debcut/jobs/{job}/result"),
                        ],
                    )
                    .code
                    == 0
            })
            .collect();
        assert_eq!(ran, [jobs.last().expect("a job")], "killed after {wait} ms");
    }
}

#[test]
fn one_controller_at_a_time_and_one_rollout_of_a_package() {
    let packages = ["slow", "gone"].map(|name| Package::new(name, "1.0"));
    let Some(fleet) = Fleet::rolling(&["a", "b"], &packages) else {
        return;
    };
    let slow = Package::new("slow", "1.1").script("postinst", "sleep 6");
    let id = fleet.begin(&slow, "a,b");
    let mut watch = fleet.watch(&id);
    watch.until_host("a", "works", |state| *state == HostState::Started);
    let ran = fleet.rollout(["advance", &id]).code(3);
    assert!(ran.stderr.contains("controlled by"), "{}", ran.stderr);
    // Looking is allowed.
    let ran = fleet.rollout(["status", &id]).code(0);
    assert!(ran.stdout.contains("slow"), "{}", ran.stdout);

    // A newer version of the same package waits its turn, here and elsewhere.
    Package::new("slow", "1.2").publish(&fleet.world, "new");
    let words = ["start", "slow=1.2", "--hosts", "a,b"];
    fleet.rollout(words).code(1);
    let elsewhere = fleet.rollout_call(words);
    let elsewhere = elsewhere.env("XDG_STATE_HOME", fleet.world.path("elsewhere"));
    let ran = elsewhere.run().code(1);
    assert!(ran.stdout.contains("[open-rollout]"), "{}", ran.stdout);
    watch.end(0);
    fleet.phase(&id, |phase| *phase == Phase::Done);
    fleet.rollout(words).code(0);

    // Somebody takes the version away before the ring is told.
    let id = fleet.begin(&Package::new("gone", "1.1"), "a,b");
    fleet
        .world
        .archive(["remove", "gone=1.1", "--from", "new"])
        .code(0);
    fleet.watched(&id, 1);
    let rollout = fleet.state(&id);
    let is_gone = |state: &HostState| {
        matches!(
            state,
            HostState::Failed {
                fault: Fault::Gone { .. }
            }
        )
    };
    match &rollout.phase {
        Phase::Halted {
            why: Halt::VersionGone { .. },
            ..
        } => {}
        Phase::Halted { .. } => {
            let hosts = rollout.hosts.values();
            assert!(
                hosts.into_iter().any(|host| is_gone(&host.state)),
                "{:#?}",
                rollout.hosts
            );
        }
        other => panic!("{other:?}"),
    }
    for host in ["a", "b"] {
        fleet.has(host, "gone", "1.0");
    }
}

#[test]
fn a_hundred_sessions_fifty_at_once_hold() {
    let Some(fleet) = Fleet::rolling(&["a"], &[Package::new("tally", "1.0")]) else {
        return;
    };
    // To ssh they are a hundred hosts; they have what is meant already.
    let names: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
    let line = format!("10.77.0.11 {}", names.join(" "));
    let file = fleet.dir().join("names");
    let append = format!("echo '{line}' >> {}", file.display());
    fleet.here(&["sh", "-c", &append]).code(0);
    let wide = "batch = 10\nconcurrency = 50\nmin-sample = 0";
    fleet.rings(&[("batch = 10", wide), ("from = 'new'", "from = 'stable'")]);
    let words = ["start", "tally=1.0", "--hosts", &names.join(",")];
    fleet.rollout(words).code(0);
    let begun = std::time::Instant::now();
    let mut watch = fleet.watch("tally_1.0");
    watch.until("all have answered", |rollout| {
        let mut hosts = rollout.hosts.values();
        hosts.all(|host| matches!(host.state, HostState::Skipped { .. }))
    });
    watch.kill();
    let took = begun.elapsed();
    let rollout = fleet.state("tally_1.0");
    let answered = rollout
        .hosts
        .values()
        .filter(|host| matches!(&host.state, HostState::Skipped { why: Skip::Already }));
    assert_eq!(answered.count(), 100, "{:#?}", rollout.hosts);
    assert!(took < std::time::Duration::from_secs(90), "{took:?}");
}
