//! Errors of forges.

use super::{Exit, Failure};
use crate::flow::patching::forging::ForgingError;
use crate::sys::forge::{ForgeError, SiteError};

pub(super) fn forging(error: &ForgingError) -> Failure {
    let of = |exit, kind| Failure::of(exit, kind, error);
    match error {
        ForgingError::NotConfigured => of(Exit::Request, "no-forge")
            .hint("write [patch.forge] into debcut.toml; where the remote's address does not say it: kind = \"github\" or \"gitlab\", url, project"),
        ForgingError::Site { source, .. } => of(Exit::Request, "no-forge").hint(match source {
            SiteError::Kind => "[patch.forge] kind = \"github\" or \"gitlab\"",
            SiteError::Url => "[patch.forge] url = \"https://HOST/api/v4\"",
            SiteError::Project => "[patch.forge] project = \"owner/name\"",
        }),
        ForgingError::Forge(source) => forge(source, of(Exit::Outside, "forge")),
        ForgingError::Stopped(_) => of(Exit::Stopped, "forge")
            .hint("what was done is found again: run the same command again"),
        ForgingError::NoPull { .. } => of(Exit::Request, "no-pull-request")
            .hint("[patch.forge] project says whose it is; a private project needs DEBCUT_FORGE_TOKEN"),
        ForgingError::Absent { remote, from, .. } => of(Exit::Request, "not-here")
            .hint(format!("git fetch {remote} {from}")),
    }
}

fn forge(error: &ForgeError, away: Failure) -> Failure {
    let of = |kind| Failure::of(Exit::Request, kind, error);
    match error {
        ForgeError::Way { .. } => of("forge").hint("[patch.forge] url in debcut.toml"),
        ForgeError::NoToken { .. } => {
            of("no-token").hint("set DEBCUT_FORGE_TOKEN to a token that may write pull requests")
        }
        ForgeError::Forbidden { token, .. } => of("forbidden").hint(match token {
            Some(variable) => {
                format!("the token of {variable} is not known there, or may not do that")
            }
            None => "set DEBCUT_FORGE_TOKEN".to_owned(),
        }),
        ForgeError::Missing { .. } => of("forge").hint(
            "[patch.forge] project in debcut.toml; what a token may not see is not there for it",
        ),
        ForgeError::Moved { .. } => of("forge").hint("[patch.forge] url and project"),
        ForgeError::Refused { .. } => of("forge").hint(
            "is the maintenance branch pushed? git push; DEBCUT_FORGE_TOKEN must be that of somebody who may write there",
        ),
        ForgeError::Elsewhere { .. } => of("forge").hint("[patch.forge] url in debcut.toml"),
        ForgeError::Outward(_) => of("embargo").hint("debcut patch lift ends an embargo"),
        ForgeError::Busy { .. }
        | ForgeError::Failed { .. }
        | ForgeError::Lost { .. }
        | ForgeError::Interrupted { .. }
        | ForgeError::Answer { .. } => away.hint("run the same command again later"),
    }
}
