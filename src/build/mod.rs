//! Tag → source package → `.deb`, signed.

pub mod apply;
pub mod cross;
pub mod entry;
pub mod environment;
pub mod gates;
pub mod isolation;
pub mod license;
mod missing;
pub mod observe;
mod orig;
pub mod package;
pub mod place;
pub mod plan;
pub mod product;
pub mod source;
pub mod target;
pub mod tools;
pub mod unmet;
pub mod upload;
mod version;

pub use package::{Kind, Package};
pub use source::TaggedSource;
