//! The user's own `git`, for what libgit2 does not do or does otherwise:
//! filters of the work tree, an index with extensions, transactions of refs,
//! signatures by the user's configuration, and the network.

use std::path::Path;

use crate::sys::environment::Environment;
use crate::sys::process::{Output, Tool, ToolError};

use super::Repository;

/// Says that the user's git did not do something.
#[derive(Debug, thiserror::Error)]
#[error("git cannot {action}")]
pub struct UserGitError {
    /// What was tried.
    pub action: String,
    /// What it said.
    #[source]
    pub source: ToolError,
}

/// Variables that would lead git to another repository than the opened one
/// (`git rev-parse --local-env-vars`, without those of the configuration).
const ELSEWHERE: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The user's `git`, at the top of a repository, in the user's environment.
///
/// It never asks at the terminal: it runs in a process group of its own, where
/// a question would stop it for ever. Agents and askpass programs that show
/// windows of their own can be asked.
#[derive(Clone, Copy)]
pub struct UserGit<'a> {
    pub(super) repository: &'a Repository,
    environment: &'a Environment,
}

impl<'a> UserGit<'a> {
    /// Takes a repository and the user's environment: with the home, the
    /// configuration, the agents and whatever git's helpers read.
    pub fn new(repository: &'a Repository, environment: &'a Environment) -> Self {
        Self {
            repository,
            environment,
        }
    }

    /// Takes another work tree, with the same environment.
    pub fn of<'b>(&self, repository: &'b Repository) -> UserGit<'b>
    where
        'a: 'b,
    {
        UserGit::new(repository, self.environment)
    }

    /// Prepares a command that runs the repository's hooks, as the user's own
    /// call would.
    pub(super) fn with_hooks(&self) -> Tool {
        let own = self.environment.without_secrets();
        let passed = own
            .variables()
            .filter(|(name, _)| !ELSEWHERE.contains(name));
        let askpass = self.environment.var("SSH_ASKPASS").unwrap_or("false");
        Tool::new("git")
            .envs(passed)
            .env("PATH", self.environment.search_path())
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .dir(self.repository.top())
    }

    /// Prepares a command that runs no hooks: what debcut writes is decided,
    /// and a hook that changes or refuses it half-way would only break it.
    pub(super) fn tool(&self) -> Tool {
        self.with_hooks()
            .args(["-c", "core.hooksPath=/dev/null", "--literal-pathspecs"])
    }

    pub(super) fn run(&self, action: &str, tool: Tool) -> Result<Output, UserGitError> {
        tool.output().map_err(failed(action))
    }

    /// Clones the repository, with its tags, into a new directory.
    pub fn clone_to(&self, directory: &Path) -> Result<(), UserGitError> {
        let tool = self
            .tool()
            .args(["clone", "--quiet", "--no-hardlinks", "--"])
            .arg(self.repository.top())
            .arg(directory);
        self.run("clone the repository", tool).map(drop)
    }

    /// Tells whether git's configuration names a way to sign tags.
    pub fn names_a_signer(&self) -> Result<bool, UserGitError> {
        let tool = self
            .tool()
            .args(["config", "--default=", "--get", "user.signingKey"]);
        let named = self.run("read its setting user.signingKey", tool)?;
        Ok(!line(&named).is_empty() || self.is_set("tag.gpgSign")?)
    }

    /// Reads a setting that is true or false; one that is not set is false.
    pub fn is_set(&self, name: &str) -> Result<bool, UserGitError> {
        let action = format!("read its setting {name}");
        let tool = self
            .tool()
            .args(["config", "--type=bool", "--default=false", "--get", name]);
        let output = self.run(&action, tool)?;
        Ok(output.stdout.starts_with(b"true"))
    }
}

pub(super) fn failed(action: &str) -> impl FnOnce(ToolError) -> UserGitError {
    let action = action.to_owned();
    move |source| UserGitError { action, source }
}

/// Reads the one line that git answered.
pub(super) fn line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end().into()
}
