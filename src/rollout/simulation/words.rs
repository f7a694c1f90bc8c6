//! What persons and calendars say.

use super::edges::{halt, two_rings};
use super::world::Fate;
use super::{Run, host, key, policy, ring};
use crate::rollout::Event;
use crate::rollout::calendar::{Calendar, Day, Window};
use crate::rollout::drive::{self, DriveError, Stepped};
use crate::rollout::plan::Hold;
use crate::rollout::policy::{Approval, Rehearsal, Share};
use crate::rollout::state::{Halt, HostState, Phase, Skip, Unfit};

#[test]
fn windows_hold_openings_and_batches_only() {
    let mut policy = policy(vec![ring("canary", &["c"]), ring("rest", &["a", "b"])]);
    policy.rings[1].batch = Share::Count(1);
    policy.calendar = Calendar {
        zone: String::new(),
        start_days: vec![Day::Mon],
        windows: vec![Window {
            days: Vec::new(),
            from: 8 * 60,
            to: 10 * 60 + 1,
        }],
        closed: Vec::new(),
    };
    let mut run = Run::new(policy);
    // It is Monday, 9 o'clock; the canary has soaked at 10:00:30 or so.
    run.world.job_seconds = 0;
    assert_eq!(run.go(), Some(Hold::Soaking));
    run.wait(3600);
    while run.world.told < 2 {
        run.step();
    }
    // The window shuts while the first of two batches runs: it is seen to its
    // end, and the second waits for the next day.
    run.wait(3600);
    assert_eq!(run.go(), Some(Hold::Window));
    assert_eq!(run.rollout.rings[1].counts.ok, 1);
    let Stepped::Waiting {
        until: Some(until), ..
    } = run.step()
    else {
        panic!("it waits");
    };
    assert_eq!(until.to_string(), "2026-01-06T08:00:00Z");
    // Back is gone at any time.
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);
}

#[test]
fn approval_comes_after_the_rehearsal_and_before_the_first_ring() {
    let mut policy = two_rings();
    policy.approval = Approval::Needed {
        count: 2,
        keys: vec![key(1), key(2)],
    };
    let mut run = Run::new(policy);
    assert_eq!(run.go(), Some(Hold::Approval));
    assert_eq!(run.words(), ["planned", "rehearsed", "requested"]);
    for digit in [1, 1, 3] {
        let (key, statement) = (key(digit), String::new());
        run.say(Event::Approved { key, statement });
        assert_eq!(
            run.go(),
            Some(Hold::Approval),
            "one key twice, or another's, is one"
        );
    }
    let (key, statement) = (key(2), String::new());
    run.say(Event::Approved { key, statement });
    assert_eq!(run.go(), Some(Hold::Soaking));
}

#[test]
fn a_rehearsal_that_finds_something_halts() {
    let mut run = Run::new(two_rings());
    run.world.problems = vec!["prerm fails".to_owned()];
    assert_eq!(run.go(), Some(Hold::Halted));
    assert!(matches!(halt(&run), Halt::Rehearsal { .. }));
    assert_eq!(run.world.open.len(), 0);
    // Resumed, it is rehearsed again; nothing is found now.
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    let mut policy = two_rings();
    policy.rehearsal = Rehearsal::Skipped("no scripts".to_owned());
    let mut run = Run::new(policy);
    run.world.problems = vec!["nobody looks".to_owned()];
    assert_eq!(run.finish(), None);
    assert_eq!(run.words()[1], "rehearsal-skipped");
}

#[test]
fn what_is_left_out_is_left_alone() {
    let mut run = Run::new(two_rings());
    run.world.host("a").fates = vec![Fate::Update];
    assert_eq!(run.finish(), Some(Hold::Halted));
    let reason = "broken disk".to_owned();
    run.say(Event::Excluded {
        host: host("a"),
        reason,
    });
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
    assert_eq!(run.world.versions(), ["1", "2", "2"]);
}

