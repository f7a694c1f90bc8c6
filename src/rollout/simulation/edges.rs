//! Each edge of the gates, by itself.

use super::world::Fate;
use super::{Run, host, policy, ring, version};
use crate::rollout::facts::Selection;
use crate::rollout::plan::{Hold, Step};
use crate::rollout::policy::Share;
use crate::rollout::state::{Fault, Halt, HostState, Phase, Stage};
use crate::rollout::{Event, Policy, drive::Stepped};

pub fn two_rings() -> Policy {
    policy(vec![ring("canary", &["c"]), ring("rest", &["a", "b"])])
}

pub fn halt(run: &Run) -> &Halt {
    match &run.rollout.phase {
        Phase::Halted { why, .. } => why,
        phase => panic!("{phase:?} is not halted"),
    }
}

#[test]
fn all_goes_well() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    assert_eq!(run.world.versions(), ["1", "1", "2"], "a, b, c");
    let Phase::Ring {
        index: 0,
        stage: Stage::Soaking { until },
    } = run.rollout.phase
    else {
        panic!("{:?}", run.rollout.phase);
    };
    // One second too early is too early.
    run.world.now = until.plus_seconds(-1);
    assert_eq!(run.go(), Some(Hold::Soaking));
    run.world.now = until;
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);
    let canary = [
        "planned",
        "rehearsed",
        "opening",
        "opened",
        "probed",
        "starting",
        "begun",
        "succeeded",
        "soaking",
        "checked",
        "passed",
        "opening",
    ];
    assert_eq!(run.words()[..12], canary);
}

#[test]
fn a_failure_of_the_canary_halts_before_the_second_ring() {
    for fate in [
        Fate::Script,
        Fate::Update,
        Fate::Gone,
        Fate::Hangs,
        Fate::Vanishes,
    ] {
        let mut run = Run::new(two_rings());
        run.world.host("c").fates = vec![fate; 5];
        assert_eq!(run.finish(), Some(Hold::Halted), "{fate:?}");
        let Halt::Failures {
            failed: 1,
            allowed: 0,
            ..
        } = halt(&run)
        else {
            panic!("{fate:?}: {:?}", halt(&run));
        };
        assert!(run.rollout.rings[1].opened.is_none());
        // Other hosts that read its suite are offered it no longer.
        assert_eq!(run.world.open.len(), 0, "{fate:?}");
        // The way back ends, whatever the host does now.
        run.world.host("c").fates.clear();
        run.world.host("c").down = false;
        run.say(Event::RollbackBegun { reason: None });
        let end = run.finish();
        let shown = format!("{fate:?}: {:?}", run.rollout.phase);
        match fate {
            // Its job still runs: nothing may come between.
            Fate::Hangs => assert_eq!(end, Some(Hold::Blocked), "{shown}"),
            _ => {
                assert_eq!(end, None, "{shown}");
                assert_eq!(run.rollout.phase, Phase::RolledBack);
                assert_eq!(run.world.versions(), ["1", "1", "1"], "{shown}");
            }
        }
        assert!(run.world.open.is_empty(), "{shown}");
    }
}

#[test]
fn what_can_be_mended_is() {
    for (fate, want) in [
        (Fate::Cut, "ok"),
        (Fate::CutBefore, "ok"),
        (Fate::Late, "ok"),
        (Fate::Refused, "ok"),
        (Fate::Reboot, "ok"),
        (Fate::Crash, "repaired"),
        (Fate::Script, "repaired"),
    ] {
        let mut run = Run::new(two_rings());
        run.world.host("c").fates = vec![fate];
        assert_eq!(run.finish(), None, "{fate:?}");
        assert_eq!(run.state("c"), want, "{fate:?}");
        assert_eq!(run.world.versions(), ["2", "2", "2"], "{fate:?}");
        // Told again: under another name, so that the first order, should it
        // arrive after all, begins nothing.
        let jobs = run
            .journal
            .entries()
            .iter()
            .filter_map(|entry| match &entry.event {
                Event::Starting { host, job } if host.as_str() == "c" => Some(job.clone()),
                _ => None,
            });
        let jobs: Vec<_> = jobs.collect();
        let names: std::collections::BTreeSet<_> = jobs.iter().collect();
        let (orders, want) = match fate {
            Fate::CutBefore | Fate::Refused | Fate::Late => (2, 2),
            Fate::Crash | Fate::Script => (2, 2),
            _ => (1, 1),
        };
        assert_eq!((jobs.len(), names.len()), (orders, want), "{fate:?}");
    }
}

