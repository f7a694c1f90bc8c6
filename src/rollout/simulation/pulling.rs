//! Rings whose hosts update themselves.

use super::{Run, policy, ring, suite};
use crate::rollout::Event;
use crate::rollout::plan::Hold;
use crate::rollout::policy::{Members, Policy, Pull, Share};
use crate::rollout::state::{Blocked, Halt, Phase, Standing};

fn pull(phases: &[u8]) -> Policy {
    let mut fleet = ring("fleet", &[]);
    fleet.members = Members::Pull(Pull {
        observe: "inventory".to_owned(),
        limit_seconds: 60,
        every_seconds: 300,
        adoption: Share::Percent(90),
        phases: phases.to_vec(),
        phase_seconds: 1000,
    });
    policy(vec![ring("canary", &["c"]), fleet])
}

#[test]
fn it_is_offered_counted_soaked_and_passed() {
    let mut run = Run::new(pull(&[10, 50, 100]));
    run.world.counts = vec![(1000, 0, 0), (1000, 100, 0), (1000, 500, 0), (1000, 899, 0)];
    run.go();
    run.wait(3601);
    assert_eq!(run.go(), Some(Hold::Phase));
    for _ in 0..30 {
        run.wait(400);
        run.go();
    }
    assert_eq!(
        run.world.percents,
        [100, 10, 50, 100],
        "the canary, and the phases"
    );
    assert_eq!(run.go(), Some(Hold::Adoption), "899 of 1000 are too few");
    run.world.counts = vec![(1000, 900, 0)];
    run.wait(301);
    assert_eq!(run.go(), Some(Hold::Soaking));
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
}

#[test]
fn nobody_is_no_adoption() {
    let mut run = Run::new(pull(&[]));
    run.world.counts = vec![(0, 0, 0)];
    run.go();
    run.wait(3601);
    assert_eq!(run.go(), Some(Hold::Adoption));
    run.wait(100_000);
    assert_eq!(run.go(), Some(Hold::Adoption));
}

#[test]
fn paused_it_loses_the_version_and_gets_it_again() {
    for phases in [&[10, 100][..], &[]] {
        let mut run = Run::new(pull(phases));
        run.world.counts = vec![(1000, 50, 0)];
        run.go();
        run.wait(3601);
        run.go();
        assert!(run.world.open.contains(&suite("suite-fleet")));
        run.say(Event::Paused { reason: None });
        assert_eq!(run.go(), Some(Hold::Paused));
        assert!(
            !run.world.open.contains(&suite("suite-fleet")),
            "it would go on"
        );
        assert!(run.world.open.contains(&suite("suite-canary")));
        run.say(Event::Resumed { reason: None });
        run.go();
        assert!(run.world.open.contains(&suite("suite-fleet")));
        let first = phases.first().copied().unwrap_or(100);
        assert_eq!(run.world.percents, [100, first, first]);
        run.world.counts = vec![(1000, 1000, 0)];
        assert_eq!(run.finish(), None);
    }
}

#[test]
fn failures_halt_and_are_forgiven_when_somebody_says_so() {
    let mut run = Run::new(pull(&[]));
    run.world.counts = vec![(1000, 50, 1)];
    run.go();
    run.wait(3601);
    assert_eq!(run.go(), Some(Hold::Halted));
    let Phase::Halted {
        why: Halt::Failures { failed: 1, .. },
        ..
    } = run.rollout.phase
    else {
        panic!("{:?}", run.rollout.phase);
    };
    assert!(!run.world.open.contains(&suite("suite-fleet")));
    run.say(Event::Resumed { reason: None });
    run.go();
    assert!(
        run.world.open.contains(&suite("suite-fleet")),
        "{:?}",
        run.rollout.phase
    );
    run.world.counts = vec![(1000, 950, 2)];
    run.wait(301);
    assert_eq!(run.go(), Some(Hold::Halted), "another one is another one");
    // Who has it keeps it: nothing says that all is as it was before.
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), Some(Hold::Blocked));
    assert!(run.world.open.is_empty());
    let Phase::Blocked {
        why: Blocked::Pull { rings, hosts: 950 },
    } = &run.rollout.phase
    else {
        panic!("{:?}", run.rollout.phase);
    };
    assert_eq!(rings, &[run.rollout.rings[1].name.clone()]);
    assert_eq!(run.rollout.standing(1), Standing::NotBack);
    // Something newer has taken it from them, and nobody has it any more.
    run.world.counts = vec![(1000, 0, 0)];
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
}

#[test]
fn who_cannot_be_counted_is_waited_for() {
    let mut run = Run::new(pull(&[]));
    run.world.uncounted = 2;
    run.go();
    run.wait(3601);
    assert_eq!(run.go(), Some(Hold::Uncounted));
    let trouble = run.rollout.trouble.clone().expect("it is known");
    assert_eq!(trouble.why, "the metrics do not answer");
    // It is written once, however often it is tried.
    assert_eq!(run.go(), Some(Hold::Uncounted));
    let stuck = run.words().iter().filter(|word| **word == "stuck").count();
    assert_eq!(stuck, 1);
    run.world.counts = vec![(1000, 0, 0)];
    run.wait(61);
    assert_eq!(run.go(), Some(Hold::Adoption));
    assert_eq!(run.rollout.trouble, None);
}
