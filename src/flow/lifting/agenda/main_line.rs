//! Whether the main branch has, once everything is out, what maintenance
//! branches release: else the next release of it brings the hole back.

use std::collections::BTreeMap;

use crate::flow::FlowError;
use crate::flow::lifting::Wanted;
use crate::flow::patching::branches;
use crate::flow::patching::hotfixing::{self, Lacks};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding};
use crate::patch::embargo::Embargo;
use crate::sys::git::ObjectId;

/// How many commits a line names.
const SHOWN: usize = 4;

/// Finds what of the branches the main one will lack. Commits are named by their
/// ids alone: what a lift at night says may be mailed.
pub(super) fn judge(
    workspace: &Workspace,
    embargo: &Embargo,
    going: &BTreeMap<BranchName, String>,
    there: &BTreeMap<String, String>,
    wanted: &Wanted,
) -> Result<Vec<Finding>, FlowError> {
    let remote = &embargo.target.remote;
    let Some(main) = branches::main_line(workspace)? else {
        let message = "nobody knows which branch is the main one, nor whether it has the fix";
        let finding = Finding::warning("no-main", remote, message);
        return Ok(vec![finding.fix("[patch] main in debcut.toml says it")]);
    };
    let repository = &workspace.repository;
    let tip = |branch: &BranchName| {
        let tip = there.get(&format!("refs/heads/{branch}"));
        tip.filter(|tip| repository.has_object(tip)).cloned()
    };
    let Some(will_be) = going.get(&main.name).cloned().or_else(|| tip(&main.name)) else {
        let message = format!("where {remote} has it is not known here");
        let finding = Finding::error("unknown-main", main.name.as_str(), message);
        return Ok(vec![finding.fix(format!("git fetch {remote}"))]);
    };
    let mut findings = Vec::new();
    for (branch, head) in going.iter().filter(|(branch, _)| **branch != main.name) {
        let Some(from) = ObjectId::from_hex(head) else {
            continue;
        };
        let into = [Some(will_be.clone()), tip(branch)];
        let into = into.iter().flatten();
        let into: Vec<_> = into.filter_map(|id| ObjectId::from_hex(id)).collect();
        let lacking = match hotfixing::returning::lacking(workspace, from, &into)? {
            Lacks::These(lacking) => lacking,
            Lacks::Unknown => {
                let message = format!(
                    "nobody can tell what {} lacks of it: thousands of commits lie between them",
                    main.name
                );
                findings.push(Finding::warning("not-on-main", branch.as_str(), message));
                continue;
            }
        };
        if lacking.is_empty() {
            continue;
        }
        let ids = lacking.iter().rev().take(SHOWN);
        let ids: Vec<&str> = ids.map(|one| &one.commit[..12]).collect();
        let more = match lacking.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("{} lacks {}{more}", main.name, ids.join(", "));
        let subject = branch.as_str();
        findings.push(match &wanted.not_on_main {
            Some(reason) => Finding::info("not-on-main", subject, format!("{message} ({reason})")),
            None => Finding::error("not-on-main", subject, message).fix(format!(
                "git switch {0} && git cherry-pick -x {1}, and debcut patch embargo {2} \
                 --branch {0}; or --not-on-main REASON",
                main.name, ids[0], embargo.mark.name
            )),
        });
    }
    Ok(findings)
}