#[test]
fn a_paused_rollout_begins_nothing() {
    let mut policy = two_rings();
    policy.rings[1].batch = Share::Count(1);
    let mut run = Run::new(policy);
    assert_eq!(run.go(), Some(Hold::Soaking));
    run.wait(3601);
    while run.world.told < 2 {
        run.step();
    }
    run.say(Event::Paused { reason: None });
    run.wait(60);
    assert_eq!(run.go(), Some(Hold::Paused));
    assert_eq!(
        run.rollout.rings[1].counts.ok, 1,
        "what ran was seen to its end"
    );
    run.wait(100_000);
    assert_eq!(run.go(), Some(Hold::Paused));
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);
    // Asked too long ago, the second was asked again before it was told.
    let second = run.journal.entries().iter().rev();
    let mut probed = second.filter(|entry| matches!(entry.event, Event::Probed { .. }));
    assert!(
        probed
            .next()
            .is_some_and(|entry| entry.at > super::epoch().plus_seconds(100_000))
    );
}

#[test]
fn who_is_taken_in_again_is_brought_along() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    let reason = "its disk is replaced".to_owned();
    run.say(Event::Excluded {
        host: host("a"),
        reason: reason.clone(),
    });
    let by = "tester@here".to_owned();
    let why = Skip::Excluded { reason, by };
    let state = &run.rollout.hosts[&host("a")].state;
    assert_eq!(*state, HostState::Skipped { why });
    run.say(Event::Included {
        host: host("a"),
        reason: None,
    });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);

    // Its ring has passed: it catches up with the others.
    let mut run = Run::new(two_rings());
    let reason = "its disk is replaced".to_owned();
    run.say(Event::Excluded {
        host: host("a"),
        reason,
    });
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["1", "2", "2"]);
    run.say(Event::Included {
        host: host("a"),
        reason: None,
    });
    run.say(Event::Converging);
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["2", "2", "2"]);
    assert_eq!(run.rollout.phase, Phase::Done);
}

#[test]
fn who_is_left_out_stays_so_when_the_others_go_back() {
    let mut run = Run::new(two_rings());
    let reason = "broken".to_owned();
    run.say(Event::Excluded {
        host: host("a"),
        reason,
    });
    assert_eq!(run.finish(), None);
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    let state = &run.rollout.hosts[&host("a")].state;
    assert!(
        matches!(
            state,
            HostState::Skipped {
                why: Skip::Excluded { .. }
            }
        ),
        "{state:?}"
    );
}

#[test]
fn who_says_go_on_means_now() {
    let mut run = Run::new(two_rings());
    run.world.host("c").fates = vec![Fate::Refused];
    assert_eq!(run.go(), Some(Hold::Waiting(vec![host("c")])));
    assert!(run.rollout.can_be_resumed());
    let before = run.world.now;
    run.say(Event::Resumed { reason: None });
    assert!(!run.rollout.can_be_resumed());
    assert_eq!(run.go(), Some(Hold::Soaking));
    assert!(run.world.now < before.plus_seconds(60), "it did not wait");
}

#[test]
fn what_halted_while_it_soaked_soaks_again() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    let first = run.rollout.rings[0].soak.expect("it soaks");
    run.wait(3000);
    let why = Halt::Asked { reason: None };
    run.say(Event::Halted { why });
    assert_eq!(run.go(), Some(Hold::Halted));
    run.wait(7200);
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.go(), Some(Hold::Soaking));
    let again = run.rollout.rings[0].soak.expect("it soaks");
    assert!(again > first.plus_seconds(7200 + 2900), "{first} {again}");
    // A pause takes nothing from it: it goes on to soak meanwhile.
    run.say(Event::Paused { reason: None });
    run.wait(3600);
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.rollout.rings[0].soak, Some(again));
    assert_eq!(run.finish(), None);
}

