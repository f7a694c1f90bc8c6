//! Requests and a forge: what `[patch.forge]` asks for. Nothing else of the
//! queue needs one.

pub mod absent;
pub mod checking;
pub mod labelled;
pub mod looking;
pub mod paging;
pub mod pulling;
pub mod pushing;
pub mod recalling;

use super::PatchingError;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::patch::forge::Settings;
use crate::sys::environment::Environment;
use crate::sys::forge::{Forge, ForgeError, Site, SiteError};

/// Why a forge was not used to the end.
#[derive(Debug, thiserror::Error)]
pub enum ForgingError {
    /// The configuration names none.
    #[error("no forge is configured")]
    NotConfigured,
    /// The configuration does not say enough, and neither does the remote.
    #[error("the forge of {remote} is not known: {source}")]
    Site {
        /// The remote.
        remote: String,
        /// What is missing.
        source: SiteError,
    },
    /// It gave no answer; nothing was done.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// It gave no answer, and something was done before.
    #[error("it was not done to the end")]
    Stopped(#[source] ForgeError),
    /// It has no such pull request.
    #[error("{project} has no pull request {written} on {host}")]
    NoPull {
        /// As it was written.
        written: String,
        /// The forge's host.
        host: String,
        /// The project.
        project: String,
    },
    /// A pull request's commits are not in this clone.
    #[error("the pull request {written} ends in {commit:.12}, which is not here")]
    Absent {
        /// As it was written.
        written: String,
        /// The commit.
        commit: String,
        /// The remote that has it.
        remote: String,
        /// The ref that has it there.
        from: String,
    },
}

fn failed(error: impl Into<ForgingError>) -> FlowError {
    PatchingError::Forging(error.into()).into()
}

/// Returns how the project uses its forge, where it names one.
pub fn settings(workspace: &Workspace) -> Option<&Settings> {
    workspace.project.patch.forge.as_ref()
}

/// Returns how the project uses its forge.
fn must(workspace: &Workspace) -> Result<&Settings, FlowError> {
    settings(workspace).ok_or_else(|| failed(ForgingError::NotConfigured))
}

/// Finds the way to the project's forge. Asks nothing yet.
pub fn open(workspace: &Workspace, environment: &Environment) -> Result<Forge, FlowError> {
    let settings = must(workspace)?;
    let remote = workspace.project.release.remote.as_str();
    let url = workspace.repository.remote_url(remote)?;
    let site = Site::find(
        settings.kind,
        settings.url.as_deref(),
        settings.project.as_deref(),
        url.as_deref(),
    );
    let site = site.map_err(|source| {
        let remote = remote.to_owned();
        failed(ForgingError::Site { remote, source })
    })?;
    Forge::open(&site, environment).map_err(failed)
}
