//! Tag → source package → `.deb`, signed.

pub mod package;

pub use package::{Declared, Kind, Package};
