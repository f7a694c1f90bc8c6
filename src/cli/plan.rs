//! `plan`.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::failure::Failure;
use super::request::RequestArguments;
use super::{Said, terminal};
use crate::flow::planning::{self, Outcome};
use crate::flow::project::Workspace;
use crate::flow::unpublished::unpublished;
use crate::model::Finding;
use crate::report::{Answer, PlanDocument};

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PlanArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Plan for this commit instead of HEAD
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    at: String,
    /// The form of the answer
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        conflicts_with = "json"
    )]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal
    Text,
    /// Markdown, for a comment on a pull request
    Md,
}

const EXAMPLES: &str = "\
Examples:
  debcut plan                         next version of every package, and why
  debcut plan libfoo --pre rc         a candidate of one of them
  debcut plan --set-version 2.0.0     what a decision of your own would give
  debcut plan --backport bookworm     the Debian version for an older suite
  debcut plan --format md             for a comment on a pull request

Every commit since a package's last release on this branch is listed: as a
change, or as left out with the reason. Nothing is written.";

/// Plans a release.
pub fn run(arguments: PlanArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let request = arguments.request.request();
    let (document, findings) = match planning::plan(&workspace, &arguments.at, &request)? {
        Outcome::Refused(findings) => (PlanDocument::refused(), findings),
        Outcome::Planned(planned) => {
            let mut findings = unpublished(&workspace, &planned)?;
            findings.extend(planned.findings);
            (PlanDocument::new(&planned.plan), findings)
        }
    };
    if arguments.format == Form::Md {
        terminal::print(document.markdown(&findings).as_bytes());
        let is_no = findings.iter().any(Finding::is_error);
        return Ok(if is_no { Said::No } else { Said::Whole });
    }
    Ok(Answer::new(document).findings(findings).into())
}
