//! The xz container.
