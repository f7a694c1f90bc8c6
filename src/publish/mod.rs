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
mod census;
mod check;
pub mod client;
mod compare;
mod derive;
mod error;
mod head;
pub mod health;
mod history;
pub mod incoming;
mod join;
mod objects;
mod observe;
mod patches;
mod plan;
mod proofs;
mod range;
mod recover;
mod repair;
mod seal;
mod spread;

pub use apply::{Published, apply};
pub use census::Census;
pub use check::{Depth, Verify, check, lost_heads};
pub use compare::{Past, compare, differing, past};
pub use derive::next;
pub use error::PublishError;
pub use head::{Head, read_manifest};
pub use history::{Extent, history};
pub use observe::{Question, observe, observe_generation, suites};
pub use plan::{Phase, Planned, PlannedContent, PublishPlan, plan};
pub use proofs::{proof, shelves};
pub use range::{between, descriptions, names};
pub use recover::{Switched, recover};
pub use seal::{Seal, SealError};

#[cfg(test)]
mod tests;
