//! Artifacts: who signed them, from which commit they were built, and whether
//! they are what the signed texts beside them say.
//!
//! [`observe()`] reads files and what lies beside them into [`Facts`];
//! [`judge()`] turns those into a [`Verdict`], purely. A file counts when it
//! carries an accepted signature or when a text that does lists its digests,
//! and when nothing beside it says otherwise.
//!
//! Refuses to know whom anybody trusts: the caller brings the keyring. A list
//! beside a file is looked for in the file's own directory only; what an
//! archive's indices say of its pool is the archive's own check.

pub mod attest;
pub mod chain;
mod claim;
mod facts;
mod judge;
mod kind;
mod observe;
mod problem;

pub use claim::Reader;
pub use facts::{Claim, Content, Facts, Further, Listed, Origin, Signature, Signer};
pub use judge::{Attestation, Comparison, FileVerdict, SignedIn, Verdict, judge};
pub use kind::Kind;
pub use observe::observe;
