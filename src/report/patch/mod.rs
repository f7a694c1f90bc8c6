//! What the verbs of maintenance branches answer, one document each.

mod apply;
mod branch;
mod embargo;
mod forge;
mod list;
mod log;
mod message;
mod overriding;
mod pick;
mod said;
mod show;
mod suggest;
mod sync;
pub mod view;
pub mod words;

pub use apply::{AppliedRequest, ApplyDocument, EarlierCommit, StoppedAt};
pub use branch::{
    AskedFix, FreezeDocument, HotfixDocument, Lacking, Named, NextDocument, NextRelease,
    ThawDocument, ToldChannel,
};
pub use embargo::{CarriedMark, EmbargoDocument, LiftDocument, LiftStep, Opens};
pub use forge::{ActView, ForgeDocument, ForgeVerb, HeardDecision, PageView, RecalledDecision};
pub use list::{ListDocument, ListedBranch};
pub use log::{LogDocument, about, branch_of};
pub use message::{Telling, Waiting, telling_text};
pub use overriding::OverrideDocument;
pub use pick::PickDocument;
pub use said::{SaidDocument, Verb};
pub use show::{ShowDocument, ShownCommit};
pub use suggest::{MadeRequest, OtherView, ReasonView, SuggestDocument, SuggestionView};
pub use sync::SyncDocument;
pub use view::RequestView;
