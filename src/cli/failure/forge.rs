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
        ForgeError::Forbidden { token, status, .. } => of("forbidden").hint(match (token, status) {
            (Some(variable), 401) => {
                format!("the token of {variable} is not known there: it is for a different forge, or is over; make a new one")
            }
            (Some(variable), _) => {
                format!("the token of {variable} may not do that: GitHub wants “Pull requests” and “Contents” for it, GitLab the scope api")
            }
            (None, _) => "set DEBCUT_FORGE_TOKEN".to_owned(),
        }),
        ForgeError::Missing { token, .. } => {
            let failure = of("forge").hint("[patch.forge] project in debcut.toml");
            match token {
                Some(variable) => failure.hint(format!(
                    "a private project is there only for who may see it: is the token of {variable} for it?"
                )),
                None => failure
                    .hint("a private project is there only for who may see it: set DEBCUT_FORGE_TOKEN"),
            }
        }
        ForgeError::Moved { project: Some(project), .. } => of("moved")
            .hint(format!("[patch.forge] project = \"{project}\"; and git remote set-url")),
        ForgeError::Moved { .. } => of("moved").hint(
            "[patch.forge] url is the address of the API itself; is a proxy or a login before it?",
        ),
        ForgeError::NoApi { .. } => of("no-api").hint(
            "[patch.forge] url is the address of the API: https://HOST/api/v3 of GitHub Enterprise, https://HOST/api/v4 of GitLab; or a proxy wants a login",
        ),
        ForgeError::Insecure { .. } => of("insecure").hint(
            "SSL_CERT_FILE names a PEM file with the authority that the forge has its certificate from",
        ),
        ForgeError::Refused { .. } => of("forge").hint(
            "is the maintenance branch pushed? git push; DEBCUT_FORGE_TOKEN must be that of somebody who may write there",
        ),
        ForgeError::Elsewhere { .. } => of("forge").hint("[patch.forge] url in debcut.toml"),
        ForgeError::Outward(_) => of("embargo").hint("debcut patch lift ends an embargo"),
        ForgeError::Busy { until, token, .. } => {
            let failure = away.hint(format!("run the same command again after {until}"));
            match token {
                Some(_) => failure,
                None => failure.hint("with a token (DEBCUT_FORGE_TOKEN) a forge takes many more calls"),
            }
        }
        ForgeError::Failed { .. }
        | ForgeError::Lost { .. }
        | ForgeError::Interrupted { .. }
        | ForgeError::Answer { .. } => away.hint("run the same command again later"),
    }
}
