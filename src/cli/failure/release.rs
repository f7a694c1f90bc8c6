//! Errors of planning a release.

use super::{Exit, Failure};
use crate::release::observe::ObserveError;

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::Git(error) => error.into(),
            ObserveError::Changelog { .. } => Self::of(Exit::Request, "broken-changelog", &error)
                .hint("dpkg-parsechangelog shows the same; correct it and commit"),
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
