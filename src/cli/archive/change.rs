//! What every verb takes that makes a generation: where, signed by whom, why,
//! and whether at all.

use std::time::Duration;

use clap::Args;

use super::{ArchiveArgument, configured_key, desk, rules};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::archiving::{Act, Desk};
use crate::keys::Ask;

/// Arguments of a verb that makes a generation.
#[derive(Debug, Args)]
pub(super) struct ChangeArguments {
    #[command(flatten)]
    pub(super) archive: ArchiveArgument,
    #[command(flatten)]
    key: KeyArguments,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what would be done and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl ChangeArguments {
    /// Opens the archive, with what the configuration says of publishing there.
    pub(super) fn desk<'a>(&self, context: &'a Context<'_>) -> Result<Desk<'a>, Failure> {
        let location = self.archive.location(context)?;
        let mut desk = desk(&location, Duration::from_secs(self.wait), context)?;
        self.refused(desk.store.admits(None), &location, context)?;
        desk.configured_key = configured_key(context)?;
        desk.rules = rules(&location, context)?;
        Ok(desk)
    }

    /// Takes an embargo's refusal. A dry run changes nothing, and in a directory
    /// nobody hears of it: there it is only told. A server would be asked for
    /// files by their names.
    pub(super) fn refused<E: Into<Failure>>(
        &self,
        refusal: Result<(), E>,
        location: &str,
        context: &Context<'_>,
    ) -> Result<(), Failure> {
        match refusal.map_err(Into::into) {
            Err(failure)
                if self.dry_run && failure.kind == "embargoed" && !location.contains("://") =>
            {
                let note = format!("{}; this is only a plan", failure.message);
                context.listener().note(note);
                Ok(())
            }
            other => other,
        }
    }

    /// Says how a change is signed and recorded; `ask` gets passphrases.
    pub(super) fn act<'a>(&self, ask: &'a mut Ask<'a>) -> Act<'a> {
        Act {
            key: self.key.wanted(),
            ask,
            dry_run: self.dry_run,
            reason: self.reason.clone(),
        }
    }
}
