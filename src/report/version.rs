//! How two versions compare.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Document, Page};
use crate::format::version::Version;

/// What `version compare` answers.
#[derive(Debug, Serialize)]
pub struct VersionOrder {
    a: Version,
    b: Version,
    order: &'static str,
}

impl VersionOrder {
    /// Compares as dpkg does.
    pub fn of(a: Version, b: Version) -> Self {
        let order = match a.compare(&b) {
            Ordering::Less => "<",
            Ordering::Equal => "=",
            Ordering::Greater => ">",
        };
        Self { a, b, order }
    }
}

impl Document for VersionOrder {
    const SCHEMA: &'static str = "debcut/version-compare/1";

    fn text(&self, page: &mut Page) {
        page.line(self.order);
    }
}
