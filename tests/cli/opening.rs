//! Suites open for a ring and lose a version again; judged by apt.

use debcut::flow::rolling::opening::{
    missing, open, other_rollout, pin_way_back, target, unpin_way_back, withdraw,
};
use debcut::rollout::hands::Moved;
use debcut::rollout::{Move, Rollout, Target};

use crate::apt::client::Client;
use crate::rolling::{
    Package, act, desk, environment, planned, ring_suites, rollout, suite, wanted,
};
use crate::world::World;

/// Publishes packages of the source `hello` to a suite.
fn publish(world: &World, to: &str, versions: &[&str]) {
    for version in versions {
        let hello = Package {
            name: "hello",
            version,
            ..Package::default()
        };
        // Its version is not the source's.
        let (fields, extra) = (
            format!("Source: hello ({version})\n"),
            format!("{version}+b1"),
        );
        let more = Package {
            name: "hello-extra",
            version: &extra,
            fields: &fields,
            ..Package::default()
        };
        let files = [hello.make(world), more.make(world)];
        let files = files.iter().map(|file| file.to_str().expect("text"));
        let words = ["add", "--to", to, "--allow-older"]
            .into_iter()
            .chain(files);
        world.archive(words).code(0);
    }
}

/// An archive whose canaries read `canary`, and everybody `stable`, which keeps
/// one version.
fn archive() -> World {
    let world = World::new();
    world.key();
    let init = ["init", "--suite", "canary", "--not-automatic"];
    world.archive(init).code(0);
    let init = ["init", "--suite", "stable", "--keep-versions", "1"];
    world.archive(init).code(0);
    publish(&world, "stable", &["1.1-1"]);
    let other = Package {
        name: "other",
        version: "1",
        ..Package::default()
    };
    world.add(&[other.make(&world)], &[]).code(0);
    world
}

