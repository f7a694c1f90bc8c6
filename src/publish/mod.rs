//! One generation of a suite to the next, all or nothing.
//!
//! [`observe()`] reads a suite, `archive/` decides what may change in it,
//! [`plan()`] orders the writes by [`Phase`], and [`apply()`] signs and writes
//! them. The commit is one compare-and-swap of the suite's [`Head`]; what
//! follows from it is completed by [`recover()`], by whoever comes next.
//!
//! Does not retry: a publish that lost against another one says so, and `flow/`
//! looks and plans again.

mod apply;
mod around;
pub mod base;
mod check;
pub mod client;
mod derive;
mod error;
mod head;
mod history;
pub mod incoming;
mod join;
mod observe;
mod plan;
mod proofs;
mod recover;
mod repair;
mod seal;
mod spread;

pub use apply::{Published, apply};
pub use around::Surroundings;
pub use check::{Depth, Verify, check, lost_heads};
pub use derive::next;
pub use error::PublishError;
pub use head::{Head, read_manifest};
pub use history::{Extent, history};
pub use observe::{Question, observe, observe_generation, suites};
pub use plan::{Phase, Planned, PlannedContent, PublishPlan, plan};
pub use proofs::{proof, shelves};
pub use recover::{Switched, recover};
pub use seal::{Seal, SealError};

#[cfg(test)]
mod tests;
