//! What a host's word means: what is to be done to it, and what became of what
//! was done. Pure.
//!
//! Success is read back from dpkg(1) alone. An exit code never makes one: a job
//! may say 0 and leave something half done. Nor does it take one away: when the
//! link was cut, or when the host was started again, a host whose packages are
//! all as meant and whose `dpkg --audit` is silent is as meant; its health is
//! for checks to say. One thing no package's state can say: that what was to be
//! restarted did not come back, so a job that ends there has failed.

use std::cmp::Ordering;

use super::facts::{HostFacts, Installed, Job, Selection, Service, Stale, Status, System};
use super::health::Verdict;
use super::state::{Fault, Host, Skip, Way};
use super::target::{Binary, Meant, Move, Target};
use crate::format::version::Version;
use crate::model::{PackageName, Timestamp};

/// What became of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Its job still runs.
    Running,
    /// All is as meant.
    Ok,
    /// Packages of ours are half done, or a job of ours was killed: it is to be
    /// finished.
    Repair,
    /// All is as meant, after a repair.
    Repaired,
    /// Nothing was begun.
    NotBegun,
    /// It did not become what was meant.
    Failed(Fault),
}

/// Returns what is to be done to a host that nobody has touched: the binaries of
/// the source that it has installed, and no other, go to the version that is
/// meant for its release.
pub fn before(target: &Target, facts: &HostFacts) -> Result<Vec<Move>, Skip> {
    let other = || Skip::OtherSystem {
        system: facts.system.clone(),
    };
    let System {
        codename,
        version_id,
        ..
    } = &facts.system;
    let meant = target.meant_for(&[codename, version_id]);
    let meant = *meant.first().ok_or_else(other)?;
    let wanted = facts
        .installed
        .iter()
        .filter(|installed| installed.selection != Selection::Deinstall);
    let mut known = false;
    let mut moves = Vec::new();
    let (mut held, mut newer) = (None, None);
    for installed in wanted {
        known |= meant
            .binaries
            .iter()
            .any(|b| b.package == installed.package);
        let Some(binary) = successor(meant, installed, facts) else {
            continue;
        };
        match installed.version.compare(&binary.version) {
            Ordering::Greater => {
                newer.get_or_insert(&installed.version);
                continue;
            }
            Ordering::Equal if installed.status == Status::Installed => {
                moves.push(None);
                continue;
            }
            _ => {}
        }
        if installed.selection == Selection::Hold {
            held.get_or_insert(&installed.package);
        }
        moves.push(Some(Move {
            package: installed.package.clone(),
            architecture: installed.architecture.clone(),
            from: installed.version.clone(),
            to: binary.version.clone(),
            auto: installed.auto,
        }));
    }
    // Part of a source newer than the rest: somebody is ahead of us.
    if let Some(version) = newer {
        let version = version.clone();
        return Err(Skip::Newer { version });
    }
    if let Some(package) = held {
        let package = package.clone();
        return Err(Skip::Held { package });
    }
    match (moves.is_empty(), known) {
        (true, true) => Err(other()),
        (true, false) => Err(Skip::Absent),
        (false, _) => {
            let moves: Vec<_> = moves.into_iter().flatten().collect();
            match moves.is_empty() {
                true => Err(Skip::Already),
                false => Ok(moves),
            }
        }
    }
}

/// How a package that the rollout moved stands, seen from the way back.
enum Stands<'a> {
    /// It is at its previous version.
    Back,
    /// It has the version that is taken back, or is half done.
    There(&'a Installed),
    /// Somebody has removed it.
    Gone,
    /// Somebody has brought it to another version, and no longer to this one.
    Elsewhere(&'a Installed),
}

fn stands<'a>(made: &Move, facts: &'a HostFacts) -> Stands<'a> {
    let Some(installed) = found(facts, made) else {
        return Stands::Gone;
    };
    let is = |version: &Version| installed.version == *version;
    match installed.status {
        Status::Installed if is(&made.from) => Stands::Back,
        Status::Installed if !is(&made.to) => Stands::Elsewhere(installed),
        _ => Stands::There(installed),
    }
}

