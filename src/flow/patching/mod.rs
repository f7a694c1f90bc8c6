//! Maintenance branches: what wants in, who decided what, and what was picked.

pub mod applying;
pub mod back_merging;
pub mod branches;
mod choosing;
pub mod coming;
pub mod cutting;
pub mod deciding;
pub mod forging;
pub mod freezing;
pub mod green;
pub mod hotfixing;
pub mod keeping;
mod kinds;
pub mod ledger;
pub mod listing;
mod maintained;
pub mod parents;
pub mod picking;
pub mod placing;
pub mod rulebook;
pub mod ruling;
mod straying;
pub mod suggesting;
pub mod syncing;
pub mod telling;

pub use ledger::PatchingError;
pub use maintained::{Maintained, maintained};
