//! deb-changelog(5).
