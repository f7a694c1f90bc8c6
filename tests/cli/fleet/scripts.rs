//! Each maintainer script fails once; a service that nobody restarts; a halt
//! with half a batch done.

use debcut::rollout::state::{Fault, Halt, HostState, Phase};

use super::{Fleet, Package};

/// Tells whether it halted because hosts failed.
fn failures(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::Halted {
            why: Halt::Failures { .. },
            ..
        }
    )
}

#[test]
fn a_failing_script_halts_and_goes_back() {
    let names = ["early", "late"];
    let packages = names.map(|name| Package::new(name, "1.0"));
    let Some(fleet) = Fleet::rolling(&["a", "b"], &packages) else {
        return;
    };
    // Before anything is unpacked, and after all is.
    for (name, script, host) in [("early", "preinst", "a"), ("late", "postinst", "b")] {
        let bad = Package::new(name, "1.1").script(script, "echo no luck >&2; exit 1");
        let id = fleet.bring(&bad, host, 1);
        fleet.phase(&id, failures);
        let state = fleet.host(&id, host);
        let HostState::Failed {
            fault: Fault::NotAsMeant { log, .. },
        } = &state
        else {
            panic!("{script}: {state:?}");
        };
        assert!(log.contains("no luck"), "{script}: {log}");
        assert_ne!(fleet.dpkg(host, name), "1.1 installed");
        fleet.rollout(["rollback", &id, "--yes"]).code(0);
        fleet.phase(&id, |phase| *phase == Phase::RolledBack);
        fleet.has(host, name, "1.0");
    }
}

#[test]
fn a_service_that_does_not_restart_halts_and_so_does_half_a_batch() {
    let lazy = |version| Package::new("lazy", version).lazy_service();
    let packages = [lazy("1.0"), Package::new("half", "1.0")];
    let Some(fleet) = Fleet::rolling(&["a", "b", "c", "d"], &packages) else {
        return;
    };
    let service = "[[check]]\nname = 'runs'\nservice = 'lazy.service'\n\n[[ring]]";
    fleet.rings(&[("[[ring]]", service)]);
    let id = fleet.bring(&lazy("1.1"), "a,b", 1);
    fleet.phase(&id, failures);
    let state = fleet.host(&id, "a");
    let HostState::Failed {
        fault: Fault::Check { check, said },
    } = &state
    else {
        panic!("{state:?}");
    };
    assert_eq!(check, "runs");
    assert!(said.contains("still"), "{said}");

    // Two at once; one of the first two fails, so nobody else begins.
    fleet.rings(&[("batch = 10", "batch = 2")]);
    fleet.on("a", "touch /etc/unlucky");
    let half = Package::new("half", "1.1").script("postinst", "! [ -e /etc/unlucky ]");
    let id = fleet.bring(&half, "a,b,c,d", 1);
    fleet.phase(&id, failures);
    fleet.has("b", "half", "1.1");
    for host in ["c", "d"] {
        fleet.has(host, "half", "1.0");
        let rollout = fleet.state(&id);
        let untouched = rollout.hosts.iter().filter(|(_, state)| !state.touched);
        assert_eq!(untouched.count(), 2, "{:#?}", rollout.hosts);
    }
    // Once the cause is gone, it goes on where it was.
    fleet.on("a", "rm /etc/unlucky");
    fleet.rollout(["resume", &id, "--yes"]).code(0);
    fleet.watched(&id, 0);
    fleet.phase(&id, |phase| *phase == Phase::Done);
    for host in ["a", "b", "c", "d"] {
        fleet.has(host, "half", "1.1");
    }
}
