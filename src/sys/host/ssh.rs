//! Hosts through the system's ssh(1), with the user's own configuration, agent
//! and jump hosts.
//!
//! What is set for it: nothing is asked (`BatchMode`), a dead host is given up
//! (`ConnectTimeout`, `ServerAliveInterval`), there is never a terminal (dpkg
//! would ask there and wait for ever), nothing is forwarded, and no connection
//! is kept open for others: a client hands its descriptors to such a master,
//! which would hold our pipes when the client is ended. A master of the user's
//! own is used where there is one.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::time::Duration;

use super::{Call, Hosts, Said, fan, reason};
use crate::model::HostName;
use crate::sys::environment::Environment;
use crate::sys::process::{Tool, ToolError};

/// Hosts that ssh reaches.
#[derive(Debug, Clone)]
pub struct Ssh {
    program: OsString,
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
/// ssh's own failure; what runs there ends with less.
const OWN_FAILURE: i32 = 255;
/// More than any answer of ours; a host that says more says nothing.
const MOST_BYTES: u64 = 1 << 20;

impl Ssh {
    /// Prepares `ssh` with what this process was started with, its secrets for
    /// signing left out.
    pub fn new(environment: &Environment) -> Self {
        let clean = environment.without_secrets();
        let variables = clean
            .variables()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            program: "ssh".into(),
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
        Tool::new(&self.program)
            .called("ssh")
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

/// Divides a destination from its port: `NAME:PORT`, `[ADDRESS]:PORT`, each with
/// `USER@` before it where one is meant. An address of many colons has none.
fn divided(host: &str) -> (String, Option<&str>) {
    let (user, place) = match host.rsplit_once('@') {
        Some((user, place)) => (format!("{user}@"), place),
        None => (String::new(), host),
    };
    let is_port = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = place.strip_prefix('[') {
        if let Some((address, after)) = rest.split_once(']') {
            return (
                format!("{user}{address}"),
                after.strip_prefix(':').filter(is_port),
            );
        }
    } else if let Some((name, port)) = place.split_once(':')
        && is_port(&port)
    {
        return (format!("{user}{name}"), Some(port));
    }
    (host.to_owned(), None)
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

#[cfg(test)]
mod tests {
    use super::divided;

    #[test]
    fn a_port_is_divided_from_a_name_and_not_from_an_address() {
        for (host, destination, port) in [
            ("web1", "web1", None),
            ("ada@web1", "ada@web1", None),
            ("ada@web1:2222", "ada@web1", Some("2222")),
            ("[2001:db8::2]:2222", "2001:db8::2", Some("2222")),
            ("ada@[2001:db8::2]", "ada@2001:db8::2", None),
            ("2001:db8::2", "2001:db8::2", None),
            ("::1", "::1", None),
            ("web1:ssh", "web1:ssh", None),
        ] {
            assert_eq!(divided(host), (destination.to_owned(), port), "{host}");
        }
    }
}