/// Why a host does not go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotBack {
    /// It has nothing that is taken back.
    Free(Skip),
    /// It has, and is not to be moved.
    Stays(Skip),
}

/// Returns what is to be done to a host that the rollout touched, so that it is
/// as it was: of what it moved, all that has the new version or is half done,
/// with `to` as the previous one. What somebody has removed since, or brought to
/// another version, is left alone, and the rest goes back without it. A host on
/// which one of them is held, or newer than the rollout's, stays as it is whole:
/// the binaries of a source belong together.
pub fn back(host: &Host, facts: &HostFacts) -> Result<Vec<Move>, NotBack> {
    let mut moves = Vec::new();
    let (mut held, mut newer, mut changed, mut there) = (None, None, None, false);
    for made in &host.moves {
        match stands(made, facts) {
            Stands::Gone => {}
            Stands::Back => there = true,
            Stands::There(installed) => {
                if installed.selection == Selection::Hold {
                    held.get_or_insert(&made.package);
                }
                moves.push(reversed(made, installed));
            }
            Stands::Elsewhere(installed) => {
                let place = match installed.version > made.to {
                    true => &mut newer,
                    false => &mut changed,
                };
                place.get_or_insert(installed);
            }
        }
    }
    let why = |one: &Installed| Skip::Changed {
        package: one.package.clone(),
        version: one.version.clone(),
    };
    let ahead = newer.map(|one| Skip::Newer {
        version: one.version.clone(),
    });
    let held = held.cloned().map(|package| Skip::Held { package });
    match (moves.is_empty(), held.or(ahead)) {
        (false, None) => Ok(moves),
        (false, Some(why)) => Err(NotBack::Stays(why)),
        (true, Some(why)) => Err(NotBack::Free(why)),
        (true, None) if there => Err(NotBack::Free(Skip::Already)),
        (true, None) => Err(NotBack::Free(changed.map_or(Skip::Absent, why))),
    }
}

/// Judges, on the way back, a host that the rollout never touched although its
/// suites were open: it may have taken the version by itself. What it had before
/// nobody knows.
pub fn on_its_own(target: &Target, facts: &HostFacts) -> NotBack {
    match before(target, facts) {
        Err(Skip::Already) => NotBack::Stays(Skip::Already),
        Err(why) => NotBack::Free(why),
        Ok(_) => NotBack::Free(Skip::Untouched),
    }
}

/// Names what the rollout moved on a host and the way back leaves alone, by the
/// host's last word: removed since, or at another version.
pub fn left_alone(host: &Host) -> Vec<&Move> {
    let Some(facts) = &host.now else {
        return Vec::new();
    };
    let alone = |made: &&Move| matches!(stands(made, facts), Stands::Gone | Stands::Elsewhere(_));
    host.moves.iter().filter(alone).collect()
}

fn reversed(made: &Move, installed: &Installed) -> Move {
    Move {
        package: made.package.clone(),
        architecture: installed.architecture.clone(),
        from: installed.version.clone(),
        to: made.from.clone(),
        auto: made.auto,
    }
}

/// Returns what is to be done to a host now: to one that is touched, what is
/// left of its moves and what can be moved beside, with the versions that were
/// there before anything was done.
pub fn moves(
    target: &Target,
    host: &Host,
    facts: &HostFacts,
    way: Way,
) -> Result<Vec<Move>, NotBack> {
    if way == Way::Back {
        return back(host, facts);
    }
    let new = before(target, facts).map_err(NotBack::Free)?;
    if !host.touched {
        return Ok(new);
    }
    let mut moves = host.moves.clone();
    for new in new {
        let same = |known: &&mut Move| {
            known.package == new.package && known.architecture == new.architecture
        };
        match moves.iter_mut().find(same) {
            Some(known) => known.to = new.to,
            None => moves.push(new),
        }
    }
    Ok(moves)
}

