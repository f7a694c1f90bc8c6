//! Maintenance branches: what wants in, who decided what, and what was picked.

pub mod ledger;

pub use ledger::PatchingError;
