//! Whatever hosts do, whatever anybody says, and whenever the controller dies: no host is told before
//! its ring is open and those before it have passed, no more are away than the
//! batch allows, nothing is begun twice, and every run comes to an end that has
//! a name. What must not be done the world itself refuses.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::world::{Fate, Machine, World};
use super::{check, planned, policy, ring};
use crate::model::HostName;
use crate::rollout::drive::{self, DriveError, Stepped};
use crate::rollout::facts::Selection;
use crate::rollout::health::{Verdict, What};
use crate::rollout::journal::{Death, Journal};
use crate::rollout::plan::Hold;
use crate::rollout::policy::{Approval, Policy, Share};
use crate::rollout::state::{Blocked, Phase, Rollout, Skip};
use crate::rollout::{Asked, Entry, Event, HostState};

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
        Fate::Late,
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
    Superseded,
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

/// Any host of the rollout.
fn any_host(rollout: &Rollout, random: &mut StdRng) -> Option<HostName> {
    let names: Vec<_> = rollout.hosts.keys().collect();
    names.choose(random).map(|name| (*name).clone())
}

/// What an operator says who is told that nothing goes on by itself: anything
/// that can be said, and a little more often what ends it.
fn word(rollout: &Rollout, why: &Hold, random: &mut StdRng) -> Option<Asked> {
    let reason = || Some("so it is".to_owned());
    let said = || "so it is".to_owned();
    if *why == Hold::Approval {
        let statement = said();
        return Some(Asked::Approve { statement });
    }
    Some(match random.gen_range(0..14) {
        0..4 => Asked::Resume { reason: reason() },
        4..7 => Asked::RollBack { reason: reason() },
        7 => Asked::Abort { reason: reason() },
        8 => Asked::Converge,
        9 => Asked::Supersede {
            by: "hello_3".parse().expect("a name"),
        },
        10 => Asked::Exclude {
            host: any_host(rollout, random)?,
            reason: said(),
        },
        11 => Asked::Include {
            host: any_host(rollout, random)?,
            reason: reason(),
        },
        12 => Asked::Pause { reason: reason() },
        _ => Asked::SkipSoak { reason: said() },
    })
}

/// Says a word where it can be said.
fn ask(rollout: &mut Rollout, journal: &mut Journal, asked: &Asked, world: &World) {
    if let Ok(Some(event)) = asked.event(rollout, &|_| Ok(super::key(1))) {
        say(rollout, journal, event, world);
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
    if random.gen_bool(0.2) {
        world.refusals = random.gen_range(1..6);
    }
    if random.gen_bool(0.05) {
        world
            .doubts
            .push((super::key(1), "it has expired".to_owned()));
    }
    let mut first = planned(policy);
    if let Event::Planned { after, .. } = &mut first.event
        && random.gen_bool(0.05)
    {
        *after = Some("hello_1".parse().expect("a name"));
    }
    let entries = vec![first];
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
                    None => match &why {
                        Hold::Behind(of) => {
                            let of = of.clone();
                            say(&mut rollout, &mut journal, Event::Cleared { of }, &world);
                        }
                        why => {
                            if let Some(asked) = word(&rollout, why, random) {
                                ask(&mut rollout, &mut journal, &asked, &world);
                            }
                            world.now = world.now.plus_seconds(1);
                        }
                    },
                }
                if random.gen_bool(0.05) {
                    // Anybody says anything at any time.
                    let why = Hold::Paused;
                    if let Some(asked) = word(&rollout, &why, random) {
                        ask(&mut rollout, &mut journal, &asked, &world);
                    }
                }
            }
            Ok(Stepped::Over) => {
                let end = match rollout.phase {
                    Phase::Done => End::Done,
                    Phase::RolledBack => End::RolledBack,
                    Phase::Aborted => End::Aborted,
                    Phase::Superseded => End::Superseded,
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
                // Who still has it is away, was left out, or never got it.
                (HostState::Skipped { why }, End::RolledBack) if host.touched => {
                    let left_out = matches!(why, Skip::Excluded { .. });
                    assert!(left_out || !two, "{seed} {name}: {why:?}");
                }
                _ => {}
            }
        }
        if let Phase::Blocked { why } = &rollout.phase {
            match why {
                Blocked::Hosts { hosts } => {
                    assert!(!hosts.is_empty(), "{seed}");
                    for name in hosts {
                        let state = &rollout.hosts[name].state;
                        let failed = matches!(state, HostState::Failed { .. });
                        let left_out = matches!(
                            state,
                            HostState::Skipped {
                                why: Skip::Excluded { .. }
                            } | HostState::Pending
                        );
                        assert!(failed || left_out, "{seed} {name}: {state:?}");
                    }
                }
                Blocked::Withdrawal { said } => assert_eq!(said, "frozen", "{seed}"),
                Blocked::Pull { .. } => panic!("{seed}: there is no pull ring"),
            }
        }
    }
    // All ends are met: the property is not one of a single way.
    assert!(
        ends.len() == 5 && ends.values().all(|times| *times > 20),
        "{ends:?}"
    );
}
