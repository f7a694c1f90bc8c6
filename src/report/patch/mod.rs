//! What the verbs of maintenance branches answer, one document each.

mod embargo;
mod list;
mod log;
mod pick;
mod said;
mod show;
mod sync;
pub mod view;
pub mod words;

pub use embargo::{EmbargoDocument, LiftDocument, LiftStep};
pub use list::{ListDocument, ListedBranch};
pub use log::{LogDocument, about, branch_of};
pub use pick::PickDocument;
pub use said::{SaidDocument, Verb};
pub use show::{ShowDocument, ShownCommit};
pub use sync::SyncDocument;
pub use view::RequestView;
