//! What the verbs of maintenance branches answer, one document each.

mod list;
mod pick;
pub mod view;
pub mod words;

pub use list::{ListDocument, ListedBranch};
pub use pick::PickDocument;
pub use view::RequestView;
