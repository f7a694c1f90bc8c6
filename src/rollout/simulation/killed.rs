//! A controller that dies at each of its entries in turn: whoever goes on from
//! the journal ends where one that never died ends, and begins nothing twice.

use std::collections::BTreeMap;

use super::world::{Fate, World};
use super::{Run, planned, policy, ring};
use crate::rollout::drive::{self, DriveError, Stepped};
use crate::rollout::journal::{Death, Journal};
use crate::rollout::policy::{Policy, Share};
use crate::rollout::state::{Phase, Rollout};
use crate::rollout::{Entry, Event, HostState};

fn some_policy() -> Policy {
    let mut rings = vec![ring("canary", &["c"]), ring("rest", &["a", "b", "d"])];
    rings[1].batch = Share::Count(2);
    rings[1].max_failures = Share::Count(1);
    policy(rings)
}

fn spoilt(policy: &Policy) -> World {
    let mut world = World::new(policy);
    world.host("a").fates = vec![Fate::Crash];
    world.host("b").fates = vec![Fate::Cut];
    world.host("d").fates = vec![Fate::Update];
    world
}

/// Goes there, and back again when `back`, dying once.
fn run(death: Option<Death>, back: bool) -> (Rollout, Vec<Entry>, World) {
    let policy = some_policy();
    let mut world = spoilt(&policy);
    let entries = vec![planned(policy)];
    let mut rollout = Rollout::from_entries(&entries).expect("it is planned");
    let mut journal = Journal::in_memory(entries, death);
    let mut turned = !back;
    for _ in 0..500 {
        match drive::step(&mut rollout, &mut journal, &mut world) {
            Ok(Stepped::Did(_)) => {}
            Ok(Stepped::Waiting {
                until: Some(until), ..
            }) => {
                world.now = until.max(world.now.plus_seconds(1));
            }
            Ok(Stepped::Over) if !turned => {
                turned = true;
                let event = Event::RollbackBegun { reason: None };
                drop(drive::record(&mut rollout, &mut journal, event, world.now));
            }
            Ok(Stepped::Over) => return (rollout, journal.entries().to_vec(), world),
            Ok(held) => panic!("{held:?}"),
            Err(DriveError::Journal(_) | DriveError::Outside { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
        if journal.is_dead() {
            let entries = journal.entries().to_vec();
            rollout = Rollout::from_entries(&entries).expect("it can follow");
            turned = !back || rollout.way == crate::rollout::Way::Back;
            journal = Journal::in_memory(entries, None);
            world.now = world.now.plus_seconds(7);
        }
    }
    panic!("no end: {:?}", rollout.phase);
}

fn states(rollout: &Rollout) -> BTreeMap<&str, &'static str> {
    let shown = |state: &HostState| match state {
        // Repaired or not, it is as meant: who dies may learn it another way.
        HostState::Repaired => "ok",
        state => state.word(),
    };
    let hosts = rollout.hosts.iter();
    hosts
        .map(|(name, host)| (name.as_str(), shown(&host.state)))
        .collect()
}

#[test]
fn whoever_goes_on_ends_in_the_same_place() {
    for back in [false, true] {
        let (whole, entries, world) = run(None, back);
        let want = match back {
            true => Phase::RolledBack,
            false => Phase::Done,
        };
        assert_eq!(whole.phase, want);
        let last = entries.len() as u64;
        assert!(last > 30, "{last} entries");
        for number in 2..=last {
            for death in [Death::Before(number), Death::After(number)] {
                let (rollout, entries, after) = run(Some(death), back);
                assert_eq!(rollout.phase, want, "{death:?}");
                assert_eq!(states(&rollout), states(&whole), "{death:?}");
                assert_eq!(after.versions(), world.versions(), "{death:?}");
                assert_eq!(after.open, world.open, "{death:?}");
                assert_eq!(
                    after.told, world.told,
                    "{death:?}: something was begun twice"
                );
                assert_eq!(Rollout::from_entries(&entries).as_ref(), Ok(&rollout));
            }
        }
    }
}

#[test]
fn what_is_done_is_on_the_disk_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut run = Run::new(some_policy());
    let first = run.journal.entries()[0].clone();
    let id = run.rollout.id.clone();
    let mut journal = Journal::create(directory.path(), &id, "tester@here").expect("it is new");
    journal.write(vec![first]).expect("it is written");
    run.journal = journal;
    run.world = spoilt(&run.rollout.policy.clone());
    run.world.disk = Some(directory.path().to_owned());
    assert_eq!(run.finish(), None);
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    let read = Journal::look(directory.path(), &id).expect("it is there");
    assert_eq!(Rollout::from_entries(&read).as_ref(), Ok(&run.rollout));
}

#[test]
fn replaying_is_what_happened() {
    let mut run = Run::new(some_policy());
    run.world = spoilt(&run.rollout.policy.clone());
    while !matches!(run.step(), Stepped::Over) {
        run.wait(20);
        let replayed = Rollout::from_entries(run.journal.entries());
        assert_eq!(replayed.as_ref(), Ok(&run.rollout));
    }
}