#[test]
fn a_host_that_never_begins_is_given_up() {
    let mut run = Run::new(two_rings());
    run.world.host("c").fates = vec![Fate::Refused; 9];
    assert_eq!(run.finish(), Some(Hold::Halted));
    let state = &run.rollout.hosts[&host("c")].state;
    let HostState::Failed {
        fault: Fault::NeverBegan { why },
    } = state
    else {
        panic!("{state:?}");
    };
    assert_eq!(why, "disk full");
    let told = run
        .words()
        .iter()
        .filter(|word| **word == "starting")
        .count();
    assert_eq!(told, 3, "as often as the policy allows");
}

#[test]
fn skipped_hosts_are_left_alone() {
    let mut policy = two_rings();
    policy.rings.remove(0);
    policy.rings[0] = ring("all", &["held", "newer", "absent", "other", "has", "plain"]);
    let mut run = Run::new(policy);
    run.world.host("held").selection = Selection::Hold;
    run.world.host("newer").version = Some(version("3"));
    run.world.host("absent").version = None;
    run.world.host("other").codename = "trixie";
    run.world.host("has").version = Some(version("2"));
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
    // absent, has, held, newer, other, plain
    assert_eq!(run.world.versions(), ["", "2", "1", "3", "1", "2"]);
    assert_eq!(run.world.told, 1);
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["", "2", "1", "3", "1", "1"]);
    assert_eq!(run.world.told, 2, "what nobody touched is not undone");
}

#[test]
fn empty_rings() {
    // Nobody in the first ring, by list or because nobody has the package.
    let mut run = Run::new(policy(vec![ring("canary", &[]), ring("rest", &["a"])]));
    assert_eq!(run.finish(), Some(Hold::Halted));
    assert!(matches!(halt(&run), Halt::NothingTried { ring } if ring.as_str() == "canary"));
    let mut run = Run::new(two_rings());
    run.world.host("c").version = None;
    assert_eq!(run.finish(), Some(Hold::Halted));
    assert!(matches!(halt(&run), Halt::NothingTried { .. }));
    assert_eq!(run.world.told, 0);
    // A later one is opened and passed, and does not soak.
    let rings = vec![
        ring("canary", &["c"]),
        ring("none", &[]),
        ring("rest", &["a"]),
    ];
    let mut run = Run::new(policy(rings));
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
    assert!(run.rollout.rings[1].opened.is_some() && run.rollout.rings[1].soak.is_none());
    assert_eq!(run.world.versions(), ["2", "2"]);
}

#[test]
fn silence_is_no_success() {
    let mut run = Run::new(two_rings());
    run.world.host("c").down = true;
    let (wanted, _) = (Hold::Unreachable(vec![host("c")]), ());
    assert_eq!(run.go(), Some(wanted.clone()));
    for _ in 0..50 {
        run.wait(60);
        assert_eq!(run.go(), Some(wanted.clone()));
    }
    assert!(run.rollout.rings[1].opened.is_none());
    // Back again, it is brought along.
    run.world.host("c").down = false;
    run.wait(60);
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);

    // Allowed to be away, one of two may be; it does not stand for the sample.
    let mut policy = two_rings();
    policy.rings[1].max_unreachable = Share::Count(1);
    let mut run = Run::new(policy.clone());
    run.world.host("a").down = true;
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["1", "2", "2"]);
    assert_eq!(run.state("a"), "unreachable");
    // When it returns, it is brought to where the others are.
    run.world.host("a").down = false;
    run.say(Event::Converging);
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);

    policy.rings[1].max_unreachable = Share::Count(2);
    let mut run = Run::new(policy);
    run.world.host("a").down = true;
    run.world.host("b").down = true;
    run.go();
    run.wait(7200);
    assert_eq!(run.go(), Some(Hold::Sample), "all away prove nothing");
}

