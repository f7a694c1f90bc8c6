//! deb-changes(5).
