//! Whatever hosts do and whenever the controller dies: no host is told before
//! its ring is open and those before it have passed, no more are away than the
//! batch allows, nothing is begun twice, and every run comes to an end that has
//! a name. What must not be done the world itself refuses.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::world::{Fate, Machine, World};
use super::{check, planned, policy, ring};
use crate::rollout::drive::{self, DriveError, Stepped};
use crate::rollout::facts::Selection;
use crate::rollout::health::{Verdict, What};
use crate::rollout::journal::{Death, Journal};
use crate::rollout::plan::Hold;
use crate::rollout::policy::{Approval, Policy, Share};
use crate::rollout::state::{Phase, Rollout};
use crate::rollout::{Entry, Event, HostState};

const RUNS: u64 = 10_000;

fn share(random: &mut StdRng) -> Share {
    match random.gen_bool(0.5) {
        true => Share::Count(random.gen_range(0..4)),
        false => Share::Percent(*[0, 10, 25, 50, 100].choose(random).expect("some")),
    }
}

fn any_policy(random: &mut StdRng) -> Policy {
    let mut rings = Vec::new();
    for index in 0..random.gen_range(1..4) {
        let hosts = 0..random.gen_range(0..5);
        let names: Vec<String> = hosts.map(|host| format!("r{index}h{host}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut ring = ring(&format!("r{index}"), &names);
        ring.soak_seconds = *[0, 30, 3600].choose(random).expect("some");
        ring.batch = share(random);
        ring.max_failures = share(random);
        ring.max_unreachable = share(random);
        ring.min_sample = random.gen_range(0..3);
        if random.gen_bool(0.5) {
            let what = What::OnHost("true".to_owned());
            ring.checks
                .push(check("host", what, random.gen_range(1..3)));
        }
        if random.gen_bool(0.3) {
            let what = What::OnController("true".to_owned());
            ring.checks
                .push(check("here", what, random.gen_range(1..3)));
        }
        if random.gen_bool(0.3) {
            let what = What::Service("hello".to_owned());
            ring.checks.push(check("service", what, 1));
        }
        rings.push(ring);
    }
    let mut policy = policy(rings);
    policy.attempts = random.gen_range(1..4);
    // Every five seconds a job that hangs is asked for.
    (policy.job_seconds, policy.lock_seconds) = (20, 5);
    if random.gen_bool(0.1) {
        policy.approval = Approval::Needed {
            count: 1,
            keys: Vec::new(),
        };
    }
    policy
}

fn verdict(random: &mut StdRng) -> Verdict {
    let said = "no".to_owned();
    match random.gen_range(0..3) {
        0 => Verdict::Passed,
        1 => Verdict::Inconclusive { said },
        _ => Verdict::Failed { said },
    }
}

fn spoil(machine: &mut Machine, random: &mut StdRng) {
    let fates = [
        Fate::Well,
        Fate::Cut,
        Fate::CutBefore,
        Fate::Refused,
        Fate::Update,
        Fate::Gone,
        Fate::Script,
        Fate::Crash,
        Fate::Reboot,
        Fate::Hangs,
        Fate::Vanishes,
    ];
    match random.gen_range(0..20) {
        0 => machine.version = None,
        1 => machine.version = Some(super::version("3")),
        2 => machine.version = Some(super::version("2")),
        3 => machine.codename = "trixie",
        4 => machine.selection = Selection::Hold,
        5 => machine.foreign = true,
        6 => machine.down = true,
        7 => machine.silent = random.gen_range(1..4),
        8 => machine.verdicts = (0..3).map(|_| verdict(random)).collect(),
        9..14 => {
            let fates = (0..random.gen_range(1..4)).map(|_| fates.choose(random).copied());
            machine.fates = fates.flatten().collect();
        }
        _ => {}
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Done,
    RolledBack,
    Blocked,
    Aborted,
}

fn say(rollout: &mut Rollout, journal: &mut Journal, event: Event, world: &World) {
    let said = drive::record(rollout, journal, event, world.now);
    // A word that the controller dies of is said again, or not.
    assert!(
        matches!(said, Ok(_) | Err(DriveError::Journal(_))),
        "{said:?} at {:?}",
        rollout.phase
    );
}

/// What an operator does who is told that nothing goes on by itself.
fn word(rollout: &Rollout, why: &Hold, random: &mut StdRng) -> Event {
    let reason = Some("so it is".to_owned());
    let ring = match rollout.phase.beneath() {
        Phase::Ring { index, .. } => rollout.rings[*index].name.clone(),
        _ => rollout.rings[0].name.clone(),
    };
    match (why, random.gen_range(0..4)) {
        (Hold::Approval, _) => Event::Approved {
            key: "key".to_owned(),
            statement: String::new(),
        },
        (Hold::Sample, 0) => Event::SoakSkipped {
            ring,
            reason: "enough".to_owned(),
        },
        (Hold::Halted | Hold::Paused | Hold::Blocked, 0) => Event::Resumed { reason },
        (Hold::Blocked, 1..3) | (Hold::Halted, 3) => Event::Aborted { reason },
        _ => match rollout.phase {
            Phase::RollingBack { .. } | Phase::Converging { .. } => Event::Aborted { reason },
            _ => Event::RollbackBegun { reason },
        },
    }
}

fn run(seed: u64) -> (End, Rollout, World) {
    let random = &mut StdRng::seed_from_u64(seed);
    let policy = any_policy(random);
    let mut world = World::new(&policy);
    for machine in world.hosts.values_mut() {
        spoil(machine, random);
    }
    if random.gen_bool(0.05) {
        world.problems.push("prerm fails".to_owned());
    }
    world.here = (0..random.gen_range(0..3))
        .map(|_| verdict(random))
        .collect();
    world.job_seconds = random.gen_range(0..15);
    let entries = vec![planned(policy)];
    let (mut deaths, mut holds) = (random.gen_range(0..6), 0);
    let death = |random: &mut StdRng, deaths: &mut u32, entries: &[Entry]| {
        *deaths = deaths.checked_sub(1)?;
        let number = entries.len() as u64 + random.gen_range(1..12);
        Some(match random.gen_bool(0.5) {
            true => Death::Before(number),
            false => Death::After(number),
        })
    };
    let mut rollout = Rollout::from_entries(&entries).expect("it is planned");
    let dying = death(random, &mut deaths, &entries);
    let mut journal = Journal::in_memory(entries, dying);
    for _ in 0..3000 {
        match drive::step(&mut rollout, &mut journal, &mut world) {
            Ok(Stepped::Did(_)) => world.now = world.now.plus_seconds(1),
            Ok(Stepped::Waiting { why, until }) => {
                holds += 1;
                let patient = holds < 12 || matches!(why, Hold::Running(_));
                match until.filter(|_| patient) {
                    Some(until) => world.now = until.max(world.now.plus_seconds(1)),
                    None if why == Hold::Blocked && random.gen_bool(0.4) => {
                        return (End::Blocked, rollout, world);
                    }
                    None => {
                        let event = word(&rollout, &why, random);
                        say(&mut rollout, &mut journal, event, &world);
                    }
                }
                if random.gen_bool(0.02) && rollout.admits(&Event::Paused { reason: None }).is_ok()
                {
                    say(
                        &mut rollout,
                        &mut journal,
                        Event::Paused { reason: None },
                        &world,
                    );
                }
                if random.gen_bool(0.02) && rollout.admits(&Event::Converging).is_ok() {
                    say(&mut rollout, &mut journal, Event::Converging, &world);
                }
            }
            Ok(Stepped::Over) => {
                let end = match rollout.phase {
                    Phase::Done => End::Done,
                    Phase::RolledBack => End::RolledBack,
                    Phase::Aborted => End::Aborted,
                    ref phase => panic!("{phase:?} is no end"),
                };
                let replayed = Rollout::from_entries(journal.entries());
                assert_eq!(replayed.as_ref(), Ok(&rollout));
                return (end, rollout, world);
            }
            Err(DriveError::Journal(_)) => {}
            Err(DriveError::Outside { source, .. })
                if source.to_string().contains("cannot write") => {}
            Err(error) => panic!("{error:?}"),
        }
        // The controller died: all that is left is what it wrote.
        let dead = journal.entries().len() as u64 != rollout.entries || journal.is_dead();
        if dead {
            let entries = journal.entries().to_vec();
            rollout = Rollout::from_entries(&entries).expect("what was written can follow");
            let dying = death(random, &mut deaths, &entries);
            journal = Journal::in_memory(entries, dying);
            world.now = world.now.plus_seconds(random.gen_range(0..100));
        }
    }
    panic!(
        "no end: {:?}\n{:#?}",
        rollout.phase,
        journal.entries().last()
    );
}

/// Names the run that fails.
struct Named(u64);

impl Drop for Named {
    #[expect(clippy::print_stderr, reason = "it is read when the test fails")]
    fn drop(&mut self) {
        eprintln!("this is run {}", self.0);
    }
}

#[test]
fn every_run_keeps_its_promises_and_ends() {
    let mut ends = std::collections::BTreeMap::new();
    for seed in 0..RUNS {
        let named = Named(seed);
        let (end, rollout, world) = run(seed);
        std::mem::forget(named);
        *ends.entry(end).or_insert(0) += 1;
        for (name, host) in &rollout.hosts {
            let machine = &world.hosts[name];
            let two = machine.version == Some(super::version("2")) && !machine.half;
            match (&host.state, end) {
                (HostState::Ok | HostState::Repaired, End::Done) => assert!(two, "{seed} {name}"),
                (HostState::Ok | HostState::Repaired, End::RolledBack) => {
                    assert!(!two, "{seed} {name}");
                }
                _ => {}
            }
        }
    }
    // All ends are met: the property is not one of a single way.
    assert!(
        ends.len() == 4 && ends.values().all(|times| *times > 20),
        "{ends:?}"
    );
}
