//! A program's command, here or through those who run it elsewhere, and its
//! start.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::{Tool, ToolError};

impl Tool {
    pub(super) fn command(&self) -> Command {
        let mut command = match self.through.split_first() {
            Some((first, more)) => self.elsewhere(first, more),
            None => self.here(),
        };
        let stdin = if self.input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        // A group of its own, so that its children can be ended with it.
        command.stdin(stdin).process_group(0);
        command
    }

    pub(super) fn here(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().cloned());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Those who run it have no environment: what is meant for it (another
    /// language, a library loaded first) is not for them.
    pub(super) fn elsewhere(&self, first: &OsStr, more: &[OsString]) -> Command {
        let mut command = Command::new(first);
        command.env_clear().args(more);
        command.args(["/usr/bin/env", "-i"]);
        if let Some(directory) = &self.directory {
            command.arg("-C").arg(directory);
        }
        for (name, value) in &self.environment {
            let mut setting = name.clone();
            setting.push("=");
            setting.push(value);
            command.arg(setting);
        }
        command.arg(&self.program).args(&self.arguments);
        command
    }

    pub(super) fn start(&self, command: &mut Command) -> Result<Child, ToolError> {
        let mut child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound
                if self.through.is_empty()
                    && self.directory.as_ref().is_none_or(|d| d.is_dir()) =>
            {
                ToolError::Missing {
                    program: self.name(),
                }
            }
            _ => ToolError::Run {
                program: self.name(),
                source,
            },
        })?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input.clone();
            // A program that ends without reading its input has its reasons;
            // its exit code tells.
            std::thread::spawn(move || stdin.write_all(&input));
        }
        Ok(child)
    }
}
