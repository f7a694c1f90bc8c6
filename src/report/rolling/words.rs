//! What happens in a rollout, in words: one clause each, without a full stop.

use crate::model::{HostName, Timestamp};
use crate::rollout::event::{Entry, Event, Generation};
use crate::rollout::health::Verdict;
use crate::rollout::plan::{Hold, Step};
use crate::rollout::policy::{Policy, Rehearsal, Share};
use crate::rollout::state::{Blocked, Fault, Halt, HostState, Skip};
use crate::rollout::target::Target;
use crate::rollout::{Rollout, Way};

/// How many names a clause has room for.
const NAMES: usize = 5;

/// Names what is rolled out: source and version, or versions.
pub fn target(target: &Target) -> String {
    let mut versions: Vec<_> = target
        .versions
        .iter()
        .map(|meant| meant.source_version.as_str())
        .collect();
    versions.dedup();
    format!("{} {}", target.source, versions.join(", "))
}

/// Writes a span of time in its two largest units.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// Writes a moment as people read it, to the minute.
pub fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

/// Writes a number of things.
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// Writes a share of a ring.
pub fn share(share: Share) -> String {
    match share {
        Share::Count(count) => count.to_string(),
        Share::Percent(percent) => format!("{percent} %"),
    }
}

/// Names the first few of many.
pub fn names<T: std::fmt::Display>(all: &[T]) -> String {
    let shown: Vec<_> = all.iter().take(NAMES).map(T::to_string).collect();
    match all.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {}", line(reason)))
}

/// Returns the last line that says something: that is where programs say why.
fn last_line(log: &str) -> &str {
    let mut lines = log.lines().rev().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or("no log")
}

fn line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

fn generations(all: &[Generation]) -> String {
    let shown: Vec<_> = all
        .iter()
        .map(|one| format!("{}@{}", one.suite, one.number))
        .collect();
    names(&shown)
}

/// Says why a rollout halted.
pub fn halt(why: &Halt) -> String {
    match why {
        Halt::Failures {
            ring,
            failed,
            allowed,
        } => {
            let failed = count(*failed, "host failed", "hosts failed");
            format!("{failed} in ring {ring}, {allowed} may")
        }
        Halt::Check { ring, check, said } => {
            format!("the check {check} of ring {ring} failed: {}", line(said))
        }
        Halt::Rehearsal { problems } => format!("the rehearsal failed: {}", names(problems)),
        Halt::NothingTried { ring } => {
            format!("no host of ring {ring} got the version, so nothing is proven")
        }
        Halt::VersionGone { suites } => {
            format!("the version is gone from {}", names(suites))
        }
        Halt::Promotion { ring, said } => {
            format!("the archive refused to open ring {ring}: {}", line(said))
        }
        Halt::Asked { reason } => format!("somebody said so{}", because(reason.as_deref())),
    }
}

/// Says why a rollout cannot go back by itself.
pub fn blocked(why: &Blocked) -> String {
    match why {
        Blocked::Hosts { hosts } => {
            let all = count(hosts.len(), "host", "hosts");
            format!("{all} did not go back: {}", names(hosts))
        }
        Blocked::Pull { rings, hosts } => {
            let all = count(*hosts as usize, "host", "hosts");
            format!(
                "{all} of {} update themselves and still have it: only a newer version with \
                 the old content takes it from them",
                names(rings)
            )
        }
        Blocked::Withdrawal { said } => {
            format!(
                "the archive refused to withdraw the version: {}",
                line(said)
            )
        }
    }
}

