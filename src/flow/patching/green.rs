//! Whether a branch's head is green: a command of the project's says so, or the
//! forge's checks.

use std::time::Duration;

use super::PatchingError;
use super::forging::checking;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener};
use crate::patch::rules::{self, Green, Ground};
use crate::sys::environment::Environment;
use crate::sys::outward::Destination;

/// Not known yet (`EX_TEMPFAIL` of sysexits.h).
const NOT_YET: i32 = 75;
/// A forge may be slow, and a command may run the tests itself.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Asks the project's command about a commit of a branch. Under embargo it is
/// asked only where it is marked private: it is told a commit that nobody else
/// knows, and may tell others.
pub fn ask(
    workspace: &Workspace,
    environment: &Environment,
    command: &str,
    branch: &str,
    commit: &str,
    listener: &dyn Listener,
) -> Result<Green, FlowError> {
    if command.trim() == checking::FORGE {
        return checking::green(workspace, environment, branch, commit, listener);
    }
    listener.begin(format!("is {branch} green? {command}"));
    let own = workspace.repository.own_dir();
    let gate = environment.gate().clone().of(own);
    let permit = gate.permit(Destination::Command(command.to_owned()))?;
    let tool = permit
        .shell()
        .envs(environment.without_secrets().variables())
        .env("DEBCUT_BRANCH", branch)
        .env("DEBCUT_COMMIT", commit)
        .dir(workspace.repository.top())
        .limit(LIMIT);
    let (status, output) = tool.finish().map_err(PatchingError::Green)?;
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    let why = match last {
        Some(line) => format!(": `{command}` says “{}”", line.trim()),
        None => format!(": `{command}`"),
    };
    Ok(match status.code() {
        Some(0) => Green::Yes,
        Some(NOT_YET) => Green::NotYet(why),
        _ => Green::No(why),
    })
}

/// Finds why a branch's head may not be cut: the project's command, where it
/// names one, does not call it green.
pub fn refused(
    workspace: &Workspace,
    environment: &Environment,
    branch: &str,
    commit: &str,
    listener: &dyn Listener,
) -> Result<Vec<Finding>, FlowError> {
    let Some(command) = &workspace.project.patch.require_green else {
        return Ok(Vec::new());
    };
    let green = ask(workspace, environment, command, branch, commit, listener)?;
    let ground = Ground {
        green,
        behind: None,
    };
    Ok(rules::cut(branch, &ground))
}
