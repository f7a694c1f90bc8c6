//! How values look: as text for a terminal and as JSON for a program.
//!
//! Only this folder knows presentation; only `cli/` knows where it goes.

mod build;
mod deb;
mod document;
mod init;
mod keys;
mod page;
mod version;

pub use build::BuildDocument;
pub use deb::{DebDiff, DebPack, DebShow};
pub use document::{Answer, Document, ErrorDocument, Report};
pub use init::InitDocument;
pub use keys::{ExportedKey, ImportedKeys, KeyList, NewKeyDocument};
pub use page::{Colour, Page, size};
pub use version::VersionOrder;
