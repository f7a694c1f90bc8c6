//! The rules by their names, as ledgers and people write them.

use std::fmt;
use std::str::FromStr;

/// A rule that can be set aside. Names are for ever: they stand in ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Its commits are on the main branch.
    ParentNotMerged,
    /// Users are told of it, or told that there is nothing to tell.
    NoReleaseNote,
    /// It is of a kind that is allowed.
    KindNotAllowed,
    /// As many approvers as are needed have approved.
    NotApproved,
    /// Its branch takes something now.
    Frozen,
    /// Its branch's head is green.
    NotGreen,
    /// It is put on the branch's newest commit.
    NotHead,
    /// What is on a hotfix branch was picked there.
    NotPicked,
    /// A branch has what hotfixes of its releases have brought.
    HotfixLacking,
    /// Nobody has picked it elsewhere already.
    PickedElsewhere,
}

/// Says that a text names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule “{text}”: {}", Rule::ALL.map(Rule::name).join(", "))]
pub struct RuleError {
    /// What was written.
    pub text: String,
}

impl Rule {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::NotHead,
        Self::NotPicked,
        Self::HotfixLacking,
        Self::PickedElsewhere,
        Self::NotGreen,
        Self::Frozen,
        Self::NotApproved,
        Self::ParentNotMerged,
        Self::KindNotAllowed,
        Self::NoReleaseNote,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParentNotMerged => "parent-not-merged",
            Self::NoReleaseNote => "no-release-note",
            Self::KindNotAllowed => "kind-not-allowed",
            Self::NotApproved => "not-approved",
            Self::Frozen => "frozen",
            Self::NotGreen => "not-green",
            Self::NotHead => "not-head",
            Self::NotPicked => "not-picked",
            Self::HotfixLacking => "hotfix-lacking",
            Self::PickedElsewhere => "picked-elsewhere",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let found = Self::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| RuleError {
            text: text.to_owned(),
        })
    }
}
