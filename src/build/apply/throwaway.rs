//! A system to install into and throw away: the clean Debian of the build with
//! a top of its own.

use std::path::{Path, PathBuf};

use super::floor::description;
use super::{Bench, BuildError, name_of};
use crate::sys::files;
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{self, Description, Manner, Network, Room, Root, Upper, Who};

/// A system that is gone when this is dropped.
pub(super) struct Throwaway {
    room: Room,
    top: PathBuf,
}

/// How a step failed, and what it said last.
#[derive(Debug)]
pub(super) struct Said {
    pub how: String,
    pub code: Option<i32>,
    pub tail: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it {}: {}", self.how, self.tail.trim_end())
    }
}

impl Bench<'_> {
    /// Opens one with the machine's network, for apt to fetch dependencies by.
    /// The finished files are in its inbox, as copies.
    pub(super) fn throwaway(
        &mut self,
        gate: &'static str,
        files: &[PathBuf],
    ) -> Result<Throwaway, BuildError> {
        // Without the build's dependencies: nothing of theirs may stand in for
        // what the packages ask for.
        let clean = self.workshop.root.and_then(|system| system.layers.first());
        let Some(clean) = clean else {
            return Err(BuildError::Ungated {
                gate,
                why: "it installs packages, and this build has no system to throw away".to_owned(),
                remedy: "--isolation chroot builds and tests in one".to_owned(),
            });
        };
        let lower = vec![clean.clone()];
        let inbox = self.work().join("gate");
        files::create_dir(&inbox)?;
        for file in files {
            let to = inbox.join(name_of(file));
            if !to.exists() {
                files::copy_to_new(files::open(file)?, &to)?;
            }
        }
        let top = self.work().join("top");
        let (changes, work) = (top.join("changes"), top.join("work"));
        for directory in [&changes, &work] {
            files::create_dir(directory)?;
        }
        let root = Root::Layers {
            lower,
            upper: Some(Upper { changes, work }),
        };
        let description = Description {
            network: Network::Host,
            ..description(self.plan, root, &inbox, &[])
        };
        let room = Room::open(&description, self.workshop.program)?;
        Ok(Throwaway { room, top })
    }

    /// Runs a script as its root; a failure comes back with what it said last.
    pub(super) fn in_throwaway(
        &mut self,
        place: &Throwaway,
        step: &'static str,
        script: &str,
        words: &[String],
    ) -> Result<Result<(), Said>, BuildError> {
        self.begin(step)?;
        let tool = self.throwaway_tool(place, script, words);
        match tool.logged(&mut self.log, self.workshop.listener) {
            Ok(()) => Ok(Ok(())),
            Err(ToolError::Failed {
                how, code, tail, ..
            }) => Ok(Err(Said { how, code, tail })),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs a script as its root and returns what it says.
    pub(super) fn asked_of_throwaway(
        &mut self,
        place: &Throwaway,
        script: &str,
    ) -> Result<String, BuildError> {
        let said = self.throwaway_tool(place, script, &[]).output()?;
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    }

    fn throwaway_tool(&self, place: &Throwaway, script: &str, words: &[String]) -> Tool {
        let tool = self.tool("sh", Path::new("/"));
        let tool = tool
            .env("HOME", "/root")
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-euc", script, "sh"])
            .args(words);
        let manner = Manner {
            who: Who::Root,
            umask: 0o022,
            processors: None,
            old_kernel_name: false,
        };
        place.room.enter(tool, &manner)
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // What cannot be removed now is removed before the next build.
        let _ = sandbox::remove_tree(&self.top);
    }
}
