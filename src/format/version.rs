//! deb-version(7).