/// Judges a host that was told to go a way, or may have been.
pub fn after(host: &Host, facts: &HostFacts, way: Way) -> After {
    if facts.job == Job::Running {
        return After::Running;
    }
    let ours = |package: &PackageName| host.moves.iter().any(|m| m.package == *package);
    let foreign: Vec<_> = facts.unfinished.iter().filter(|p| !ours(p)).collect();
    if !foreign.is_empty() {
        let packages = foreign.into_iter().cloned().collect();
        return After::Failed(Fault::Foreign { packages });
    }
    let as_meant = match way {
        Way::Forward => host.moves.iter().all(|made| is_there(facts, made)),
        // What is left alone is as somebody wants it.
        Way::Back => back(host, facts) == Err(NotBack::Free(Skip::Already)),
    };
    // An installation marks what it is told by name as manual; the job puts the
    // marks back, unless it was killed before it came to that.
    let marked = |made: &Move| found(facts, made).is_none_or(|known| known.auto == made.auto);
    let marks = host.attempts == 0 || host.due.iter().all(marked);
    if as_meant && facts.unfinished.is_empty() && marks {
        if let Job::Ended { stage, code, log } = &facts.job
            && (stage == "restart" && *code != 0 && host.attempts > 0)
        {
            return After::Failed(ended(stage, log, host, facts));
        }
        return match host.repair {
            true => After::Repaired,
            false => After::Ok,
        };
    }
    let installed = facts.installed.iter();
    let mut ours_installed = installed.filter(|known| ours(&known.package));
    let half = !facts.unfinished.is_empty()
        || (as_meant && !marks)
        || ours_installed.any(|known| known.status != Status::Installed);
    match &facts.job {
        // A job of the way there says nothing of the way back.
        _ if host.attempts == 0 => match half {
            true => After::Repair,
            false => After::NotBegun,
        },
        Job::Absent if half => After::Repair,
        Job::Running | Job::Absent => After::NotBegun,
        // It was killed: dpkg may have been interrupted without a trace in any
        // package's state.
        Job::Lost => After::Repair,
        Job::Ended { .. } if half && !host.repair => After::Repair,
        Job::Ended { stage, log, .. } => After::Failed(ended(stage, log, host, facts)),
    }
}

/// Reads how a job ended that did not bring what was meant.
fn ended(stage: &str, log: &str, host: &Host, facts: &HostFacts) -> Fault {
    let log = log.to_owned();
    match stage {
        "update" => Fault::Update { log },
        "simulate" if is_gone(&log) => Fault::Gone { log },
        "simulate" => Fault::Refused { log },
        _ if is_gone(&log) => Fault::Gone { log },
        _ => Fault::NotAsMeant {
            found: of_ours(host, facts),
            log,
        },
    }
}

/// Returns what dpkg knows of the packages that the rollout moves.
pub fn of_ours(host: &Host, facts: &HostFacts) -> Vec<Installed> {
    let installed = facts.installed.iter();
    let ours = installed.filter(|known| host.moves.iter().any(|m| m.package == known.package));
    ours.cloned().collect()
}

/// Tells whether apt-get(8) says that a version is not in its lists, or no
/// longer where they say.
fn is_gone(log: &str) -> bool {
    let not_listed = log.contains("Version ‘") || log.contains("Version '");
    (not_listed && log.contains("was not found"))
        || log.contains("Unable to locate package")
        || log.contains("has no installation candidate")
        || log.contains("404  Not Found")
}

/// Tells how long ago a job may have been told and still be running.
pub fn is_late(host: &Host, job_seconds: u32, lock_seconds: u32, now: Timestamp) -> bool {
    // apt waits for a lock within the job's time; lists are tried before it.
    let limit = i64::from(job_seconds) + i64::from(lock_seconds);
    let told = host.told.unwrap_or(host.since);
    now > told.plus_seconds(limit)
}

