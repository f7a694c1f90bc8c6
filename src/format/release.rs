//! Release files.
