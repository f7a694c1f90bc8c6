//! Prepared releases → signed, annotated tags on their release commits.

pub mod apply;
pub mod observe;
pub mod plan;
