//! Whose path is it: the deepest owner's.

use super::policy::Unit;

/// Tells which package a path belongs to.
#[derive(Debug)]
pub struct Ownership<'a> {
    units: &'a [Unit],
}

impl<'a> Ownership<'a> {
    /// Reads the packages' paths and patterns.
    pub fn new(units: &'a [Unit]) -> Self {
        Self { units }
    }

    /// Returns the owners of a path from the repository's top, as indices,
    /// ascending: the packages with the deepest matching directory or pattern
    /// (several that have the same one share it); none: nobody's.
    pub fn owners(&self, path: &str) -> Vec<usize> {
        let _ = (self.units, path);
        Vec::new()
    }
}
