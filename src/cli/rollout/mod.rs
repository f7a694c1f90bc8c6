//! `rollout …`: staged installation.

mod approve;
mod who;

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;

/// Arguments of `rollout`.
#[derive(Debug, Args)]
pub struct RolloutVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Approve a rollout that waits for it, by a signature
    Approve(approve::Approve),
    /// Say which hosts take a phased update, from their machine-ids
    Who(who::Who),
}

/// Runs a verb of rollouts.
pub fn run(arguments: RolloutVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match arguments.verb {
        Verb::Approve(arguments) => approve::run(&arguments, context),
        Verb::Who(arguments) => who::run(&arguments, context),
    }
}
