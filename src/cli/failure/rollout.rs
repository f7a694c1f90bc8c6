//! Errors of rollouts.

use super::{Exit, Failure};
use crate::flow::FlowError;
use crate::flow::rolling::RollingError;
use crate::rollout::drive::DriveError;
use crate::rollout::journal::JournalError;
use crate::sys::process::ToolError;

/// What to do where nothing can be rehearsed.
pub(super) const SKIP_REHEARSAL: &str = "debcut rollout abort, then rollout start … --skip-rehearsal \
     REASON goes without it: then canaries find what it would have found";

impl From<RollingError> for Failure {
    fn from(error: RollingError) -> Self {
        let of = |exit, kind| Self::of(exit, kind, &error);
        match &error {
            RollingError::NoStateHome => of(Exit::Request, "no-home")
                .hint("--state DIR, or DEBCUT_STATE, names a directory for journals"),
            RollingError::NoHosts => of(Exit::Request, "no-hosts")
                .hint("--hosts a,b,c: the first is the canary, the others follow a day later")
                .hint("or [[rollout.ring]] in debcut.toml, or the same in a file: --rings FILE"),
            RollingError::EmptyFirstRing { ring } => of(Exit::Request, "empty-ring").hint(format!(
                "put a host into {ring}: who goes first proves that the others may follow"
            )),
            RollingError::RestOfNobody { .. } => of(Exit::Request, "no-hosts")
                .hint("hosts = \"@all\" or { command = \"…\" } in [rollout] says who they all are")
                .hint("or --hosts a,b,c, or --hosts @GROUP of an inventory"),
            RollingError::HostsCommand { source, .. }
            | RollingError::CountCommand { source, .. } => match source {
                ToolError::Interrupted { .. } => {
                    of(Exit::Stopped, "interrupted").hint("run the same command again to finish")
                }
                _ => of(Exit::Outside, "command")
                    .hint("run it by hand, in the directory where debcut was started"),
            },
            RollingError::HostsLine { .. } => of(Exit::Request, "hosts")
                .hint("one host a line, as ssh(1) takes it; # begins a comment"),
            RollingError::Group { group, .. } => of(Exit::Outside, "inventory")
                .hint(format!("ansible-inventory -i INVENTORY --graph {group}")),
            RollingError::NoInventory { .. } => of(Exit::Request, "no-inventory")
                .hint("inventory = \"hosts.ini\" in [rollout] names it"),
            RollingError::NoProfile { .. } => of(Exit::Request, "no-profile")
                .hint("[rollout.profile.NAME] in debcut.toml makes one"),
            RollingError::NoReason { .. } => {
                of(Exit::Request, "no-reason").hint("--reason 'why it cannot wait'")
            }
            RollingError::CountLine { .. } => of(Exit::Outside, "command")
                .hint("lines of HOST VERSION, or {\"all\": 100, \"there\": 7, \"failed\": 0}"),
            RollingError::NoRollout { only_open, .. } => {
                let failure = of(Exit::Request, "no-rollout");
                match only_open {
                    true => failure
                        .hint("debcut rollout history shows those that have ended")
                        .hint("debcut rollout start NAME=VERSION begins one"),
                    false => failure
                        .hint("debcut rollout start NAME=VERSION begins one")
                        .hint("--state DIR looks elsewhere: journals are where it was started"),
                }
            }
            RollingError::UnknownRollout { .. } => of(Exit::Request, "no-rollout")
                .hint("debcut rollout history lists them")
                .hint("--state DIR looks elsewhere: journals are where it was started"),
            RollingError::SeveralRollouts { found } => found
                .iter()
                .fold(of(Exit::Request, "several-rollouts"), |failure, id| {
                    failure.hint(format!("… {id}"))
                }),
            RollingError::UnknownHost { .. } => of(Exit::Request, "no-host")
                .hint("debcut rollout status --json lists the hosts of every ring"),
            RollingError::NotNow { fix, .. } => {
                let failure = of(Exit::Request, "not-now");
                match fix.is_empty() {
                    true => failure,
                    false => failure.hint(fix.clone()),
                }
            }
            RollingError::Means { .. } => of(Exit::Request, "damaged-state")
                .hint("name the archive again: --archive writes the file anew"),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let of = |exit, kind| Self::of(exit, kind, &error);
        match &error {
            JournalError::File(_) => Self::of_failed_io(&error),
            JournalError::Locked { .. } => of(Exit::Outside, "locked")
                .hint("that one goes on with it; debcut rollout status --watch looks on")
                .hint("pause, resume, skip-soak, exclude and abort reach it all the same"),
            JournalError::Taken(id) => {
                of(Exit::Request, "rollout-taken").hint(format!("debcut rollout status {id}"))
            }
            JournalError::Missing(_) => {
                of(Exit::Request, "no-rollout").hint("debcut rollout history lists them")
            }
            JournalError::Changed { .. } => of(Exit::Request, "damaged-state")
                .hint("bring the file back from a backup: who changed it hides what was done"),
        }
    }
}

impl From<DriveError> for Failure {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Journal(error) => error.into(),
            DriveError::Outside { ref source, .. }
                if matches!(source.downcast_ref(), Some(FlowError::Rehearsal(_))) =>
            {
                Self::of(Exit::Outside, "rehearsal", &error)
                    .hint("run the same command again, once that is there")
                    .hint(SKIP_REHEARSAL)
            }
            DriveError::Outside { .. } => Self::of(Exit::Outside, "outside", &error)
                .hint("run the same command again: it goes on from its journal"),
            DriveError::Unfit(_) => {
                Self::of(Exit::Bug, "bug", &error).hint("report it with the rollout's journal")
            }
        }
    }
}
