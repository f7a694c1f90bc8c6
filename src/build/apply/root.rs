//! The clean Debian that a room is made around.

use super::{Bench, BuildError};
use crate::build::isolation::ChrootWanted;
use crate::sys::sandbox::Root;

impl Bench<'_> {
    /// Provides it, with the build's dependencies installed.
    pub(super) fn root(&mut self, wanted: &ChrootWanted) -> Result<Root, BuildError> {
        Err(BuildError::Root {
            suite: wanted.suite.clone(),
        })
    }
}
