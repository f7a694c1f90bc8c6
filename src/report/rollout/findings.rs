//! What stands against a rollout, each with what to do.

use super::picture::is_bad;
use crate::model::{Finding, Severity};
use crate::report::rolling::words;
use crate::rollout::state::{Blocked, Fault, Host, Skip};
use crate::rollout::{HostState, Phase, Rollout, Way};
use crate::sys::host::reason;

/// How many hosts are told one by one.
const HOSTS: usize = 10;

/// Says what keeps a rollout from going on, and which hosts are not well; an error
/// among them is a no of who brings it further.
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
            Finding::error("blocked", &id, words::blocked(why)).fix(match why {
                Blocked::Hosts { .. } => format!(
                    "debcut rollout resume {id} tries them again; where the version's own \
                     scripts fail, publish a mended one and go forward: debcut rollout start {} \
                     --supersede replace",
                    rollout.target.source
                ),
                Blocked::Pull { .. } => {
                    format!(
                        "in the project's repository: debcut rollout rollback {id} --reversion \
                     --reason WHY"
                    )
                }
                Blocked::Withdrawal { .. } => {
                    format!("mend what is named, then debcut rollout resume {id}")
                }
            }),
        ),
        _ => {}
    }
    let stops = !found.is_empty();
    if let Some(trouble) = &rollout.trouble {
        let said = format!("{} failed: {}", trouble.doing, trouble.why);
        found.push(Finding::warning("stuck", &id, said).fix(match rollout.phase {
            Phase::Planned => format!(
                "mend that, then debcut rollout advance {id} tries again; to do without: debcut \
                 rollout abort {id}, then start it with --skip-rehearsal REASON"
            ),
            _ => format!("mend that, then debcut rollout advance {id} tries again"),
        }));
    }
    let bad = rollout.hosts.iter().filter(|(_, host)| is_bad(&host.state));
    let bad: Vec<_> = bad.collect();
    for (name, host) in bad.iter().take(HOSTS) {
        let (rule, message) = match &host.state {
            HostState::Failed { fault } => ("host-failed", words::fault(fault)),
            HostState::Unreachable { why } if reason::is_ours(why) => {
                ("controller-ssh", words::host_detail(&host.state))
            }
            state => ("host-unreachable", words::host_detail(state)),
        };
        // Waiting does not mend what the controller itself has wrong.
        let is_error = match rule {
            "host-failed" => stops,
            "controller-ssh" => !rollout.phase.has_ended(),
            _ => false,
        };
        let finding = match is_error {
            true => Finding::error(rule, name.as_str(), message),
            false => Finding::warning(rule, name.as_str(), message),
        };
        found.push(finding.fix(remedy(rollout, name.as_str(), host)));
    }
    if bad.len() > HOSTS {
        let more = format!("{} more hosts are not well", bad.len() - HOSTS);
        let finding = Finding::warning("more-hosts", &id, more);
        found.push(finding.fix(format!("debcut rollout status {id} --json names them all")));
    }
    found
}

/// Says the same to who only asks where it stands: that it stands badly is an
/// answer.
pub fn remarks(rollout: &Rollout) -> Vec<Finding> {
    let mut found = findings(rollout);
    for finding in &mut found {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    found
}

fn remedy(rollout: &Rollout, name: &str, host: &Host) -> String {
    let id = &rollout.id;
    let log = match &host.job {
        Some(job) => format!("ssh {name} cat /var/lib/debcut/jobs/{job}/log"),
        None => format!("ssh {name}"),
    };
    let fault = match &host.state {
        HostState::Failed { fault } => fault,
        HostState::Unreachable { why } if reason::is_ours(why) => {
            return format!(
                "mend it on the controller: ssh {name} true must work there without a question"
            );
        }
        _ => return when_back(rollout, name),
    };
    match fault {
        Fault::Update { .. } => format!("ssh {name} apt-get update says more"),
        Fault::Refused { .. } => format!("{log} says what apt wanted to do"),
        Fault::Gone { .. } => format!(
            "ssh {name} apt-cache policy {}: which suites it reads",
            package(host)
        ),
        Fault::NotAsMeant { .. } if rollout.way == Way::Back => format!(
            "{log} says more; where the version's own script refuses to go back, publish a mended \
             one: debcut rollout start {} --supersede replace",
            rollout.target.source
        ),
        Fault::NotAsMeant { .. } | Fault::Late | Fault::NeverBegan { .. } => log,
        Fault::Foreign { .. } => {
            format!("ssh {name} dpkg --audit, and dpkg --configure -a by hand: it is not ours")
        }
        Fault::Check { .. } => {
            format!("look at what runs on {name}; debcut rollout rollback {id} goes back")
        }
        Fault::Stays { why: Skip::Already } => format!(
            "ssh {name} apt-get install --allow-downgrades PACKAGE=OLD for those of {}, then debcut \
             rollout resume {id} asks it once more",
            rollout.target.source
        ),
        Fault::Stays { .. } => format!(
            "mend it on {name} (apt-mark showhold), then debcut rollout resume {id} tries once more"
        ),
        Fault::NoWayBack { .. } => {
            "debcut archive add puts the old packages back into a suite".to_owned()
        }
    }
}

/// Says what becomes of a host that is away, by where the rollout is.
fn when_back(rollout: &Rollout, name: &str) -> String {
    let id = &rollout.id;
    match &rollout.phase {
        Phase::Done | Phase::RolledBack | Phase::Blocked { .. } => {
            format!("ssh {name}; when it is back, debcut rollout converge {id}")
        }
        Phase::Aborted | Phase::Superseded => {
            format!("ssh {name}: what it runs is not known, and this rollout has ended")
        }
        Phase::RollingBack { .. } => format!(
            "ssh {name}; when the others are back and it answers, debcut rollout converge {id}"
        ),
        _ => format!(
            "ssh {name}; it is asked again by itself; or debcut rollout exclude {name} {id} \
             --reason WHY"
        ),
    }
}

fn package(host: &Host) -> String {
    let first = host.moves.first();
    first.map_or_else(String::new, |one| one.package.to_string())
}
