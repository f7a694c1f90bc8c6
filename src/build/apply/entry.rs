//! Adds a made entry to `debian/changelog`: in the tree that the source package
//! is made of, or in the one that was unpacked of it.

use std::path::Path;

use super::{Bench, BuildError};
use crate::build::entry::{EntryPlace, MadeEntry};
use crate::sys::files::{self, Access};

impl Bench<'_> {
    /// Adds an entry of the source's to an exported tree.
    pub(super) fn enter_into_source(&self, tree: &Path) -> Result<(), BuildError> {
        let Some(made) = self.made(EntryPlace::Source) else {
            return Ok(());
        };
        let path = tree.join("debian/changelog");
        let mut text = made.text.clone().into_bytes();
        text.extend(files::read(&path)?);
        Ok(files::replace(&path, &text, Access::Public)?)
    }

    /// Adds an entry of the binaries' to an unpacked tree on the floor.
    pub(super) fn enter_into_binaries(&mut self, tree: &Path) -> Result<(), BuildError> {
        let Some(made) = self.made(EntryPlace::Binaries) else {
            return Ok(());
        };
        // Not in place: what is read must not be what is being written.
        const ADD: &str = "cat - debian/changelog > debian/changelog.made && \
                           cat debian/changelog.made > debian/changelog && \
                           rm debian/changelog.made";
        let text = made.text.clone();
        let add = self.on_floor("sh", tree).args(["-c", ADD]).input(text);
        self.run("adding the changelog entry of", add)
    }

    fn made(&self, place: EntryPlace) -> Option<&MadeEntry> {
        let made = self.plan.entry.as_ref();
        made.filter(|made| made.place == place)
    }
}
