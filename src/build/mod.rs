//! Tag → source package → `.deb`, signed.

pub mod observe;
pub mod package;
pub mod source;
pub mod unmet;

pub use package::{Kind, Package};
pub use source::TaggedSource;
