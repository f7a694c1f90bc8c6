//! `version compare`.

use clap::{Args, Subcommand};

use super::Said;
use super::failure::Failure;
use crate::format::version::Version;
use crate::report::{Answer, VersionOrder};

/// Arguments of `version`.
#[derive(Debug, Args)]
pub struct VersionVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print <, = or >: how dpkg orders two versions
    Compare(Compare),
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut version compare 1.0~rc1 1.0     prints <
  debcut version compare 1.0 0:1.0-0     prints =, as dpkg installs neither over the other")]
struct Compare {
    /// A version: [EPOCH:]UPSTREAM[-REVISION]
    #[arg(allow_hyphen_values = true)]
    a: String,
    /// Another
    #[arg(allow_hyphen_values = true)]
    b: String,
}

/// Compares versions.
pub fn run(arguments: VersionVerb) -> Result<Said, Failure> {
    let Verb::Compare(Compare { a, b }) = arguments.verb;
    let order = VersionOrder::of(Version::new(a)?, Version::new(b)?);
    Ok(Answer::new(order).into())
}
