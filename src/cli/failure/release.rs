//! Errors of planning, preparing and tagging a release, and of the pushes
//! behind them.

use super::{Exit, Failure};
use crate::release::observe::ObserveError;
use crate::release::prepare::apply::PrepareError;
use crate::release::tag::apply::TagError;
use crate::sys::git::{Arrival, PushError, RefsError, UserGitError};
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
            PushError::Unreached { source, .. } => {
                let failure = match source {
                    ToolError::Interrupted { .. } => Self::of(Exit::Stopped, "interrupted", &error),
                    _ => Self::of(Exit::Outside, "push", &error),
                };
                failure.hint(match error.arrival() {
                    Arrival::Not => "nothing was pushed; run the same command again",
                    Arrival::Unknown => {
                        "it may have been pushed; run the same command again: it looks what is there"
                    }
                })
            }
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
            _ => Self::of(Exit::Outside, "git", &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::patching::PatchingError;
    use crate::flow::patching::applying::ApplyError;
    use crate::sys::git::{CommitError, FetchError, GitError, Substitution};

    #[test]
    fn who_asked_to_stop_hears_of_no_key_and_no_remote() {
        let stopped = || ToolError::Interrupted {
            program: "git".to_owned(),
        };
        let user = || UserGitError {
            action: "sign the release commit".to_owned(),
            source: stopped(),
        };
        let commit = || CommitError::User(user());
        let unreached = || FetchError::Unreached {
            remote: "origin".to_owned(),
            source: stopped(),
        };
        let cases: [Failure; 6] = [
            PrepareError::Commit(commit()).into(),
            PrepareError::Refs(RefsError::User(user())).into(),
            TagError::Refs(RefsError::User(user())).into(),
            PatchingError::Apply(ApplyError::Commit(commit())).into(),
            PatchingError::Fetch(unreached()).into(),
            user().into(),
        ];
        for failure in cases {
            assert_eq!(failure.exit, Exit::Stopped, "{failure:?}");
            assert_eq!(failure.kind, "interrupted", "{failure:?}");
            assert_eq!(failure.hints, ["run the same command again to finish"]);
        }
        // What fails by itself is what it was.
        let failed = UserGitError {
            action: "sign the release commit".to_owned(),
            source: ToolError::Missing {
                program: "gpg".to_owned(),
            },
        };
        let failure = Failure::from(PrepareError::Commit(CommitError::User(failed)));
        assert_eq!(failure.exit, Exit::Request, "{failure:?}");
    }

    #[test]
    fn a_push_that_was_cut_off_may_have_arrived() {
        let failed = |tail: &str| ToolError::Failed {
            program: "git".to_owned(),
            how: "ended with 128".to_owned(),
            code: Some(128),
            tail: tail.to_owned(),
        };
        let program = || "git".to_owned();
        for (source, exit, want) in [
            (
                ToolError::Interrupted { program: program() },
                Exit::Stopped,
                "it may have been pushed",
            ),
            (
                ToolError::TimedOut {
                    program: program(),
                    limit: std::time::Duration::from_secs(1),
                    tail: String::new(),
                },
                Exit::Outside,
                "it may have been pushed",
            ),
            (
                failed("fatal: the remote end hung up unexpectedly"),
                Exit::Outside,
                "it may have been pushed",
            ),
            (
                failed("fatal: Could not read from remote repository."),
                Exit::Outside,
                "nothing was pushed",
            ),
        ] {
            let remote = "origin".to_owned();
            let failure = Failure::from(PushError::Unreached { remote, source });
            assert_eq!(failure.exit, exit, "{failure:?}");
            assert!(failure.hints[0].starts_with(want), "{failure:?}");
        }
    }

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