/// Says how a host failed.
pub fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Update { log } => format!("apt could not read the lists: {}", last_line(log)),
        Fault::Refused { log } => format!("apt refused the transaction: {}", last_line(log)),
        Fault::Gone { log } => format!("the version is not to be had: {}", last_line(log)),
        Fault::NotAsMeant { found, log } => {
            let found: Vec<_> = found
                .iter()
                .map(|one| format!("{} {}", one.package, one.version))
                .collect();
            let found = match found.is_empty() {
                true => "nothing of it installed".to_owned(),
                false => names(&found),
            };
            format!("it is not as meant ({found}): {}", last_line(log))
        }
        Fault::Foreign { packages } => {
            format!("packages of others are half installed: {}", names(packages))
        }
        Fault::Late => "it did not end in its time".to_owned(),
        Fault::NeverBegan { why } => format!("it never began: {}", line(why)),
        Fault::Check { check, said } => format!("the check {check} failed: {}", line(said)),
        Fault::Stays { why } => format!("it still has the version: {}", skip(why)),
        Fault::NoWayBack { missing } => {
            format!("its previous version is not to be had: {}", names(missing))
        }
    }
}

/// Says why nothing is done to a host.
pub fn skip(why: &Skip) -> String {
    match why {
        Skip::Held { package } => format!("{package} is held there"),
        Skip::Newer { version } => format!("it runs the newer {version}"),
        Skip::Already => "it has the version already".to_owned(),
        Skip::Absent => "none of the packages is installed".to_owned(),
        Skip::OtherSystem { system } => {
            format!("no version is meant for {} {}", system.id, system.codename)
        }
        Skip::Excluded { reason, by } => match by.is_empty() {
            true => format!("left out: {}", line(reason)),
            false => format!("left out by {by}: {}", line(reason)),
        },
        Skip::Changed { package, version } => {
            format!("somebody has brought {package} to {version} since")
        }
        Skip::Untouched => "it was never touched".to_owned(),
    }
}

/// Says how far a host is, in a word.
pub fn host_word(state: &HostState) -> &'static str {
    match state {
        HostState::Pending => "waits",
        HostState::Probed => "next",
        HostState::Skipped { .. } => "skipped",
        HostState::Started => "installs",
        HostState::Unknown { .. } => "unknown",
        HostState::HalfDone => "half done",
        HostState::Ok => "ok",
        HostState::Failed { .. } => "failed",
        HostState::Repaired => "repaired",
        HostState::Unreachable { .. } => "unreachable",
    }
}

/// Says what more there is to say of a host.
pub fn host_detail(state: &HostState) -> String {
    match state {
        HostState::Skipped { why } => skip(why),
        HostState::Failed { fault: how } => fault(how),
        HostState::Unknown { why } | HostState::Unreachable { why } => line(why).to_owned(),
        _ => String::new(),
    }
}

/// Says why nothing can be done now.
pub fn hold(why: &Hold) -> String {
    match why {
        Hold::Approval => "somebody must approve".to_owned(),
        Hold::Behind(id) => format!("{id} goes first"),
        Hold::Withdrawal => "the archive refuses to withdraw the version".to_owned(),
        Hold::Uncounted => "nobody can say what the hosts run".to_owned(),
        Hold::Paused => "somebody paused it".to_owned(),
        Hold::Halted => "it is halted, until somebody resumes it or rolls it back".to_owned(),
        Hold::Blocked => "it cannot go back by itself: somebody must look".to_owned(),
        Hold::Window => "it is outside the maintenance windows".to_owned(),
        Hold::Running(hosts) => format!("{} install", names(hosts)),
        Hold::Soaking => "the ring soaks".to_owned(),
        Hold::Waiting(hosts) => {
            format!(
                "{} {} told again after a while",
                names(hosts),
                are(hosts.len())
            )
        }
        Hold::Unreachable(hosts) => format!("{} cannot be reached", names(hosts)),
        Hold::Inconclusive(checks) => format!("{} found nothing either way", names(checks)),
        Hold::Sample => "too few hosts got it to prove anything".to_owned(),
        Hold::Adoption => "too few hosts have taken it yet".to_owned(),
        Hold::Phase => "the percentage stands for a while".to_owned(),
    }
}

