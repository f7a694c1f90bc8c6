//! deb-src-control(5) and deb-control(5).