/// Judges whether all of a host's packages are still as meant.
pub fn installed(host: &Host, facts: &HostFacts) -> Verdict {
    let wrong = host.moves.iter().find(|made| !is_there(facts, made));
    let said = match (wrong, facts.unfinished.first()) {
        (None, None) => return Verdict::Passed,
        (Some(made), _) => match found(facts, made) {
            None => format!("{} is no longer installed", made.package),
            Some(known) => format!("{} is at {}, not {}", made.package, known.version, made.to),
        },
        (None, Some(package)) => format!("{package} is unfinished"),
    };
    Verdict::Failed { said }
}

/// Judges whether a unit is active, whatever it was before, and on a host that
/// the rollout `moved`: as another process than before, of the version that is
/// meant. dpkg has that version, and no process of the unit still maps files of
/// the packages that are gone. A unit that is not to run everywhere is for a
/// check by command (`systemctl is-enabled …`) to say.
pub fn service(unit: &str, host: &Host, now: &HostFacts, moved: bool) -> Verdict {
    let before = host.before.as_deref();
    let of = |facts: &HostFacts| -> Option<Service> {
        let mut services = facts.services.iter();
        services.find(|service| service.name == unit).cloned()
    };
    let failed = |said: String| Verdict::Failed { said };
    let Some(new) = of(now).filter(|service| service.active) else {
        return failed(format!("{unit} is not active"));
    };
    if !moved {
        return Verdict::Passed;
    }
    if let Verdict::Failed { said } = installed(host, now) {
        return failed(format!("{unit} is active, but {said}"));
    }
    let is_its = |name: &str| name == unit || name.strip_suffix(".service") == Some(unit);
    let stale = |stale: &&Stale| stale.unit.as_deref().is_some_and(is_its);
    if let Some(stale) = now.stale.iter().find(stale) {
        let (pid, program) = (stale.pid, &stale.program);
        return failed(format!(
            "process {pid} of {unit} ({program}) still runs the version before"
        ));
    }
    let Some(old) = before.and_then(of).filter(|service| service.active) else {
        return Verdict::Passed;
    };
    let booted = before.is_some_and(|facts| facts.boot_id != now.boot_id);
    // Without a main process (a oneshot unit) there is nothing to compare.
    let same = new.pid == old.pid && new.since == old.since && new.pid != 0;
    match same && !booted {
        true => failed(format!("{unit} still runs as process {}", new.pid)),
        false => Verdict::Passed,
    }
}

/// Returns the binary that takes an installed one's place: of the same name and
/// architecture, or when one of both is for all.
fn successor<'a>(meant: &'a Meant, old: &Installed, facts: &HostFacts) -> Option<&'a Binary> {
    let named = |binary: &&Binary| binary.package == old.package;
    let exact = |binary: &&Binary| binary.architecture == old.architecture;
    let native = |binary: &&Binary| {
        binary.architecture.is_all()
            || (old.architecture.is_all() && binary.architecture == facts.architecture)
    };
    let same = meant.binaries.iter().filter(named).find(exact);
    same.or_else(|| meant.binaries.iter().filter(named).find(native))
}

/// Finds what is there of a moved package. Its architecture may have become
/// `all`, or have been that.
fn found<'a>(facts: &'a HostFacts, made: &Move) -> Option<&'a Installed> {
    let named = |known: &&Installed| known.package == made.package;
    let exact = |known: &&Installed| known.architecture == made.architecture;
    let all = |known: &&Installed| known.architecture.is_all() || made.architecture.is_all();
    let same = facts.installed.iter().filter(named).find(exact);
    same.or_else(|| facts.installed.iter().filter(named).find(all))
}

fn is_there(facts: &HostFacts, made: &Move) -> bool {
    found(facts, made)
        .is_some_and(|known| known.version == made.to && known.status == Status::Installed)
}

#[cfg(test)]
mod tests;
