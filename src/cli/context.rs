//! What every verb is given: where it runs, when, and who listens.

use std::path::{Path, PathBuf};

use super::arguments::Global;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::model::{Listener, Timestamp};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;

/// The common options, resolved once.
pub struct Context<'a> {
    pub environment: Environment,
    pub clock: Clock,
    pub directory: PathBuf,
    pub config: Option<PathBuf>,
    pub json: bool,
    terminal: &'a Terminal,
}

impl<'a> Context<'a> {
    /// Resolves the common options.
    pub fn new(
        global: &Global,
        environment: Environment,
        terminal: &'a Terminal,
    ) -> Result<Self, Failure> {
        let started_in = environment.working_directory().to_owned();
        let directory = match &global.directory {
            Some(directory) => started_in.join(directory),
            None => started_in.clone(),
        };
        if !directory.is_dir() {
            let message = format!("{} is not a directory", directory.display());
            return Err(Failure::request("no-directory", message));
        }
        Ok(Self {
            clock: global.now.map_or(Clock::System, Clock::Fixed),
            config: global.config.as_ref().map(|file| directory.join(file)),
            json: global.json,
            environment,
            directory,
            terminal,
        })
    }

    /// Returns who hears of progress, notes and warnings.
    pub fn listener(&self) -> &'a dyn Listener {
        self.terminal
    }

    /// Returns the terminal itself, for what must be asked there.
    pub fn terminal(&self) -> &'a Terminal {
        self.terminal
    }

    /// Returns the present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes a path as it was given, from the directory of `-C`.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }
}
