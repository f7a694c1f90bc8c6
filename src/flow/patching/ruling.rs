//! Which rules requests break now: what keeps them from going in.

use super::kinds;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::patch::rules::{self, Breach, Green, Ground};
use crate::patch::state::Listed;

/// Finds the rules that a request breaks; none of what is over. Whether its
/// branch is green is not asked: that takes a command.
pub fn breaches(workspace: &Workspace, listed: &Listed) -> Result<Vec<Breach>, FlowError> {
    if rules::bar(listed).is_some() {
        return Ok(Vec::new());
    }
    let kinds = kinds::of(workspace, &listed.request.ask.what)?;
    let ground = Ground {
        green: Green::Unasked,
        behind: None,
    };
    let policy = &workspace.project.patch;
    Ok(rules::breaches(listed, &kinds, &ground, policy))
}
