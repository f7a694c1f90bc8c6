//! The other engine: the same hosts through ansible-playbook.

use std::process::Command;

use debcut::rollout::state::{HostState, Phase};

use super::{Fleet, Package, skip};

#[test]
fn ansible_brings_a_fleet_there_and_back() {
    let ansible = Command::new("ansible-playbook").arg("--version").output();
    if !ansible.is_ok_and(|ran| ran.status.success()) {
        return skip("ansible is not installed: apt-get install ansible");
    }
    let hosts = ["a", "b", "c", "d", "e", "f"];
    let Some(fleet) = Fleet::rolling(&hosts, &[Package::new("tally", "1.0")]) else {
        return;
    };
    let engine = "batch = 10\nengine = 'ansible'\ncheck-time = '1s'";
    let rings = "[[ring]]\nname = 'first'\nhosts = ['a']\n\n[[ring]]";
    fleet.rings(&[("batch = 10", engine), ("[[ring]]", rings)]);
    let id = fleet.bring(&Package::new("tally", "1.1"), &hosts.join(","), 0);
    fleet.phase(&id, |phase| *phase == Phase::Done);
    for host in hosts {
        fleet.has(host, "tally", "1.1");
        assert_eq!(fleet.host(&id, host), HostState::Ok);
    }
    // The canary's script fails, and one that is away is silent, not failed.
    let bad = Package::new("tally", "1.2").script("postinst", "echo no luck >&2; exit 1");
    let id = fleet.bring(&bad, "a,b", 1);
    fleet.has("b", "tally", "1.1");
    let said = fleet.rollout(["status", &id]).stdout;
    assert!(said.contains("no luck"), "{said}");
    fleet.rollout(["rollback", &id, "--yes"]).code(0);
    fleet.has("a", "tally", "1.1");
}
