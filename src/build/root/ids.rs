//! Tools that run as the root of a user namespace with the numbers of users
//! that every room has: what they write belongs to a room's users, and only
//! they can remove it again.
//!
//! A user is root inside, and the subordinate numbers of subuid(5) are
//! everybody else; root keeps all numbers. A process namespace besides: when a
//! tool is ended, everything that it started ends with it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::RootError;
use crate::sys::files::{self, FileError};
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{self, PATH};

/// Prepares a program that runs so. It ends with this process, however that
/// ends: nobody else would take away what it makes.
pub fn as_root_of_rooms(program: impl Into<OsString>) -> Tool {
    let mut words = vec!["setpriv", "--pdeathsig=KILL", "--", "unshare"];
    if !rustix::process::geteuid().is_root() {
        words.extend(["--user", "--map-root-user", "--map-auto"]);
    }
    words.extend(["--mount", "--pid", "--fork", "--kill-child", "--"]);
    Tool::new(program)
        .through(words)
        .env("PATH", PATH)
        .env("LC_ALL", "C.UTF-8")
}

/// Tells whether a program is where they are looked for.
pub fn has(program: &str) -> bool {
    let mut places = PATH.split(':');
    places.any(|place| Path::new(place).join(program).is_file())
}

/// Makes sure that a tool can run so, or says what is lacking.
pub fn check(user: Option<&str>) -> Result<(), RootError> {
    let limit = Duration::from_secs(30);
    let mut tried = as_root_of_rooms("true").limit(limit).output();
    if tried.is_ok() && rustix::process::geteuid().is_root() {
        // The real root needs none to make a system, but to build in one.
        let room = Tool::new("unshare").args(["--user", "--", "true"]);
        tried = room.env("PATH", PATH).limit(limit).output();
    }
    match tried {
        Ok(_) => Ok(()),
        Err(ToolError::Failed { tail, .. }) => {
            let why = tail.trim().replace('\n', "; ");
            let remedies = remedies(&why, user.unwrap_or("USER"));
            Err(RootError::NotAllowed { why, remedies })
        }
        Err(ToolError::Missing { .. }) => Err(RootError::MissingProgram {
            program: "unshare",
            package: "util-linux",
        }),
        Err(error) => Err(error.into()),
    }
}

/// What to do about what unshare(1) says.
fn remedies(said: &str, user: &str) -> Vec<String> {
    let lower = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let numbers =
        format!("as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}");
    if has(&["newuidmap", "newgidmap"]) && has(&["no such file", "failed to execute", "not found"])
    {
        return vec!["apt-get install uidmap".to_owned()];
    }
    if has(&[
        "subuid",
        "subgid",
        "newuidmap",
        "newgidmap",
        "no line matching user",
    ]) {
        return vec![numbers];
    }
    vec![
        "as root: sysctl -w kernel.unprivileged_userns_clone=1 (older kernels) or \
         kernel.apparmor_restrict_unprivileged_userns=0 (where AppArmor forbids it), and \
         user.max_user_namespaces above 0"
            .to_owned(),
        "in a container: run it with --privileged, or with a seccomp profile that allows unshare"
            .to_owned(),
    ]
}

/// Gives a tree that was made with root's own numbers to a room's users. Only
/// the real root needs it: everybody else's is theirs already.
pub fn give_tree(tree: &Path) -> Result<(), FileError> {
    let Some(base) = base() else {
        return Ok(());
    };
    let mut seen = HashSet::new();
    for entry in walkdir::WalkDir::new(tree) {
        let give = || -> io::Result<()> {
            let entry = entry?;
            let there = entry.metadata()?;
            // A file with several names is met several times; one that a room
            // has written has its number already.
            if !seen.insert(there.ino()) || there.uid() >= base {
                return Ok(());
            }
            lchown(
                entry.path(),
                Some(there.uid() + base),
                Some(there.gid() + base),
            )?;
            // A change of owner takes setuid and setgid away.
            if !entry.file_type().is_symlink() && there.mode() & 0o6000 != 0 {
                fs::set_permissions(entry.path(), there.permissions())?;
            }
            Ok(())
        };
        give().map_err(files::failed("change the owner of", tree))?;
    }
    Ok(())
}

/// Returns the machine's number of a room's root, where that is not this
/// process's own.
fn base() -> Option<u32> {
    let base = sandbox::root_number();
    (rustix::process::geteuid().is_root() && base != 0).then_some(base)
}

/// Removes a tree that belongs to a room's users.
pub fn remove(tree: &Path) -> Result<(), FileError> {
    if tree.symlink_metadata().is_err() {
        return Ok(());
    }
    if rustix::process::geteuid().is_root() {
        return files::remove_tree(tree);
    }
    // No tool of ours: those end when the user asks to stop, and this is what
    // is left to do then. In a group of its own, which Ctrl-C does not reach.
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--map-auto", "--"]);
    unshare
        .args(["rm", "-rf", "--one-file-system", "--"])
        .arg(tree);
    unshare.env_clear().env("PATH", PATH).stdin(Stdio::null());
    let removed = unshare.process_group(0).output().and_then(|output| {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        output
            .status
            .success()
            .then_some(())
            .ok_or_else(|| io::Error::other(said))
    });
    removed.map_err(files::failed("remove", tree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_has_a_remedy() {
        for (said, want) in [
            (
                "unshare: failed to execute newuidmap: No such file or directory",
                "apt-get install uidmap",
            ),
            (
                "unshare: no line matching user \"ada\" in /etc/subuid",
                "--add-subuids 100000-165535",
            ),
            (
                "newuidmap: uid range [1-65536) -> [1-65536) not allowed",
                "usermod",
            ),
            ("unshare: unshare failed: Operation not permitted", "sysctl"),
        ] {
            let found = remedies(said, "ada").join("\n");
            assert!(found.contains(want), "{said}: {found}");
        }
    }
}
