//! What keeps a ring's gate shut: failures, checks, silence, and how little was
//! tried.

use std::collections::{BTreeMap, BTreeSet};

use super::health::{Check, Verdict, What};
use super::policy::{Members, Ring};
use super::state::{Checked, Halt, Host, HostState, Phase, RingState, Rollout, Skip, Stage};
use crate::model::{HostName, RingName, Timestamp};

/// The name of the check that every ring has.
pub const INSTALLED: &str = "installed";

/// What is known of a ring's checks now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// The checks that are to be made, and on which hosts (a check on the
    /// controller: on none).
    pub due: BTreeMap<String, Vec<HostName>>,
    /// Those that found nothing either way, or failed too seldom to count.
    pub inconclusive: BTreeSet<String>,
    /// When the next one is to be made.
    pub next: Option<Timestamp>,
    /// Hosts that said nothing when they were asked once more.
    pub away: Vec<HostName>,
}

/// A check of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked<'a> {
    /// Its name.
    pub name: &'a str,
    /// The policy's check; `None`: that a host's packages are still as meant,
    /// read back from dpkg.
    pub check: Option<&'a Check>,
}

/// Returns the checks of a ring: that all is still as meant, where the
/// controller reaches its hosts, then the policy's.
pub fn checks(ring: &Ring) -> Vec<Looked<'_>> {
    let taken = ring.checks.iter().any(|check| check.name == INSTALLED);
    let own = !taken && matches!(ring.members, Members::Hosts(_));
    let own = own.then_some(Looked {
        name: INSTALLED,
        check: None,
    });
    let policy = ring.checks.iter().map(|check| Looked {
        name: &check.name,
        check: Some(check),
    });
    own.into_iter().chain(policy).collect()
}

/// Says why the rollout must halt, from the hosts and checks of one ring.
pub fn halts(rollout: &Rollout, index: usize) -> Option<Halt> {
    let (state, policy) = (&rollout.rings[index], &rollout.policy.rings[index]);
    let ring = || state.name.clone();
    if let Some(counted) = state.counted {
        let failed = counted.failed.saturating_sub(state.forgiven) as usize;
        let allowed = policy.max_failures.at_most_of(counted.all as usize);
        if failed > allowed {
            let ring = ring();
            return Some(Halt::Failures {
                ring,
                failed,
                allowed,
            });
        }
    }
    let failed = state.counts.failed;
    let allowed = policy.max_failures.at_most_of(state.counts.wanted());
    if failed > allowed {
        let ring = ring();
        return Some(Halt::Failures {
            ring,
            failed,
            allowed,
        });
    }
    controller(policy, state).find_map(|(check, checked)| match &checked.found {
        Verdict::Failed { said } if checked.row >= check.failures.max(1) => Some(Halt::Check {
            ring: ring(),
            check: check.name.to_owned(),
            said: said.clone(),
        }),
        _ => None,
    })
}

fn is_here(check: &Check) -> bool {
    matches!(check.what, What::OnController(_))
}

fn controller<'a>(
    policy: &'a Ring,
    state: &'a RingState,
) -> impl Iterator<Item = (&'a Check, &'a Checked)> {
    let here = policy.checks.iter().filter(|check| is_here(check));
    here.filter_map(|check| {
        let key = (check.name.to_owned(), None);
        state.checks.get(&key).map(|checked| (check, checked))
    })
}

