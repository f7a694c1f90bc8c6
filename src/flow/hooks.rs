//! The project's own commands around the steps: `before-tag`, `after-publish`.
//!
//! A command before a step may stop it. What is to be run after a step is
//! written down when the step is done and forgotten when it has succeeded, so a
//! failed or killed one is made good by running any of the verbs again.
//!
//! Under embargo a command is told nothing unless it is marked private: one
//! before a step stops it, one after a step waits for the lift. What is to be
//! run after a publish is not written down then: the lift publishes anew.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FlowError;
use super::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Finding, Listener, Sha256};
use crate::release::policy::{Hook, When};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::outward::{Destination, OutwardError, Permit};
use crate::sys::process::ToolError;

/// Who runs hooks, and where.
pub struct Hooks<'a> {
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
/// What is to be run after a step that is done.
#[derive(Debug, Serialize, Deserialize)]
struct Due {
    step: String,
    command: String,
    occasion: serde_json::Value,
}

impl Occasion {
    fn told(&self, when: When) -> serde_json::Value {
        let told = Self {
            when,
            ..self.clone()
        };
        serde_json::to_value(told).expect("an occasion is plain")
    }

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

/// Says that an embargo refuses a command, and what would allow it.
fn forbidden(hook: &Hook, error: &OutwardError) -> Finding {
    let finding = Finding::error("embargo", &hook.command, error.to_string());
    let mark = format!("--private-command '{}'", hook.command);
    finding.fix(format!(
        "if it tells nobody: debcut patch embargo NAME {mark}"
    ))
}

impl<'a> Hooks<'a> {
    /// Takes the hooks of a project.
    pub fn new(
        workspace: &'a Workspace,
        environment: &'a Environment,
        listener: &'a dyn Listener,
    ) -> Self {
        Self {
            workspace,
            environment,
            listener,
        }
    }

    /// Runs what stands before a step, until the first that says no.
    pub fn before(&self, occasion: &Occasion) -> Option<Finding> {
        for hook in self.of(When::Before, occasion.step) {
            let permit = match self.permitted(&hook.command) {
                Ok(permit) => permit,
                Err(error) => return Some(forbidden(hook, &error)),
            };
            let told = occasion.told(When::Before);
            if let Err(error) = self.run(&permit, &hook.step, When::Before, &told) {
                let subject = format!("before-{}", hook.step);
                let message = format!("`{}` said no: {}", hook.command, with_causes(&error));
                let finding = Finding::error("hook", subject, message);
                return Some(finding.fix("make it succeed, then run the same command again"));
            }
        }
        None
    }

    /// Lists what stands before any of these steps and would be refused: known
    /// before the first of them is taken.
    pub fn forbidden(&self, steps: &[&str]) -> Vec<Finding> {
        let all = self.workspace.hooks().iter();
        let meant = all.filter(|hook| {
            hook.when == When::Before && steps.iter().any(|step| hook.step == *step)
        });
        let refused = |hook| Some(forbidden(hook, &self.permitted(&hook.command).err()?));
        meant.filter_map(refused).collect()
    }

    /// Lists what stands around any of these steps, in the order in which it is
    /// run where all of them are taken.
    pub fn around(&self, steps: &[&str]) -> Vec<Hook> {
        // `release` is around all the others.
        let (whole, each): (Vec<&str>, Vec<&str>) =
            steps.iter().copied().partition(|step| *step == "release");
        let of = |when, step: &&str| self.of(when, step).cloned().collect::<Vec<_>>();
        let before = whole.iter().flat_map(|step| of(When::Before, step));
        let inner = each
            .iter()
            .flat_map(|step| [of(When::Before, step), of(When::After, step)].concat());
        let after = whole.iter().flat_map(|step| of(When::After, step));
        before.chain(inner).chain(after).collect()
    }

    /// Runs what stands after a step that is done now.
    pub fn after(&self, occasion: &Occasion) -> Result<(), FlowError> {
        self.owe(occasion)?;
        self.run_due()
    }