fn generations(moved: Moved) -> String {
    match moved {
        Moved::Done(all) => {
            let all = all
                .iter()
                .map(|one| format!("{}@{}", one.suite, one.number));
            all.collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

fn target_text(target: &Target) -> String {
    let versions = target.versions.iter().map(|meant| {
        let binaries: Vec<_> = (meant.binaries.iter())
            .map(|b| format!("{}={}", b.package, b.version))
            .collect();
        let release = meant.release.as_deref().unwrap_or("*");
        format!(
            "{release} {}@{} {}",
            meant.from,
            meant.generation,
            binaries.join(" ")
        )
    });
    versions.collect::<Vec<_>>().join("; ")
}

#[test]
fn targets_are_found_by_release_or_refused_with_what_is_there() {
    let world = archive();
    world.archive(["init", "--suite", "canary-13"]).code(0);
    publish(
        &world,
        "canary",
        &["1.1-1", "1.2-1+deb12u1", "1.2-1~deb13u1"],
    );
    publish(&world, "canary-13", &["1.2-1~deb13u1"]);
    let environment = environment(&world);
    let desk = desk(&world, &environment, 0);
    let deb12 = "hello=1.2-1+deb12u1 hello-extra=1.2-1+deb12u1+b1";
    let deb13 = "hello=1.2-1~deb13u1 hello-extra=1.2-1~deb13u1+b1";
    let split = ["bookworm:canary", "trixie:canary-13"];
    let cases = [
        (
            "hello=1.1",
            &["canary"][..],
            "* canary@4 hello=1.1-1 hello-extra=1.1-1+b1".to_owned(),
        ),
        (
            "hello=1.2",
            &["canary"],
            format!("12 canary@4 {deb12}; 13 canary@4 {deb13}"),
        ),
        (
            "hello",
            &split,
            format!("bookworm canary@4 {deb12}; trixie canary-13@2 {deb13}"),
        ),
        (
            "hello=1.3",
            &["canary"],
            "hello 1.3 is not in canary, which has 1.1-1, 1.2-1~deb13u1, 1.2-1+deb12u1".to_owned(),
        ),
        (
            "hello=1.1",
            &split,
            "hello 1.1 is not in canary-13, which has 1.2-1~deb13u1".to_owned(),
        ),
        (
            "goodbye",
            &["canary", "stable"],
            "goodbye is not in canary, stable, which has no version of it".to_owned(),
        ),
        (
            "hello-extra",
            &["canary"],
            "hello-extra is a binary package; it is built from the source hello".to_owned(),
        ),
        (
            "hello",
            &["nowhere"],
            "has no suite nowhere; it has canary, canary-13, stable".to_owned(),
        ),
    ];
    for (text, from, want) in cases {
        let found = match target(&desk, &wanted(text, from)) {
            Ok(target) => target_text(&target),
            Err(error) => error.to_string(),
        };
        assert!(found.ends_with(&want), "{text} {from:?}: {found}");
    }
}

/// One host with apt, which reads these suites and has `hello` installed.
fn host<'a>(world: &'a World, name: &str, suites: &[&str], installed: &str) -> Client<'a> {
    let mut words = vec!["sources"];
    words.extend(suites);
    let sources = world.archive(words).code(0).stdout;
    let client = Client::new(world, name, ("lab.sources", &sources));
    let status = format!(
        "Package: hello\nStatus: install ok installed\nVersion: {installed}\n\
         Architecture: all\nMaintainer: A <a@example.org>\nDescription: a package\n"
    );
    let path = world.path(name).join("var/lib/dpkg/status");
    std::fs::write(path, status).expect("a file");
    client.update().code(0);
    client
}

/// What `apt-get upgrade` would bring to a machine of this id.
fn upgrades(client: &Client<'_>, machine_id: &str) -> bool {
    let id = format!("APT::Machine-ID={machine_id}");
    let ran = client.apt("apt-get", &["-s", "-o", &id, "upgrade"]).code(0);
    ran.stdout.contains("Inst hello ")
}

#[test]
fn suites_open_step_by_step_and_lose_what_was_bad() {
    let world = archive();
    publish(&world, "canary", &["1.1-1", "1.2-1"]);
    let environment = environment(&world);
    let id = "hello_1.2-1";
    let at = |seconds: i64| desk(&world, &environment, seconds);
    let rollout = planned(&at(0), "hello=1.2", &["canary"], &["stable"]);
    pin_way_back(&at(0), &rollout, id).expect("pinned");
    pin_way_back(&at(0), &rollout, id).expect("pinned again");

    // The draws of hello 1.2-1, computed by apt itself, lie around 50.
    let open_to = |seconds: i64, percent: u8| {
        let rings = ring_suites(&["stable"]);
        let moved = act(|act| open(&at(seconds), &rollout, &rings, percent, act));
        generations(moved.expect("opened"))
    };
    let ids: Vec<String> = (0..24u32)
        .map(|n| format!("{:032x}", n * 7919 + 1))
        .collect();
    let reached = |name: &str| {
        let host = host(&world, name, &["stable"], "1.1-1");
        ids.iter().filter(|id| upgrades(&host, id)).count()
    };
    assert_eq!(open_to(10, 0), "stable@4");
    let none = reached("at-0");
    assert_eq!(open_to(20, 0), "stable@4", "the same again changes nothing");
    assert_eq!(open_to(30, 50), "stable@5");
    let half = reached("at-50");
    let shown = world
        .archive(["show", "hello", "--stanza", "--suite", "stable"])
        .code(0)
        .stdout;
    assert!(shown.contains("Phased-Update-Percentage: 50\n"), "{shown}");
    assert_eq!(open_to(40, 100), "stable@6");
    let shown = world
        .archive(["show", "hello", "--stanza", "--suite", "stable"])
        .code(0)
        .stdout;
    assert!(!shown.contains("Phased"), "{shown}");
    let all = reached("at-100");
    assert!(
        none <= 3 && 4 < half && half < 20 && all == ids.len(),
        "{none} {half} {all}"
    );

    // Something else comes meanwhile, and stays.
    let other = Package {
        name: "other",
        version: "2",
        ..Package::default()
    };
    world.add(&[other.make(&world)], &[]).code(0);
    let date = |world: &World| {
        let path = world.archive_at().join("dists/stable/Release");
        let text = std::fs::read_to_string(path).expect("there");
        let date = text.lines().find(|line| line.starts_with("Date:"));
        date.expect("a date").to_owned()
    };
    let before = date(&world);
    let mut rollout = rollout;
    rollout.way = debcut::rollout::Way::Back;
    let take = |seconds: i64| {
        let moved = act(|act| withdraw(&at(seconds), &rollout, &[suite("stable")], act));
        generations(moved.expect("withdrawn"))
    };
    assert_eq!(take(100), "stable@8 canary@4");
    assert_eq!(take(200), "stable@8 canary@4", "again changes nothing");
    assert_ne!(date(&world), before);
    assert_eq!(
        world.packages_of("stable"),
        ["hello 1.1-1", "hello-extra 1.1-1+b1", "other 2"]
    );
    assert_eq!(
        world.packages_of("canary"),
        ["hello 1.1-1", "hello-extra 1.1-1+b1"]
    );
    let history = world.archive(["history", "stable"]).code(0).stdout;
    for part in [
        "rollout hello_1.2-1 opens stable to 50 of 100 hosts: it says hello again",
        "rollout hello_1.2-1 withdraws it from stable: it says hello again",
    ] {
        assert!(history.contains(part), "{part:?} in\n{history}");
    }
    let check = world.archive_call(["check", "--deep"]);
    check
        .env("DEBCUT_NOW", "2025-06-01T13:00:00Z")
        .run()
        .code(0);
    // A host that has it can go back to what it had.
    let bad = host(&world, "back", &["stable"], "1.2-1");
    let words = [
        "install",
        "--allow-downgrades",
        "--download-only",
        "hello=1.1-1",
    ];
    bad.apt("apt-get", &words).code(0);

    // The pin keeps the way back, and tells others, until it is removed.
    let suites = [suite("canary"), suite("stable")];
    let source = "hello".parse().expect("a name");
    let other = |id: &str| other_rollout(&at(0), &source, id, &suites).expect("read");
    assert_eq!(other(id), None);
    let found = other("hello_1.2-1_2").expect("another");
    assert_eq!(found.pin.as_str(), "rollout-hello_1.2-1");
    assert_eq!(found.why.as_deref(), Some("hello_1.2-1: the way back"));
    let pins = at(0).pins(&[]).expect("read");
    let pins: Vec<_> = pins
        .iter()
        .map(|p| format!("{}@{}", p.suite, p.generation.number))
        .collect();
    assert_eq!(pins, ["canary@2", "stable@3"], "before the version came");
    unpin_way_back(&at(0), &rollout, id).expect("unpinned");
    assert_eq!(other("hello_1.2-1_2"), None);
}

#[test]
fn opening_is_refused_or_finds_nothing_and_a_crash_is_completed() {
    let world = archive();
    world.archive(["init", "--suite", "late"]).code(0);
    publish(&world, "canary", &["1.1-1", "1.2-1"]);
    publish(&world, "late", &["1.3-1"]);
    let environment = environment(&world);
    let at = |seconds: i64| desk(&world, &environment, seconds);
    let rollout = planned(&at(0), "hello=1.2", &["canary"], &["stable", "late"]);
    let open_all = |names: &[&str]| {
        let rings = ring_suites(names);
        act(|act| open(&at(1), &rollout, &rings, 100, act)).expect("an answer")
    };
    // Between two suites it stops, as a crash would; what is done stays.
    let Moved::Refused(why) = open_all(&["stable", "late"]) else {
        panic!("late has something newer");
    };
    assert!(why.contains("late has 1.3-1, which is newer"), "{why}");
    world
        .archive([
            "remove",
            "hello=1.3-1",
            "hello-extra=1.3-1+b1",
            "--from",
            "late",
        ])
        .code(0);
    assert_eq!(
        generations(open_all(&["stable", "late"])),
        "stable@4 late@4"
    );
    // A suite for a release that nothing is meant for stays as it is; here
    // everything is meant for all.
    assert_eq!(generations(open_all(&["sid:stable"])), "stable@4");

    world
        .archive(["remove", "hello=1.2-1", "--from", "canary"])
        .code(0);
    // Where it is, it is; where it would have to come from, it is gone.
    assert_eq!(generations(open_all(&["stable"])), "stable@4");
    world
        .archive(["remove", "hello=1.2-1", "--from", "late"])
        .code(0);
    let Moved::Gone(gone) = open_all(&["late"]) else {
        panic!("canary has lost it");
    };
    assert_eq!(gone, [suite("canary")]);
    let late = world.packages_of("late");
    assert_eq!(late, ["hello-extra 1.2-1+b1"], "nothing half came");
}

#[test]
fn a_way_back_that_is_gone_is_named() {
    let world = archive();
    publish(&world, "canary", &["1.2-1"]);
    let environment = environment(&world);
    let at = desk(&world, &environment, 0);
    let back = |package: &str, to: &str| Move {
        package: package.parse().expect("a name"),
        architecture: "all".parse().expect("a name"),
        from: "1.2-1".parse().expect("a version"),
        to: to.parse().expect("a version"),
        auto: false,
    };
    let moves = [
        back("hello", "1.1-1"),
        back("hello-extra", "1.1-1+b1"),
        back("hello", "1.0-1"),
    ];
    let lacking = |rollout: &Rollout| missing(&at, rollout, &moves).expect("read");
    let push = planned(&at, "hello=1.2", &["canary"], &[]);
    // Nobody knows what hosts read that no ring's suite is for.
    assert_eq!(lacking(&push), ["hello:all=1.0-1"]);
    let rings = rollout(push.target.clone(), &["stable"]);
    assert_eq!(lacking(&rings), ["hello:all=1.0-1"]);
    let only = rollout(push.target.clone(), &["canary"]);
    assert_eq!(lacking(&only).len(), 3);
    let file = "pool/main/h/hello/hello_1.1-1_all.deb";
    std::fs::remove_file(world.archive_at().join(file)).expect("it was there");
    assert_eq!(
        lacking(&rings),
        [
            "hello:all=1.0-1".to_owned(),
            format!("hello:all=1.1-1 ({file} is no longer in the pool)")
        ]
    );
}
