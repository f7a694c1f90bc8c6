//! What an apt archive is: pool, suites, generations, chunks, admission.
//!
//! Wholly pure: no files, no clock, no signatures. `publish/` reads an archive
//! into these values and writes them back.
//!
//! A [`Current`] is a suite as somebody saw it. [`admit()`], [`remove()`],
//! [`promote()`] and [`settle()`] ask the rules about a change of it, and give an [`Admission`] or
//! all reasons against it; [`Generation::next`] is what that change leads to.

pub mod admission;
pub mod admit;
pub mod candidate;
pub mod chunk;
pub mod collect;
pub mod current;
pub mod demand;
pub mod derived;
mod descriptions;
pub mod foreign;
pub mod gate;
pub mod generation;
pub mod import;
mod keep;
pub mod layout;
pub mod manifest;
pub mod pdiff;
pub mod phase;
pub mod pins;
pub mod promote;
pub mod proofs;
mod proposal;
pub mod purge;
pub mod query;
pub mod remove;
pub mod restore;
pub mod retention;
pub mod settings;
pub mod settle;
pub mod withdraw;

pub use admission::{Admission, Incoming, Listed, PoolCopy};
pub use admit::{Draft, Older, admit, admit_proven, draft};
pub use candidate::Candidate;
pub use current::Current;
pub use demand::{Demand, Evidence, Grounds};
pub use derived::Derived;
pub use generation::Generation;
pub use layout::IndexName;
pub use manifest::{Base, Manifest, Record};
pub use phase::phase;
pub use pins::{Pin, PinName};
pub use promote::{Selection, promote};
pub use proofs::{Proof, ProofFile, Shelves};
pub use remove::{Removal, remove};
pub use settings::Settings;
pub use settle::{as_it_is, refresh, settle};
pub use withdraw::withdraw;

#[cfg(test)]
mod tests;
