//! Whether a release can be planned, and what was begun and not ended.

use crate::flow::project::Workspace;
use crate::model::{Checkup, Finding, Severity};
use crate::release::plan::{self, Decision, Request};
use crate::release::{Facts, Policy};

/// Plans as `plan` does, and looks at what awaits its tag.
pub(super) fn check(workspace: &Workspace, policy: &Policy, facts: &Facts) -> Checkup {
    let mut checkup = Checkup::default();
    match plan::plan(facts, policy, &Request::everything()) {
        Ok((planned, findings)) => {
            checkup.findings.extend(findings);
            for package in &planned.packages {
                if let Decision::Prepared {
                    version,
                    commit,
                    later,
                    ..
                } = &package.decision
                {
                    let name = package.name.as_str();
                    let behind = match later {
                        0 => String::new(),
                        n => format!(", with {n} commit(s) behind it"),
                    };
                    let why =
                        format!("{version} is prepared by {commit:.12}{behind}, and has no tag");
                    let finding = Finding::warning("prepared-untagged", name, why);
                    checkup.find(finding.fix(format!(
                        "debcut tag {name}, or debcut prepare --again {name}"
                    )));
                }
            }
            if checkup.count(Severity::Error) == 0 {
                let count = planned.releases().count();
                let why = match count {
                    0 => "nothing is to be released".to_owned(),
                    n => format!("{n} package(s) would be released"),
                };
                checkup.pass("plan", "plan", why);
            }
        }
        Err(findings) => checkup.findings.extend(findings),
    }
    if let Ok(Some(_)) = workspace.repository.remote_url(&policy.remote) {
        let why = "not checked: which tags it has is known only over the network";
        let subject = format!("tags on {}", policy.remote);
        let finding = Finding::info("local-tags", subject, why);
        checkup.find(finding.fix(format!("git ls-remote --tags {}", policy.remote)));
    }
    checkup
}