    /// Notes what is to be run after a step, before the step is done: a kill
    /// between the two loses nothing. Said twice, it is owed once.
    pub fn owe(&self, occasion: &Occasion) -> Result<(), FlowError> {
        for (at, hook) in self.of(When::After, occasion.step).enumerate() {
            if occasion.step == "publish" && self.permitted(&hook.command).is_err() {
                let command = &hook.command;
                self.listener
                    .note(format!("`{command}` is run by the lift"));
                continue;
            }
            let due = Due {
                step: hook.step.clone(),
                command: hook.command.clone(),
                occasion: occasion.told(When::After),
            };
            let text = serde_json::to_vec(&due).expect("an occasion is plain");
            let directory = self.due();
            files::create_dir(&directory)?;
            // In the order in which they are to be run.
            let name = format!("{}-{at:03}-{}", occasion.step, Sha256::of(&text));
            files::replace(&directory.join(name), &text, Access::Private)?;
        }
        Ok(())
    }

    /// Runs what earlier runs have left to be run, but for commands that are no
    /// longer the project's.
    pub fn run_due(&self) -> Result<(), FlowError> {
        let mut paths: Vec<_> = std::fs::read_dir(self.due())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        let mut failed = Ok(());
        for path in paths {
            let text = files::read(&path)?;
            let due: Option<Due> = serde_json::from_slice(&text).ok();
            let known = |due: &Due| {
                let mut after = self.of(When::After, &due.step);
                after.any(|hook| hook.command == due.command)
            };
            let due = due.filter(known);
            let permit = due.as_ref().map(|due| self.permitted(&due.command));
            let ran = match due.zip(permit) {
                None => Ok(()),
                Some((due, Err(_))) => {
                    let command = due.command;
                    self.listener
                        .note(format!("`{command}` waits for the lift"));
                    continue;
                }
                Some((due, Ok(permit))) => self
                    .run(&permit, &due.step, When::After, &due.occasion)
                    .map_err(|source| FlowError::Hook {
                        step: due.step,
                        command: due.command,
                        source,
                    }),
            };
            match ran {
                Ok(()) => std::fs::remove_file(&path).map_err(files::failed("remove", &path))?,
                // The others do not depend on it; it is told at the end.
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        failed
    }

    /// Asks the gate whether a command may be told what happens here.
    fn permitted(&self, command: &str) -> Result<Permit, OutwardError> {
        let own = self.workspace.repository.own_dir();
        let gate = self.environment.gate().clone().of(own);
        gate.permit(Destination::Command(command.to_owned()))
    }

    fn due(&self) -> PathBuf {
        self.workspace.repository.own_dir().join("hooks-due")
    }

    fn of(&self, when: When, step: &str) -> impl Iterator<Item = &'a Hook> {
        let hooks = self.workspace.hooks().iter();
        hooks.filter(move |hook| hook.when == when && hook.step == step)
    }

    fn run(
        &self,
        permit: &Permit,
        step: &str,
        when: When,
        told: &serde_json::Value,
    ) -> Result<(), ToolError> {
        let side = match when {
            When::Before => "before",
            When::After => "after",
        };
        let command = permit.command();
        self.listener.begin(format!("{side}-{step}: {command}"));
        let mut tool = permit
            .shell()
            .envs(self.environment.without_secrets().variables())
            .env("DEBCUT_HOOK_STEP", step)
            .env("DEBCUT_HOOK_WHEN", side)
            .dir(self.workspace.repository.top())
            .input(told.to_string())
            .limit(LIMIT);
        if let Some([only]) = told["packages"].as_array().map(Vec::as_slice) {
            let text = |field: &str| only[field].as_str().unwrap_or_default().to_owned();
            tool = tool
                .env("DEBCUT_PACKAGE", text("name"))
                .env("DEBCUT_VERSION", text("version"))
                .env("DEBCUT_TAG", text("tag"));
        }
        tool.logged(&mut std::io::sink(), self.listener)
    }
}
