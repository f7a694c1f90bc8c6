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
mod census;
mod check;
pub mod client;
mod compare;
mod condemned;
mod derive;
mod error;
mod gc;
mod generations;
mod head;
pub mod health;
mod history;
pub mod import;
pub mod incoming;
mod join;
pub mod mirror;
mod objects;
mod observe;
mod patches;
mod pins;
mod plan;
mod proofs;
mod purge;
mod range;
mod rebuild;
mod recover;
mod repair;
mod restore;
mod seal;
mod select;
mod spread;

pub use apply::{Dating, Published, apply};
pub use around::Surroundings;
pub use census::Census;
pub use check::{Depth, Verify, check, lost_heads};
pub use compare::{Past, compare, differing, past};
pub use condemned::{abandon, spare_all, sweep};
pub use derive::next;
pub use error::PublishError;
pub use gc::{Collected, Policy, collect, look, plan_collection};
pub use generations::{generation, generations};
pub use head::{Head, read_manifest};
pub use history::{Extent, history, purges};
pub use observe::{Question, observe, observe_generation, suites};
pub use pins::{find_pin, pin, pins, unpin};
pub use plan::{Phase, Planned, PlannedContent, PublishPlan, plan};
pub use proofs::{proof, shelves};
pub use purge::{
    Survey, digest_at, erase, purge_record, purge_records, purged, record_purge, rewrite,
    state_of_all, survey,
};
pub use range::{between, descriptions, names};
pub use rebuild::{Rebuilt, Restoring, published_suites, rebuild};
pub use recover::{Switched, recover};
pub use restore::{Turn, carried, missing, turn};
pub use seal::{Seal, SealError};
pub use select::{observe_selection, observe_source};

#[cfg(test)]
mod tests;
