//! What hosts answer, turned into events. Pure.

use crate::model::{HostName, PackageName, Timestamp};
use crate::rollout::event::Event;
use crate::rollout::facts::{HostFacts, Job};
use crate::rollout::hands::{Answer, Told};
use crate::rollout::judge::{self, After, NotBack};
use crate::rollout::state::{Fault, HostState, Rollout, Skip, Way};

/// Turns what a host says into events.
pub(super) fn heard(
    rollout: &Rollout,
    name: &HostName,
    answer: Answer<HostFacts>,
    now: Timestamp,
) -> Vec<Event> {
    let Some(host) = rollout.hosts.get(name) else {
        return Vec::new();
    };
    let policy = &rollout.policy;
    let late = || judge::is_late(host, policy.job_seconds, policy.lock_seconds, now);
    let flies = host.flies();
    let failed = |fault| {
        let host = name.clone();
        vec![Event::Failed { host, fault }]
    };
    let facts = match answer {
        // It was well, was told, and is silent: that is what canaries are for.
        Err(_) if flies && late() => return failed(Fault::Late),
        Err(silence) => {
            let host = name.clone();
            let why = silence.why;
            return vec![Event::Silent { host, why }];
        }
        Ok(facts) => facts,
    };
    let boxed = || Box::new(facts.clone());
    if !host.touched {
        return untouched(rollout, name, facts);
    }
    let again = |why: &str| match host.attempts >= policy.attempts {
        true => failed(Fault::NeverBegan {
            why: why.to_owned(),
        }),
        false => vec![Event::Unheard { host: name.clone() }],
    };
    let not_back = |why| match why {
        NotBack::Free(why) => vec![Event::Skipped {
            host: name.clone(),
            why,
        }],
        NotBack::Stays(why) => failed(Fault::Stays { why }),
    };
    let half_done = |moves| {
        vec![Event::HalfDone {
            host: name.clone(),
            facts: boxed(),
            moves,
        }]
    };
    match judge::after(host, &facts, rollout.way) {
        After::Running if late() => failed(Fault::Late),
        After::Running if host.state == HostState::Started => Vec::new(),
        After::Running => vec![Event::Begun { host: name.clone() }],
        After::Ok => vec![Event::Succeeded {
            host: name.clone(),
            facts: boxed(),
        }],
        After::Repaired => vec![Event::Repaired {
            host: name.clone(),
            facts: boxed(),
        }],
        After::Repair if host.attempts >= policy.attempts => {
            let log = match &facts.job {
                Job::Ended { log, .. } => log.clone(),
                _ => String::new(),
            };
            failed(Fault::NotAsMeant {
                found: judge::of_ours(host, &facts),
                log,
            })
        }
        After::Repair if rollout.way == Way::Forward => half_done(host.moves.clone()),
        After::Repair => match judge::back(host, &facts) {
            Ok(moves) => half_done(moves),
            // Only its marks are to be put back.
            Err(NotBack::Free(Skip::Already)) => half_done(host.due.clone()),
            Err(why) => not_back(why),
        },
        After::NotBegun if flies && host.attempts > 0 => again("the host knows nothing of the job"),
        After::NotBegun => match judge::moves(&rollout.target, host, &facts, rollout.way) {
            Ok(moves) => vec![Event::Probed {
                host: name.clone(),
                facts: boxed(),
                moves,
            }],
            Err(why) => not_back(why),
        },
        After::Failed(fault) => failed(fault),
    }
}

fn untouched(rollout: &Rollout, name: &HostName, facts: HostFacts) -> Vec<Event> {
    let host = name.clone();
    if rollout.way == Way::Back {
        return vec![match judge::on_its_own(&rollout.target, &facts) {
            NotBack::Free(why) => Event::Skipped { host, why },
            NotBack::Stays(why) => {
                let fault = Fault::Stays { why };
                Event::Failed { host, fault }
            }
        }];
    }
    let moves = judge::before(&rollout.target, &facts);
    let ours = |package: &&PackageName| !facts.installed.iter().any(|i| i.package == **package);
    let foreign: Vec<_> = facts.unfinished.iter().filter(ours).cloned().collect();
    vec![match moves {
        Err(why) => Event::Skipped { host, why },
        // apt does nothing on such a host, and it is not for us to repair.
        Ok(_) if !foreign.is_empty() => Event::Failed {
            host,
            fault: Fault::Foreign { packages: foreign },
        },
        Ok(moves) => Event::Probed {
            host,
            facts: Box::new(facts),
            moves,
        },
    }]
}

/// Turns what became of an order into an event.
pub(super) fn told(rollout: &Rollout, name: &HostName, answer: Answer<Told>) -> Event {
    let host = name.clone();
    let attempts = rollout.hosts.get(name).map_or(0, |host| host.attempts);
    match answer {
        Ok(Told::Begun) => Event::Begun { host },
        Ok(Told::NotBegun { why }) if attempts >= rollout.policy.attempts => {
            let fault = Fault::NeverBegan { why };
            Event::Failed { host, fault }
        }
        Ok(Told::NotBegun { why }) => Event::NotBegun { host, why },
        Err(silence) => Event::Lost {
            host,
            why: silence.why,
        },
    }
}
