//! Tag → source package → `.deb`, signed.

pub mod apply;
mod description;
pub mod environment;
pub mod isolation;
pub mod license;
mod missing;
pub mod observe;
mod orig;
pub mod package;
pub mod place;
pub mod plan;
pub mod preload;
pub mod product;
pub mod root;
pub mod source;
pub mod tools;
pub mod unmet;
mod version;

pub use package::{Kind, Package};
pub use source::TaggedSource;
