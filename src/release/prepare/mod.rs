//! A release plan → one commit with the release's files, and nothing else.

pub mod apply;
mod edits;
pub mod message;
pub mod observe;
pub mod plan;
#[cfg(test)]
mod whole;
