//! Errors of a build: configuration, observation and the build itself.

use super::{Exit, Failure};
use crate::build::apply::BuildError;
use crate::build::observe::ObserveError;
use crate::build::place::PlaceError;
use crate::config::{ConfigError, DebianizeError};
use crate::sys::sandbox::SandboxError;

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Self::of(Exit::Request, "configuration", &error);
        match error {
            ConfigError::Malformed {
                nearest: Some(nearest),
                ..
            } => failure.hint(format!("did you mean “{nearest}”?")),
            _ => failure,
        }
    }
}

impl From<DebianizeError> for Failure {
    fn from(error: DebianizeError) -> Self {
        match error {
            DebianizeError::File(error) => error.into(),
            DebianizeError::Version { .. } => Self::of(Exit::Request, "version", &error)
                .hint("write debian/changelog by hand, and run the same command again"),
            DebianizeError::Changelog(_) => Self::of(Exit::Request, "changelog", &error)
                .hint("DEBFULLNAME and DEBEMAIL say who the maintainer is"),
        }
    }
}

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::Git(error) => error.into(),
            ObserveError::File(error) => error.into(),
            ObserveError::Tool(error) => error.into(),
            ObserveError::NoFile { .. } => Self::of(Exit::Request, "missing-file", &error),
            ObserveError::Missing { .. } => Self::of(Exit::Request, "missing-file", &error)
                .hint("correct debcut.toml, commit, and tag that commit"),
            ObserveError::Control { .. } => Self::of(Exit::Request, "broken-control", &error)
                .hint("correct the line, commit, and tag that commit"),
            ObserveError::Changelog { .. } => Self::of(Exit::Request, "broken-changelog", &error)
                .hint(
                    "dpkg-parsechangelog shows the same; correct it, commit, and tag that commit",
                ),
            ObserveError::Format { .. } => Self::of(Exit::Request, "source-format", &error),
            ObserveError::NoOrig {
                ref nearby,
                ref tags,
                ..
            } => {
                let failure = Self::of(Exit::Request, "no-orig", &error);
                let failure = match nearby {
                    Some(path) => failure.hint(format!("--orig {}", path.display())),
                    None => failure.hint("--orig FILE|DIR gives the tarball"),
                };
                match tags.first() {
                    Some(tag) => failure.hint(format!(
                        "or fetch the upstream tag: git fetch origin tag {tag}"
                    )),
                    None => failure,
                }
            }
            ObserveError::NoPristineTar { .. } => Self::of(Exit::Request, "no-orig", &error)
                .hint("fetch it: git fetch origin pristine-tar:pristine-tar")
                .hint("--orig FILE|DIR gives the tarball"),
            ObserveError::NoComponent { .. } => Self::of(Exit::Request, "no-orig", &error)
                .hint("--orig DIR gives all tarballs")
                .hint("components = [{ name = \"NAME\", tag = \"TAG\" }] in debcut.toml names its tag"),
            ObserveError::UnmetDependencies { ref unmet, .. } => {
                let failure = Self::of(Exit::Request, "missing-build-dependency", &error);
                unmet
                    .install_command()
                    .into_iter()
                    .fold(failure, Self::hint)
            }
        }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        let failure = Self::of(Exit::Request, "isolation", &error);
        match error {
            SandboxError::NotAllowed { .. } | SandboxError::NoAccounts { .. } => failure
                .hint("--isolation none builds on this machine without isolation, and says so"),
            SandboxError::Source { .. } => failure
                .hint("host-paths in debcut.toml names what a build is shown of this machine"),
            SandboxError::SetUp { .. } | SandboxError::Broken { .. } | SandboxError::Run { .. } => {
                failure
            }
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Place(PlaceError::File(error)) | BuildError::File(error) => error.into(),
            BuildError::Place(PlaceError::Interrupted { .. }) => {
                Self::of(Exit::Stopped, "interrupted", &error)
                    .hint("run the same command again to finish")
            }
            BuildError::Git(error) => error.into(),
            BuildError::Tool(error) => error.into(),
            BuildError::Preload(_) => Self::of(Exit::Request, "no-compiler", &error)
                .hint("--no-vary time,directory-order builds without it"),
            BuildError::Sign { .. } | BuildError::Attest(_) => {
                Self::of(Exit::Request, "signing", &error)
            }
            BuildError::NoSpace { .. } => Self::of(Exit::Outside, "no-space", &error)
                .hint("make room there and run the same command again"),
            BuildError::Interrupted { .. } => Self::of(Exit::Stopped, "interrupted", &error)
                .hint("run the same command again to finish"),
            BuildError::NotUtf8 { .. } => Self::of(Exit::Request, "not-utf8", &error)
                .hint("convert it, commit, and tag that commit"),
            BuildError::OrigChanged { .. } => Self::of(Exit::Outside, "orig-changed", &error),
            BuildError::Declared { .. } => Self::of(Exit::Request, "declared-package", &error)
                .hint("correct debcut.toml, commit, and tag that commit"),
            BuildError::Tree(_) | BuildError::Pack { .. } => Self::of_failed_io(&error),
            BuildError::Sandbox(error) => error.into(),
            // The caller makes an answer of it.
            BuildError::Refused { .. } => Self::of(Exit::No, "build", &error),
            BuildError::Ungated { ref remedy, .. } => {
                let remedy = remedy.clone();
                Self::of(Exit::Request, "missing-tool", &error).hint(remedy)
            }
            BuildError::Failed { .. }
            | BuildError::Product { .. }
            | BuildError::Name(_)
            | BuildError::Changelog(_)
            | BuildError::Write { .. } => Self::of(Exit::Request, "build", &error),
        }
    }
}
