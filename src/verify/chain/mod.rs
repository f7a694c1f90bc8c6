//! From an installed package back to the commit: each link checked, each signer
//! named, and the first that breaks.
//!
//! ```text
//! installed → package → archive → changes → buildinfo → provenance → tag → commit
//! ```
//!
//! [`Facts`] are what was found of each link, [`judge()`] says of each whether it
//! holds, is broken, or could not be checked, which is never passed over. Whom
//! the verifier trusts with what is the [`Policy`]. Refuses to know where the
//! texts were found: the caller reads them from files or an archive.

mod facts;
mod installed;
mod judge;
mod link;
mod package;
mod policy;

pub use facts::{
    Archived, Cause, CommitFound, Control, Facts, Installed, Look, Package, TagFound, Text,
};
pub use installed::{Compared, Sight, There, ThereKind, Wanted, compare_installed};
pub use judge::judge;
pub use link::{Chain, Link, LinkName, LinkSigner, State};
pub use package::{choose, read_package};
pub use policy::Policy;

#[cfg(test)]
mod tests;
