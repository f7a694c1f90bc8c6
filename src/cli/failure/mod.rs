//! The one table from errors to exit codes, kinds and hints.
//!
//! Modules say what went wrong; what that means for a caller's next step is
//! said here, where the command line is known.

mod archive;
mod build;
mod flow;
mod forge;
mod keys;
mod patch;
mod release;
mod rollout;
mod root;
mod small_tools;

use crate::model::name::NameError;
use crate::sys::files::FileError;
use crate::sys::git::{GitError, Substitution, is_denial};
use crate::sys::outward::{Destination, OutwardError};
use crate::sys::process::ToolError;
use std::any::Any;
use std::error::Error;
use std::io;

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

    /// Folds an error and its causes. Whatever was at work when the user asked
    /// to stop, that is why it ended: neither a key nor a remote is at fault.
    fn of(exit: Exit, kind: &'static str, error: &(dyn Error + 'static)) -> Self {
        if kind != INTERRUPTED && was_interrupted(error) {
            return Self::of(Exit::Stopped, INTERRUPTED, error)
                .hint("run the same command again to finish");
        }
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
        // Trying again does not make a repository writable.
        let denied = kind == "git" && causes.iter().chain([&message]).any(|one| is_denial(one));
        let (exit, kind) = match denied {
            true => (Exit::Request, "permission"),
            false => (exit, kind),
        };
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

    /// Adds what to try next. Who was asked to stop has one way on, and no
    /// remedy for what did not fail.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if self.kind != INTERRUPTED || self.hints.is_empty() {
            self.hints.push(hint.into());
        }
        self
    }
}

/// The kind of what ended because the user asked to stop.
const INTERRUPTED: &str = "interrupted";

/// Tells whether another program was ended because the user asked to stop.
fn was_interrupted(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(ToolError::Interrupted { .. }) = error.downcast_ref() {
            return true;
        }
        cause = error.source();
    }
    false
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
            GitError::Unsupported { feature, .. } => {
                let failure = Self::of(Exit::Request, "unsupported-repository", &error);
                way_round(feature).into_iter().fold(failure, Self::hint)
            }
            GitError::Unborn { .. } => {
                Self::of(Exit::Request, "no-commit", &error).hint("commit something first")
            }
            GitError::Shallow { .. } => Self::of(Exit::Request, "shallow-clone", &error)
                .hint("git fetch --unshallow --tags (in a pipeline: fetch with depth 0)"),
            GitError::Substituted { commit, how } => {
                let hint = match how {
                    Substitution::Replaced => format!("git replace --delete {commit}"),
                    Substitution::Grafted => format!(
                        "delete the line of {commit} from $(git rev-parse --git-path info/grafts)"
                    ),
                };
                Self::of(Exit::Request, "substituted-commit", &error).hint(hint)
            }
            GitError::MissingObject { partial, .. } => {
                let hint = match partial {
                    Some(remote) => format!(
                        "git config --unset remote.{remote}.partialclonefilter; \
                         git fetch --refetch --no-filter --tags {remote}"
                    ),
                    None => {
                        "git fsck tells what else is missing; clone the repository again".to_owned()
                    }
                };
                Self::of(Exit::Request, "missing-object", &error).hint(hint)
            }
            GitError::BrokenObject { .. } => Self::of(Exit::Request, "damaged-repository", &error)
                .hint("git fsck tells what else is damaged; clone the repository again"),
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
            ToolError::Failed { .. } | ToolError::TooMuch { .. } => {
                Self::of(Exit::Outside, "tool", &error)
            }
            ToolError::TimedOut { .. } => Self::of(Exit::Outside, "timeout", &error),
            ToolError::Interrupted { .. } => Self::of(Exit::Stopped, "interrupted", &error)
                .hint("run the same command again to finish"),
        }
    }
}

impl From<OutwardError> for Failure {
    fn from(error: OutwardError) -> Self {
        match error {
            OutwardError::File(error) => error.into(),
            OutwardError::Unreadable { .. } => Self::of(Exit::Request, "damaged-state", &error)
                .hint("it was changed by hand, or written by a newer debcut"),
            OutwardError::Repository { .. } => Self::of(Exit::Outside, "git", &error)
                .hint("git for-each-ref shows what is wrong with them"),
            OutwardError::Carried { ref name, .. } => Self::of(Exit::Request, "embargoed", &error)
                .hint(format!(
                    "debcut patch embargo {name} takes part in it, and guards git push"
                ))
                .hint("git fetch --prune, where it was lifted elsewhere"),
            OutwardError::Embargoed { ref to, ref name }
                if matches!(**to, Destination::Command(_)) =>
            {
                Self::of(Exit::Request, "embargoed", &error).hint(format!(
                    "if it tells nobody: debcut patch embargo {name} --private-command 'COMMAND'"
                ))
            }
            OutwardError::Embargoed { .. }
            | OutwardError::Product { .. }
            | OutwardError::PrivateArchive { .. } => Self::of(Exit::Request, "embargoed", &error)
                .hint("debcut patch embargo shows what is marked private, and marks more")
                .hint("debcut patch lift releases everything at once"),
        }
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::of(Exit::Request, "invalid-name", &error)
    }
}

/// How a repository that libgit2 does not read is made one that it does.
fn way_round(feature: &str) -> Option<&'static str> {
    if feature.contains("object format") || feature.contains("objectformat") {
        return Some(
            "make a copy with SHA-1 ids: git init --object-format=sha1 COPY; \
             git fast-export --all --signed-tags=strip | git -C COPY fast-import",
        );
    }
    if feature.contains("refstorage") {
        return Some("git refs migrate --ref-format=files");
    }
    feature
        .contains("partialclone")
        .then_some("git clone it again without --filter")
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
        "sbuild" => "sbuild",
        "lintian" => "lintian",
        "autopkgtest" => "autopkgtest",
        "gpg" | "gpgconf" => "gnupg",
        "git" => "git",
        "apt-get" => "apt",
        _ => return None,
    })
}
