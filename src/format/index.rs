//! Packages and Sources.
