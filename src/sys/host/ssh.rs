//! Hosts through the system's ssh(1), with the user's own configuration, agent
//! and jump hosts.
//!
//! What is set for it: nothing is asked (`BatchMode`), a dead host is given up
//! (`ConnectTimeout`, `ServerAliveInterval`), there is never a terminal (dpkg
//! would ask there and wait for ever), nothing is forwarded, and no connection
//! is kept open for others: a client hands its descriptors to such a master,
//! which would hold our pipes when the client is ended. A master of the user's
//! own is used where there is one (some hosts let nobody in without a one-time
//! password): what it holds is not waited for. A controller that is killed takes
//! its connections along.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use super::destination::divided;
use super::{Call, Hosts, Said, fan, reason};
use crate::model::HostName;
use crate::sys::environment::Environment;
use crate::sys::outward::Permit;
use crate::sys::process::{Tool, ToolError};

/// Hosts that ssh reaches.
#[derive(Debug, Clone)]
pub struct Ssh {
    program: OsString,
    ended_by: Option<PathBuf>,
    environment: Vec<(String, OsString)>,
    options: Vec<String>,
    user: Option<String>,
    become_root: Become,
}

/// How a script becomes root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Become {
    /// The login is root's, or a user's who needs nothing more.
    #[default]
    Nothing,
    /// `sudo -n`: without a password, or not at all.
    Sudo,
}

/// What is said against every configuration: it comes first, and the first
/// value counts (ssh_config(5)).
const FIRM: [&str; 5] = [
    "BatchMode=yes",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "ControlMaster=no",
];
/// What the caller's options may change.
const USUAL: [&str; 3] = [
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
];
/// Whoever is run by these words of setpriv(1) is ended with the thread that
/// started it, which waits for it: with us.
const ENDED: [&str; 3] = ["--pdeathsig", "KILL", "--"];
/// setpriv did not find the program.
const NOT_FOUND: i32 = 127;
/// ssh's own failure; what runs there ends with less.
const OWN_FAILURE: i32 = 255;
/// More than any answer of ours; a host that says more says nothing.
const MOST_BYTES: u64 = 1 << 20;

impl Ssh {
    /// Prepares `ssh` with what this process was started with, its secrets for
    /// signing left out.
    pub fn new(_: &Permit, environment: &Environment) -> Self {
        let clean = environment.without_secrets();
        let variables = clean
            .variables()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            program: "ssh".into(),
            // Not every system has it.
            ended_by: clean.find_program("setpriv"),
            environment: variables.collect(),
            options: Vec::new(),
            user: None,
            become_root: Become::Nothing,
        }
    }

    /// Takes another program of the same manners.
    #[must_use]
    pub fn program(mut self, program: impl Into<OsString>) -> Self {
        self.program = program.into();
        self
    }

    /// Adds options as ssh(1) takes them (`-F`, `FILE`).
    #[must_use]
    pub fn options<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.options.extend(words.into_iter().map(Into::into));
        self
    }

    /// Names the user to log in as, where the host's own name has none.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// Says how a script becomes root.
    #[must_use]
    pub fn become_root(mut self, how: Become) -> Self {
        self.become_root = how;
        self
    }

    /// Tells whether ssh is there at all.
    pub fn ready(&self) -> Result<(), ToolError> {
        self.tool()
            .arg("-V")
            .limit(Duration::from_secs(10))
            .output()?;
        Ok(())
    }

    fn tool(&self) -> Tool {
        let tool = match &self.ended_by {
            Some(setpriv) => Tool::new(setpriv).args(ENDED).arg(&self.program),
            None => Tool::new(&self.program),
        };
        tool.called("ssh")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
    }

    fn call(&self, call: &Call) -> Option<Said> {
        let mut tool = self.tool().arg("-T");
        for option in FIRM {
            tool = tool.arg("-o").arg(option);
        }
        tool = tool.args(self.options.iter().map(String::as_str));
        for option in USUAL {
            tool = tool.arg("-o").arg(option);
        }
        let host = call.host.as_str();
        let (destination, port) = divided(host);
        if let Some(user) = self.user.as_deref().filter(|_| !host.contains('@')) {
            tool = tool.arg("-l").arg(user);
        }
        if let Some(port) = port {
            tool = tool.arg("-p").arg(port);
        }
        let command = match self.become_root {
            Become::Nothing => "sh",
            Become::Sudo => "sudo -n sh",
        };
        let tool = tool.arg("--").arg(destination).arg(command);
        let tool = tool.input(call.script.text()).limit(call.limit);
        match tool.at_most(MOST_BYTES).finish() {
            Ok((status, output)) => {
                let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
                Some(match status.code() {
                    Some(NOT_FOUND) if stderr.starts_with("setpriv: ") => Said::Silent {
                        why: "ssh is not installed".to_owned(),
                    },
                    Some(code) if code != OWN_FAILURE => Said::Ended {
                        code,
                        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                        stderr,
                    },
                    _ => Said::Silent {
                        why: reason::of(host, &stderr),
                    },
                })
            }
            Err(ToolError::Interrupted { .. }) => None,
            Err(ToolError::TimedOut { limit, .. }) => Some(Said::Silent {
                why: format!("no answer within {} s", limit.as_secs()),
            }),
            Err(error) => Some(Said::Silent {
                why: error.to_string(),
            }),
        }
    }
}

impl Hosts for Ssh {
    fn run(
        &self,
        calls: Vec<Call>,
        at_once: usize,
        each: &mut dyn FnMut(&HostName, Said) -> ControlFlow<()>,
    ) {
        fan::out(calls, at_once, |call| self.call(call), each);
    }
}
