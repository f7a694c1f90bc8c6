//! What a repository says about a request now: looked up by `flow/`, judged by
//! [`super::state`].

use serde::Serialize;

use super::entry::Picked;
use super::moves::Move;

/// What is so about a request's commits at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whether they are on the main branch.
    pub merged: Merged,
    /// Whether users are told of them.
    pub note: NoteFact,
    /// What picking them onto the branch as it is now would come to.
    pub applies: Applies,
    /// What they became on the branch, all of them, though nobody wrote it down:
    /// somebody picked them by hand.
    pub landed: Option<Vec<Picked>>,
    /// The dependencies that they move; of a request that is over nobody looks.
    pub moves: Vec<Move>,
    /// Whether what was written down as picked is still on the branch.
    pub picks: Picks,
}

/// What has become of the picks that were written down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Picks {
    /// They are on the branch; none were written down; or nobody can tell,
    /// because the branch is not here.
    #[default]
    There,
    /// No head of the branch and no tag has this one, nor another pick of the
    /// same commit; and this clone would know.
    Lost(String),
    /// Somebody has this one, as far as this clone can tell: it was not fetched,
    /// or never pushed.
    Elsewhere {
        /// The pick.
        pick: String,
        /// Where it is.
        place: Elsewhere,
    },
    /// The branch has taken one back.
    Reverted {
        /// The pick.
        pick: String,
        /// The commit that takes it back.
        by: String,
    },
}

/// Where a pick is that the branch has not, as far as this clone knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// It is not in this clone; the command that may bring it, where there is a
    /// remote.
    Unseen(Option<String>),
    /// A remote's branch of another name, or of another remote, has it: this ref.
    At(String),
}

/// Whether a request's commits are on the main branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// All of them.
    All,
    /// All but these.
    Without(Vec<String>),
    /// All of them here; but these nowhere else, as far as this clone knows.
    Unpushed {
        /// Those that the remote's branch lacks.
        commits: Vec<String>,
        /// That branch, such as `origin/main`.
        shared: String,
    },
    /// There is no main branch to compare with.
    Unknown,
}

/// Whether users are told of a request's commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteFact {
    /// A commit says nothing.
    Missing,
    /// The authors said that there is nothing to tell.
    None,
    /// There is one.
    Written,
}

/// What picking a request's commits would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// They apply.
    Cleanly,
    /// They change nothing: what they do is there already.
    Nothing,
    /// One does not.
    Conflicts {
        /// The first commit that does not.
        commit: String,
        /// The paths that both sides changed, sorted.
        paths: Vec<String>,
    },
    /// It was not tried, and why: a commit or the branch is not here.
    Unknown(String),
}
