//! Rings whose hosts update themselves.

use super::{Run, policy, ring, suite};
use crate::rollout::Event;
use crate::rollout::plan::Hold;
use crate::rollout::policy::{Members, Policy, Pull, Share};
use crate::rollout::state::{Halt, Phase};

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
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    assert!(run.world.open.is_empty());
}
