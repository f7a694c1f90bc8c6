use super::*;
use crate::format::version::Version;
use crate::model::{Architecture, Sha256};
use crate::rollout::facts::System;
use crate::rollout::simulation::{epoch, host, package, policy, ring, rollout, suite, version};

fn architecture(text: &str) -> Architecture {
    Architecture::new(text).expect("a name")
}

fn binary(name: &str, of: &str, to: &str) -> Binary {
    Binary {
        package: package(name),
        architecture: architecture(of),
        version: version(to),
        sha256: Sha256::of(b""),
    }
}

fn meant(release: Option<&str>, binaries: Vec<Binary>) -> Meant {
    Meant {
        release: release.map(str::to_owned),
        source_version: version("2"),
        from: suite("candidate"),
        generation: 1,
        binaries,
    }
}

/// hello for two releases; in the newer one its documentation is for all.
fn target() -> Target {
    Target {
        source: package("hello"),
        versions: vec![
            meant(
                Some("bookworm"),
                vec![
                    binary("hello", "amd64", "2~deb12"),
                    binary("libhello", "amd64", "2~deb12"),
                    binary("libhello", "i386", "2~deb12"),
                    binary("hello-doc", "amd64", "2~deb12"),
                ],
            ),
            meant(
                Some("13"),
                vec![
                    binary("hello", "amd64", "2~deb13"),
                    binary("hello-doc", "all", "2~deb13"),
                    binary("hello-new", "amd64", "2~deb13"),
                ],
            ),
        ],
    }
}

fn installed(text: &str) -> Installed {
    let words: Vec<&str> = text.split(' ').collect();
    let [name, of, at, more @ ..] = words.as_slice() else {
        panic!("{text}");
    };
    Installed {
        package: package(name),
        architecture: architecture(of),
        version: version(at),
        selection: match more.contains(&"hold") {
            true => Selection::Hold,
            false => Selection::Install,
        },
        status: match more.contains(&"half") {
            true => Status::HalfConfigured,
            false => Status::Installed,
        },
        auto: more.contains(&"auto"),
    }
}

fn facts(codename: &str, version_id: &str, packages: &[&str]) -> HostFacts {
    HostFacts {
        clock: epoch(),
        machine_id: String::new(),
        boot_id: "1".to_owned(),
        system: System {
            id: "debian".to_owned(),
            version_id: version_id.to_owned(),
            codename: codename.to_owned(),
        },
        architecture: architecture("amd64"),
        installed: packages.iter().map(|text| installed(text)).collect(),
        unfinished: Vec::new(),
        job: Job::Absent,
        services: Vec::new(),
        stale: Vec::new(),
        reboot_required: false,
        free_bytes: 1 << 30,
    }
}

#[test]
fn what_is_to_be_done() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("bookworm", &["hello amd64 1"], "hello:amd64 1→2~deb12"),
        // Only what is there, of each architecture that is.
        (
            "bookworm",
            &["libhello amd64 1", "libhello i386 1 auto"],
            "libhello:amd64 1→2~deb12, libhello:i386 1→2~deb12 auto",
        ),
        // Another release, by its number; a package becomes one for all.
        (
            "13",
            &["hello amd64 2~deb12", "hello-doc amd64 2~deb12"],
            "hello:amd64 2~deb12→2~deb13, hello-doc:amd64 2~deb12→2~deb13",
        ),
        // Or was one.
        ("bookworm", &["hello-doc all 1"], "hello-doc:all 1→2~deb12"),
        ("sid", &["hello amd64 1"], "OtherSystem"),
        ("bookworm", &[], "Absent"),
        ("bookworm", &["hello-old amd64 1"], "Absent"),
        ("bookworm", &["hello armhf 1"], "OtherSystem"),
        ("bookworm", &["hello amd64 1 hold"], "Held"),
        // Held where it is meant to be, it is not in the way.
        (
            "bookworm",
            &["hello amd64 2~deb12 hold", "libhello amd64 1"],
            "libhello:amd64 1→2~deb12",
        ),
        ("bookworm", &["hello amd64 2"], "Newer"),
        ("bookworm", &["hello amd64 1", "libhello amd64 2"], "Newer"),
        (
            "bookworm",
            &["hello amd64 1 hold", "libhello amd64 2"],
            "Newer",
        ),
        ("bookworm", &["hello amd64 2~deb12"], "Already"),
        (
            "bookworm",
            &["hello amd64 2~deb12 half"],
            "hello:amd64 2~deb12→2~deb12",
        ),
        (
            "bookworm",
            &["hello amd64 2~deb12", "libhello amd64 1"],
            "libhello:amd64 1→2~deb12",
        ),
    ];
    for (system, packages, want) in cases {
        let (codename, number) = match system.parse::<u8>() {
            Ok(_) => ("", *system),
            Err(_) => (*system, ""),
        };
        let found = match before(&target(), &facts(codename, number, packages)) {
            Ok(moves) => moves
                .iter()
                .map(|made| {
                    let auto = if made.auto { " auto" } else { "" };
                    let (package, of) = (&made.package, &made.architecture);
                    format!("{package}:{of} {}→{}{auto}", made.from, made.to)
                })
                .collect::<Vec<_>>()
                .join(", "),
            Err(skip) => format!("{skip:?}"),
        };
        let fits = match want.contains('→') {
            true => found == *want,
            false => found.starts_with(want),
        };
        assert!(fits, "{system} {packages:?}: {found}");
    }
}

