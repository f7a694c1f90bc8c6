//! `doctor`.

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::doctor::{self, Patient};
use crate::report::{Answer, DoctorDocument};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DoctorArguments {}

const EXAMPLES: &str = "\
Examples:
  debcut doctor            what stands in the way of a release, with the remedy
  debcut doctor --json     the same for a pipeline: exit code 1 when something does

Looks at the repository, who you are, keys, programs, archives, clock, disk,
debcut.toml, versions, tags and branches. Writes nothing and fetches nothing:
what only the network knows is said to be not checked.";

/// Checks everything that a release needs.
pub fn run(_: &DoctorArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let checkup = doctor::examine(&Patient {
        directory: &context.directory,
        config: context.config.as_deref(),
        environment: &context.environment,
        now: context.now(),
    })?;
    let document = DoctorDocument::new(&checkup);
    Ok(Answer::new(document).findings(checkup.findings).into())
}
