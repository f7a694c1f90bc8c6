//! The way back: what keeps it from its end, and who is named.

use super::edges::two_rings;
use super::world::Fate;
use super::{Run, host, package, policy, ring, version};
use crate::rollout::Event;
use crate::rollout::facts::Selection;
use crate::rollout::judge;
use crate::rollout::plan::Hold;
use crate::rollout::policy::Share;
use crate::rollout::state::{Blocked, Fault, Halt, HostState, Phase, Skip, Standing};

#[test]
fn without_a_way_back_it_is_blocked() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.gone = vec!["1".to_owned()];
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), Some(Hold::Blocked));
    let blocked = &run.rollout.phase;
    let all = vec![host("a"), host("b"), host("c")];
    assert_eq!(
        *blocked,
        Phase::Blocked {
            why: Blocked::Hosts { hosts: all }
        }
    );
    assert_eq!(run.world.versions(), ["2", "2", "2"], "nothing was tried");
    // Put into the archive again, the hosts go back after all.
    run.world.gone.clear();
    run.say(Event::Converging);
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);
}

#[test]
fn hosts_that_are_down_are_rolled_back_when_they_return() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.host("a").down = true;
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
    assert_eq!(run.world.versions(), ["2", "1", "1"]);
    run.world.host("a").down = false;
    run.say(Event::Converging);
    assert_eq!(run.finish(), None);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);
}

fn back(run: &mut Run) -> Option<Hold> {
    run.say(Event::RollbackBegun { reason: None });
    run.finish()
}

#[test]
fn a_refused_withdrawal_leaves_it_where_it_was() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    let why = Halt::Asked { reason: None };
    run.say(Event::Halted { why });
    run.world.refusals = 5;
    assert_eq!(run.go(), Some(Hold::Halted));
    let refused = run.rollout.refused.clone().expect("it is known");
    assert_eq!((refused.said.as_str(), refused.times), ("frozen", 1));
    assert_eq!(run.words().last(), Some(&"withdrawal-refused"));
    // Again after a while, and not before.
    run.wait(30);
    assert_eq!(run.go(), Some(Hold::Halted));
    assert_eq!(run.world.refusals, 4);
    for _ in 0..6 {
        run.wait(61);
        assert_eq!(run.go(), Some(Hold::Halted));
    }
    assert_eq!(
        (run.world.open.len(), run.rollout.refused.clone()),
        (0, None)
    );
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::Done);
}

#[test]
fn a_way_back_begins_when_the_archive_lets_it() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.refusals = 1;
    run.say(Event::RollbackBegun { reason: None });
    assert_eq!(run.go(), Some(Hold::Withdrawal));
    assert_eq!(run.world.versions(), ["2", "2", "2"], "suites come first");
    run.wait(61);
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);

    // Refused as often as hosts may refuse, it is for somebody to mend.
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.refusals = 3;
    assert_eq!(back(&mut run), Some(Hold::Blocked));
    let said = "frozen".to_owned();
    let why = Blocked::Withdrawal { said };
    assert_eq!(run.rollout.phase, Phase::Blocked { why });
    assert!(
        run.rollout.admits(&Event::Converging).is_err(),
        "suites have it"
    );
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);
}

#[test]
fn the_way_back_empties_the_suites_of_all_rings() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.go(), Some(Hold::Soaking));
    // Somebody has promoted it by hand.
    run.world.open.insert(super::suite("suite-rest"));
    assert_eq!(back(&mut run), None);
    assert!(run.world.open.is_empty(), "{:?}", run.world.open);
}

#[test]
fn who_keeps_the_bad_version_is_named() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.host("a").selection = Selection::Hold;
    assert_eq!(back(&mut run), Some(Hold::Blocked));
    let hosts = vec![host("a")];
    let why = Blocked::Hosts { hosts };
    assert_eq!(run.rollout.phase, Phase::Blocked { why });
    let HostState::Failed {
        fault: Fault::Stays {
            why: Skip::Held { package: held },
        },
    } = &run.rollout.hosts[&host("a")].state
    else {
        panic!("{:?}", run.rollout.hosts[&host("a")].state);
    };
    assert_eq!(*held, package("hello"));
    assert_eq!(run.rollout.standing(1), Standing::NotBack);
    // Its hold taken away, it goes too.
    run.world.host("a").selection = Selection::Install;
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);
}

