//! What happens next in a rollout: when, what then, and what a person may do
//! about it.

use serde::Serialize;

use super::words::{self, blocked, count, due, halt, names};
use crate::model::{HostName, Timestamp};
use crate::rollout::plan::{Hold, Step};
use crate::rollout::policy::{Approval, Members, Rehearsal};
use crate::rollout::state::Blocked;
use crate::rollout::{Phase, Rollout, Stage, Way};

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What, when and what then, in a clause.
    pub text: String,
    /// The moment that the clause names: nothing changes before.
    pub at: Option<Timestamp>,
    /// What a person may do.
    pub commands: Vec<Command>,
}

/// A command, and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// The command.
    pub command: String,
    /// What it does, in a clause.
    pub does: String,
}

impl Next {
    /// Takes what a rollout's planner says.
    pub fn of(rollout: &Rollout, step: &Step, now: Timestamp) -> Self {
        match step {
            Step::Hold { why, until } => held(rollout, why, *until, now),
            Step::Over => over(rollout),
            // What is looked at meanwhile does not end a soak.
            Step::Check { .. } | Step::Count { .. } | Step::Probe { .. } if soaks(rollout, now) => {
                let next = held(rollout, &Hold::Soaking, None, now);
                let text = format!("{}; {}", words_of(step, rollout), next.text);
                Self { text, ..next }
            }
            Step::Withdraw { .. } if rollout.way == Way::Forward => closing(rollout, step, now),
            step => Self::said(words_of(step, rollout)).by(rollout, "advance", "does it"),
        }
    }

    fn said(text: String) -> Self {
        Self {
            text,
            at: None,
            commands: Vec::new(),
        }
    }

    fn at(mut self, at: Option<Timestamp>) -> Self {
        self.at = at;
        self
    }

    /// Adds what a person may do: a verb, with what follows the rollout's name.
    fn by(self, rollout: &Rollout, words: &str, does: impl Into<String>) -> Self {
        let (verb, more) = words.split_once(' ').unwrap_or((words, ""));
        let command = format!("debcut rollout {verb} {} {more}", rollout.id);
        self.with(command.trim_end().to_owned(), does)
    }
}

/// A rollout that is halted or paused is closed before anything else: its
/// version is taken out of what is open.
fn closing(rollout: &Rollout, step: &Step, now: Timestamp) -> Next {
    let why = match rollout.phase {
        Phase::Halted { .. } => Hold::Halted,
        _ => Hold::Paused,
    };
    let next = held(rollout, &why, None, now);
    let text = format!("{}; {}", next.text, words_of(step, rollout));
    Next { text, ..next }.by(rollout, "advance", "withdraws it now")
}

/// Tells whether a ring soaks, and nothing but its time is waited for.
fn soaks(rollout: &Rollout, now: Timestamp) -> bool {
    let here = matches!(rollout.phase, Phase::Ring { .. }) && rollout.paused.is_none();
    here && soak(rollout).is_some_and(|end| end > now)
}

