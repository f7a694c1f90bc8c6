//! What the first process does while others work: reap, watch, clear the room.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::statvfs;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, wait};

use super::super::description::Limits;
use super::super::room::Sightings;
use super::super::wire::{Ask, Word};
use super::decoys::Decoys;
use super::packets::Packets;
use super::say;

/// How often it looks at what nobody tells it.
const LOOK: Duration = Duration::from_millis(50);
/// How long somebody may take to end once the tool has: those whom the tool's
/// own end takes along are not left behind.
const GRACE: Duration = Duration::from_millis(200);
/// How many count for the limit that are not in the room: this one, and those
/// who enter tools. Where there are control groups, those count exactly.
const ENTERING: u64 = 5;
/// How many different things of one kind are told: a build that looks for all
/// addresses in turn is found out all the same.
const TOLD: usize = 100;

/// What is watched, and what was seen since the owner last asked.
#[derive(Debug)]
pub(super) struct Watch {
    pub packets: Option<Packets>,
    pub decoys: Decoys,
    pub limits: Limits,
    pub seen: Sightings,
}

impl Watch {
    /// Watches until the owner is gone, or as long as there is anything to see:
    /// a first process that a build has blinded (prlimit(1) takes its files
    /// away) ends, and the kernel ends everybody with it.
    pub(super) fn until_alone(mut self, owner: &UnixStream) -> io::Result<()> {
        let mut lines = BufReader::new(owner.try_clone()?);
        loop {
            let heard = self.wait(owner)?;
            self.look()?;
            if !heard {
                continue;
            }
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match serde_json::from_str(&line)? {
                Ask::Clear => {
                    self.clear()?;
                    self.look()?;
                    say(owner, &Word::Seen(std::mem::take(&mut self.seen)))?;
                }
            }
        }
    }

    /// Waits a moment, or until there is something; tells whether the owner
    /// has said something, or has gone.
    fn wait(&self, owner: &UnixStream) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(owner, PollFlags::IN)];
        let watched = self.packets.iter().map(AsFd::as_fd);
        for fd in watched.chain(self.decoys.fds()) {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        let moment = Timespec::try_from(LOOK).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&moment)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(!fds[0].revents().is_empty())
    }

    /// Looks at everything once.
    fn look(&mut self) -> io::Result<()> {
        // Whoever has ended counts until he is reaped, also for the limit.
        let threads: u64 = everybody()?.iter().map(|other| other.threads).sum();
        if threads + ENTERING >= self.limits.processes {
            note(&mut self.seen.limits, ["processes".to_owned()]);
        }
        reap();
        if let Some(packets) = &self.packets {
            note(&mut self.seen.network, packets.wanted());
        }
        note(&mut self.seen.forbidden, self.decoys.opened());
        if let Ok(space) = statvfs("/tmp")
            && (space.f_bavail == 0 || space.f_ffree == 0)
        {
            note(&mut self.seen.limits, ["space".to_owned()]);
        }
        Ok(())
    }

    /// Ends everybody else in the room, and notes who they were.
    fn clear(&mut self) -> io::Result<()> {
        let until = Instant::now() + GRACE;
        reap();
        while !others()?.is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
            reap();
        }
        let names: BTreeSet<String> = others()?.into_iter().map(|other| other.name).collect();
        note(&mut self.seen.left_behind, names);
        // To the process group -1, which is everybody but the first process
        // (kill(2)), at one moment: nobody can start another meanwhile.
        while !others()?.is_empty() {
            let _ = kill_process_group(Pid::INIT, Signal::KILL);
            std::thread::sleep(Duration::from_millis(1));
            reap();
        }
        Ok(())
    }
}

/// Notes what is new, up to a limit.
fn note(seen: &mut Vec<String>, found: impl IntoIterator<Item = String>) {
    for one in found {
        if seen.len() < TOLD && !seen.contains(&one) {
            seen.push(one);
        }
    }
}

/// Reaps whoever ended without a parent.
fn reap() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// A process of the room.
#[derive(Debug, PartialEq, Eq)]
struct Other {
    name: String,
    threads: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It waits for its parent, perhaps outside, to take note.
    Ended,
}

/// Finds the processes of the room that work, but this one.
fn others() -> io::Result<Vec<Other>> {
    let mut others = everybody()?;
    others.retain(|other| other.state == State::Running);
    Ok(others)
}

/// Finds the processes of the room but this one.
fn everybody() -> io::Result<Vec<Other>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if number == 1 {
            continue;
        }
        // Not as text: a process names itself with any bytes.
        match fs::read(format!("/proc/{number}/stat")) {
            Ok(stat) => found.extend(other(&String::from_utf8_lossy(&stat))),
            Err(error) if has_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Tells whether somebody ended between being listed and being looked at.
fn has_gone(error: &io::Error) -> bool {
    const NO_SUCH_PROCESS: i32 = rustix::io::Errno::SRCH.raw_os_error();
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_PROCESS)
}

/// Reads a line of proc_pid_stat(5).
fn other(stat: &str) -> Option<Other> {
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = match fields.next()? {
        "Z" | "X" => State::Ended,
        _ => State::Running,
    };
    let threads = fields.nth(16)?.parse().ok()?;
    let name = name.to_owned();
    Some(Other {
        name,
        threads,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read() {
        let after = "1 42 42 0 -1 4194304 90 0 0 0 0 0 0 0 20 0 3 0 1 2 3";
        let stat = |name: &str, state: &str| format!("42 ({name}) {state} {after}\n");
        for (letter, state) in [("S", State::Running), ("Z", State::Ended)] {
            let (name, threads) = ("a) (b".to_owned(), 3);
            let want = Other {
                name,
                threads,
                state,
            };
            assert_eq!(other(&stat("a) (b", letter)), Some(want));
        }
        assert_eq!(other(""), None);
    }

    #[test]
    fn only_what_is_new_is_noted_and_not_without_end() {
        let mut seen = Vec::new();
        note(&mut seen, ["a", "b", "a"].map(str::to_owned));
        assert_eq!(seen, ["a", "b"]);
        note(&mut seen, (0..1000).map(|number| number.to_string()));
        assert_eq!(seen.len(), TOLD);
    }
}
