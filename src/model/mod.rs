//! Words everyone uses: names, digests, times, findings, events.
//!
//! Imports nothing of ours and touches nothing outside the process. A value of
//! a type in here has been checked once, at the edge, and needs no second look.

pub mod calendar;
pub mod checkup;
pub mod digest;
pub mod event;
pub mod finding;
pub mod freshness;
pub mod name;
pub mod time;

pub use checkup::{Checkup, Passed};
pub use digest::{DigestPrefix, FileDigests, Sha256};
pub use event::{Event, Lane, Listener, Silent};
pub use finding::{Finding, Severity};
pub use freshness::Freshness;
pub use name::{
    Architecture, ArchivePath, BranchName, Component, Fingerprint, HostName, PackageName, RingName,
    Suite, TagName,
};
pub use time::Timestamp;
