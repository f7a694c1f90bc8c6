//! Checksum fields and SHA256SUMS.
