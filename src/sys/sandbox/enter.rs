//! The words that run a tool inside a room.
//!
//! Only programs of the essential packages bash, coreutils and util-linux, so
//! that this program need not run on the room's libraries. What a process
//! hands on (umask, limits, processors) is set outside, the rest inside.

use rustix::thread::sched_getaffinity;

use super::description::{Limits, Manner, Who};
use super::groups::Groups;
use super::wire::Accounts;

/// Sets the umask, enters the groups that limit, and closes what this process
/// was started with beside its standard streams: a build has no business with
/// it. For that it has to be bash, which Debian's essential packages have: dash
/// knows no descriptors above 9.
const START: &str = "umask \"$0\" || exit 125
while [ \"$1\" != -- ]; do echo 0 >\"$1\" || exit 125; shift; done; shift
for open in /proc/self/fd/*; do
  open=${open##*/}; if [ \"$open\" -gt 2 ]; then eval \"exec $open>&-\"; fi
done
exec \"$@\"";

/// How many files a process may have open: what Debian's kernels and systemd
/// allow every process to ask for.
const OPEN_FILES: u64 = 1024;

/// What the room's root may not do: see more of the machine than it is shown,
/// or change how the room is made. Everything that dpkg, apt and maintainer
/// scripts need is left (chown, chroot, setuid, mknod where the kernel lets).
const DENIED: &str = "--bounding-set=-sys_admin,-sys_ptrace,-sys_module,-sys_rawio,-sys_boot,\
    -sys_time,-net_admin,-net_raw,-sys_resource,-syslog,-bpf,-perfmon";

/// Returns the words that a tool's own words follow.
pub(super) fn words(
    namespaces: &[(&str, String)],
    groups: &Groups,
    accounts: Accounts,
    account: u32,
    limits: &Limits,
    manner: &Manner,
) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut say = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    let umask = format!("{:03o}", manner.umask);
    say(&["/bin/bash", "-c", START, &umask]);
    for group in groups.processes_files() {
        say(&[&group.display().to_string()]);
    }
    say(&["--", "/usr/bin/prlimit", "--core=0", "--fsize=unlimited"]);
    if !groups.limit_memory() {
        // Not the address space: much of what is reserved there is never used.
        say(&[&format!("--data={}", limits.memory_bytes)]);
    }
    say(&[&format!("--nofile={OPEN_FILES}:")]);
    say(&[&format!("--nproc={}", limits.processes), "--"]);
    if let Some(count) = manner.processors {
        // It takes no “--” before the command (util-linux 2.38).
        say(&["/usr/bin/taskset", "--cpu-list", &first_processors(count)]);
    }
    if manner.old_kernel_name {
        say(&["/usr/bin/setarch", "--uname-2.6", "--"]);
    }
    say(&["/usr/bin/setpriv", "--no-new-privs", "--"]);
    say(&["/usr/bin/nsenter"]);
    for (name, path) in namespaces {
        say(&[&format!("--{name}={path}")]);
    }
    let number = account.to_string();
    match (accounts, manner.who) {
        (Accounts::Many, Who::Account) => {
            say(&["--setuid", &number, "--setgid", &number, "--"]);
        }
        (Accounts::Many, Who::Root) => {
            say(&["--setuid", "0", "--setgid", "0", "--"]);
            say(&["/usr/bin/setpriv", DENIED, "--"]);
        }
        (Accounts::One, Who::Account) => {
            say(&["--preserve-credentials", "--"]);
            say(&["/usr/bin/unshare", "--user"]);
            say(&["--map-user", &number, "--map-group", &number, "--"]);
        }
        (Accounts::One, Who::Root) => {
            say(&["--preserve-credentials", "--"]);
            say(&["/usr/bin/setpriv", DENIED, "--"]);
        }
    }
    words
}

/// Returns the first processors of those that this process may run on, as
/// taskset(1) takes them.
pub fn first_processors(count: u32) -> String {
    let mut chosen: Vec<String> = Vec::new();
    if let Ok(own) = sched_getaffinity(None) {
        let allowed = (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| own.is_set(*cpu));
        let first = allowed.take(count.max(1) as usize);
        chosen.extend(first.map(|cpu| cpu.to_string()));
    }
    if chosen.is_empty() {
        chosen.push("0".to_owned());
    }
    chosen.join(",")
}