#[test]
fn who_took_it_from_an_open_suite_is_named() {
    let mut run = Run::new(two_rings());
    run.world.host("a").down = true;
    while run.rollout.rings[1].opened.is_none() {
        run.go();
        run.wait(3600);
    }
    assert!(!run.rollout.hosts[&host("a")].touched);
    // It returns, and takes the version by an upgrade of its own.
    run.world.host("a").down = false;
    run.world.host("a").version = Some(version("2"));
    assert_eq!(back(&mut run), Some(Hold::Blocked));
    let hosts = vec![host("a")];
    let why = Blocked::Hosts { hosts };
    assert_eq!(run.rollout.phase, Phase::Blocked { why });
    // Brought back by hand, it is asked once more, and is well.
    run.world.host("a").version = Some(version("1"));
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
}

#[test]
fn what_somebody_changed_since_is_left_alone() {
    for (now, want) in [("", ""), ("1.5", "1.5"), ("3", "3")] {
        let mut run = Run::new(two_rings());
        assert_eq!(run.finish(), None);
        let is = (!now.is_empty()).then(|| version(now));
        run.world.host("a").version = is;
        assert_eq!(back(&mut run), None, "{now}");
        assert_eq!(run.rollout.phase, Phase::RolledBack, "{now}");
        assert_eq!(run.world.versions(), [want, "1", "1"], "{now}");
        assert_eq!(run.state("a"), "skipped", "{now}");
    }
}

#[test]
fn what_is_left_alone_is_known() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    let known = run.rollout.hosts.get_mut(&host("a")).expect("it is there");
    let mut other = known.moves[0].clone();
    other.package = package("libhello");
    known.moves.push(other);
    let known = &run.rollout.hosts[&host("a")];
    let alone: Vec<_> = judge::left_alone(known)
        .iter()
        .map(|m| m.package.as_str())
        .collect();
    assert_eq!(alone, ["libhello"]);
}

#[test]
fn who_failed_to_go_back_is_tried_again() {
    let mut run = Run::new(two_rings());
    assert_eq!(run.finish(), None);
    run.world.host("a").fates = vec![Fate::Script; 2];
    run.world.host("b").fates = vec![Fate::Refused; 2];
    run.say(Event::RollbackBegun { reason: None });
    // One has failed, another waits: who says go on means both, now.
    while run.state("a") != "failed" {
        run.step();
        run.wait(5);
    }
    assert!(run.rollout.can_be_resumed());
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(run.rollout.phase, Phase::RolledBack);
    assert_eq!(run.world.versions(), ["1", "1", "1"]);

    for word in [Event::Resumed { reason: None }, Event::Converging] {
        let mut run = Run::new(two_rings());
        assert_eq!(run.finish(), None);
        run.world.host("a").fates = vec![Fate::Update];
        assert_eq!(back(&mut run), Some(Hold::Blocked));
        run.say(word);
        assert_eq!(run.finish(), None);
        assert_eq!(run.rollout.phase, Phase::RolledBack);
        assert_eq!(run.world.versions(), ["1", "1", "1"]);
    }
}

#[test]
fn rings_say_how_they_stand() {
    let rings = vec![
        ring("canary", &["c"]),
        ring("rest", &["a", "b"]),
        ring("last", &["d"]),
    ];
    let mut policy = policy(rings);
    policy.rings[1].batch = Share::Count(1);
    let mut run = Run::new(policy);
    let stand = |run: &Run| [0, 1, 2].map(|index| run.rollout.standing(index));
    use Standing::{Back, Installing, NotBack, Passed, Untouched, Waiting};
    assert_eq!(stand(&run), [Waiting; 3]);
    assert_eq!(run.go(), Some(Hold::Soaking));
    let until = run.rollout.rings[0].soak.expect("it soaks");
    assert_eq!(stand(&run), [Standing::Soaking { until }, Waiting, Waiting]);
    run.wait(3600);
    run.world.host("a").fates = vec![Fate::Update];
    assert_eq!(run.finish(), Some(Hold::Halted));
    assert_eq!(stand(&run), [Passed, Installing, Waiting]);
    run.world.host("c").selection = Selection::Hold;
    assert_eq!(back(&mut run), Some(Hold::Blocked));
    assert_eq!(stand(&run), [NotBack, Back, Untouched]);
    assert_eq!((run.state("b"), run.state("d")), ("untouched", "untouched"));
    let counts = &run.rollout.rings[2].counts;
    assert_eq!((counts.skipped, counts.untouched, counts.all()), (0, 1, 1));
    run.world.host("c").selection = Selection::Install;
    run.say(Event::Resumed { reason: None });
    assert_eq!(run.finish(), None);
    assert_eq!(stand(&run), [Back, Back, Untouched]);
}
