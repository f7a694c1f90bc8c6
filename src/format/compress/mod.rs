//! Compressors.
