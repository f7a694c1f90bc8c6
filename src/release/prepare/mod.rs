//! A release plan → one commit with the release's files, and nothing else.

pub mod apply;
pub mod observe;
pub mod plan;
