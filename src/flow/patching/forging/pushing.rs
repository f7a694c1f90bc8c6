//! The queue → the forge: each open request has a pull request against its
//! maintenance branch, with its commits as they would be picked, and a label
//! that says where it stands. What is over is closed.
//!
//! A pull request is found by its branch (`debcut/patch/REQUEST`), so that
//! whatever a crash, or a forge that went away, left half-done is found again.

mod doing;
mod own_branches;
mod planning;

use crate::model::Finding;
use crate::patch::Listed;
use crate::sys::forge::{Forge, PullRequest};

pub use doing::{Pushed, apply};
pub use planning::plan;

/// What is to be done on the forge.
pub struct Plan {
    forge: Forge,
    /// By request, in the order of asking.
    pub pages: Vec<Planned>,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
}

/// What is to be done about a request.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The request, and where it stands.
    pub listed: Listed,
    /// Its pull request; none: it has none yet.
    pub pull: Option<PullRequest>,
    /// What is to be done, in order.
    pub acts: Vec<Act>,
}

/// Something that is done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Its commits are pushed as a branch of their own.
    Push(String),
    /// A pull request is opened.
    Open {
        /// Its title.
        title: String,
        /// Its text.
        body: String,
    },
    /// Its page's text is written anew.
    Body(String),
    /// It is opened again.
    Reopen,
    /// Labels are set and taken away.
    Relabel {
        /// Those that are set.
        set: Vec<String>,
        /// Those that are taken away.
        take: Vec<String>,
    },
    /// It is closed.
    Close,
    /// Its branch is deleted, where it is still there.
    Delete(String),
    /// The ledger says where its page is.
    Link,
}

impl Plan {
    /// Tells whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|page| page.acts.is_empty())
    }

    /// Returns the forge's host and the project's path.
    pub fn place(&self) -> (&str, &str) {
        (self.forge.host(), self.forge.project())
    }
}
