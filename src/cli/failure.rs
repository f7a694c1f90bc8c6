//! The one table from errors to exit codes, kinds and hints.
//!
//! Modules say what went wrong; what that means for a caller's next step is
//! said here, where the command line is known.

use std::any::Any;
use std::error::Error;
use std::io;

use crate::build::apply::BuildError;
use crate::build::observe::ObserveError;
use crate::build::place::PlaceError;
use crate::config::ConfigError;
use crate::flow::FlowError;
use crate::flow::inspecting::InspectError;
use crate::flow::packing::PackError;
use crate::format::deb::{self, BuildTreeError, ReadError};
use crate::format::tar;
use crate::format::version::VersionError;
use crate::keys::{ChooseError, KeyDescription, StoreError};
use crate::model::name::NameError;
use crate::publish::PublishError;
use crate::sys::files::FileError;
use crate::sys::git::GitError;
use crate::sys::openpgp::{AgentError, SignError, UnlockError};
use crate::sys::process::ToolError;
use crate::sys::store::{LockError, StoreError as ArchiveStoreError};
use crate::sys::tree::TreeReadError;

/// Exit codes (the command-line contract).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no.
    No = 1,
    /// The request is wrong.
    Request = 2,
    /// Something outside failed; trying again may help.
    Outside = 3,
    /// Stopped half-way; running again finishes.
    Stopped = 4,
    /// A bug in debcut.
    Bug = 70,
}

/// Why a verb could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    pub kind: &'static str,
    pub message: String,
    pub causes: Vec<String>,
    pub hints: Vec<String>,
}

impl Failure {
    /// Says that the request is wrong.
    pub fn request(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Request,
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Says that something outside failed, and that trying again may help.
    pub fn outside(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Outside,
            ..Self::request(kind, message)
        }
    }

    /// Says that the program itself is at fault.
    pub fn bug(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let mut failure = Self::request("bug", format!("this is a bug in debcut: {said}"));
        failure.exit = Exit::Bug;
        failure
            .hint("report it with the command and the lines above; nothing was left half-written")
    }

    /// Says that the system lets nobody ask this process to stop.
    pub fn signals(error: &io::Error) -> Self {
        let message = format!("cannot watch for signals: {error}");
        Self {
            exit: Exit::Outside,
            ..Self::request("signals", message)
        }
    }

