//! What the verbs of maintenance branches answer, one document each.

mod branch;
mod list;
mod log;
mod message;
mod pick;
mod said;
mod show;
mod sync;
pub mod view;
pub mod words;

pub use branch::{
    FreezeDocument, HotfixDocument, Lacking, Named, NextDocument, NextRelease, ThawDocument,
};
pub use list::{ListDocument, ListedBranch};
pub use log::{LogDocument, about, branch_of};
pub use message::{Telling, Waiting, telling_text};
pub use pick::PickDocument;
pub use said::{SaidDocument, Verb};
pub use show::{ShowDocument, ShownCommit};
pub use sync::SyncDocument;
pub use view::RequestView;
