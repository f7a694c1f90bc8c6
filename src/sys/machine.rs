//! What this machine is: the facts that reach into builds that nothing
//! isolates from it, and how much there is to give.

use rustix::system::{sysinfo, uname};

/// The machine, as this process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFacts {
    /// Its name.
    pub host_name: String,
    /// The kernel's release.
    pub kernel: String,
    /// How many processors there are for this process.
    pub processors: u32,
    /// Its memory, in bytes.
    pub memory_bytes: u64,
    /// The number of this process's user.
    pub uid: u32,
    /// The user's name, by /etc/passwd; the number where that has none.
    pub user: String,
}

/// Reads the facts.
pub fn facts() -> MachineFacts {
    let names = uname();
    let memory = sysinfo();
    let uid = rustix::process::geteuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    MachineFacts {
        host_name: names.nodename().to_string_lossy().into_owned(),
        kernel: names.release().to_string_lossy().into_owned(),
        processors: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
        memory_bytes: u64::from(memory.mem_unit).saturating_mul(memory.totalram),
        uid,
        user: name_in(&accounts, uid).unwrap_or_else(|| uid.to_string()),
    }
}

/// Finds a user's name in passwd(5).
fn name_in(accounts: &str, uid: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nana:x:10:10::/home/ana:/bin/sh\n";
        for (uid, want) in [(0, Some("root")), (10, Some("ana")), (1, None)] {
            assert_eq!(name_in(accounts, uid).as_deref(), want, "{uid}");
        }
        assert!(facts().memory_bytes > 0);
    }
}