    /// Folds an error and its causes.
    fn of(exit: Exit, kind: &'static str, error: &dyn Error) -> Self {
        let message = error.to_string();
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A transparent error says what its cause says.
            if text != message && causes.last() != Some(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        Self {
            exit,
            kind,
            message,
            causes,
            hints: Vec::new(),
        }
    }

    /// Folds an error that the system caused somewhere below.
    fn of_failed_io(error: &(dyn Error + 'static)) -> Self {
        let (exit, kind, hint) = of_io(error);
        hint.into_iter()
            .fold(Self::of(exit, kind, error), Self::hint)
    }

    /// Adds what to try next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// What the system's error means for the caller.
fn of_io(error: &(dyn Error + 'static)) -> (Exit, &'static str, Option<&'static str>) {
    use io::ErrorKind as Kind;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => (
                    Exit::Outside,
                    "no-space",
                    Some("make room and run the same command again"),
                ),
                Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                    (Exit::Request, "permission", None)
                }
                Kind::NotFound | Kind::NotADirectory | Kind::IsADirectory => {
                    (Exit::Request, "no-file", None)
                }
                Kind::Interrupted => (Exit::Stopped, "interrupted", None),
                _ => (Exit::Outside, "input-output", None),
            };
        }
        cause = error.source();
    }
    (Exit::Outside, "input-output", None)
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::of_failed_io(&error)
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        match &error {
            GitError::Write(_) => {
                let GitError::Write(error) = error else {
                    unreachable!("matched above")
                };
                Self::from(error)
            }
            GitError::NoRepository { .. } => Self::of(Exit::Request, "no-repository", &error)
                .hint("run it inside the repository, or name it with -C DIR"),
            GitError::ForeignRepository { path } => {
                Self::of(Exit::Request, "foreign-repository", &error).hint(format!(
                    "git config --global --add safe.directory {}",
                    path.display()
                ))
            }
            GitError::Unsupported { .. } => {
                Self::of(Exit::Request, "unsupported-repository", &error)
            }
            GitError::NoTag { .. } => Self::of(Exit::Request, "no-tag", &error)
                .hint("git tag --list shows what is there; git fetch --tags gets what is not"),
            GitError::RenamedTag { .. } => Self::of(Exit::Request, "renamed-tag", &error)
                .hint("delete the ref and fetch the real tag"),
            GitError::NoCommit { .. } => Self::of(Exit::Request, "no-commit", &error),
            GitError::Unexportable { .. } => Self::of(Exit::Request, "unexportable-tree", &error),
            GitError::Git { .. } => Self::of(Exit::Outside, "git", &error),
        }
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        match &error {
            ToolError::Missing { program } => {
                let install = package_of(program).map(|p| format!("apt-get install {p}"));
                let failure = Self::of(Exit::Request, "missing-tool", &error);
                install.into_iter().fold(failure, Self::hint)
            }
            ToolError::Run { .. } => Self::of(Exit::Outside, "tool", &error),
            ToolError::Failed { .. } => Self::of(Exit::Outside, "tool", &error),
            ToolError::TimedOut { .. } => Self::of(Exit::Outside, "timeout", &error),
            ToolError::Interrupted { .. } => Self::of(Exit::Stopped, "interrupted", &error)
                .hint("run the same command again to finish"),
        }
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::of(Exit::Request, "invalid-name", &error)
    }
}

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

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::File(error) => error.into(),
            FlowError::Git(error) => error.into(),
            FlowError::Config(error) => error.into(),
            FlowError::Observe(error) => error.into(),
            FlowError::Choose(error) => error.into(),
            FlowError::Keys(error) => error.into(),
            FlowError::Sign(error) => error.into(),
            FlowError::Build(error) => error.into(),
            FlowError::Archive(error) => error.into(),
            FlowError::Publish(error) => error.into(),
            FlowError::Lock(LockError::Store(error)) => error.into(),
            FlowError::Lock(LockError::Held { .. }) => Self::of(Exit::Outside, "locked", &error)
                .hint("wait for it and run the same command again; --wait SECONDS waits longer"),
            FlowError::NoArchive { ref place } => Self::of(Exit::Request, "no-archive", &error)
                .hint(format!("debcut archive init {place} --suite stable")),
            FlowError::NoSuite {
                ref place,
                ref wanted,
                ..
            } => Self::of(Exit::Request, "no-suite", &error).hint(format!(
                "debcut archive init {place} --suite {wanted} adds one"
            )),
            FlowError::UnsupportedLocation { .. } => {
                Self::of(Exit::Request, "unsupported-archive", &error)
            }
            FlowError::UnsignedArchive => Self::of(Exit::Request, "no-key", &error),
            FlowError::NoCertificate { .. } => Self::of(Exit::Request, "no-key", &error)
                .hint("publish once more with the same key, or export it with debcut key export"),
            FlowError::Tool(error) => error.into(),
            FlowError::NoDemo { .. } => Self::of(Exit::Request, "output-taken", &error)
                .hint("debcut demo DIR with a new directory"),
            FlowError::NoDataHome => Self::of(Exit::Request, "no-home", &error),
            FlowError::Keyring { .. } => Self::of(Exit::Request, "keyring", &error)
                .hint("debcut key export writes one, and so does gpg --export"),
            FlowError::NoPackage {
                only_in_work_tree,
                ref revision,
            } => {
                let failure = Self::of(Exit::Request, "no-package", &error);
                match only_in_work_tree {
                    true => failure
                        .hint(format!(
                            "commit debcut.toml and tag again: a build reads it from {revision}"
                        ))
                        .hint("--config debcut.toml builds the tag by the work tree's file"),
                    false => failure.hint("debcut init writes a debcut.toml to start from"),
                }
            }
            FlowError::UnknownPackage { .. } => Self::of(Exit::Request, "no-package", &error),
            FlowError::UnknownTagStyle { .. } => Self::of(Exit::Request, "tag-style", &error)
                .hint("name the style in debcut.toml: tag = \"release-{version}\""),
            FlowError::SeveralPackages { .. } => {
                Self::of(Exit::Request, "several-packages", &error).hint("--package NAME picks one")
            }
            FlowError::NoTagAtHead { ref tags } => {
                let failure = Self::of(Exit::Request, "no-tag", &error);
                match tags.first() {
                    Some(tag) => failure.hint(format!("debcut build {tag}")),
                    None => failure
                        .hint("debcut build TAG builds an older one")
                        .hint("debcut build --commit HEAD builds a candidate"),
                }
            }
            FlowError::OutTaken { .. } => Self::of(Exit::Request, "output-taken", &error)
                .hint("name another directory with --out DIR"),
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
            BuildError::Sign { .. } | BuildError::Attest(_) => {
                Self::of(Exit::Request, "signing", &error)
            }
            BuildError::OrigChanged { .. } => Self::of(Exit::Outside, "orig-changed", &error),
            BuildError::Declared { .. } => Self::of(Exit::Request, "declared-package", &error)
                .hint("correct debcut.toml, commit, and tag that commit"),
            BuildError::Tree(_) | BuildError::Pack { .. } => Self::of_failed_io(&error),
            BuildError::Failed { .. }
            | BuildError::Product { .. }
            | BuildError::Name(_)
            | BuildError::Changelog(_)
            | BuildError::Write { .. } => Self::of(Exit::Request, "build", &error),
        }
    }
}

