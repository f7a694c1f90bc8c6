//! `demo`.

use std::path::PathBuf;

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::demo::{self, AptVerdict, Demo, Outcome};
use crate::report::{Answer, DemoDocument};

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut demo
  debcut demo /tmp/look --json

It needs no root rights, changes nothing outside DIR, and nothing in it is precious:
delete DIR when you have seen enough. apt and dpkg work in a private root.")]
pub struct DemoArguments {
    /// Where to leave everything; new, empty, or an earlier demo's
    #[arg(value_name = "DIR", default_value = "debcut-demo")]
    place: PathBuf,
    /// Say what would be done and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the demo.
pub fn run(arguments: &DemoArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let directory = context.path(&arguments.place);
    if arguments.dry_run {
        let shown = directory.display().to_string();
        let digest = crate::model::Sha256::of(shown.as_bytes());
        return Ok(Answer::new(DemoDocument::planned(&shown))
            .dry_run(digest)
            .into());
    }
    match demo::run(
        &directory,
        &context.environment,
        context.clock,
        context.listener(),
    )? {
        Outcome::Done(demo) => {
            let changed = demo.changed;
            Ok(Answer::new(document(&demo)).changed(changed).into())
        }
        Outcome::Refused(findings) => {
            let shown = directory.display().to_string();
            Ok(Answer::new(DemoDocument::planned(&shown))
                .changed(false)
                .findings(findings)
                .into())
        }
    }
}

fn document(demo: &Demo) -> DemoDocument {
    let (installed_says, missing) = match &demo.apt {
        AptVerdict::Installed { said } => (Some(said.clone()), None),
        AptVerdict::NotHere { program } => (None, Some(program.clone())),
    };
    DemoDocument {
        directory: demo.directory.display().to_string(),
        tag: Some(demo.tag.clone()),
        package: Some(demo.package.to_owned()),
        version: Some(demo.version.clone()),
        key: Some(demo.key.to_string()),
        installed_says,
        missing,
    }
}