fn are(count: usize) -> &'static str {
    match count {
        1 => "is",
        _ => "are",
    }
}

/// Says what happens next.
pub fn step(step: &Step, policy: &Policy) -> String {
    let ring = |at: usize| {
        let ring = policy.rings.get(at);
        ring.map_or_else(|| at.to_string(), |ring| ring.name.to_string())
    };
    let many = |hosts: &[HostName]| count(hosts.len(), "host", "hosts");
    match step {
        Step::Rehearse => match policy.rehearsal {
            Rehearsal::Wanted => "the way there and back is rehearsed".to_owned(),
            Rehearsal::Skipped(_) => format!("ring {} opens, without a rehearsal", ring(0)),
        },
        Step::Request => "somebody is asked to approve".to_owned(),
        Step::Open { ring: at } => format!("ring {} opens", ring(*at)),
        Step::Probe { hosts } => {
            format!("{} {} asked what they have", many(hosts), are(hosts.len()))
        }
        Step::Install { hosts: chosen } => {
            let hosts = count(chosen.len(), "host", "hosts");
            format!("{hosts} {} told to begin", are(chosen.len()))
        }
        Step::Check { ring: at, checks } => {
            format!("ring {} is checked: {}", ring(*at), names(checks))
        }
        Step::Count { ring: at } => format!("ring {} is counted", ring(*at)),
        Step::Phase { ring: at, percent } => {
            format!("ring {} is offered to {percent} %", ring(*at))
        }
        Step::Soak { ring: at, until } => {
            format!("ring {} soaks until {}", ring(*at), moment(*until))
        }
        Step::Pass { ring: at } => format!("ring {} passes its gate", ring(*at)),
        Step::Halt { why } => format!("it halts: {}", halt(why)),
        Step::Withdraw { suites } => format!("the version leaves {}", names(suites)),
        Step::Block { why } => format!("it is blocked: {}", blocked(why)),
        Step::RolledBack => "all is as it was before".to_owned(),
        Step::Converged => "those who were away are where the others are".to_owned(),
        Step::Done => "every ring has passed".to_owned(),
        Step::Hold { why, until } => match until {
            Some(until) => format!("{}; next look {}", hold(why), moment(*until)),
            None => hold(why),
        },
        Step::Over => "nothing: it has ended".to_owned(),
    }
}

