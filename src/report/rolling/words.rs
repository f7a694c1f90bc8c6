//! What happens in a rollout, in words: one clause each, without a full stop.

use crate::model::Timestamp;
use crate::rollout::event::{Entry, Event, Generation};
use crate::rollout::health::Verdict;
use crate::rollout::policy::Share;
use crate::rollout::state::{Blocked, Fault, Halt, HostState, Skip};
use crate::rollout::target::Target;
use crate::rollout::{Rollout, Way};

/// How many names a clause has room for.
const NAMES: usize = 5;

/// Names what is rolled out: source and version, or versions.
pub fn target(target: &Target) -> String {
    format!("{} {}", target.source, versions(target))
}

/// Names the versions that are rolled out.
pub fn versions(target: &Target) -> String {
    let mut versions: Vec<_> = target
        .versions
        .iter()
        .map(|meant| meant.source_version.as_str())
        .collect();
    versions.dedup();
    versions.join(", ")
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

/// Writes a moment as people read it, to the second.
pub fn second(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", &text[..10], &text[11..19])
}

/// Writes a moment that is ahead, and how far; one that has come is now.
pub fn due(at: Timestamp, now: Timestamp) -> String {
    match at.unix() - now.unix() {
        left if left > 0 => format!("{} (in {})", moment(at), span(left)),
        _ => "now".to_owned(),
    }
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

/// Returns the line of a log that says why. apt ends with a summary that says
/// only that dpkg failed; before that dpkg has said of what.
fn telling_line(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).collect();
    let said = |line: &&&str| !line.is_empty();
    let error = lines
        .iter()
        .rposition(|line| line.starts_with("dpkg: error processing"));
    if let Some(at) = error {
        // dpkg(1) says the reason in the line behind.
        let reason = lines[at + 1..].iter().find(said);
        // The job ends its log with all of it in one line.
        if reason.is_none() {
            return lines[at].to_owned();
        }
        if let Some(reason) = reason.filter(|line| !line.starts_with("dpkg:")) {
            return (*reason).to_owned();
        }
    }
    let summary = lines
        .iter()
        .position(|line| line.starts_with("Errors were encountered while processing"));
    let before = &lines[..summary.unwrap_or(lines.len())];
    let last = before.iter().rev().find(said);
    last.map_or_else(|| "no log".to_owned(), |line| (*line).to_owned())
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
            let has = count(
                *hosts as usize,
                "host that updates itself still has",
                "hosts that update themselves still have",
            );
            format!(
                "{has} it, in {}: only a newer version with \
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
        Fault::Update { log } => format!("apt could not read the lists: {}", telling_line(log)),
        Fault::Refused { log } => format!("apt refused the transaction: {}", telling_line(log)),
        Fault::Gone { log } => format!("the version is not to be had: {}", telling_line(log)),
        Fault::NotAsMeant { found, log } => {
            let found: Vec<_> = found
                .iter()
                .map(|one| format!("{} {}", one.package, one.version))
                .collect();
            let found = match found.is_empty() {
                true => "nothing of it installed".to_owned(),
                false => names(&found),
            };
            format!("it is not as meant ({found}): {}", telling_line(log))
        }
        Fault::Foreign { packages } => {
            format!("packages of others are half installed: {}", names(packages))
        }
        Fault::Late => "it did not end in its time".to_owned(),
        Fault::NeverBegan { why } => format!("it never began: {}", line(why)),
        Fault::Check { check, said } => format!("the check {check} failed: {}", line(said)),
        Fault::Stays { why: Skip::Already } => {
            "it took the version by itself; what it had before is not known".to_owned()
        }
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

/// Says how far a host is on the rollout's way, in a word.
pub fn host_word(state: &HostState, way: Way) -> &'static str {
    if way == Way::Back {
        match state {
            HostState::Pending => return "to go back",
            HostState::Started => return "goes back",
            HostState::Ok | HostState::Repaired => return "back",
            HostState::Skipped {
                why: Skip::Untouched,
            } => return "untouched",
            _ => {}
        }
    }
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
        Event::Withdrawing { suites } => format!("it is about to leave {}", names(suites)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_told() {
        let postrm = "Preparing to unpack .../greeter_1.4_all.deb ...\n\
            dpkg: warning: old greeter package pre-removal script subprocess returned error \
            exit status 1\n\
            dpkg: trying script from the new package instead ...\n\
            dpkg: error processing archive /var/cache/apt/archives/greeter_1.4_all.deb \
            (--unpack):\n new greeter package pre-removal script subprocess returned error \
            exit status 1\nErrors were encountered while processing:\n \
            /var/cache/apt/archives/greeter_1.4_all.deb\n\
            E: Sub-process /usr/bin/dpkg returned an error code (1)\n";
        for (log, want) in [
            (
                postrm,
                "new greeter package pre-removal script subprocess returned error exit status 1",
            ),
            (
                "Setting up greeter (1.5) ...\nno disk\n\
                 dpkg: error processing package greeter (--configure):\n installed greeter \
                 package post-installation script subprocess returned error exit status 1\n\
                 Errors were encountered while processing:\n greeter\n\
                 E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
                "installed greeter package post-installation script subprocess returned error \
                 exit status 1",
            ),
            (
                "it is broken\nErrors were encountered while processing:\n greeter\n",
                "it is broken",
            ),
            (
                "Reading package lists...\nE: Version '9' for 'greeter' was not found\n\n",
                "E: Version '9' for 'greeter' was not found",
            ),
            ("\n", "no log"),
        ] {
            assert_eq!(telling_line(log), want, "{log}");
        }
    }
}
