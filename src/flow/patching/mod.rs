//! Maintenance branches: what wants in, who decided what, and what was picked.

pub mod branches;
mod choosing;
pub mod deciding;
pub mod ledger;
pub mod listing;
pub mod picking;
pub mod syncing;
pub mod telling;

pub use ledger::PatchingError;
