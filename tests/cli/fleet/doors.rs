//! The way back: doors that go one way only, and hosts that were away.

use debcut::rollout::state::{Blocked, Phase};

use super::{Fleet, Package};

/// Its removal fails in one of two scripts: it comes in, and does not go out.
#[test]
fn a_one_way_door_is_named_and_left_forwards() {
    let doors = [
        ("before", "prerm", "pre-removal"),
        ("behind", "postrm", "post-removal"),
    ];
    let packages = doors.map(|(name, ..)| Package::new(name, "1.0"));
    let Some(fleet) = Fleet::rolling(&["a"], &packages) else {
        return;
    };
    for (name, script, called) in doors {
        let stuck = Package::new(name, "1.1").script(script, "echo no way out >&2; exit 1");
        let id = fleet.bring(&stuck, "a", 0);
        fleet.phase(&id, |phase| *phase == Phase::Done);
        fleet.rollout(["rollback", &id, "--yes"]).code(1);
        fleet.phase(&id, |phase| {
            matches!(phase, Phase::Blocked { why: Blocked::Hosts { hosts } } if hosts.len() == 1)
        });
        // dpkg's own words and the script's, wherever it is looked.
        for words in [["status", &id], ["status", "--json"]] {
            let said = fleet.rollout(words).stdout;
            let failed = format!("{called} script subprocess returned error exit status 1");
            assert!(said.contains(&failed), "{said}");
            assert!(said.contains("no way out"), "{said}");
        }
        // Forward is open to a version that knows the way.
        fleet.rollout(["abort", &id]).code(0);
        let knows = Package::new(name, "1.2").script(script, "exit 0");
        fleet.bring(&knows, "a", 0);
        fleet.has("a", name, "1.2");
    }
}

#[test]
fn a_host_that_was_away_converges_when_it_is_back() {
    let Some(fleet) = Fleet::rolling(&["a", "b"], &[Package::new("tally", "1.0")]) else {
        return;
    };
    let id = fleet.bring(&Package::new("tally", "1.1"), "a,b", 0);
    fleet.does("cut", "b");
    fleet.rollout(["rollback", &id, "--yes"]);
    fleet.has("a", "tally", "1.0");
    assert_eq!(fleet.dpkg("b", "tally"), "1.1 installed");
    fleet.does("mend", "b");
    fleet.rollout(["converge", &id]).code(0);
    fleet.has("b", "tally", "1.0");
    fleet.phase(&id, |phase| *phase == Phase::RolledBack);
}
