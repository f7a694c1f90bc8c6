//! `attest`.

use std::path::PathBuf;

use clap::Args;

use super::archive::configured_key;
use super::build::KeyArguments;
use super::context::Context;
use super::failure::Failure;
use super::{Said, passphrase};
use crate::flow::attesting::{self, Outcome, Request};
use crate::model::Sha256;
use crate::report::{Answer, AttestDocument};

/// Arguments of `attest`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut attest my-rebuild --to hello_1.2.0.intoto.jsonl
  debcut attest hello_1.2.0_amd64.deb --to published/hello_1.2.0.intoto.jsonl --dry-run

Compares every package and tarball that the provenance names with yours. When all are the
same, your word for it is added to the file as another line; nothing else changes. Publish
the upload again and the archive keeps it. A suite can demand several builders: debcut
archive init --attestations 2.")]
pub struct AttestArguments {
    /// The artifacts of your own build, or their directory
    #[arg(required = true, value_name = "DIR|FILE")]
    rebuilt: Vec<PathBuf>,
    /// The provenance of what was published, which gets another line
    #[arg(long, value_name = "PROVENANCE")]
    to: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// Compare, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Attests that a rebuild is what was published.
pub fn run(arguments: &AttestArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let rebuilt = arguments.rebuilt.iter();
    let request = Request {
        rebuilt: rebuilt.map(|path| context.path(path)).collect(),
        to: context.path(&arguments.to),
        key: arguments.key.wanted(),
        configured_key: configured_key(context)?,
        dry_run: arguments.dry_run,
    };
    let outcome = attesting::attest(
        &request,
        &context.environment,
        context.clock,
        &mut passphrase::asker(context),
        context.listener(),
    )?;
    let shown = arguments.to.display().to_string();
    Ok(match outcome {
        Outcome::Refused(findings) => Answer::new(AttestDocument::refused(shown))
            .changed(false)
            .findings(findings)
            .into(),
        Outcome::Attested {
            statement,
            by,
            lines,
            changed,
        } => {
            let digest = Sha256::of(statement.to_json().as_bytes());
            let document = AttestDocument::attested(shown, &statement, by, lines);
            let answer = Answer::new(document);
            match arguments.dry_run {
                true => answer.dry_run(digest).into(),
                false => answer.changed(changed).into(),
            }
        }
    })
}
