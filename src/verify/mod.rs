//! Artifacts: who signed them, from which commit they were built, and whether
//! they are what the signed texts beside them say.
//!
//! [`observe()`] reads files and what lies beside them into [`Facts`];
//! [`judge()`] turns those into a [`Verdict`], purely. A file counts when it
//! carries an accepted signature or when a text that does lists its digests,
//! and when nothing beside it says otherwise.
//!
//! A build that is made a second time says more: [`variation`] is what may
//! differ between the two builds and must not matter, [`assurance`] is what
//! they agree on, [`difference`] and [`cause`] where they do not and why, and
//! [`bisect`](mod@bisect) finds the one variation that it is.
//!
//! Refuses to know whom anybody trusts: the caller brings the keyring. A list
//! beside a file is looked for in the file's own directory only; what an
//! archive's indices say of its pool is the archive's own check.

pub mod assurance;
pub mod attest;
pub mod bisect;
pub mod cause;
pub mod chain;
mod claim;
pub mod difference;
mod facts;
mod judge;
mod kind;
mod observe;
mod problem;
pub mod reproduction;
pub mod variation;

pub use assurance::{Assurance, SecondOpinion};
pub use claim::Reader;
pub use facts::{Claim, Content, Facts, Further, Listed, Origin, Signature, Signer, SourceNamed};
pub use judge::{Attestation, Comparison, FileVerdict, SignedIn, Verdict, judge};
pub use kind::Kind;
pub use observe::observe;
pub use variation::Variation;
