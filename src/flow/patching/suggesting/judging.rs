//! What becomes of each commit: by what it says, by what it names, and by what
//! the branch has.

use std::collections::{BTreeSet, HashMap};

use super::Why;
use super::reading::Read;
use crate::flow::FlowError;
use crate::flow::patching::branches::Line;
use crate::flow::patching::kinds;
use crate::model::BranchName;
use crate::patch::RequestId;
use crate::patch::state::State;
use crate::patch::suggest::{self, Asked, Known, Origin, Target, Verdict};
use crate::sys::git::{ObjectId, Objects, Repository};

/// The branch, and what is known of it.
pub(super) struct Look<'l> {
    pub memory: &'l Repository,
    pub objects: &'l Objects<'l>,
    pub line: &'l Line,
    pub own: &'l [ObjectId],
    /// What commits are on the branch, as far as that was asked.
    pub on_branch: HashMap<ObjectId, Option<ObjectId>>,
}

impl Look<'_> {
    /// Judges every commit by what it says and names.
    pub(super) fn judged<'r>(
        &mut self,
        read: &'r [Read],
        onto: &BranchName,
        labelled: &HashMap<String, (u64, String)>,
    ) -> Result<Vec<(&'r Read, Verdict)>, FlowError> {
        let target = Target::new(onto.as_str());
        let mut known = Vec::new();
        let mut wanted: BTreeSet<ObjectId> = BTreeSet::new();
        for one in read {
            let mut named = [Vec::new(), Vec::new()];
            let fixes = one.changes.iter().flat_map(|change| &change.fixes);
            let fixes = fixes.map(String::as_str);
            for (texts, found) in [
                (fixes.collect::<Vec<_>>(), 0),
                (one.takes_back.iter().map(String::as_str).collect(), 1),
            ] {
                for text in texts {
                    named[found].extend(self.commit_of(text));
                }
            }
            wanted.extend(named.iter().flatten());
            let asked = suggest::asked(&one.commit.message, &target);
            let speaks = asked != Asked::Unsaid
                || labelled.contains_key(&one.commit.id)
                || one
                    .changes
                    .iter()
                    .any(|one| kinds::is_fix(one) || !one.cves.is_empty());
            if speaks || named.iter().any(|all| !all.is_empty()) {
                wanted.insert(one.id);
            }
            known.push((asked, named));
        }
        self.find(&wanted)?;
        let origin = |id: &ObjectId| Origin {
            id: id.to_string(),
            on_branch: self.became(*id).map(|id| id.to_string()),
        };
        let mut judged = Vec::new();
        for (one, (asked, [fixes, reverts])) in read.iter().zip(known) {
            let mut cves: Vec<String> = Vec::new();
            for cve in one.changes.iter().flat_map(|change| &change.cves) {
                if !cves.contains(cve) {
                    cves.push(cve.clone());
                }
            }
            let known = Known {
                is_fix: one.changes.iter().any(kinds::is_fix),
                cves,
                is_exploited: one.changes.iter().any(|change| change.exploited),
                asked,
                labelled: labelled.get(&one.commit.id).cloned(),
                fixes: fixes.iter().map(origin).collect(),
                reverts: reverts.iter().map(origin).collect(),
            };
            judged.push((one, suggest::judge(&known)));
        }
        Ok(judged)
    }

    /// Finds the commit that `Fixes: 1234567 ("title")` names.
    fn commit_of(&self, text: &str) -> Option<ObjectId> {
        let word = text.split([' ', ',', '(']).next()?;
        let hex = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found = hex.then(|| self.memory.commit(word).ok())??;
        ObjectId::from_hex(&found.id)
    }

    /// Asks the branch what some commits are there.
    fn find(&mut self, wanted: &BTreeSet<ObjectId>) -> Result<(), FlowError> {
        let wanted: Vec<ObjectId> = wanted.iter().copied().collect();
        let landed = self
            .memory
            .landed(self.objects, &wanted, self.line.head, self.own)?;
        for id in wanted {
            self.on_branch.insert(id, landed.get(&id).copied());
        }
        Ok(())
    }

    fn became(&self, id: ObjectId) -> Option<ObjectId> {
        self.on_branch.get(&id).copied().flatten()
    }

    /// Tells why there is nothing to ask about a commit any more.
    pub(super) fn known_here(
        &self,
        one: &Read,
        asked: &HashMap<String, (RequestId, State)>,
    ) -> Option<Why> {
        let asked = asked.get(&one.commit.id);
        let asked = asked.map(|(request, state)| Why::Asked(request.clone(), *state));
        let there = self.became(one.id).map(|id| Why::Picked(id.to_string()));
        match asked {
            // What changed nothing there has been asked for all the same.
            Some(Why::Asked(_, State::Picked)) => there.or(asked),
            Some(asked) => Some(asked),
            None => there,
        }
    }
}
