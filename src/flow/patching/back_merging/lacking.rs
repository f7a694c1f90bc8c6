//! Hotfixes whose fix a branch lacks: it does not get the words alone.

use super::{Run, Source, Target};
use crate::flow::FlowError;
use crate::flow::patching::hotfixing::missed;
use crate::model::Finding;
use crate::patch::rules::Rule;

impl Run<'_> {
    /// Tells whether a branch lacks a fix that a release brought, and nobody has
    /// decided that it may; a finding says so.
    pub(super) fn lacks(&mut self, target: &Target, source: &Source) -> Result<bool, FlowError> {
        if source.normal.is_none() {
            return Ok(false);
        }
        let (branch, policy) = (&target.branch, &self.workspace.project.patch);
        let mut own = missed::hotfixes(self.workspace, &self.ledger)?;
        own.retain(|hotfix| hotfix.branch == source.branch);
        let missed = missed::missed(self.workspace, &self.ledger, branch, &own)?;
        let open = |one: &&missed::Missed| missed::is_open(one, &self.ledger, branch, policy);
        let Some(first) = missed.iter().find(open) else {
            return Ok(false);
        };
        let (fix, from) = (&first.fix, &first.hotfix.from);
        let why = format!(
            "it does not get the entries of {}: it lacks “{}”, and its next release would say \
             that it has it",
            source.tag, fix.subject
        );
        let rule = Rule::HotfixLacking;
        let finding = Finding::warning(rule.name(), branch.as_str(), why);
        self.findings.push(finding.fix(format!(
            "debcut patch hotfix {from} --offer asks for it there, and this command again \
             afterwards; --by merge brings both; or: debcut patch override {:.12} {rule} --onto \
             {branch} --reason TEXT",
            fix.commit
        )));
        Ok(true)
    }
}
