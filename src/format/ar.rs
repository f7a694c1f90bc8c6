//! The Unix ar archive.
