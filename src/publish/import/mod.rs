//! Archives that other programs made: read as they are, checked whole, and
//! taken over.
//!
//! Reads what reprepro, aptly, apt-ftparchive and dpkg-scanpackages write, by
//! the Debian repository format, more leniently than what we write ourselves:
//! old archives lack fields and digests, and clients live with that. Stanzas
//! stay as they are, but for two things that would hurt: a path is written
//! without `./`, and a digest that is missing is added.

mod adopt;
mod hashing;
mod journal;
mod read;
mod release;
mod stanza;

pub use adopt::{adopt, drop_stale, look};
pub use hashing::{Hashed, Hashing, Lists, hash};
pub use journal::Journal;
pub use read::{ForeignSuite, Reading, flat, read, suites};
pub use release::{Digest, ForeignRelease, Listed};
pub use stanza::{ForeignStanza, Wanted};