impl From<VersionError> for Failure {
    fn from(error: VersionError) -> Self {
        Self::of(Exit::Request, "invalid-version", &error)
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        match error {
            PackError::File(error) => error.into(),
            PackError::Tree(TreeReadError::Read { .. })
            | PackError::Build {
                source: BuildTreeError::Content { .. },
                ..
            } => Self::of_failed_io(&error),
            PackError::Tree(TreeReadError::NoDirectory { .. }) => {
                Self::of(Exit::Request, "no-directory", &error)
            }
            PackError::Tree(TreeReadError::Kind { .. }) | PackError::Build { .. } => {
                Self::of(Exit::Request, "broken-tree", &error)
            }
            PackError::Level(_) => Self::of(Exit::Request, "compression", &error),
            PackError::Tree(TreeReadError::Changed { .. })
            | PackError::Write {
                source:
                    deb::WriteError::Tar {
                        source: tar::WriteError::Size { .. },
                        ..
                    },
                ..
            } => Self::of(Exit::Outside, "tree-changed", &error)
                .hint("wait until nobody writes in the directory, and run the same command again"),
            PackError::Write {
                source: deb::WriteError::Header { .. },
                ..
            } => Self::of(Exit::Request, "too-large", &error),
            PackError::Write { .. } => Self::of_failed_io(&error),
        }
    }
}

impl From<InspectError> for Failure {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::File(error) => error.into(),
            InspectError::Read {
                source: ReadError::Source { .. } | ReadError::Visit { .. },
                ..
            } => Self::of_failed_io(&error),
            InspectError::Read { .. } => Self::of(Exit::Request, "unsound-package", &error),
        }
    }
}

impl From<ArchiveStoreError> for Failure {
    fn from(error: ArchiveStoreError) -> Self {
        match error {
            ArchiveStoreError::NoSpace { .. } => Self::of(Exit::Outside, "no-space", &error)
                .hint("make room and run the same command again"),
            ArchiveStoreError::Denied { .. } => {
                Self::of(Exit::Request, "permission", &error).hint("run it as the archive's owner")
            }
            ArchiveStoreError::Conflict { .. } | ArchiveStoreError::Changed { .. } => {
                Self::of(Exit::Outside, "changed-meanwhile", &error)
                    .hint("run the same command again")
            }
            ArchiveStoreError::Local { .. } | ArchiveStoreError::Failed { .. } => {
                Self::of_failed_io(&error)
            }
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::LostRace { .. } => {
                Self::of(Exit::Outside, "lost-race", &error).hint("run the same command again")
            }
            PublishError::Foreign { .. } => Self::of(Exit::Request, "foreign-archive", &error)
                .hint("choose a directory of its own for debcut's archive"),
            PublishError::Sign { .. } => Self::of(Exit::Request, "signing", &error),
            PublishError::Unread(_) => Self::of(Exit::Bug, "bug", &error),
            PublishError::Head { .. }
            | PublishError::Manifest { .. }
            | PublishError::Missing { .. }
            | PublishError::Damaged { .. }
            | PublishError::Chunk { .. }
            | PublishError::Piece { .. } => Self::of(Exit::Request, "damaged-archive", &error)
                .hint("debcut archive check --deep says what else is damaged"),
        }
    }
}

