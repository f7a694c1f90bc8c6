//! Ten thousand hosts.

use std::time::Instant;

use super::world::Fate;
use super::{Run, check, policy, ring};
use crate::rollout::drive::Stepped;
use crate::rollout::health::What;
use crate::rollout::plan;
use crate::rollout::policy::Share;
use crate::rollout::state::Phase;

fn fleet(hosts: usize, batch: Share) -> Run {
    let names: Vec<String> = (0..hosts).map(|host| format!("h{host:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rings = vec![
        ring("canary", &names[..10]),
        ring("early", &names[10..500]),
        ring("rest", &names[500..]),
    ];
    for ring in &mut rings {
        ring.batch = batch;
        ring.max_failures = Share::Percent(2);
        ring.max_unreachable = Share::Percent(5);
        ring.soak_seconds = 1800;
        let what = What::OnHost("true".to_owned());
        ring.checks.push(check("answers", what, 1));
    }
    let mut run = Run::new(policy(rings));
    for (index, machine) in run.world.hosts.values_mut().enumerate() {
        match index % 100 {
            _ if index < 10 => {}
            7 => machine.fates = vec![Fate::Crash],
            8 => machine.fates = vec![Fate::Cut],
            9 => machine.down = true,
            10 => machine.version = None,
            11 => machine.fates = vec![Fate::Update],
            _ => {}
        }
    }
    run
}

/// Goes to the end; returns how many steps there were and the longest time that
/// planning one took, in microseconds.
fn finish(run: &mut Run) -> (usize, u128) {
    let (mut steps, mut longest) = (0, 0);
    loop {
        let begun = Instant::now();
        std::hint::black_box(plan::next(&run.rollout, run.world.now));
        longest = longest.max(begun.elapsed().as_micros());
        steps += 1;
        match run.step() {
            Stepped::Did(_) => run.wait(1),
            Stepped::Waiting {
                until: Some(until), ..
            } => {
                run.world.now = until.max(run.world.now.plus_seconds(1));
            }
            Stepped::Waiting { why, .. } => panic!("{why:?} {:?}", run.rollout.phase),
            Stepped::Over => return (steps, longest),
        }
        assert!(steps < 20_000, "{:?}", run.rollout.phase);
    }
}

#[test]
fn a_thousand_hosts_end_as_they_should() {
    let mut run = fleet(1000, Share::Percent(10));
    let (steps, _) = finish(&mut run);
    assert_eq!(run.rollout.phase, Phase::Done);
    // Of each hundred but the first ten: one never there, one absent, one that
    // fails.
    let has = run.world.versions();
    let has = has.iter().filter(|version| *version == "2").count();
    assert_eq!(has, 1000 - 3 * 10 + 1);
    assert!(steps < 1000, "{steps} steps");
}

/// Prints how long planning takes; no time is asserted.
#[test]
#[ignore = "a measurement: scripts/bench-rollout"]
#[expect(clippy::print_stderr, reason = "it is what the measurement prints")]
fn ten_thousand_hosts() {
    for batch in [Share::Percent(10), Share::Percent(1), Share::Count(500)] {
        let mut run = fleet(10_000, batch);
        let begun = Instant::now();
        let (steps, longest) = finish(&mut run);
        let entries = run.journal.entries().len();
        eprintln!(
            "{batch:?}: {steps} steps, {entries} entries, {} ms; the longest plan {longest} µs",
            begun.elapsed().as_millis()
        );
        assert_eq!(run.rollout.phase, Phase::Done);
        assert!(entries < 120_000, "{entries} entries");
    }
}
