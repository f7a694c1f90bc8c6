//! deb-buildinfo(5).
