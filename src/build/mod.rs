//! Tag → source package → `.deb`, signed.

pub mod apply;
mod attributes;
mod database;
mod description;
pub mod environment;
mod instructions;
pub mod isolation;
mod layout;
pub mod license;
mod missing;
pub mod observe;
mod orig;
mod origins;
pub mod package;
mod patches;
pub mod place;
pub mod plan;
pub mod preload;
mod pristine_tar;
pub mod product;
pub mod root;
pub mod source;
pub mod tools;
pub mod unmet;
pub mod upstream;
mod version;

pub use package::{Kind, Package};
pub use source::TaggedSource;
