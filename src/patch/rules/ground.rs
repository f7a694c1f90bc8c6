//! Where a branch stands: whether its head is green, and its newest commit.

use super::Rule;
use crate::model::Finding;

/// Whether a branch's head is green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Green {
    /// Nobody wants to know.
    Unasked,
    /// It is.
    Yes,
    /// It is not known yet.
    NotYet(String),
    /// It is not.
    No(String),
}

/// Where a branch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Whether its head is green.
    pub green: Green,
    /// The commits that its remote has and it lacks, where it has others of its
    /// own: the remote's name and how many.
    pub behind: Option<(String, usize)>,
}

/// What keeps a branch's head from being cut, as findings about the branch.
pub fn cut(branch: &str, ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for (rule, broken) in [
        (Rule::NotHead, behind(ground)),
        (Rule::NotGreen, red(&ground.green)),
    ] {
        if let Some((message, fix)) = broken {
            found.push(Finding::error(rule.name(), branch, message).fix(fix));
        }
    }
    found
}

pub(super) fn behind(ground: &Ground) -> Option<(String, String)> {
    let (remote, count) = ground.behind.as_ref()?;
    let what = match count {
        1 => "one commit".to_owned(),
        count => format!("{count} commits"),
    };
    Some((
        format!("the branch lacks {what} of {remote}, and has others"),
        format!("git rebase onto {remote}, or merge it, first"),
    ))
}

pub(super) fn red(green: &Green) -> Option<(String, String)> {
    match green {
        Green::Unasked | Green::Yes => None,
        Green::NotYet(why) => Some((
            format!("nobody knows yet whether the branch's head is green{why}"),
            "wait, and run the same command again".to_owned(),
        )),
        Green::No(why) => Some((
            format!("the branch's head is not green{why}"),
            "mend the branch first".to_owned(),
        )),
    }
}
