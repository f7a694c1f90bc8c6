//! Rollouts on a terminal and as JSON: what is planned, where they stand, what
//! became of a word.

mod change;
mod findings;
mod history;
mod picture;
mod reversion;
mod start;
mod status;

pub use change::{ChangeDocument, Word};
pub use findings::findings;
pub use history::HistoryDocument;
pub use picture::Picture;
pub use reversion::{Reversion, ReversionDocument, pulled};
pub use start::StartDocument;
pub use status::{AdvanceDocument, StatusDocument};
