//! A file system that is soon full, which nobody else sees and which ends with
//! its guard.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::world::{World, is_root, tool};

/// A process that keeps a mount namespace with a small tmpfs.
pub struct SmallDisk {
    keeper: Child,
    place: PathBuf,
}

impl SmallDisk {
    /// Mounts one of 4 MiB with half a MiB left.
    pub fn mount(world: &World) -> Self {
        let place = world.path("small");
        std::fs::create_dir(&place).expect("a directory");
        // It ends with its standard input, so with this process at the latest.
        let script = "mount -t tmpfs -o size=4m,mode=0700 small \"$1\" && \
                      head -c 3584K /dev/zero > \"$1/ballast\" && echo ready && exec cat";
        let mut unshare = tool("unshare", "util-linux");
        unshare.arg("--mount");
        if !is_root() {
            unshare.arg("--map-root-user");
        }
        unshare.args(["sh", "-c", script, "sh"]).arg(&place);
        world.surround(&mut unshare);
        unshare.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = unshare.spawn().expect("it is installed");
        let mut line = String::new();
        let stdout = keeper.stdout.as_mut().expect("it is a pipe");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("the keeper answers");
        assert_eq!(line, "ready\n", "a tmpfs can be mounted in a namespace");
        Self { keeper, place }
    }

    /// Makes room on it.
    pub fn make_room(&self, world: &World) {
        let mut rm = tool("nsenter", "util-linux");
        rm.args(&self.entrance()[1..]).arg("rm");
        rm.arg(self.place.join("ballast"));
        world.judge(rm).code(0);
    }

    /// Returns where it is, for those inside.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Returns the words before a command that is to see it.
    pub fn entrance(&self) -> Vec<String> {
        let mut words = vec!["nsenter".to_owned(), "--mount".to_owned()];
        if !is_root() {
            words.extend(["--user".to_owned(), "--preserve-credentials".to_owned()]);
        }
        words.extend(["--target".to_owned(), self.keeper.id().to_string()]);
        words
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The mount ends with the last process in its namespace.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
