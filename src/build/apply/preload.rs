//! The library that a varied build loads into its programs.

use std::path::PathBuf;

use super::floor::Floor;
use super::{Bench, BuildError};

impl Bench<'_> {
    /// Compiles the library that the plan asks for, by the compiler that the
    /// build finds, and loads it from now on.
    pub(super) fn preload(&mut self) -> Result<(), BuildError> {
        let Some(preload) = &self.plan.environment.preload else {
            return Ok(());
        };
        let (directory, library) = match self.floor {
            Floor::Machine => (self.work(), self.place.library()),
            // In the room's own tmpfs, and not where the build looks.
            Floor::Room { .. } => (self.ground(), PathBuf::from("/var/tmp/vary.so")),
        };
        let compiler = self.on_floor("cc", &directory).input(preload.source);
        let compiler = compiler.args(preload.arguments(&library.to_string_lossy()));
        compiler.output().map_err(BuildError::Preload)?;
        self.preloaded = Some(library);
        Ok(())
    }
}
