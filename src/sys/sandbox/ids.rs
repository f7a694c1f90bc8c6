//! Which of the machine's user and group numbers a room has.
//!
//! As root the room's numbers are a range that nobody else has, so that the
//! room's root is nobody outside: it may not read what only root may, and the
//! limit on processes, from which the real root is exempt, holds. An ordinary
//! user is the room's root himself, so that his own directories can be shown
//! inside, and the other numbers come from his ranges in `/etc/subuid` and
//! `/etc/subgid`, where he has some (subuid(5), user_namespaces(7)).

use std::io;
use std::path::Path;

use super::PATH;
use super::wire::Accounts;
use crate::sys::process::{Tool, ToolError};

/// How many numbers a Debian system uses: 0 to 65535 (Debian Policy 9.2.2).
const COUNT: u32 = 65_536;
/// Where the range starts when the real root has none in `/etc/subuid`: the
/// first number that systemd's assignment (UIDS-GIDS) leaves to nobody.
const UNUSED: u32 = 0x7000_0000;

/// What a room's numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    /// How many accounts there are.
    pub accounts: Accounts,
    /// Why there is one only.
    pub why_one: Option<String>,
    /// The machine's number of the room's numbers 1 and up, less one: added to
    /// a room's number from 1 on it gives the machine's.
    pub base: u32,
}

/// Returns the machine's number of a room's root: a tree that a room is to
/// install packages in belongs to it, and its users' numbers follow.
pub fn root_number() -> u32 {
    let own = rustix::process::geteuid();
    if own.is_root() {
        root_base()
    } else {
        own.as_raw()
    }
}

/// Gives the namespace that this process has just made its numbers.
pub(super) fn give(process: u32) -> io::Result<Ids> {
    let own = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    if own == 0 {
        let base = root_base();
        let line = format!("0 {base} {COUNT}\n");
        if write(process, "uid_map", &line).is_ok() {
            write(process, "gid_map", &line)?;
            return Ok(many(base));
        }
    }
    let why_one = match (range("/etc/subuid", own), range("/etc/subgid", own)) {
        (Some(users), Some(groups)) => {
            let numbers = |program: &str, own: u32, first: u32| {
                let own = [process, 0, own, 1, 1, first, COUNT - 1];
                run(program, &own.map(|number| number.to_string()))
            };
            let done =
                numbers("newuidmap", own, users).and_then(|()| numbers("newgidmap", group, groups));
            match done {
                // The room's 1 is the range's first.
                Ok(()) => return Ok(many(users - 1)),
                Err(why) => why,
            }
        }
        _ => format!(
            "/etc/subuid and /etc/subgid give this user no range of {} numbers \
             (usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER)",
            COUNT - 1
        ),
    };
    // user_namespaces(7): groups may be given without privilege only then.
    write(process, "setgroups", "deny")?;
    // A namespace whose user numbers are given already keeps them.
    if let Err(error) = write(process, "uid_map", &format!("0 {own} 1\n"))
        && !has_numbers(process)
    {
        return Err(error);
    }
    write(process, "gid_map", &format!("0 {group} 1\n"))?;
    Ok(Ids {
        accounts: Accounts::One,
        why_one: Some(why_one),
        base: own,
    })
}

fn many(base: u32) -> Ids {
    Ids {
        accounts: Accounts::Many,
        why_one: None,
        base,
    }
}

fn has_numbers(process: u32) -> bool {
    let map = std::fs::read_to_string(format!("/proc/{process}/uid_map"));
    map.is_ok_and(|map| !map.trim().is_empty())
}

fn write(process: u32, file: &str, text: &str) -> io::Result<()> {
    // One write: the kernel takes a map whole or not at all.
    std::fs::write(format!("/proc/{process}/{file}"), text)
}

fn run(program: &str, arguments: &[String]) -> Result<(), String> {
    match Tool::new(program)
        .env("PATH", PATH)
        .args(arguments)
        .output()
    {
        Ok(_) => Ok(()),
        Err(error @ ToolError::Missing { .. }) => Err(format!("{error} (apt install uidmap)")),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns where root's range starts: what `/etc/subuid` gives it, else
/// numbers that nobody has, else, in a container that has few, its own.
fn root_base() -> u32 {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let given = range("/etc/subuid", 0).filter(|_| range("/etc/subgid", 0).is_some());
    let mut wanted = given.into_iter().chain([UNUSED]);
    wanted.find(|first| covers(&map, *first)).unwrap_or(0)
}

/// Tells whether a `uid_map` has all numbers of a range that starts here.
fn covers(map: &str, first: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(inside)), Some(Ok(_)), Some(Ok(count))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        let first = u64::from(first);
        inside <= first && first + u64::from(COUNT) <= inside + count
    })
}

/// Finds a user's range in `/etc/subuid`, by name or number.
fn range(file: &str, user: u32) -> Option<u32> {
    let text = std::fs::read_to_string(Path::new(file)).ok()?;
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    first_of(&text, &accounts, user)
}

fn first_of(ranges: &str, accounts: &str, user: u32) -> Option<u32> {
    let number = user.to_string();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then_some(name)
    });
    ranges.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let (who, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        let count: u32 = count.parse().ok()?;
        let his = who == number || Some(who) == name;
        (his && count >= COUNT - 1).then(|| first.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        let cases = [
            ("ada:100000:65536\n", Some(100_000)),
            ("bob:5:65536\n1000:200000:65536\n", Some(200_000)),
            ("ada:100000:1000\n", None),
            ("ada:100000:1000\nada:300000:65535\n", Some(300_000)),
            ("ad:1:65536\n", None),
            ("ada:x:65536\n", None),
            ("", None),
        ];
        for (ranges, want) in cases {
            assert_eq!(first_of(ranges, accounts, 1000), want, "{ranges}");
        }
    }

    #[test]
    fn map_covers_what_it_has_whole() {
        let whole = "         0          0 4294967295\n";
        let few = "         0     100000      65536\n";
        assert!(covers(whole, UNUSED));
        assert!(!covers(few, UNUSED));
        assert!(covers(few, 0));
        assert!(!covers(few, 1));
        assert!(!covers("", 0));
    }
}