impl From<ChooseError> for Failure {
    fn from(error: ChooseError) -> Self {
        let list = |failure: Self, keys: &[KeyDescription]| {
            keys.iter().fold(failure, |failure, key| {
                failure.hint(format!("--key {}   # {}", key.fingerprint, key.user_id))
            })
        };
        match error {
            ChooseError::CiFile(error) => error.into(),
            ChooseError::Store(error) => error.into(),
            ChooseError::NoKey => Self::of(Exit::Request, "no-key", &error)
                .hint("debcut key new makes one")
                .hint("--key gpg:FINGERPRINT signs through your gpg-agent")
                .hint("--no-sign builds without signatures, to try things out"),
            ChooseError::Several(ref keys) => {
                list(Self::of(Exit::Request, "several-keys", &error), keys)
            }
            ChooseError::Ambiguous { ref found, .. } => {
                list(Self::of(Exit::Request, "several-keys", &error), found)
            }
            ChooseError::NoSuchKey { ref known, .. } => {
                list(Self::of(Exit::Request, "no-key", &error), known)
            }
            ChooseError::Unlock(UnlockError::NoPassphrase { .. }) => {
                Self::of(Exit::Request, "no-passphrase", &error)
                    .hint("set DEBCUT_SIGNING_PASSPHRASE, or run it on a terminal")
            }
            ChooseError::Unlock(UnlockError::WrongPassphrase { .. }) => {
                Self::of(Exit::Request, "wrong-passphrase", &error)
            }
            ChooseError::Agent(AgentError::Tool(error)) => error.into(),
            ChooseError::Agent(AgentError::WrongPassphrase { .. }) => {
                Self::of(Exit::Request, "wrong-passphrase", &error)
            }
            ChooseError::Name { .. }
            | ChooseError::CiKey(_)
            | ChooseError::CiKeys { .. }
            | ChooseError::Agent(_)
            | ChooseError::Ask { .. }
            | ChooseError::Unlock(_) => Self::of(Exit::Request, "key", &error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::File(error) => error.into(),
            StoreError::NoKey { .. } | StoreError::NoSecret { .. } => {
                Self::of(Exit::Request, "no-key", &error)
                    .hint("debcut key list shows what is there")
            }
            _ => Self::of(Exit::Request, "key", &error),
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Expired { .. } | SignError::Revoked { .. } => {
                Self::of(Exit::Request, "unusable-key", &error)
                    .hint("debcut key new makes another; --key FINGERPRINT picks one")
            }
            SignError::BeforeKey { .. } | SignError::Moment { .. } => {
                Self::of(Exit::Request, "clock", &error)
                    .hint("check the machine's clock, and DEBCUT_NOW")
            }
            SignError::Agent(AgentError::Tool(error)) => error.into(),
            _ => Self::of(Exit::Request, "signing", &error),
        }
    }
}

/// The Debian package that brings a program.
fn package_of(program: &str) -> Option<&'static str> {
    Some(match program {
        "dpkg-source"
        | "dpkg-buildpackage"
        | "dpkg-genchanges"
        | "dpkg-genbuildinfo"
        | "dpkg-checkbuilddeps"
        | "dpkg-parsechangelog" => "dpkg-dev",
        "fakeroot" => "fakeroot",
        "gpg" | "gpgconf" => "gnupg",
        "git" => "git",
        "apt-get" => "apt",
        _ => return None,
    })
}