/// Says what an entry of the journal is about.
pub fn event(entry: &Entry) -> String {
    match &entry.event {
        Event::Planned {
            target: what,
            policy,
            reason,
            profile,
            ..
        } => {
            let rings = count(policy.rings.len(), "ring", "rings");
            let profile = profile.as_ref().map(|name| format!(", as {name}"));
            let (profile, reason) = (profile.unwrap_or_default(), because(reason.as_deref()));
            format!("{} is planned in {rings}{profile}{reason}", target(what))
        }
        Event::Cleared { of } => format!("{of} has ended: nothing goes first any more"),
        Event::Requested { request } => {
            let short = request.get(..12).unwrap_or(request);
            format!("approval is asked for: request {short}…")
        }
        Event::Approved { key, .. } => format!("{key} approves"),
        Event::Doubted { key, why } => {
            format!("the approval by {key} does not count: {}", line(why))
        }
        Event::Rehearsed { problems } => match problems.as_slice() {
            [] => "the rehearsal went well: there and back".to_owned(),
            problems => format!("the rehearsal found problems: {}", names(problems)),
        },
        Event::RehearsalSkipped { reason } => {
            format!("the rehearsal is skipped: {}", line(reason))
        }
        Event::Opening { ring } => format!("ring {ring} is about to open"),
        Event::Opened { ring, suites } => match suites.as_slice() {
            [] => format!("ring {ring} is open"),
            suites => format!("ring {ring} is open: {}", generations(suites)),
        },
        Event::Probed { host, moves, .. } => {
            let packages = count(moves.len(), "package", "packages");
            format!("{host} answers: {packages} to move")
        }
        Event::Skipped { host, why } => format!("{host} is skipped: {}", skip(why)),
        Event::Silent { host, why } => format!("{host} says nothing: {}", line(why)),
        Event::Starting { host, .. } => format!("{host} is about to be told"),
        Event::Begun { host } => format!("{host} has begun"),
        Event::Lost { host, why } => format!("{host} may have begun: {}", line(why)),
        Event::NotBegun { host, why } => format!("{host} has not begun: {}", line(why)),
        Event::Unheard { host } => format!("{host} has not begun, and is told anew"),
        Event::HalfDone { host, .. } => format!("{host} is half done: that is repaired first"),
        Event::Succeeded { host, .. } => format!("{host} is as meant"),
        Event::Repaired { host, .. } => format!("{host} is as meant, after a repair"),
        Event::Failed { host, fault: how } => format!("{host} failed: {}", fault(how)),
        Event::Checked {
            ring,
            host,
            check,
            found,
        } => {
            let host = host.as_ref().map(|host| format!(" on {host}"));
            let host = host.unwrap_or_default();
            let found = match found {
                Verdict::Passed => "passed".to_owned(),
                Verdict::Failed { said } => format!("failed: {}", line(said)),
                Verdict::Inconclusive { said } => {
                    format!("found nothing either way: {}", line(said))
                }
            };
            format!("the check {check} of ring {ring}{host} {found}")
        }
        Event::Counted {
            ring,
            all,
            there,
            failed,
        } => format!("ring {ring}: {there} of {all} hosts have it, {failed} say that it failed"),
        Event::Phased { ring, percent } => format!("ring {ring} is offered to {percent} %"),
        Event::Soaking { ring, until } => format!("ring {ring} soaks until {}", moment(*until)),
        Event::SoakSkipped { ring, reason } => {
            format!(
                "the rest of ring {ring}'s soak is skipped: {}",
                line(reason)
            )
        }
        Event::Passed { ring } => format!("ring {ring} has passed"),
        Event::Halted { why } => format!("it halts: {}", halt(why)),
        Event::Paused { reason } => format!("it is paused{}", because(reason.as_deref())),
        Event::Resumed { reason } => format!("it goes on{}", because(reason.as_deref())),
        Event::Excluded { host, reason } => format!("{host} is left out: {}", line(reason)),
        Event::Included { host, reason } => {
            format!("{host} is one of them again{}", because(reason.as_deref()))
        }
        Event::RollbackBegun { reason } => {
            format!("all goes back{}", because(reason.as_deref()))
        }
        Event::Withdrawing { suites } => format!("{} are about to lose it", names(suites)),
        Event::Withdrawn { suites } => format!("it is withdrawn: {}", generations(suites)),
        Event::WithdrawalRefused { suites, said } => {
            format!(
                "the archive refuses to take it out of {}: {}",
                names(suites),
                line(said)
            )
        }
        Event::Stuck { doing, why } => format!("{doing} failed: {}", line(why)),
        Event::RolledBack => "all is as it was before".to_owned(),
        Event::Blocked { why } => format!("it is blocked: {}", blocked(why)),
        Event::Converging => "those who were away catch up".to_owned(),
        Event::Converged => "those who were away are where the others are".to_owned(),
        Event::Aborted { reason } => format!("it is aborted{}", because(reason.as_deref())),
        Event::Superseded { by } => format!("{by} takes its place"),
        Event::Done => "every ring has passed".to_owned(),
        Event::Notified { channel, of, error } => match error {
            None => format!("{channel} was told of entry {of}"),
            Some(error) => format!("{channel} could not be told of entry {of}: {}", line(error)),
        },
    }
}

/// Says which way hosts are moved.
pub fn way(rollout: &Rollout) -> &'static str {
    match rollout.way {
        Way::Forward => "forward",
        Way::Back => "back",
    }
}
