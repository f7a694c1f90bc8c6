//! GNU tar.