/// A host that was told to bring hello and libhello from 1 to 2.
fn told(repair: bool) -> Host {
    let made = |name: &str| Move {
        package: package(name),
        architecture: architecture("amd64"),
        from: version("1"),
        to: version("2"),
        auto: false,
    };
    let rollout = rollout(policy(vec![ring("canary", &["c"])]));
    let mut told = rollout.hosts[&host("c")].clone();
    told.moves = vec![made("hello"), made("libhello")];
    told.touched = true;
    told.attempts = 1;
    told.repair = repair;
    told.job = Some("job".to_owned());
    told
}

fn over(stage: &str, code: i32, log: &str) -> Job {
    Job::Ended {
        stage: stage.to_owned(),
        code,
        log: log.to_owned(),
    }
}

const NEW: [&str; 2] = ["hello amd64 2", "libhello amd64 2"];
const OLD: [&str; 2] = ["hello amd64 1", "libhello amd64 1"];
const HALF: [&str; 2] = ["hello amd64 2 half", "libhello amd64 2"];
const ONE: [&str; 2] = ["hello amd64 2", "libhello amd64 1"];

#[test]
fn what_became_of_it() {
    let gone = "E: Version '2' for 'hello' was not found";
    let cases: &[(&[&str], &[&str], Job, &str)] = &[
        (&NEW, &[], over("done", 0, ""), "Ok"),
        // Read back, not believed: in both ways.
        (&OLD, &[], over("done", 0, ""), "Failed(NotAsMeant"),
        (&ONE, &[], over("done", 0, ""), "Failed(NotAsMeant"),
        (&NEW, &[], over("install", 100, "cut"), "Ok"),
        (&NEW, &[], Job::Lost, "Ok"),
        (&NEW, &[], Job::Absent, "Ok"),
        (&NEW, &[], Job::Running, "Running"),
        (&OLD, &[], Job::Running, "Running"),
        // What no package's state says.
        (&NEW, &[], over("restart", 1, "hello"), "Failed(NotAsMeant"),
        (&OLD, &[], Job::Absent, "NotBegun"),
        (&OLD, &[], Job::Lost, "Repair"),
        (&HALF, &["hello"], Job::Lost, "Repair"),
        (&HALF, &["hello"], Job::Absent, "Repair"),
        (&HALF, &["hello"], over("install", 100, ""), "Repair"),
        (&NEW, &["libhello"], over("done", 0, ""), "Repair"),
        // Whatever is ours: what is not is not for us.
        (&HALF, &["hello", "other"], Job::Lost, "Failed(Foreign"),
        (&NEW, &["other"], over("done", 0, ""), "Failed(Foreign"),
        (&OLD, &[], over("update", 100, "Err:1"), "Failed(Update"),
        (
            &OLD,
            &[],
            over("simulate", 100, "refused"),
            "Failed(Refused",
        ),
        (&OLD, &[], over("simulate", 100, gone), "Failed(Gone"),
        (
            &OLD,
            &[],
            over("install", 100, "x 404  Not Found y"),
            "Failed(Gone",
        ),
        (
            &OLD,
            &[],
            over("install", 100, "no space"),
            "Failed(NotAsMeant",
        ),
        (&[], &[], over("done", 0, ""), "Failed(NotAsMeant"),
    ];
    for (packages, unfinished, job, want) in cases {
        let mut facts = facts("bookworm", "12", packages);
        facts.unfinished = unfinished.iter().map(|name| package(name)).collect();
        facts.job = job.clone();
        let found = format!("{:?}", after(&told(false), &facts, Way::Forward));
        assert!(found.starts_with(want), "{packages:?} {job:?}: {found}");
    }
}

