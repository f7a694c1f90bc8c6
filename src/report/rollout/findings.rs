//! What stands against a rollout, each with what to do.

use super::picture::is_bad;
use crate::model::Finding;
use crate::report::rolling::words;
use crate::rollout::state::{Fault, Host};
use crate::rollout::{HostState, Phase, Rollout};

/// How many hosts are told one by one.
const HOSTS: usize = 20;

/// Says what keeps a rollout from going on, and which hosts are not well.
pub fn findings(rollout: &Rollout) -> Vec<Finding> {
    let id = rollout.id.to_string();
    let mut found = Vec::new();
    match &rollout.phase {
        Phase::Halted { why, .. } => {
            found.push(Finding::error("halted", &id, words::halt(why)).fix(format!(
                "debcut rollout rollback {id} goes back; debcut rollout resume {id} tries again"
            )))
        }
        Phase::Blocked { why } => found.push(
            Finding::error("blocked", &id, words::blocked(why)).fix(format!(
                "mend what is named, then debcut rollout resume {id}"
            )),
        ),
        _ => {}
    }
    let stops = !found.is_empty();
    let bad = rollout.hosts.iter().filter(|(_, host)| is_bad(&host.state));
    let bad: Vec<_> = bad.collect();
    for (name, host) in bad.iter().take(HOSTS) {
        let (rule, message) = match &host.state {
            HostState::Failed { fault } => ("host-failed", words::fault(fault)),
            state => ("host-unreachable", words::host_detail(state)),
        };
        let finding = match stops && rule == "host-failed" {
            true => Finding::error(rule, name.as_str(), message),
            false => Finding::warning(rule, name.as_str(), message),
        };
        found.push(finding.fix(remedy(&id, name.as_str(), host)));
    }
    if bad.len() > HOSTS {
        let more = format!("{} more hosts are not well", bad.len() - HOSTS);
        let finding = Finding::warning("more-hosts", &id, more);
        found.push(finding.fix(format!("debcut rollout status {id} --json names them all")));
    }
    found
}

fn remedy(id: &str, name: &str, host: &Host) -> String {
    let log = match &host.job {
        Some(job) => format!("ssh {name} cat /var/lib/debcut/jobs/{job}/log"),
        None => format!("ssh {name}"),
    };
    let fault = match &host.state {
        HostState::Failed { fault } => fault,
        _ => {
            return format!(
                "ssh {name}; when it is back, debcut rollout converge {id}; or debcut rollout \
                 exclude {name} --reason WHY"
            );
        }
    };
    match fault {
        Fault::Update { .. } => format!("ssh {name} apt-get update says more"),
        Fault::Refused { .. } => format!("{log} says what apt wanted to do"),
        Fault::Gone { .. } => format!(
            "ssh {name} apt-cache policy {}: which suites it reads",
            package(host)
        ),
        Fault::NotAsMeant { .. } | Fault::Late | Fault::NeverBegan { .. } => log,
        Fault::Foreign { .. } => {
            format!("ssh {name} dpkg --audit, and dpkg --configure -a by hand: it is not ours")
        }
        Fault::Check { .. } => {
            format!("look at what runs on {name}; debcut rollout rollback {id} goes back")
        }
        Fault::Stays { .. } => format!(
            "mend it on {name} (apt-mark showhold), then debcut rollout resume {id} tries once more"
        ),
        Fault::NoWayBack { .. } => {
            "debcut archive add puts the old packages back into a suite".to_owned()
        }
    }
}

fn package(host: &Host) -> String {
    let first = host.moves.first();
    first.map_or_else(String::new, |one| one.package.to_string())
}
