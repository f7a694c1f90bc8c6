//! `lead-time`.

use std::path::PathBuf;

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::lead_time::{self, Wanted};
use crate::flow::project::Workspace;
use crate::model::PackageName;
use crate::report::{Answer, LeadTimeDocument};

/// Arguments of `lead-time`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct LeadTimeArguments {
    /// The packages [default: all]
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageName>,
    /// How many of each package's releases, the highest version first
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Where journals of rollouts are [default: debcut/rollouts below $XDG_STATE_HOME]
    #[arg(long, value_name = "DIR", env = "DEBCUT_STATE", hide_env = true)]
    state: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  debcut lead-time                     how long changes waited, release by release
  debcut lead-time libfoo --limit 50   further back, for one package
  debcut lead-time --json              for a chart

From the oldest commit and the median commit to the tag, and from the tag to the
suites of the archives in debcut.toml, as far as their generations are kept; from there, by
the journals of rollouts, to the first canary and to the last ring's gate. A release that was
taken back is listed as such, and counts for no median.";

/// Measures releases.
pub fn run(arguments: LeadTimeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let wanted = Wanted {
        packages: arguments.packages,
        limit: arguments.limit,
        state: arguments.state.as_ref().map(|path| context.path(path)),
    };
    let (releases, findings) = lead_time::lead_times(&workspace, &wanted, &context.environment)?;
    let document = LeadTimeDocument::new(releases);
    Ok(Answer::new(document).findings(findings).into())
}