#[test]
fn a_host_that_dies_while_it_soaks_is_found() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    run.world.host("c").down = true;
    run.wait(7200);
    assert_eq!(run.go(), Some(Hold::Unreachable(vec![host("c")])));
    // Or one that somebody else has changed.
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    run.world.host("c").version = Some(version("1"));
    run.wait(7200);
    assert_eq!(run.go(), Some(Hold::Halted));
}

#[test]
fn thresholds_halt_one_above() {
    for (allowed, failing, halts) in [
        (Share::Count(0), 1, true),
        (Share::Count(1), 1, false),
        (Share::Count(1), 2, true),
        (Share::Percent(25), 1, false),
        (Share::Percent(25), 2, true),
        (Share::Percent(24), 1, true),
        (Share::Percent(100), 3, false),
        // All that were tried have failed: nothing is proven.
        (Share::Percent(100), 4, true),
    ] {
        let mut only = ring("all", &["a", "b", "c", "d"]);
        only.max_failures = allowed;
        let mut run = Run::new(policy(vec![only]));
        for name in ["a", "b", "c", "d"].into_iter().take(failing) {
            run.world.host(name).fates = vec![Fate::Update];
        }
        let halted = run.finish() == Some(Hold::Halted);
        assert_eq!(halted, halts, "{failing} of 4, {allowed:?}");
    }
}

#[test]
fn a_halt_comes_inside_a_batch_and_what_runs_is_still_asked() {
    let mut only = ring("all", &["a", "b", "c", "d"]);
    only.batch = Share::Count(2);
    let mut run = Run::new(policy(vec![only]));
    run.world.host("a").fates = vec![Fate::Update];
    run.world.host("b").silent = 0;
    while run.world.told < 2 {
        run.step();
    }
    // a is known to have failed before b has answered.
    run.world.host("b").down = true;
    run.wait(30);
    run.step();
    assert_eq!(run.state("a"), "failed");
    assert!(matches!(run.step(), Stepped::Did(Step::Halt { .. })));
    run.world.host("b").down = false;
    run.wait(60);
    assert_eq!(run.go(), Some(Hold::Halted));
    assert_eq!(run.state("b"), "ok");
    assert_eq!((run.state("c"), run.state("d")), ("probed", "probed"));
    assert_eq!(run.world.versions(), ["1", "2", "1", "1"]);
    // Told to go on, what failed is tried again.
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["2", "2", "2", "2"]);
}

#[test]
fn a_sample_that_is_too_small_waits_for_somebody() {
    let mut policy = two_rings();
    policy.rings[0].min_sample = 2;
    let mut run = Run::new(policy);
    assert_eq!(run.go(), Some(Hold::Sample));
    let ring = run.rollout.rings[0].name.clone();
    let reason = "there is only one".to_owned();
    run.say(Event::SoakSkipped { ring, reason });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
}

#[test]
fn the_archive_may_refuse() {
    use crate::rollout::hands::Moved;
    for (moved, promotion) in [
        (Moved::Refused("frozen".to_owned()), true),
        (Moved::Gone(vec![super::suite("candidate")]), false),
    ] {
        let mut run = Run::new(two_rings());
        run.world.moved = vec![moved];
        assert_eq!(run.finish(), Some(Hold::Halted));
        assert_eq!(matches!(halt(&run), Halt::Promotion { .. }), promotion);
        run.say(Event::Resumed { reason: None });
        assert_eq!(run.finish(), None);
    }
}
