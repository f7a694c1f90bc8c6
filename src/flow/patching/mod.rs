//! Maintenance branches: what wants in, who decided what, and what was picked.

pub mod back_merging;
pub mod ledger;
mod maintained;

pub use ledger::PatchingError;
pub use maintained::{Maintained, main_branch, maintained};