#[test]
fn one_repair_is_tried() {
    let mut half = facts("bookworm", "12", &HALF);
    half.unfinished = vec![package("hello")];
    half.job = over("install", 100, "");
    let judged = after(&told(true), &half, Way::Forward);
    assert!(
        matches!(judged, After::Failed(Fault::NotAsMeant { .. })),
        "{judged:?}"
    );
    let mut well = facts("bookworm", "12", &NEW);
    well.job = over("done", 0, "");
    assert_eq!(after(&told(true), &well, Way::Forward), After::Repaired);
}

#[test]
fn the_way_back() {
    let mut host = told(false);
    host.attempts = 0;
    // The job of the way there has ended: it says nothing of the way back.
    let mut new = facts("bookworm", "12", &NEW);
    new.job = over("done", 0, "");
    assert_eq!(after(&host, &new, Way::Back), After::NotBegun);
    let shown = |moves: Result<Vec<Move>, NotBack>| match moves {
        Ok(moves) => {
            let shown = moves
                .iter()
                .map(|m| format!("{} {}→{}", m.package, m.from, m.to));
            shown.collect::<Vec<_>>().join(", ")
        }
        Err(skip) => format!("{skip:?}"),
    };
    for (packages, want) in [
        (&NEW[..], "hello 2→1, libhello 2→1"),
        (&ONE, "hello 2→1"),
        (&OLD, "Free(Already"),
        (&["hello amd64 2"], "hello 2→1"),
        (&[], "Free(Absent"),
        // Somebody has brought one of them to something else: the other goes.
        (&["hello amd64 0.9", "libhello amd64 2"], "libhello 2→1"),
        (&["hello amd64 0.9"], "Free(Changed"),
        (&["hello amd64 3", "libhello amd64 3"], "Free(Newer"),
        // What still has the version and is not to be moved is told apart.
        (&["hello amd64 3", "libhello amd64 2"], "Stays(Newer"),
        (&["hello amd64 2 hold", "libhello amd64 2"], "Stays(Held"),
        (&["hello amd64 1 hold", "libhello amd64 1"], "Free(Already"),
    ] {
        let found = shown(back(&host, &facts("bookworm", "12", packages)));
        assert!(found.starts_with(want), "{packages:?}: {found}");
    }
    host.attempts = 1;
    let mut old = facts("bookworm", "12", &OLD);
    old.job = over("done", 0, "");
    assert_eq!(after(&host, &old, Way::Back), After::Ok);
    let mut refused = facts("bookworm", "12", &NEW);
    refused.job = over("install", 100, "prerm failed");
    let judged = after(&host, &refused, Way::Back);
    assert!(
        matches!(judged, After::Failed(Fault::NotAsMeant { .. })),
        "{judged:?}"
    );
}

#[test]
fn who_was_touched_keeps_the_way_back() {
    let mut known = target();
    for meant in &mut known.versions {
        for binary in &mut meant.binaries {
            binary.version = Version::new("2").expect("a version");
        }
    }
    // One package is there already; the other was not moved.
    let facts = facts("bookworm", "12", &ONE);
    let moves = moves(&known, &told(false), &facts, Way::Forward).expect("something is left");
    let from: Vec<_> = moves.iter().map(|made| made.from.as_str()).collect();
    assert_eq!(from, ["1", "1"]);
}

