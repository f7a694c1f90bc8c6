//! Rollouts on a terminal and as JSON: what is planned, where they stand, what
//! became of a word.

mod brief;
mod change;
mod findings;
mod history;
mod picture;
mod reversion;
mod start;
mod status;
mod way_back;

pub use brief::Brief;
pub use change::{ChangeDocument, Word};
pub use findings::{findings, remarks};
pub use history::HistoryDocument;
pub use picture::Picture;
pub use reversion::{Reversion, ReversionDocument, pulled};
pub use start::{Standing, StartDocument};
pub use status::{AdvanceDocument, StatusDocument};
pub use way_back::WayBackDocument;
