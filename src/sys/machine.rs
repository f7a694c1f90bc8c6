//! What this machine is: the facts that reach into builds that nothing
//! isolates from it, and how much there is to give.

use std::path::PathBuf;

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
    /// The user's home directory, by /etc/passwd.
    pub home: Option<PathBuf>,
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
        user: field_in(&accounts, uid, 0).unwrap_or_else(|| uid.to_string()),
        home: field_in(&accounts, uid, 5).map(PathBuf::from),
    }
}

/// Finds what passwd(5) says of a user: 0 is the name, 5 the home directory.
fn field_in(accounts: &str, uid: u32, field: usize) -> Option<String> {
    let uid = uid.to_string();
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (*fields.get(2)? == uid).then(|| fields.get(field).map(|text| (*text).to_owned()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nana:x:10:10::/home/ana:/bin/sh\n";
        for (uid, want) in [(0, Some("root")), (10, Some("ana")), (1, None)] {
            assert_eq!(field_in(accounts, uid, 0).as_deref(), want, "{uid}");
        }
        assert_eq!(field_in(accounts, 10, 5).as_deref(), Some("/home/ana"));
        assert!(facts().memory_bytes > 0);
    }
}
