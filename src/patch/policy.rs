//! How a project treats its maintenance branches: what `config/` reads.

use super::forge;
use super::question::Question;
use super::rhythm::Rhythm;
use crate::model::BranchName;
use crate::release::commit::Person;

/// The rules of maintenance branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The branch that everything comes from; none: the remote's main branch.
    pub main: Option<String>,
    /// Who decides, by name or address; empty: everybody.
    pub approvers: Vec<String>,
    /// How many of them must approve.
    pub approvals: usize,
    /// Who may let in kinds that are not allowed, by name or address.
    pub owners: Vec<String>,
    /// The types of commits that are allowed.
    pub kinds: Vec<String>,
    /// Whether a commit that does not say its type is allowed.
    pub unconventional: Unconventional,
    /// Whether users must be told of each change, or told that there is nothing
    /// to tell.
    pub note: Note,
    /// Whether a commit must be on the main branch first.
    pub parents: Parents,
    /// A command that says whether a branch's head is green: it exits 0 for
    /// green, 75 for not known yet, with anything else it is red. It gets
    /// `DEBCUT_BRANCH` and `DEBCUT_COMMIT`. `@forge` is no command: the forge's
    /// checks say it.
    pub require_green: Option<String>,
    /// How often patch releases are cut.
    pub rhythm: Rhythm,
    /// How releases come back to the main branch.
    pub back_merge: BackMerge,
    /// The branches that they come back to; empty: the main branch.
    pub back_merge_into: Vec<BranchName>,
    /// What must be answered before anybody decides.
    pub questions: Vec<Question>,
    /// The text that asks them in an editor, a minijinja template; none: the
    /// usual one.
    pub template: Option<String>,
    /// Whether whatever is written to the ledger is shared at once.
    pub sharing: Sharing,
    /// How requests look on a forge; none: no forge is used.
    pub forge: Option<forge::Settings>,
}

/// How the changelog and the versions of a release come to other branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackMerge {
    /// By a merge of the release: its tag is in their history then, and all
    /// that it changed is with them.
    Merge,
    /// By a commit of their own that brings nothing else.
    Pick,
}

/// When the ledger is fetched and pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// When `patch sync` or `--sync` says so.
    WhenAsked,
    /// Whenever something is written.
    AtOnce,
}

/// Whether a request needs a release note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// One, or an explicit `NONE`.
    Required,
    /// The subject serves.
    Wanted,
}

/// Whether a commit that does not say its type may go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unconventional {
    /// It may not: else a feature goes in that does not call itself one. The
    /// request's title may say the type for it.
    Refuse,
    /// It may, for projects without Conventional Commits.
    Allow,
}

/// Whether a commit must be on the main branch first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// It must: a maintenance branch gets cherry-picks only.
    Merged,
    /// It need not.
    Any,
}

impl Default for Policy {
    fn default() -> Self {
        let kinds = [
            "fix", "perf", "revert", "docs", "test", "ci", "build", "chore",
        ];
        Self {
            main: None,
            approvers: Vec::new(),
            approvals: 1,
            owners: Vec::new(),
            kinds: kinds.map(str::to_owned).into(),
            unconventional: Unconventional::Refuse,
            note: Note::Required,
            parents: Parents::Merged,
            require_green: None,
            rhythm: Rhythm::default(),
            back_merge: BackMerge::Pick,
            back_merge_into: Vec::new(),
            questions: Question::ALL.into(),
            template: None,
            sharing: Sharing::WhenAsked,
            forge: None,
        }
    }
}

impl Policy {
    /// Tells whether a person's decisions count.
    pub fn is_approver(&self, who: &Person) -> bool {
        self.approvers.is_empty() || named(&self.approvers, who)
    }

    /// Tells whether a person may let in what is not allowed by its kind.
    pub fn is_owner(&self, who: &Person) -> bool {
        named(&self.owners, who)
    }
}

/// Finds a person by address, case-insensitively, or by whole name.
fn named(list: &[String], who: &Person) -> bool {
    list.iter()
        .any(|one| one.eq_ignore_ascii_case(&who.email) || *one == who.name)
}