/// Returns what is known of a ring's checks, and what is due: after a batch,
/// every host that has got the version since it was last checked; while the
/// ring soaks, all of them every so often, and once more when it has soaked.
pub fn round(rollout: &Rollout, index: usize, now: Timestamp) -> Round {
    let policy = &rollout.policy.rings[index];
    let state = &rollout.rings[index];
    let need = Need::of(rollout, index, now);
    let mut round = Round::default();
    let hosts: Vec<_> = targets(rollout, index).collect();
    let checks = checks(policy);
    // Those that are away are known first: their other checks are excused.
    let mut away: BTreeSet<&HostName> = BTreeSet::new();
    for check in checks {
        let own = check.check.is_none();
        let known: BTreeMap<Option<&HostName>, &Checked> = state
            .checks
            .iter()
            .filter(|((name, _), _)| name == check.name)
            .map(|((_, host), checked)| (host.as_ref(), checked))
            .collect();
        let again = policy.check_seconds.min(rollout.policy.retry_seconds);
        let mut look = |host: Option<&HostName>, since: Timestamp| {
            let wanted = need.since(since);
            match known.get(&host) {
                // It was read back when the host was done.
                None if own && wanted <= since => Known::Passed,
                None => Known::Due,
                Some(checked) if checked.found == Verdict::Passed => {
                    let repeat = checked.at.plus_seconds(i64::from(policy.check_seconds));
                    match checked.at < wanted || (need.repeats && repeat <= now) {
                        true => Known::Due,
                        false => {
                            if need.repeats {
                                round.next = earlier(round.next, Some(repeat));
                            }
                            Known::Passed
                        }
                    }
                }
                Some(checked) => {
                    let retry = checked.at.plus_seconds(i64::from(again.max(1)));
                    match checked.at < wanted || retry <= now {
                        true => Known::Due,
                        false => {
                            round.next = earlier(round.next, Some(retry));
                            Known::Not
                        }
                    }
                }
            }
        };
        if check.check.is_some_and(is_here) {
            let last = state.last.or(state.opened).unwrap_or(now);
            match look(None, last) {
                Known::Due => drop(round.due.insert(check.name.to_owned(), Vec::new())),
                Known::Not => drop(round.inconclusive.insert(check.name.to_owned())),
                Known::Passed => {}
            }
            continue;
        }
        let mut due = Vec::new();
        for (name, host) in &hosts {
            if own && host.state == (HostState::Skipped { why: Skip::Already }) {
                continue;
            }
            match look(Some(name), host.since) {
                Known::Due if !away.contains(name) => due.push((*name).clone()),
                Known::Not if own => drop(away.insert(name)),
                Known::Not if !away.contains(name) => {
                    round.inconclusive.insert(check.name.to_owned());
                }
                _ => {}
            }
        }
        if !due.is_empty() {
            round.due.insert(check.name.to_owned(), due);
        }
    }
    round.away = away.into_iter().cloned().collect();
    round
}

enum Known {
    Due,
    Not,
    Passed,
}

/// How new a verdict must be.
struct Need {
    repeats: bool,
    until: Option<Timestamp>,
}

impl Need {
    fn of(rollout: &Rollout, index: usize, now: Timestamp) -> Self {
        let soaking = match rollout.phase.beneath() {
            Phase::Ring {
                index: at,
                stage: Stage::Soaking { until },
            } if *at == index => Some(*until),
            _ => None,
        };
        let pull = matches!(rollout.policy.rings[index].members, Members::Pull(_));
        let over = soaking.filter(|until| *until <= now);
        Self {
            repeats: (soaking.is_some() || pull) && over.is_none(),
            until: over,
        }
    }

    fn since(&self, host: Timestamp) -> Timestamp {
        self.until.map_or(host, |until| until.max(host))
    }
}

/// Returns the hosts of a ring that have the version.
fn targets(rollout: &Rollout, index: usize) -> impl Iterator<Item = (&HostName, &Host)> {
    rollout.hosts.iter().filter(move |(_, host)| {
        let has = match &host.state {
            HostState::Ok | HostState::Repaired => true,
            HostState::Skipped { why } => *why == Skip::Already,
            _ => false,
        };
        has && host.ring == index
    })
}

/// Returns the earlier of two moments that may not come.
pub fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// Returns a ring's place by its name.
pub fn place(rollout: &Rollout, ring: &RingName) -> Option<usize> {
    rollout.rings.iter().position(|known| known.name == *ring)
}
