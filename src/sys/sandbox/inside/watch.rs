//! What the first process does while others work: reap, watch, clear the room.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, wait};

use super::super::room::Sightings;
use super::super::wire::{Ask, Word};
use super::say;

/// How often it looks at what nobody tells it.
const LOOK: Duration = Duration::from_millis(50);

/// What is watched, and what was seen since the owner last asked.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Sightings,
}

impl Watch {
    pub(super) fn new(packets: Option<std::os::fd::OwnedFd>) -> Self {
        let _ = packets;
        Self {
            seen: Sightings::default(),
        }
    }

    /// Watches until the owner is gone.
    pub(super) fn until_alone(mut self, owner: &UnixStream) -> io::Result<()> {
        let mut lines = BufReader::new(owner.try_clone()?);
        loop {
            let mut ready = [PollFd::new(owner, PollFlags::IN)];
            let timeout = Timespec::try_from(LOOK).map_err(io::Error::other)?;
            match poll(&mut ready, Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let heard = !ready[0].revents().is_empty();
            reap();
            if !heard {
                continue;
            }
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match serde_json::from_str(&line)? {
                Ask::Clear => {
                    self.clear();
                    say(owner, &Word::Seen(std::mem::take(&mut self.seen)))?;
                }
            }
        }
    }

    /// Ends everybody else in the room, and notes who they were.
    fn clear(&mut self) {
        reap();
        let names: BTreeSet<String> = others().into_iter().map(|(_, name)| name).collect();
        self.seen.left_behind.extend(names);
        // The first process's group -1 is everybody but itself, all at once
        // (kill(2)): nobody can start another meanwhile.
        while !others().is_empty() {
            let _ = kill_process_group(Pid::INIT, Signal::KILL);
            reap();
            std::thread::yield_now();
        }
    }
}

/// Reaps whoever ended without a parent.
fn reap() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// Finds the processes of the room but this one: number and name.
fn others() -> Vec<(u32, String)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number != 1)
        .filter_map(|number: u32| {
            let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
            // One that has ended already and waits for its parent outside.
            (!rest.starts_with(['Z', 'X'])).then(|| (number, name.to_owned()))
        })
        .collect()
}