fn held(rollout: &Rollout, why: &Hold, until: Option<Timestamp>, now: Timestamp) -> Next {
    let ring = || current(rollout).map_or_else(String::new, |at| name(rollout, at));
    let look = |text: String, again: &str| match until {
        Some(until) => Next::said(format!("{text}; {again} {}", due(until, now))).at(Some(until)),
        None => Next::said(text),
    };
    let advance = "goes on then, and waits for it";
    match why {
        Hold::Soaking => {
            let end = soak(rollout).or(until).unwrap_or(now);
            let text = format!(
                "ring {} soaks until {}, then {}",
                ring(),
                due(end, now),
                after(rollout)
            );
            Next::said(text)
                .at(Some(end))
                .by(rollout, "advance --watch", advance)
                .by(rollout, "skip-soak --reason WHY", "lets the rest of it go")
        }
        Hold::Window => match until {
            Some(until) => {
                let text = format!(
                    "it is outside its maintenance windows until {}, then {}",
                    due(until, now),
                    after(rollout)
                );
                let next = Next::said(text).at(Some(until));
                next.by(rollout, "advance --watch", advance)
            }
            None => Next::said("it is outside its maintenance windows, and none comes".to_owned()),
        },
        Hold::Approval => {
            let needed = match &rollout.policy.approval {
                Approval::Needed { count, .. } => *count,
                Approval::NotNeeded => 0,
            };
            let text = format!(
                "somebody must approve: {} of {needed} so far; then {}",
                rollout.approvers().count(),
                after(rollout)
            );
            Next::said(text).by(rollout, "approve --key KEY", "approves it")
        }
        Hold::Paused => {
            let mut text = "it is paused, and nothing new is begun".to_owned();
            // Deadlines are moments: a pause does not move them.
            if let Some(end) = soak(rollout).filter(|end| *end > now) {
                let end = due(end, now);
                text.push_str(&format!("; ring {}'s soak runs on, until {end}", ring()));
            }
            let next = Next::said(text).by(rollout, "resume", "goes on");
            match rollout.hosts.values().any(|host| host.touched) {
                true => next.by(rollout, "rollback", "brings hosts back to what they had"),
                false => next,
            }
        }
        Hold::Halted => Next::said(hold(why, rollout.way))
            .by(rollout, "rollback", "brings hosts back to what they had")
            .by(rollout, "resume", "tries again what failed"),
        Hold::Blocked => {
            let next = Next::said(hold(why, rollout.way));
            match &rollout.phase {
                Phase::Blocked {
                    why: Blocked::Pull { .. },
                } => {
                    let does = "releases the old content under a higher version";
                    next.by(rollout, "rollback --reversion", does)
                }
                _ => next.by(rollout, "resume", "tries again, when that is mended"),
            }
        }
        Hold::Unreachable(hosts) => {
            let next = look(hold(why, rollout.way), are(hosts, "asked again"));
            let does = "does without it";
            match hosts.as_slice() {
                [host] => next.exclude(rollout, host.as_str(), does),
                _ => next.exclude(rollout, "HOST", does),
            }
        }
        Hold::Running(hosts) => look(hold(why, rollout.way), are(hosts, "asked again")),
        Hold::Waiting(hosts) => look(hold(why, rollout.way), are(hosts, "told again")),
        Hold::Inconclusive(checks) => {
            let again = match checks.len() {
                1 => "it is made again",
                _ => "they are made again",
            };
            look(hold(why, rollout.way), again)
        }
        Hold::Phase => {
            let percent = current(rollout).and_then(|at| rollout.rings[at].phased);
            let percent = percent.map_or(0, |(percent, _)| percent);
            let text = format!("ring {} is offered to {percent} % for a while", ring());
            look(text, "to more of them")
        }
        Hold::Behind(id) => Next::said(format!("it waits until {id} has ended")).with(
            format!("debcut rollout advance {id} --watch"),
            "brings that to its end",
        ),
        Hold::Withdrawal => look(hold(why, rollout.way), "it is asked again"),
        Hold::Uncounted => look(hold(why, rollout.way), "the command is run again"),
        Hold::Sample | Hold::Adoption => look(hold(why, rollout.way), "next look"),
    }
}

impl Next {
    fn exclude(self, rollout: &Rollout, host: &str, does: &str) -> Self {
        let id = &rollout.id;
        self.with(
            format!("debcut rollout exclude {host} {id} --reason WHY"),
            does,
        )
    }

    fn with(mut self, command: String, does: impl Into<String>) -> Self {
        let does = does.into();
        self.commands.push(Command { command, does });
        self
    }
}

fn over(rollout: &Rollout) -> Next {
    let next = Next::said("nothing: it has ended".to_owned());
    let away = rollout.rings.iter().map(|ring| ring.counts.unreachable);
    match (&rollout.phase, away.sum::<usize>()) {
        (Phase::Done | Phase::RolledBack, away) if away > 0 => {
            let hosts = count(away, "host that was", "hosts that were");
            next.by(rollout, "converge", format!("brings along {hosts} away"))
        }
        (Phase::Aborted, _) if rollout.hosts.values().any(|host| host.touched) => {
            next.by(rollout, "rollback", "brings hosts back to what they had")
        }
        _ => next,
    }
}

/// Returns the ring where a rollout is.
fn current(rollout: &Rollout) -> Option<usize> {
    match rollout.phase.beneath() {
        Phase::Ring { index, .. } => Some(*index),
        _ => None,
    }
}

/// Returns until when the ring soaks, where one does.
fn soak(rollout: &Rollout) -> Option<Timestamp> {
    match rollout.phase.beneath() {
        Phase::Ring {
            stage: Stage::Soaking { until },
            ..
        } => Some(*until),
        _ => None,
    }
}

fn name(rollout: &Rollout, at: usize) -> String {
    let ring = rollout.policy.rings.get(at);
    ring.map_or_else(|| at.to_string(), |ring| ring.name.to_string())
}

/// Says what comes once the present wait is over.
fn after(rollout: &Rollout) -> String {
    let opens = |at: usize| match rollout.policy.rings.get(at).map(|ring| &ring.members) {
        None => "it is done".to_owned(),
        Some(Members::Hosts(hosts)) => format!(
            "ring {} opens: {}",
            name(rollout, at),
            count(hosts.len(), "host", "hosts")
        ),
        Some(Members::Pull(_)) => format!("ring {} opens", name(rollout, at)),
    };
    match rollout.phase.beneath() {
        Phase::Ring {
            index,
            stage: Stage::Soaking { .. } | Stage::Passed,
        } => opens(index + 1),
        Phase::Ring { .. } => "the next batch begins".to_owned(),
        _ => opens(0),
    }
}

