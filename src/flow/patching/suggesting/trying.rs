//! Whether suggestions apply: tried in memory, on the branch as it is now.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Suggestions;
use super::changes::each_change;
use crate::flow::FlowError;
use crate::flow::patching::branches::Line;
use crate::patch::facts::Applies;
use crate::patch::sequence::prerequisites;
use crate::sys::git::{GitError, Grafted, ObjectId, Objects, Picking, Repository, Step};

/// How many earlier suggestions are tried for one that does not apply: the
/// nearest that touch the same paths. Of ten thousand commits thousands may be
/// suggested, and each try costs a pick; `patch apply` looks farther.
const TRIED: usize = 6;

/// Tries each suggestion on the branch as it is now; where it does not apply,
/// behind earlier suggestions that touch the same paths.
pub(super) fn try_all(
    memory: &Repository,
    objects: &Objects<'_>,
    line: &Line,
    found: &mut Suggestions,
) -> Result<(), FlowError> {
    let tree = objects.commit(line.head)?.tree.to_string();
    let mut tries = Tries {
        branch: Picking::new(memory, objects, &tree)?,
        made: Vec::new(),
        refused: HashSet::new(),
    };
    // Who touches a path, in the order of picking.
    let mut touching: HashMap<String, Vec<usize>> = HashMap::new();
    for at in 0..found.suggested.len() {
        let commit = found.suggested[at].commit.clone();
        let (applies, after) = match tries.branch.clone().pick(&commit)? {
            Step::Changed => (Applies::Cleanly, Vec::new()),
            Step::Nothing => (Applies::Nothing, Vec::new()),
            Step::Conflicts(paths) => {
                let earlier = paths.iter().filter_map(|path| touching.get(path)).flatten();
                let mut earlier: Vec<usize> = earlier.copied().collect();
                earlier.sort_unstable();
                earlier.dedup();
                let nearest = earlier.split_off(earlier.len().saturating_sub(TRIED));
                let nearest = nearest.iter().map(|at| found.suggested[*at].commit.clone());
                let candidates: Vec<String> = nearest.collect();
                tries.made.clear();
                tries.refused.insert(commit.clone());
                let mut graft = |commit: &str, tree: &str| tries.graft(commit, tree);
                let after = prerequisites(&candidates, &commit, BRANCH, &mut graft)?;
                let paths = paths.into_iter().collect();
                let commit = commit.clone();
                (Applies::Conflicts { commit, paths }, after)
            }
        };
        if let Some(id) = ObjectId::from_hex(&commit) {
            each_change(objects, id, &mut |path, _, _| {
                touching.entry(path.to_owned()).or_default().push(at);
            })?;
        }
        found.suggested[at].applies = applies;
        found.suggested[at].after = after;
    }
    Ok(())
}

/// What the branch's own tree is called among those that are tried.
const BRANCH: &str = "";

/// Trees that are only tried: named by their numbers, and never stored.
struct Tries<'r> {
    branch: Picking<'r>,
    made: Vec<Picking<'r>>,
    /// The commits that are known not to apply to the branch's own tree.
    refused: HashSet<String>,
}

impl Tries<'_> {
    /// Puts a commit on a tree.
    fn graft(&mut self, commit: &str, tree: &str) -> Result<Grafted, GitError> {
        if tree == BRANCH && self.refused.contains(commit) {
            return Ok(Grafted::Conflicts(BTreeSet::new()));
        }
        let made = tree.parse().ok().and_then(|at: usize| self.made.get(at));
        let mut picking = made.unwrap_or(&self.branch).clone();
        Ok(match picking.pick(commit)? {
            Step::Nothing => Grafted::Nothing,
            Step::Conflicts(paths) => Grafted::Conflicts(paths),
            Step::Changed => {
                self.made.push(picking);
                Grafted::Tree((self.made.len() - 1).to_string())
            }
        })
    }
}
