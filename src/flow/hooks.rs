//! The project's own commands around the steps: `before-tag`, `after-publish`.
//!
//! A command before a step may stop it. One after a step is told of what was
//! done; each is run until it has succeeded once for the same occasion, so a
//! failed or killed one is made good by running the verb again.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::FlowError;
use super::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Finding, Listener, Sha256};
use crate::release::policy::{Hook, When};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::process::Tool;

/// Who runs hooks, and where.
pub struct Hooks<'a> {
    hooks: &'a [Hook],
    workspace: &'a Workspace,
    environment: &'a Environment,
    listener: &'a dyn Listener,
}

/// What a hook is told on its standard input.
#[derive(Debug, Clone, Serialize)]
pub struct Occasion {
    schema: &'static str,
    /// The step.
    pub step: &'static str,
    when: When,
    /// The packages.
    pub packages: Vec<HookPackage>,
    /// The suite that is published to.
    pub suite: Option<String>,
    /// The archive that is published to.
    pub archive: Option<String>,
}

/// A package that a step is about.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct HookPackage {
    /// Its name.
    pub name: String,
    /// Its version, as the project writes it.
    pub version: String,
    /// Its Debian version.
    pub debian_version: String,
    /// Its tag.
    pub tag: Option<String>,
    /// The release commit, where there is one.
    pub commit: Option<String>,
    /// A file with its notes in Markdown.
    pub notes_file: Option<String>,
    /// The files that were built.
    pub artifacts: Vec<String>,
}

/// A forge's API and a registry may be slow; a hook that hangs should still end.
const LIMIT: Duration = Duration::from_secs(60 * 60);
/// What no hook needs: the secrets of signing.
const SECRETS: [&str; 2] = ["DEBCUT_SIGNING_KEY", "DEBCUT_SIGNING_PASSPHRASE"];

impl Occasion {
    /// Names a step and its packages.
    pub fn new(step: &'static str, packages: Vec<HookPackage>) -> Self {
        Self {
            schema: "debcut/hook/1",
            step,
            when: When::Before,
            packages,
            suite: None,
            archive: None,
        }
    }

    /// Adds where it is published.
    #[must_use]
    pub fn published(mut self, suite: String, archive: String) -> Self {
        self.suite = Some(suite);
        self.archive = Some(archive);
        self
    }
}

impl<'a> Hooks<'a> {
    /// Takes the hooks of a policy.
    pub fn new(
        hooks: &'a [Hook],
        workspace: &'a Workspace,
        environment: &'a Environment,
        listener: &'a dyn Listener,
    ) -> Self {
        Self {
            hooks,
            workspace,
            environment,
            listener,
        }
    }

    /// Runs what stands before a step, until the first that says no.
    pub fn before(&self, occasion: &Occasion) -> Option<Finding> {
        for hook in self.of(When::Before, occasion.step) {
            if let Err(error) = self.run(hook, occasion, When::Before) {
                let subject = format!("before-{}", hook.step);
                let message = format!("`{}` said no: {}", hook.command, with_causes(&error));
                let finding = Finding::error("hook", subject, message);
                return Some(finding.fix("make it succeed, then run the same command again"));
            }
        }
        None
    }

    /// Runs what stands after a step and has not yet succeeded for it.
    pub fn after(&self, occasion: &Occasion) -> Result<(), FlowError> {
        if occasion.packages.is_empty() {
            return Ok(());
        }
        let mut failed = Ok(());
        for hook in self.of(When::After, occasion.step) {
            let told = serde_json::to_vec(&(hook.step.as_str(), &hook.command, occasion));
            let digest = Sha256::of(&told.expect("an occasion is plain"));
            let done = self.workspace.repository.own_dir().join("hooks-done");
            let mark = done.join(digest.hex());
            if mark.is_file() {
                continue;
            }
            match self.run(hook, occasion, When::After) {
                Ok(()) => {
                    files::create_dir(&done)?;
                    files::replace(&mark, hook.command.as_bytes(), Access::Public)?;
                }
                // The others do not depend on it; it is told at the end.
                Err(source) => {
                    failed = failed.and(Err(FlowError::Hook {
                        step: hook.step.clone(),
                        command: hook.command.clone(),
                        source,
                    }));
                }
            }
        }
        failed
    }

    fn of(&self, when: When, step: &str) -> impl Iterator<Item = &'a Hook> {
        let hooks = self.hooks.iter();
        hooks.filter(move |hook| hook.when == when && hook.step == step)
    }

    fn run(
        &self,
        hook: &Hook,
        occasion: &Occasion,
        when: When,
    ) -> Result<(), crate::sys::process::ToolError> {
        let side = match when {
            When::Before => "before",
            When::After => "after",
        };
        self.listener
            .begin(format!("{side}-{}: {}", hook.step, hook.command));
        let told = Occasion {
            when,
            ..occasion.clone()
        };
        let input = serde_json::to_vec(&told).expect("an occasion is plain");
        let top: &Path = self.workspace.repository.top();
        let variables = self.environment.variables();
        let mut tool = Tool::new("sh")
            .args(["-c", &hook.command])
            .envs(variables.filter(|(name, _)| !SECRETS.contains(name)))
            .env("DEBCUT_HOOK_STEP", occasion.step)
            .env("DEBCUT_HOOK_WHEN", side)
            .dir(top)
            .input(input)
            .limit(LIMIT);
        if let [only] = occasion.packages.as_slice() {
            tool = tool
                .env("DEBCUT_PACKAGE", &only.name)
                .env("DEBCUT_VERSION", &only.version)
                .env("DEBCUT_TAG", only.tag.as_deref().unwrap_or_default());
        }
        tool.logged(&mut std::io::sink(), self.listener)
    }
}
