//! `sandbox`, for this program's own use: the first process of a build's room,
//! and a way to look around in one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::sys::interrupt;
use crate::sys::process::{Tool, ToolError};
use crate::sys::sandbox::{Description, Manner, Room, SandboxError, Who, inside};

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Be the first process of a room; the build starts it
    Init,
    /// Run a program in a room and tell what was seen
    Run(Run),
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut sandbox run --description room.json -- sh -c id")]
struct Run {
    /// What stands in the room, as JSON
    #[arg(long, value_name = "FILE")]
    description: PathBuf,
    /// Run it as the room's root instead of the account that builds
    #[arg(long)]
    as_root: bool,
    /// End it after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    limit: u64,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs what has neither terminal nor configuration.
pub fn run(arguments: &SandboxVerb, program: &Path) -> ExitCode {
    let ended = match &arguments.verb {
        Verb::Init => inside::run(),
        Verb::Run(run) => look_around(run, program),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // Its owner reads standard error when the room ends before its time.
        Err(error) => {
            let _ = writeln!(io::stderr(), "sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn look_around(run: &Run, program: &Path) -> io::Result<()> {
    interrupt::install()?;
    let description: Description = serde_json::from_slice(&std::fs::read(&run.description)?)?;
    let document = match in_a_room(&description, run, program) {
        Ok(document) => document,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            json!({"error": error.to_string(), "cause": cause})
        }
    };
    serde_json::to_writer_pretty(io::stdout(), &document)?;
    writeln!(io::stdout())
}

fn in_a_room(
    description: &Description,
    run: &Run,
    program: &Path,
) -> Result<serde_json::Value, SandboxError> {
    let room = Room::open(description, program)?;
    let (name, arguments) = run.command.split_first().expect("clap requires one");
    let manner = Manner {
        who: if run.as_root { Who::Root } else { Who::Account },
        umask: 0o22,
        processors: None,
        old_kernel_name: false,
    };
    let tool = Tool::new(name)
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .dir(&description.build_path)
        .limit(Duration::from_secs(run.limit));
    let ended = room.enter(tool, &manner).finish();
    let seen = room.sightings()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ran = match ended {
        Ok((status, output)) => json!({
            "code": status.code(),
            "stdout": text(&output.stdout),
            "stderr": text(&output.stderr),
        }),
        Err(error @ ToolError::Missing { .. }) => json!({"missing": error.to_string()}),
        Err(error) => json!({"stopped": error.to_string()}),
    };
    Ok(json!({"ran": ran, "sightings": seen, "unapplied": room.unapplied()}))
}
