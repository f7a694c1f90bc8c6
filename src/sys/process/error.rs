//! What became of a program that gave no good answer.

use std::fmt;
use std::io;
use std::time::Duration;

/// Why a program gave no answer, or a bad one.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The program is not on the search path.
    #[error("{program} is not installed")]
    Missing {
        /// The program's name.
        program: String,
    },
    /// The program could not be started or spoken to.
    #[error("cannot run {program}")]
    Run {
        /// The program's name.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program ended with a failure.
    #[error("{program} {how}{}", Said(tail))]
    Failed {
        /// The program's name.
        program: String,
        /// How it ended: `ended with 2`, `was killed by signal 9`.
        how: String,
        /// The exit code, where it has one.
        code: Option<i32>,
        /// The last lines of what it said.
        tail: String,
    },
    /// The program took too long and was ended.
    #[error("{program} did not end within {} s and was killed{}", limit.as_secs(), Said(tail))]
    TimedOut {
        /// The program's name.
        program: String,
        /// The time it was given.
        limit: Duration,
        /// The last lines of what it said.
        tail: String,
    },
    /// The program wrote more than it may and was ended.
    #[error("{program} wrote more than {} MB and was killed{}", most_bytes / 1_000_000, Said(tail))]
    TooMuch {
        /// The program's name.
        program: String,
        /// How much it may write.
        most_bytes: u64,
        /// The last lines of what it said.
        tail: String,
    },
    /// The user asked to stop; the program was ended.
    #[error("stopped while {program} was running")]
    Interrupted {
        /// The program's name.
        program: String,
    },
}

struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.trim().is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.0.trim_end())
        }
    }
}
