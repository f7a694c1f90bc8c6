//! A file system that is soon full, which nobody else sees and which ends with
//! its guard.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::world::{World, is_root, tool};

/// A process that keeps a mount namespace with a small tmpfs.
pub struct SmallDisk {
    keeper: Child,
    place: PathBuf,
}

impl SmallDisk {
    /// Mounts one of this size.
    pub fn mount(world: &World, size: &str) -> Self {
        let place = world.path("small");
        std::fs::create_dir(&place).expect("a directory");
        let script = "mount -t tmpfs -o size=$2,mode=0700 small \"$1\" && echo ready && \
                      while read size; do mount -o remount,size=$size \"$1\" && echo ready; done";
        let mut unshare = tool("unshare", "util-linux");
        unshare.arg("--mount");
        if !is_root() {
            unshare.arg("--map-root-user");
        }
        unshare
            .args(["sh", "-c", script, "sh"])
            .arg(&place)
            .arg(size);
        world.surround(&mut unshare);
        unshare.stdin(Stdio::piped()).stdout(Stdio::piped());
        let keeper = unshare.spawn().expect("it is installed");
        let mut disk = Self { keeper, place };
        disk.await_ready();
        disk
    }

    /// Gives it another size.
    pub fn resize(&mut self, size: &str) {
        let order = self.keeper.stdin.as_mut().expect("it is a pipe");
        writeln!(order, "{size}").expect("the keeper lives");
        self.await_ready();
    }

    /// Waits for the keeper's word. It says one line and then waits itself, so
    /// no buffer reads ahead of it.
    fn await_ready(&mut self) {
        let mut line = String::new();
        let stdout = self.keeper.stdout.as_mut().expect("it is a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the keeper answers");
        assert_eq!(line, "ready\n", "a tmpfs can be mounted in a namespace");
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
