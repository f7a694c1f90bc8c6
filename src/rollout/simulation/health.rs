//! Checks: how often, how many in a row, and what a service must be.

use super::edges::{halt, two_rings};
use super::world::Fate;
use super::{Run, check};
use crate::rollout::Event;
use crate::rollout::drive::Stepped;
use crate::rollout::health::{Verdict, What};
use crate::rollout::plan::Hold;
use crate::rollout::state::Halt;

#[test]
fn checks_fail_so_many_times_in_a_row() {
    let no = || Verdict::Failed {
        said: "no".to_owned(),
    };
    let cannot = || Verdict::Inconclusive {
        said: "?".to_owned(),
    };
    for (verdicts, needed, halts) in [
        (vec![no()], 1, true),
        (vec![no()], 2, false),
        (vec![no(), Verdict::Passed, no()], 2, false),
        (vec![no(), no()], 2, true),
        (vec![no(), cannot(), no()], 2, true),
        (vec![cannot(), cannot(), cannot()], 1, false),
    ] {
        let shown = format!("{verdicts:?} of {needed}");
        let mut policy = two_rings();
        let what = What::OnHost("true".to_owned());
        policy.rings[0].checks.push(check("on-host", what, needed));
        let mut run = Run::new(policy.clone());
        run.world.host("c").verdicts = verdicts.clone();
        assert_eq!(run.finish() == Some(Hold::Halted), halts, "{shown}");
        let what = What::OnController("true".to_owned());
        policy.rings[0].checks = vec![check("here", what, needed)];
        let mut run = Run::new(policy);
        run.world.here = verdicts;
        assert_eq!(run.finish() == Some(Hold::Halted), halts, "here: {shown}");
        if halts {
            assert!(matches!(halt(&run), Halt::Check { .. }), "{shown}");
        }
    }
}

#[test]
fn inconclusive_waits_with_a_time() {
    let mut policy = two_rings();
    let what = What::OnHost("true".to_owned());
    policy.rings[0].checks.push(check("slow", what, 1));
    let mut run = Run::new(policy);
    let said = "?".to_owned();
    run.world.host("c").verdicts = vec![Verdict::Inconclusive { said }];
    assert_eq!(run.go(), Some(Hold::Inconclusive(vec!["slow".to_owned()])));
    let Stepped::Waiting {
        until: Some(until), ..
    } = run.step()
    else {
        panic!("it waits");
    };
    run.world.now = until;
    assert_eq!(run.go(), Some(Hold::Soaking));
}

#[test]
fn a_service_must_be_another_process() {
    for (fate, pid, active, halts) in [
        (Fate::Well, None, true, false),
        // Set back to the one before: it was not started again.
        (Fate::Well, Some(100), true, true),
        (Fate::Well, Some(101), false, true),
        // The same number, but the host was started again.
        (Fate::Reboot, Some(100), true, false),
    ] {
        let mut policy = two_rings();
        let what = What::Service("hello.service".to_owned());
        policy.rings[0].checks.push(check("service", what, 1));
        let mut run = Run::new(policy);
        run.world.host("c").fates = vec![fate];
        while run.state("c") != "ok" {
            run.step();
            run.wait(1);
        }
        if let Some(pid) = pid {
            run.world.host("c").service = Some((pid, active));
        }
        let halted = run.finish() == Some(Hold::Halted);
        assert_eq!(halted, halts, "{fate:?} {pid:?} {active}");
    }
}

#[test]
fn checks_are_made_again_while_it_soaks_and_once_it_has() {
    let mut policy = two_rings();
    let what = What::OnController("true".to_owned());
    policy.rings[0].checks.push(check("here", what, 1));
    let mut run = Run::new(policy);
    assert_eq!(run.finish(), None);
    let at = run
        .journal
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Checked { host: None, .. } => Some(entry.at),
            _ => None,
        });
    let at: Vec<_> = at.collect();
    // After the batch, every ten minutes of the hour, and when it has soaked.
    assert!(at.len() >= 7, "{at:?}");
    let soak = run.rollout.rings[0].soak.expect("it soaked");
    assert!(at.last().is_some_and(|last| *last >= soak), "{at:?}");
}
