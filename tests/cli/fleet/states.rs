//! Hosts as they are found: held, newer, without the package, with an edited
//! configuration file, twice the same machine-id.

use debcut::rollout::state::{HostState, Phase, Skip};

use super::{Fleet, Package};

fn tally(version: &str) -> Package {
    let text = format!("version = {version}\n");
    Package::new("tally", version).conffile("etc/tally.conf", &text)
}

#[test]
fn each_host_gets_what_it_can_take() {
    let hosts = ["held", "newer", "absent", "edited", "twin", "other"];
    let Some(fleet) = Fleet::rolling(&hosts, &[tally("1.0")]) else {
        return;
    };
    fleet.on("held", "apt-mark -q hold tally");
    let newer = std::fs::read(tally("2.0").make(&fleet.world)).expect("it was made");
    fleet.write("newer", "/root/tally.deb", &newer);
    fleet.on("newer", "dpkg -i /root/tally.deb");
    fleet.on("absent", "apt-get -qq -y purge tally");
    fleet.on("edited", "echo mine > /etc/tally.conf");
    fleet.on("twin", "apt-mark -q auto tally");
    let id = fleet.on("twin", "cat /etc/machine-id");
    fleet.write("other", "/etc/machine-id", format!("{id}\n").as_bytes());

    let id = fleet.bring(&tally("1.1"), &hosts.join(","), 0);
    fleet.phase(&id, |phase| *phase == Phase::Done);
    let skipped = |host| match fleet.host(&id, host) {
        HostState::Skipped { why } => why,
        other => panic!("{host}: {other:?}"),
    };
    assert!(matches!(skipped("held"), Skip::Held { .. }));
    assert!(matches!(skipped("newer"), Skip::Newer { .. }));
    assert_eq!(skipped("absent"), Skip::Absent);
    for host in ["edited", "twin", "other"] {
        assert_eq!(fleet.host(&id, host), HostState::Ok, "{host}");
        fleet.has(host, "tally", "1.1");
    }
    fleet.has("newer", "tally", "2.0");
    assert_eq!(fleet.dpkg("held", "tally"), "1.0 installed");
    assert_eq!(fleet.dpkg("absent", "tally"), "none");
    assert_eq!(fleet.on("edited", "cat /etc/tally.conf"), "mine");
    assert_eq!(fleet.on("twin", "apt-mark showauto"), "tally");
    assert_eq!(fleet.on("other", "apt-mark showauto"), "");

    // And back: only who was touched, each to its own.
    fleet.rollout(["rollback", &id, "--yes"]).code(0);
    fleet.phase(&id, |phase| *phase == Phase::RolledBack);
    for (host, version) in [("edited", "1.0"), ("twin", "1.0"), ("other", "1.0")] {
        fleet.has(host, "tally", version);
    }
    fleet.has("newer", "tally", "2.0");
    assert_eq!(fleet.dpkg("held", "tally"), "1.0 installed");
    assert_eq!(fleet.dpkg("absent", "tally"), "none");
    assert_eq!(fleet.on("edited", "cat /etc/tally.conf"), "mine");
    assert_eq!(fleet.on("twin", "apt-mark showauto"), "tally");
    assert_eq!(fleet.world.packages_of("new"), Vec::<String>::new());
}
