//! What wants into a maintenance branch, who decided what, and what was picked.
//!
//! Everything that people say is an [`Entry`] of a ledger that only grows: a
//! ref of the same repository (`refs/debcut/patches`) holds one small file for
//! each, named by its digest, so that two people who write at once lose
//! nothing and merging in either order gives the same. The [`Queue`] is these
//! entries, folded in an order that follows from them alone. What depends on
//! where branches are now (does it apply, are its parents merged) is no part of
//! it: facts are looked up, and the state of a request follows from both.

pub mod answers;
pub mod embargo;
pub mod entry;
pub mod facts;
pub mod forge;
pub mod keeping;
pub mod moves;
pub mod policy;
pub mod question;
pub mod queue;
pub mod reference;
pub mod resolution;
pub mod rhythm;
pub mod rules;
pub mod sequence;
pub mod state;
pub mod suggest;
pub mod trial;

pub use entry::{Answers, Ask, Decision, Entry, EntryId, Event, Picked, RequestId};
pub use facts::Facts;
pub use policy::{BackMerge, Policy};
pub use question::Question;
pub use queue::{Excuse, Freeze, Queue, Request, Said, Thaw, Told};
pub use rhythm::{Due, Rhythm, Today};
pub use state::{Listed, Standing, State};
pub use trial::Trial;
