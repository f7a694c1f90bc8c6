//! Commands of the operator's own: those that print hosts, count them, or check
//! something here.

use std::path::Path;
use std::time::Duration;

use super::RollingError;
use super::members::{LIMIT, Outside};
use crate::model::HostName;
use crate::rollout::health::Verdict;
use crate::rollout::policy::Engine;
use crate::sys::environment::Environment;
use crate::sys::host::ansible;
use crate::sys::process::{Tool, ToolError};

/// Where commands run, and with what.
pub struct Commands<'a> {
    /// The environment of the process; its secrets of signing are left out.
    pub environment: &'a Environment,
    /// Where they run.
    pub directory: &'a Path,
    /// The inventory of groups.
    pub inventory: Option<&'a Path>,
    /// Who reaches the hosts: Ansible by their names, ssh by their addresses.
    pub engine: Engine,
}

/// More than any list of hosts.
const MOST_BYTES: u64 = 64 << 20;

/// What sysexits(3) calls a failure that trying again may mend: a check that
/// found nothing either way.
const TEMPORARY: i32 = 75;

/// How much of what a check said is kept.
const SAID_CHARS: usize = 400;

impl Commands<'_> {
    fn shell(&self, command: &str, limit: Duration) -> Tool {
        let environment = self.environment.without_secrets();
        let own: Vec<_> = environment.variables().collect();
        Tool::new("sh")
            .arg("-c")
            .arg(command)
            .envs(own)
            .dir(self.directory)
            .limit(limit)
            .at_most(MOST_BYTES)
    }

    /// Returns what a command prints that says what hosts run.
    pub fn counted(&self, command: &str, limit: Duration) -> Result<String, ToolError> {
        let output = self.shell(command, limit).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Makes a check: exit code 0 passes, 75 is inconclusive, all else fails, and
    /// so does who does not end in time. `about` are variables that tell it what it
    /// is about.
    pub fn check(
        &self,
        command: &str,
        limit: Duration,
        about: &[(&str, String)],
    ) -> Result<Verdict, ToolError> {
        let tool = self.shell(command, limit).envs(about.iter().cloned());
        match tool.finish() {
            Ok((status, output)) => {
                let said = match output.stderr.is_empty() {
                    true => last(&output.stdout),
                    false => last(&output.stderr),
                };
                Ok(match status.code() {
                    Some(0) => Verdict::Passed,
                    Some(TEMPORARY) => Verdict::Inconclusive { said },
                    Some(code) if said.is_empty() => Verdict::Failed {
                        said: format!("exit code {code}"),
                    },
                    _ => Verdict::Failed { said },
                })
            }
            Err(ToolError::TimedOut { limit, .. }) => Ok(Verdict::Failed {
                said: format!("it did not end within {} s", limit.as_secs()),
            }),
            Err(error) => Err(error),
        }
    }
}

/// The last lines of what was said.
fn last(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let tail = lines[lines.len().saturating_sub(3)..].join("; ");
    tail.chars()
        .filter(|c| !c.is_control())
        .take(SAID_CHARS)
        .collect()
}

impl Outside for Commands<'_> {
    fn printed(&self, command: &str) -> Result<String, RollingError> {
        self.counted(command, LIMIT)
            .map_err(|source| RollingError::HostsCommand {
                command: command.to_owned(),
                source,
            })
    }

    fn group(&self, group: &str) -> Result<Vec<HostName>, RollingError> {
        let Some(inventory) = self.inventory else {
            return Err(RollingError::NoInventory {
                group: group.to_owned(),
            });
        };
        let members = ansible::members(inventory, group, self.environment);
        let members = members.map_err(|error| RollingError::Group {
            group: group.to_owned(),
            source: Box::new(error),
        })?;
        let named = members.into_iter().map(|member| match self.engine {
            Engine::Ssh => member.address,
            Engine::Ansible => member.name,
        });
        Ok(named.collect())
    }
}
