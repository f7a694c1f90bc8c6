//! Errors of planning, preparing and tagging a release, and of the pushes
//! behind them.

use super::{Exit, Failure};
use crate::release::observe::ObserveError;
use crate::release::prepare::apply::PrepareError;
use crate::release::tag::apply::TagError;
use crate::sys::git::{PushError, RefsError, UserGitError};
use crate::sys::process::ToolError;

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::Git(error) => error.into(),
            ObserveError::Changelog { .. } => Self::of(Exit::Request, "broken-changelog", &error)
                .hint("dpkg-parsechangelog shows the same; correct it and commit"),
        }
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::File(error) => error.into(),
            PrepareError::Git(error) => error.into(),
            PrepareError::Busy { .. } => Self::of(Exit::Outside, "locked", &error)
                .hint("wait for it and run the same command again"),
            PrepareError::IndexLocked { ref path } => {
                let remove = format!("if no git runs: rm {}", path.display());
                Self::of(Exit::Outside, "locked", &error)
                    .hint("wait for it and run the same command again")
                    .hint(remove)
            }
            PrepareError::Changed { .. } | PrepareError::Moved(_) => {
                Self::of(Exit::Outside, "moved", &error)
                    .hint("run the same command again: it looks and plans anew")
            }
            PrepareError::Filter { .. } => Self::of(Exit::Request, "filter", &error),
            PrepareError::Elsewhere { .. } => Self::of(Exit::Request, "moved", &error),
            PrepareError::Unfinished { .. } => Self::of(Exit::Stopped, "unfinished", &error)
                .hint("run the same command again to finish"),
            PrepareError::User(error) => error.into(),
            PrepareError::Commit(_) => Self::of(Exit::Request, "no-commit", &error)
                .hint("commit.gpgSign is set: git commit-tree -S must work without a question")
                .hint("git -c commit.gpgSign=false …, or unlock the agent's key first"),
            PrepareError::Journal { .. } => Self::of(Exit::Request, "journal", &error),
            PrepareError::Refs(_) => Self::of(Exit::Outside, "git", &error),
        }
    }
}

impl From<TagError> for Failure {
    fn from(error: TagError) -> Self {
        match error {
            TagError::File(error) => error.into(),
            TagError::Repository(error) => error.into(),
            TagError::Busy { .. } => Self::of(Exit::Outside, "locked", &error)
                .hint("wait for it and run the same command again"),
            TagError::Git { .. } | TagError::Unsigned { .. } => {
                Self::of(Exit::Request, "no-key", &error)
                    .hint("git config user.signingKey KEY, or --key for a key of debcut's")
                    .hint("--no-sign makes a tag that nobody has signed")
            }
            TagError::Key { .. } => Self::of(Exit::Request, "no-key", &error),
            TagError::Refs(RefsError::Moved { .. }) => Self::of(Exit::Outside, "moved", &error)
                .hint("run the same command again: it looks and plans anew"),
            TagError::Refs(_) => Self::of(Exit::Outside, "git", &error),
        }
    }
}

impl From<PushError> for Failure {
    fn from(error: PushError) -> Self {
        match &error {
            PushError::Outward(_) => {
                let PushError::Outward(error) = error else {
                    unreachable!("matched above")
                };
                error.into()
            }
            PushError::Where(_) => Self::of(Exit::Outside, "git", &error),
            PushError::NoRemote { remote, known } => {
                Self::of(Exit::Request, "no-remote", &error).hint(no_remote(remote, known))
            }
            PushError::Rejected { .. } => Self::of(Exit::Outside, "push-rejected", &error)
                .hint("git fetch shows what is there; nothing was pushed")
                .hint("for a protected branch: debcut prepare --branch NAME --push"),
            PushError::NotAtomic { .. } => Self::of(Exit::Request, "push-not-atomic", &error)
                .hint("push by hand: first the branch, then the tags"),
            PushError::Unreached { .. } => Self::of(Exit::Outside, "push", &error)
                .hint("nothing was pushed; run the same command again"),
        }
    }
}

/// Says what names a remote that is there.
pub(super) fn no_remote(remote: &str, known: &[String]) -> String {
    match known {
        [] => format!("git remote add {remote} URL"),
        [one] => format!(
            "there is {one}: remote = \"{one}\" in [release] of debcut.toml names it, for debcut \
             patch sync also --remote {one}"
        ),
        several => format!(
            "there is {}: remote = \"…\" in [release] of debcut.toml names one, for debcut patch \
             sync also --remote NAME",
            several.join(", ")
        ),
    }
}

impl From<UserGitError> for Failure {
    fn from(error: UserGitError) -> Self {
        match &error.source {
            ToolError::Missing { .. } => error.source.into(),
            ToolError::Interrupted { .. } => error.source.into(),
            _ => Self::of(Exit::Outside, "git", &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::git::{GitError, Substitution};

    #[test]
    fn every_condition_of_a_clone_has_its_remedy() {
        let commit = || "0123456789".to_owned();
        let unsupported = |feature: &str| GitError::Unsupported {
            path: ".".into(),
            feature: feature.to_owned(),
        };
        let substituted = |how| GitError::Substituted {
            commit: commit(),
            how,
        };
        let missing = |partial: Option<&str>| GitError::MissingObject {
            id: commit(),
            partial: partial.map(str::to_owned),
        };
        let cases = [
            (GitError::Shallow { commit: commit() }, "fetch --unshallow"),
            (GitError::Unborn { branch: commit() }, "commit something"),
            (
                substituted(Substitution::Replaced),
                "git replace --delete 0123456789",
            ),
            (substituted(Substitution::Grafted), "info/grafts"),
            (missing(Some("upstream")), "--no-filter --tags upstream"),
            (missing(None), "git fsck"),
            (
                unsupported("unknown object format 'sha256'"),
                "fast-export --all",
            ),
            (
                unsupported("unsupported extension name extensions.refstorage"),
                "git refs migrate",
            ),
            (
                unsupported("unsupported extension name extensions.partialclone"),
                "without --filter",
            ),
        ];
        for (error, want) in cases {
            let said = error.to_string();
            let failure = Failure::from(ObserveError::Git(error));
            assert_eq!(failure.exit, Exit::Request, "{said}");
            assert!(failure.hints[0].contains(want), "{said}: {failure:?}");
        }
    }
}
