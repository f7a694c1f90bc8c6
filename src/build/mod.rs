//! Tag → source package → `.deb`, signed.

pub mod apply;
mod attributes;
pub mod cross;
mod database;
mod description;
pub mod entry;
pub mod environment;
pub mod gates;
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
pub mod profiles;
pub mod root;
pub mod source;
pub mod target;
pub mod tools;
pub mod unmet;
pub mod upload;
pub mod upstream;
mod version;

pub use package::{Kind, Package};
pub use source::TaggedSource;