#[test]
fn what_is_late() {
    let mut host = told(false);
    host.told = Some(epoch());
    assert!(!is_late(&host, 600, 60, epoch().plus_seconds(660)));
    assert!(is_late(&host, 600, 60, epoch().plus_seconds(661)));
}

#[test]
fn a_unit_is_active_and_of_the_version_that_is_meant() {
    let unit = |active, pid| Service {
        name: "hello.service".to_owned(),
        active,
        pid,
        since: 5,
    };
    let stale = |unit: &str| Stale {
        pid: 7,
        program: "hello".to_owned(),
        unit: Some(unit.to_owned()),
    };
    let judged = |before: Option<Service>, packages: &[&str], now, old: &[Stale]| {
        let mut host = told(false);
        let mut then = facts("bookworm", "12", &OLD);
        then.services.extend(before);
        host.before = Some(Box::new(then));
        let mut facts = facts("bookworm", "12", packages);
        facts.services = vec![now];
        facts.stale = old.to_vec();
        match service("hello.service", &host, &facts, true) {
            Verdict::Passed => String::new(),
            Verdict::Failed { said } | Verdict::Inconclusive { said } => said,
        }
    };
    let (on, off) = (unit(true, 1), unit(false, 0));
    for (before, packages, now, old, want) in [
        (Some(on.clone()), &NEW[..], unit(true, 2), vec![], ""),
        (Some(on.clone()), &NEW, off.clone(), vec![], "not active"),
        // Whatever it was before: the new version may have brought it.
        (Some(off.clone()), &NEW, off.clone(), vec![], "not active"),
        (None, &NEW, off, vec![], "not active"),
        (None, &NEW, on.clone(), vec![], ""),
        (
            Some(on.clone()),
            &NEW,
            on.clone(),
            vec![],
            "still runs as process 1",
        ),
        (
            Some(on.clone()),
            &OLD,
            unit(true, 2),
            vec![],
            "is at 1, not 2",
        ),
        (
            Some(on.clone()),
            &NEW,
            unit(true, 2),
            vec![stale("hello.service")],
            "process 7 of hello.service (hello) still runs the version before",
        ),
        (Some(on), &NEW, unit(true, 2), vec![stale("x.service")], ""),
    ] {
        let said = judged(before.clone(), packages, now.clone(), &old);
        let right = match want {
            "" => said.is_empty(),
            want => said.contains(want),
        };
        assert!(right, "{before:?} {packages:?} {now:?} {old:?}: {said}");
    }
}

#[test]
fn marks_are_put_back() {
    let mut host = told(false);
    host.due.clone_from(&host.moves);
    let mut facts = facts("bookworm", "12", &NEW);
    facts.job = over("done", 0, "");
    assert_eq!(after(&host, &facts, Way::Forward), After::Ok);
    // The job was killed before it came to that.
    facts.installed[0].auto = !facts.installed[0].auto;
    assert_eq!(after(&host, &facts, Way::Forward), After::Repair);
    host.repair = true;
    assert!(matches!(
        after(&host, &facts, Way::Forward),
        After::Failed(Fault::NotAsMeant { .. })
    ));
    // Nothing of ours was there: it is as somebody wants it.
    host.attempts = 0;
    assert_eq!(after(&host, &facts, Way::Forward), After::Repaired);
}

#[test]
fn what_was_built_for_a_release_is_its_hosts() {
    let general = || vec![binary("hello", "amd64", "2")];
    let target = Target {
        source: package("hello"),
        versions: vec![
            meant(None, general()),
            meant(
                Some("bookworm"),
                vec![binary("hello", "amd64", "2+deb12u1")],
            ),
            meant(Some("13"), vec![binary("hello", "amd64", "2+deb13u1")]),
        ],
    };
    for (codename, number, want) in [
        ("bookworm", "12", "2+deb12u1"),
        ("bookworm", "", "2+deb12u1"),
        ("trixie", "13", "2+deb13u1"),
        // Its number is not told, but known.
        ("trixie", "", "2+deb13u1"),
        ("sid", "", "2"),
        ("noble", "24.04", "2"),
    ] {
        let moves = before(&target, &facts(codename, number, &["hello amd64 1"]));
        let moves = moves.expect("something is meant");
        assert_eq!(moves[0].to.as_str(), want, "{codename} {number}");
    }
}
