//! Tag → source package → `.deb`, signed.

pub mod apply;
mod missing;
pub mod observe;
pub mod package;
pub mod place;
pub mod plan;
pub mod product;
pub mod source;
pub mod unmet;
mod version;

pub use package::{Kind, Package};
pub use source::TaggedSource;
