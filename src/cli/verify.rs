//! `verify`.

use std::path::PathBuf;

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::verifying;
use crate::report::{Answer, VerifyDocument};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct VerifyArguments {
    /// Files, or directories with everything in them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take the certificates in FILE too, armoured or binary
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  debcut verify dist/v1.2.0                      everything a build left
  debcut verify hello_1.2.0_amd64.deb            by the signed texts that lie beside it
  debcut verify --keyring archive.pgp InRelease  with a key that is not among yours

Looks at .deb, .dsc, .changes, .buildinfo, .intoto.jsonl, SHA256SUMS, tarballs, InRelease,
and Release with its Release.gpg. What counts are the keys of “debcut key list” and those
of --keyring.";

/// Says who signed files, from which commit, and whether they agree.
pub fn run(arguments: &VerifyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let verdict = verifying::verify(
        &context.directory,
        &arguments.files,
        &arguments.keyring,
        &context.environment,
        context.now(),
        context.listener(),
    )?;
    let answer = Answer::new(VerifyDocument::new(&verdict)).findings(verdict.findings);
    Ok(answer.into())
}