#[test]
fn a_halt_takes_the_version_from_an_open_ring_until_it_goes_on() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    let (canary, rest) = (super::suite("suite-canary"), super::suite("suite-rest"));
    // Paused, it is offered on: nothing is known to be bad.
    run.say(Event::Paused { reason: None });
    assert_eq!(run.go(), Some(Hold::Paused));
    assert!(run.world.open.contains(&canary));
    run.say(Event::Resumed { reason: None });
    run.wait(3600);
    run.world.host("a").fates = vec![Fate::Update];
    assert_eq!(run.finish(), Some(Hold::Halted));
    // What has passed stays offered.
    assert!(run.world.open.contains(&canary));
    assert!(!run.world.open.contains(&rest));
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert!(run.world.open.contains(&rest));
    assert_eq!(run.world.versions(), ["2", "2", "2"]);
}

#[test]
fn a_newer_one_takes_its_place_when_nothing_runs() {
    let superseded = || Event::Superseded {
        by: "hello_3".to_owned(),
    };
    let mut run = Run::new(two_rings());
    while run.world.told == 0 {
        run.step();
    }
    let flying = Unfit::InFlight {
        hosts: vec![host("c")],
    };
    assert_eq!(run.rollout.admits(&superseded()), Err(flying));
    assert_eq!(run.go(), Some(Hold::Soaking));
    assert_eq!(run.rollout.admits(&superseded()), Ok(()));
    run.say(Event::Paused { reason: None });
    assert_eq!(run.rollout.admits(&superseded()), Ok(()));
    run.say(Event::Resumed { reason: None });
    let why = Halt::Asked { reason: None };
    run.say(Event::Halted { why });
    assert_eq!(run.rollout.admits(&superseded()), Ok(()));
    // On its way back it is left alone; blocked, it is not.
    run.world.gone = vec!["1".to_owned()];
    run.say(Event::RollbackBegun { reason: None });
    assert!(run.rollout.admits(&superseded()).is_err());
    assert_eq!(run.finish(), Some(Hold::Blocked));
    assert!(!run.rollout.phase.has_ended());
    run.say(superseded());
    assert_eq!(run.go(), None);
    assert!(run.rollout.phase.has_ended());
}

#[test]
fn nothing_is_done_before_the_one_that_goes_first_has_ended() {
    let mut entry = super::planned(two_rings());
    let first: crate::rollout::RolloutId = "hello_1".parse().expect("a name");
    if let Event::Planned { after, .. } = &mut entry.event {
        *after = Some(first.clone());
    }
    let mut run = Run::of(vec![entry]);
    assert_eq!(run.go(), Some(Hold::Behind(first.clone())));
    assert_eq!(run.words(), ["planned"], "not even rehearsed");
    let of = "hello_0".parse().expect("a name");
    assert!(run.rollout.admits(&Event::Cleared { of }).is_err());
    run.say(Event::Cleared { of: first });
    assert_eq!(run.finish(), None);
}

#[test]
fn an_approval_that_counts_no_more_opens_nothing() {
    let mut policy = two_rings();
    policy.approval = Approval::Needed {
        count: 1,
        keys: Vec::new(),
    };
    let mut run = Run::new(policy);
    assert_eq!(run.go(), Some(Hold::Approval));
    let approved = || Event::Approved {
        key: key(1),
        statement: "signed".to_owned(),
    };
    run.say(approved());
    run.world.doubts = vec![(key(1), "it has expired".to_owned())];
    assert_eq!(run.go(), Some(Hold::Approval));
    assert!(run.world.open.is_empty());
    assert_eq!(run.rollout.approved, []);
    run.say(approved());
    assert_eq!(run.go(), Some(Hold::Soaking));
}

#[test]
fn what_cannot_follow_is_not_written() {
    let mut run = Run::new(two_rings());
    let (rollout, words) = (run.rollout.clone(), run.words().len());
    let (host, at) = (host("c"), run.world.now);
    let begun = Event::Begun { host };
    let said = drive::record(&mut run.rollout, &mut run.journal, begun, at);
    assert!(matches!(said, Err(DriveError::Unfit(_))), "{said:?}");
    assert_eq!((run.rollout, run.journal.entries().len()), (rollout, words));
}
