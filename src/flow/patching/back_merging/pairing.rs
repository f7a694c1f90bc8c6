//! Which branch gets which releases.

use super::{Run, Source};
use crate::flow::FlowError;
use crate::flow::patching::branches;
use crate::model::BranchName;

impl Run<'_> {
    /// Says which branch gets which releases, each in the order of versions.
    pub(super) fn pairs(
        &self,
        sources: Vec<Source>,
    ) -> Result<Vec<(BranchName, Vec<Source>)>, FlowError> {
        let configured = &self.workspace.project.patch.back_merge_into;
        let mut into = match self.wanted.into.is_empty() {
            true => configured.clone(),
            false => self.wanted.into.clone(),
        };
        if into.is_empty() {
            into.extend(branches::main_line(self.workspace)?.map(|main| main.name));
        }
        let mut pairs: Vec<(BranchName, Vec<Source>)> = into
            .into_iter()
            .map(|branch| (branch, Vec::new()))
            .collect();
        for source in sources {
            for (branch, own) in &mut pairs {
                if *branch != source.branch {
                    own.push(source.clone());
                }
            }
            // A hotfix is of a line, whose own next release goes on from it.
            let normal = source
                .normal
                .as_ref()
                .filter(|_| self.wanted.into.is_empty());
            let Some(normal) = normal else {
                continue;
            };
            match pairs.iter_mut().find(|(branch, _)| branch == normal) {
                Some((_, own)) if own.contains(&source) => {}
                Some((_, own)) => own.push(source),
                None => pairs.push((normal.clone(), vec![source])),
            }
        }
        Ok(pairs)
    }
}
