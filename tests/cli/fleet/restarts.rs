//! Services whose program was replaced under them: reported, restarted where the
//! policy says so, and failed where they do not come back.

use debcut::rollout::state::{Fault, HostState, Phase};

use super::{Fleet, Package};

#[test]
fn a_service_is_restarted_by_policy_and_must_come_back() {
    let of = |version, word| Package::new("served", version).daemon(word);
    let Some(fleet) = Fleet::rolling(&["a"], &[of("1.0", "infinity")]) else {
        return;
    };
    let process = || fleet.on("a", "systemctl show -p MainPID --value served");
    let stale = |id: &str| {
        let rollout = fleet.state(id);
        let host = rollout.hosts.values().next().expect("a host");
        let now = host.now.as_ref().expect("it was heard");
        let units = now.stale.iter().map(|stale| stale.unit.clone());
        units.flatten().collect::<Vec<_>>()
    };
    let first = process();

    // Nobody restarts it: that it should be is told.
    let id = fleet.bring(&of("1.1", "infinity"), "a", 0);
    assert_eq!(stale(&id), ["served.service"]);
    assert_eq!(process(), first);
    let said = fleet.rollout(["status", &id]).stdout;
    assert!(said.contains("served"), "{said}");

    let policy = "batch = 10\nrestart = 'stale'";
    fleet.rings(&[("batch = 10", policy)]);
    let id = fleet.bring(&of("1.2", "infinity"), "a", 0);
    assert_eq!(stale(&id), Vec::<String>::new());
    assert_ne!(process(), first);
    assert_eq!(fleet.on("a", "systemctl is-active served"), "active");

    // This one does not live.
    let id = fleet.bring(&of("1.3", "nonsense"), "a", 1);
    fleet.phase(&id, |phase| matches!(phase, Phase::Halted { .. }));
    let HostState::Failed {
        fault: Fault::NotAsMeant { log, .. },
    } = fleet.host(&id, "a")
    else {
        panic!("{:?}", fleet.host(&id, "a"));
    };
    let last = "not active after the restart: served.service";
    assert_eq!(log.lines().last(), Some(last), "{log}");
    fleet.rollout(["rollback", &id, "--yes"]).code(0);
    fleet.has("a", "served", "1.2");
    assert_eq!(fleet.on("a", "systemctl is-active served"), "active");
}
