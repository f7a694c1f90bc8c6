//! The archives that `debcut.toml` names, opened.

use super::FlowError;
use super::archiving::open_store;
use super::project::Workspace;
use crate::publish::PublishError;
use crate::sys::environment::Environment;
use crate::sys::store::Store;

/// An archive of the configuration.
pub struct Configured {
    /// Its name there.
    pub name: String,
    /// Where it is, with directories made absolute.
    pub location: String,
    /// The archive, or why it cannot be opened.
    pub store: Result<Box<dyn Store>, FlowError>,
}

/// Why an archive says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<'a> {
    /// It cannot be opened.
    #[error(transparent)]
    Open(&'a FlowError),
    /// It cannot be read.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Configured {
    /// Returns the archive, if it was opened.
    pub fn opened(&self) -> Result<&dyn Store, ReadError<'_>> {
        self.store.as_deref().map_err(ReadError::Open)
    }

    /// Names it for a reader.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.name, self.location)
    }
}

/// Opens every archive of the configuration, by name.
pub fn archives(workspace: &Workspace, environment: &Environment) -> Vec<Configured> {
    let top = workspace.repository.top();
    let archives = workspace.project.archives.iter();
    archives
        .map(|(name, location)| {
            let location = match location.contains("://") {
                true => location.clone(),
                false => top.join(location).display().to_string(),
            };
            Configured {
                name: name.clone(),
                store: open_store(&location, top, environment),
                location,
            }
        })
        .collect()
}
