//! `rollout approve`.

use std::path::PathBuf;

use clap::Args;

use super::WhichArguments;
use super::control::by;
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::rolling::changing::{self, Changed};
use crate::flow::rolling::shelf::{Among, Asked};
use crate::flow::rolling::{RollingError, requesting};
use crate::flow::signing::KeyWanted;
use crate::report::Answer;
use crate::report::rolling::words;
use crate::report::rollout::{ChangeDocument, Word};
use crate::rollout::plan;
use crate::sys::files::{self, Access};

/// Arguments of `rollout approve`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout approve hello --key ada@example.org
  debcut rollout approve hello --out approval.asc       for a controller on another machine
  debcut rollout approve hello --statement approval.asc   that was made on another machine

A signature over the request's digest, the rollout and the time: it approves this request and no
other.")]
pub struct ApproveArguments {
    #[command(flatten)]
    which: WhichArguments,
    #[command(flatten)]
    key: KeyArguments,
    /// Take an approval that was signed elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    statement: Option<PathBuf>,
    /// Write the signed approval to FILE instead of the journal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print what would be signed and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Approves.
pub fn run(arguments: &ApproveArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.which.state.shelf(context)?;
    let id = shelf.find(arguments.which.rollout.as_deref(), Among::Open)?;
    let name = id.to_string();
    let not_now = |why: &str, fix: String| RollingError::NotNow {
        id: name.clone(),
        why: why.to_owned(),
        fix,
    };
    let found = shelf.look(&id)?;
    let Some((rollout, _)) = found else {
        return Err(not_now(
            "was not started to its end",
            "start it once more".to_owned(),
        )
        .into());
    };
    let Some(request) = rollout.request.clone() else {
        let fix = format!("debcut rollout advance {name} asks, after its rehearsal");
        return Err(not_now("has asked nobody for approval yet", fix).into());
    };
    if arguments.dry_run {
        let text = format!("would be approved: request {request}");
        let document = ChangeDocument::new(Word::Approve, &name, &text, "");
        let digest = crate::model::Sha256::of(format!("{name} {request}").as_bytes());
        return Ok(Answer::new(document).dry_run(digest).into());
    }
    let statement = match &arguments.statement {
        Some(path) => {
            let bytes = files::read(&context.path(path))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        None => {
            let mut ask = passphrase::asker(context);
            let key = match arguments.key.wanted() {
                KeyWanted::Named(key) => Some(key),
                _ => None,
            };
            let (environment, now) = (&context.environment, context.now());
            requesting::approve(environment, key.as_deref(), &name, &request, now, &mut ask)?
        }
    };
    if let Some(out) = &arguments.out {
        let path = context.path(out);
        files::replace(&path, statement.as_bytes(), Access::Public)?;
        let next =
            format!("debcut rollout approve {name} --statement FILE, where it is controlled");
        let document = ChangeDocument::new(Word::Approve, &name, "is approved in a file", &next);
        let document = document.file(path.display().to_string());
        return Ok(Answer::new(document).changed(true).into());
    }
    let keyring = requesting::approvers(&context.environment, &rollout.policy.approval)?;
    let admitted = requesting::admitted(&statement, &keyring, &rollout, context.now());
    let event = admitted.map_err(|error| {
        Failure::request("approval", crate::model::finding::with_causes(&error))
            .hint("debcut rollout status --json shows the request; the policy's keys may approve")
    })?;
    let changed = match event {
        None => Changed::Already,
        Some(event) => {
            let asked = Asked {
                at: context.now(),
                by: by(context),
                event,
            };
            changing::change(&shelf, &id, asked)?
        }
    };
    let next = match shelf.look(&id)? {
        Some((rollout, _)) => words::step(&plan::next(&rollout, context.now()), &rollout.policy),
        None => String::new(),
    };
    let document = ChangeDocument::new(Word::Approve, &name, "is approved", &next);
    let document = match &changed {
        Changed::Left { holder } => document.left_for(holder),
        _ => document,
    };
    let is_changed = !matches!(changed, Changed::Already);
    Ok(Answer::new(document).changed(is_changed).into())
}
