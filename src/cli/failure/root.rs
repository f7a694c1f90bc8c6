//! Errors of systems to build in.

use super::{Exit, Failure};
use crate::build::root::RootError;
use crate::flow::rooting::WantError;

impl From<RootError> for Failure {
    fn from(error: RootError) -> Self {
        match error {
            RootError::File(error) => error.into(),
            RootError::Tool(error) => error.into(),
            RootError::MissingProgram { package, .. } => {
                let hint = format!("apt-get install {package}");
                Self::of(Exit::Request, "missing-tool", &error).hint(hint)
            }
            RootError::NotAllowed { ref remedies, .. } => {
                let failure = Self::of(Exit::Request, "namespaces", &error);
                let failure = remedies
                    .iter()
                    .fold(failure, |failure, remedy| failure.hint(remedy));
                failure.hint("--isolation none builds without, and says so in what it makes")
            }
            RootError::NoCacheHome => Self::of(Exit::Request, "no-home", &error),
            RootError::Sandbox(_) => Self::of(Exit::Request, "namespaces", &error)
                .hint("debcut doctor says what is lacking"),
            RootError::Unreachable { .. } => Self::of(Exit::Outside, "mirror", &error)
                .hint("run the same command again when it answers")
                .hint("[build] mirror in debcut.toml names another one"),
            RootError::NoSuiteThere { .. } => Self::of(Exit::Request, "no-suite", &error)
                .hint("[build] mirror in debcut.toml names the mirror, [build] suite the suite"),
            RootError::Make { .. } | RootError::Install { .. } => {
                Self::of(Exit::Outside, "root", &error)
            }
            RootError::Unmet { .. } => Self::of(Exit::Request, "missing-build-dependency", &error)
                .hint("[build] archives in debcut.toml names further archives to take them from")
                .hint("[build] suite, or --suite, builds in another suite"),
            RootError::NotFound { .. } => {
                Self::of(Exit::Request, "missing-build-dependency", &error)
                    .hint("name an archive that has them, or the snapshot of the day of the build")
            }
            RootError::Archive { .. } => Self::of(Exit::Request, "build-archive", &error)
                .hint("correct [build] archives in debcut.toml"),
            RootError::Control(_) => Self::of(Exit::Request, "broken-control", &error),
            RootError::Status(_) => Self::of(Exit::Outside, "root", &error)
                .hint("debcut root remove makes room for a new one"),
            RootError::Interrupted => Self::of(Exit::Stopped, "interrupted", &error)
                .hint("run the same command again to finish"),
        }
    }
}

impl From<WantError> for Failure {
    fn from(error: WantError) -> Self {
        match &error {
            WantError::Suite(unknown) => {
                let failure = Self::of(Exit::Request, "unknown-suite", &error);
                let failure = match &unknown.nearest {
                    // What is not released has no suite; most is made for this one.
                    Some(suite) if unknown.name == "UNRELEASED" => {
                        return failure.hint(format!("name one: {suite}, or --suite {suite}"));
                    }
                    Some(nearest) => failure.hint(format!("did you mean “{nearest}”?")),
                    None => failure,
                };
                failure
                    .hint("[build] suite in debcut.toml, or --suite, says where to build")
                    .hint("another distribution's suites need [build] mirror and keyring")
            }
            WantError::Archive { .. } => Self::of(Exit::Request, "build-archive", &error)
                .hint("correct [build] archives in debcut.toml"),
        }
    }
}
