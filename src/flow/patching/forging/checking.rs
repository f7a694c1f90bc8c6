//! Whether the forge's checks call a branch's head green.

use super::{failed, open};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::Listener;
use crate::patch::rules::Green;
use crate::sys::environment::Environment;
use crate::sys::forge::{Check, CheckState, ForgeError};

/// What stands in place of a command: the forge's checks are asked. A command
/// of this very name is written `exec @forge`.
pub const FORGE: &str = "@forge";

/// Asks the forge about a commit that is a branch's head.
pub fn green(
    workspace: &Workspace,
    environment: &Environment,
    branch: &str,
    commit: &str,
    listener: &dyn Listener,
) -> Result<Green, FlowError> {
    let forge = open(workspace, environment)?;
    let host = forge.host();
    listener.begin(format!("is {branch} green? {host}"));
    match forge.checks(commit, branch) {
        Ok(checks) => Ok(judged(host, commit, &checks)),
        // A commit that was not pushed yet (GitHub: 422).
        Err(ForgeError::Missing { .. } | ForgeError::Refused { status: 422, .. }) => {
            let why = format!(": {host} does not know {commit:.12}; push it first");
            Ok(Green::NotYet(why))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Judges a commit's checks: all of them must be green.
fn judged(host: &str, commit: &str, checks: &[Check]) -> Green {
    let named = |state: CheckState| -> Vec<String> {
        let some = checks.iter().filter(|check| check.state == state);
        some.map(|check| format!("{} ({})", check.name, check.word))
            .collect()
    };
    let (red, pending) = (named(CheckState::Red), named(CheckState::Pending));
    match (red.as_slice(), pending.as_slice()) {
        _ if checks.is_empty() => Green::NotYet(format!(": {host} has no check of {commit:.12}")),
        ([], []) => Green::Yes,
        ([], pending) => Green::NotYet(format!(": {}", pending.join(", "))),
        (red, _) => Green::No(format!(": {}", red.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_checks_must_be_green() {
        let check = |name: &str, state, word: &str| Check {
            name: name.into(),
            state,
            word: word.into(),
        };
        let green = check("a", CheckState::Green, "success");
        let pending = check("b", CheckState::Pending, "queued");
        let red = check("c", CheckState::Red, "failure");
        for (checks, want) in [
            (vec![], Green::NotYet(": h has no check of abc".into())),
            (vec![green.clone()], Green::Yes),
            (
                vec![green.clone(), pending.clone()],
                Green::NotYet(": b (queued)".into()),
            ),
            (vec![green, pending, red], Green::No(": c (failure)".into())),
        ] {
            assert_eq!(judged("h", "abc", &checks), want, "{checks:?}");
        }
    }
}
