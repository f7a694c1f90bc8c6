//! How values look: as text for a terminal and as JSON for a program.
//!
//! Only this folder knows presentation; only `cli/` knows where it goes.

mod document;
mod page;

pub use document::{Answer, Document, ErrorDocument, Report};
pub use page::{Colour, Page, size};
