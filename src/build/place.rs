//! The one directory that builds of a user happen in.
//!
//! Its path is always the same, because paths reach into packages; so only one
//! build is in it at a time, and a lock says whose turn it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Listener;
use crate::sys::files::{self, FileError, Lock};
use crate::sys::interrupt;

/// A build directory that is ours until it is dropped, then emptied.
#[derive(Debug)]
pub struct BuildPlace {
    root: PathBuf,
    _lock: Lock,
}

/// Why there is no place to build in.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The user asked to stop while another build had the place.
    #[error("stopped while waiting for another build to leave {}", root.display())]
    Interrupted {
        /// The directory.
        root: PathBuf,
    },
}

impl BuildPlace {
    /// Takes the user's place, waiting for its turn, and empties it.
    pub fn take(listener: &dyn Listener) -> Result<Self, PlaceError> {
        let user = rustix::process::geteuid().as_raw();
        let root = Path::new("/var/tmp").join(format!("debcut-{user}"));
        files::private_dir(&root)?;
        let lock = root.join("lock");
        let mut told = false;
        let lock = loop {
            if let Some(lock) = files::try_lock(&lock)? {
                break lock;
            }
            if interrupt::asked() {
                return Err(PlaceError::Interrupted { root });
            }
            if !std::mem::replace(&mut told, true) {
                listener.note(format!("waiting for another build in {}", root.display()));
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let place = Self { root, _lock: lock };
        place.empty()?;
        for directory in [place.home(), place.work()] {
            files::create_dir(&directory)?;
        }
        Ok(place)
    }

    /// Returns an empty home directory.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Returns where to work.
    pub fn work(&self) -> PathBuf {
        self.root.join("build")
    }

    /// Returns a file for a library that a varied build loads.
    pub fn library(&self) -> PathBuf {
        self.root.join("vary.so")
    }

    /// Returns a file for what comes out of a room, packed.
    pub fn carried(&self) -> PathBuf {
        self.root.join("carried.tar")
    }

    fn empty(&self) -> Result<(), FileError> {
        files::remove_tree(&self.home())?;
        for file in [self.carried(), self.library()] {
            let _ = std::fs::remove_file(file);
        }
        files::remove_tree(&self.work())
    }
}

impl Drop for BuildPlace {
    fn drop(&mut self) {
        // What cannot be removed now is removed before the next build.
        let _ = self.empty();
    }
}
