//! `archive purge`.

use std::time::Duration;

use clap::Args;

use super::{ArchiveArgument, configured_key, desk, rules};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::Act;
use crate::flow::purging::{Content, Purged};
use crate::model::{ArchivePath, Sha256};
use crate::report::{Answer, PurgeDocument};

/// Arguments of `archive purge`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive purge pool/main/h/hello/hello_1.0_amd64.deb --reason 'holds a private key'
  debcut archive purge pool/main/h/hello/hello_1.0_amd64.deb --reason leaked --dry-run

The SHA-256 of the whole file names it as well as its path.

Every generation that has it is written anew without it, then it is erased with all that
names it, and so are the pages for people; only a record in .debcut/purged/ stays. It can
never be added again. Clients that have older indices fail until their next update. What
others copied, nobody can destroy.")]
pub struct PurgeArguments {
    /// The SHA-256 of the file, or its path below the archive (pool/…)
    #[arg(value_name = "DIGEST|POOL-PATH", value_parser = content)]
    content: Content,
    #[command(flatten)]
    archive: ArchiveArgument,
    #[command(flatten)]
    key: KeyArguments,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", required = true)]
    reason: String,
    /// Print what would be destroyed and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn content(text: &str) -> Result<Content, String> {
    if let Ok(sha256) = text.parse::<Sha256>() {
        return Ok(Content::Digest(sha256));
    }
    match ArchivePath::new(text) {
        Ok(path) if text.starts_with("pool/") => Ok(Content::Path(path)),
        _ => Err("expected 64 hexadecimal digits, or a path that begins with pool/".to_owned()),
    }
}

/// Destroys content.
pub fn run(arguments: &PurgeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.location(context)?;
    let mut desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = rules(&location, context)?;
    if let Content::Digest(sha256) = &arguments.content {
        // The history keeps the command, and must not name what is destroyed.
        desk.command = desk.command.replace(&sha256.hex(), "DIGEST");
    }
    let mut act = Act {
        key: arguments.key.wanted(),
        ask: &mut passphrase::asker(context),
        dry_run: arguments.dry_run,
        reason: Some(arguments.reason.clone()),
    };
    let purged = desk.purge(&arguments.content, &arguments.reason, &mut act)?;
    let of = |document| Answer::new(document);
    Ok(match purged {
        Purged::Unchanged(record) => of(PurgeDocument::done(&record)).changed(false),
        Purged::Refused(findings) => of(PurgeDocument::refused())
            .changed(false)
            .findings(findings),
        Purged::Planned(sha256, survey) => {
            let digest = Sha256::of(sha256.hex().as_bytes());
            of(PurgeDocument::planned(sha256.hex(), &survey)).dry_run(digest)
        }
        Purged::Done(record) => of(PurgeDocument::done(&record)).changed(true),
    }
    .into())
}