fn is(count: usize) -> &'static str {
    match count {
        1 => "is",
        _ => "are",
    }
}

fn are(hosts: &[HostName], done: &'static str) -> &'static str {
    match (hosts.len(), done) {
        (1, "asked again") => "it is asked again",
        (1, _) => "it is told again",
        (_, "asked again") => "they are asked again",
        _ => "they are told again",
    }
}

/// Says why nothing can be done now.
pub fn hold(why: &Hold, way: Way) -> String {
    match why {
        Hold::Approval => "somebody must approve".to_owned(),
        Hold::Behind(id) => format!("{id} goes first"),
        Hold::Withdrawal => "the archive refuses to withdraw the version".to_owned(),
        Hold::Uncounted => "nobody can say what the hosts run".to_owned(),
        Hold::Paused => "it is paused".to_owned(),
        Hold::Halted => "it is halted, until somebody resumes it or rolls it back".to_owned(),
        Hold::Blocked => "it cannot go back by itself: somebody must look".to_owned(),
        Hold::Window => "it is outside its maintenance windows".to_owned(),
        Hold::Running(hosts) => {
            let does = match (way, hosts.len()) {
                (Way::Forward, 1) => "installs",
                (Way::Forward, _) => "install",
                (Way::Back, 1) => "goes back",
                (Way::Back, _) => "go back",
            };
            format!("{} {does}", names(hosts))
        }
        Hold::Soaking => "the ring soaks".to_owned(),
        Hold::Waiting(hosts) if hosts.is_empty() => "hosts wait for their turn".to_owned(),
        Hold::Waiting(hosts) => format!("{} did not begin", names(hosts)),
        Hold::Unreachable(hosts) => format!("{} cannot be reached", names(hosts)),
        Hold::Inconclusive(checks) => format!("{} found nothing either way", names(checks)),
        Hold::Sample => "too few hosts got it to prove anything".to_owned(),
        Hold::Adoption => "too few hosts have taken it yet".to_owned(),
        Hold::Phase => "the percentage stands for a while".to_owned(),
    }
}

/// Says what a step does that can be done now.
fn words_of(step: &Step, rollout: &Rollout) -> String {
    let ring = |at: usize| name(rollout, at);
    match step {
        Step::Rehearse => match rollout.policy.rehearsal {
            Rehearsal::Wanted => "the way there and back is rehearsed".to_owned(),
            Rehearsal::Skipped(_) => format!("{}, without a rehearsal", after(rollout)),
        },
        Step::Request => "somebody is asked to approve".to_owned(),
        Step::Open { ring: at } => format!("ring {} opens", ring(*at)),
        Step::Probe { hosts } => {
            let what = match hosts.len() {
                1 => "what it has",
                _ => "what they have",
            };
            format!("{} {} asked {what}", names(hosts), is(hosts.len()))
        }
        Step::Install { hosts: chosen } => {
            let hosts: Vec<_> = chosen.iter().map(|(host, _)| host).collect();
            let what = match rollout.way {
                Way::Forward => "told to install it",
                Way::Back => "told to go back",
            };
            format!("{} {} {what}", names(&hosts), is(hosts.len()))
        }
        Step::Check { ring: at, checks } => {
            format!("ring {} is checked: {}", ring(*at), names(checks))
        }
        Step::Count { ring: at } => format!("ring {} is counted", ring(*at)),
        Step::Phase { ring: at, percent } => {
            format!("ring {} is offered to {percent} %", ring(*at))
        }
        Step::Soak { ring: at, until } => {
            format!("ring {} soaks until {}", ring(*at), words::moment(*until))
        }
        Step::Pass { ring: at } => format!("ring {} passes its gate", ring(*at)),
        Step::Halt { why } => format!("it halts: {}", halt(why)),
        Step::Withdraw { suites } => match rollout.way {
            Way::Forward => format!(
                "the version leaves {}; until then hosts are still offered it",
                names(suites)
            ),
            Way::Back => format!("the version leaves {}, then hosts go back", names(suites)),
        },
        Step::Block { why } => format!("it is blocked: {}", blocked(why)),
        Step::RolledBack => "all is as it was before".to_owned(),
        Step::Converged => "those who were away are where the others are".to_owned(),
        Step::Done => "every ring has passed".to_owned(),
        Step::Hold { why, .. } => hold(why, rollout.way),
        Step::Over => "nothing: it has ended".to_owned(),
    }
}
