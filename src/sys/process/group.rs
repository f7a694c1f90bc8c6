//! A program and all whom it started: its process group.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Outlived;

/// How often a running child is looked at; short against any tool's run time.
pub(super) const LOOK: Duration = Duration::from_millis(5);
/// How long somebody may take to end once the tool has.
const GRACE: Duration = Duration::from_millis(200);

/// Tells whether a child has ended, and leaves it unreaped: until it is reaped
/// nobody else can get the number of its group.
pub(super) fn has_ended(child: &Child) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Err(Errno::INTR) => Ok(false),
        found => Ok(found?.is_some()),
    }
}

/// Notes who of an ended child's group runs on; those whom its end takes along
/// have a moment.
pub(super) fn note_others(child: &Child, outlived: &Outlived) {
    let until = Instant::now() + GRACE;
    let mut names = group_of(child.id());
    while !names.is_empty() && Instant::now() < until {
        std::thread::sleep(LOOK);
        names = group_of(child.id());
    }
    if let Ok(mut all) = outlived.lock() {
        all.extend(names);
    }
}

/// Names the programs of a process group that have not ended, by
/// proc_pid_stat(5).
fn group_of(group: u32) -> Vec<String> {
    let running = |stat: &str| {
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let ended = matches!(fields.next()?, "Z" | "X");
        let its = fields.nth(1)?.parse() == Ok(group);
        (its && !ended).then(|| name.to_owned())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = entries.filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        std::fs::read_to_string(format!("/proc/{number}/stat")).ok()
    });
    stats.filter_map(|stat| running(&stat)).collect()
}

/// Ends a child and all of its group: what it left behind would hold its
/// output open, and work on in directories that are about to go.
pub(super) fn end(child: &mut Child) -> io::Result<ExitStatus> {
    // It may fail only because everybody has already gone.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait()
}
