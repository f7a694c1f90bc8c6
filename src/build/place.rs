//! The directories that builds of a user happen in.
//!
//! A build on the machine itself has the one whose path is always the same,
//! because paths reach into packages; so only one build is in it at a time, and
//! a lock says whose turn it is. A build in a room needs a place of the
//! machine's only to be handed things: any will do.

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
    /// Takes a place beside the user's one, whose path reaches into nothing
    /// because the build has a room of its own: the first that is free.
    pub fn beside() -> Result<Self, PlaceError> {
        let above = Self::of_user()?;
        for number in 1.. {
            let root = above.join(format!("room-{number}"));
            files::create_dir(&root)?;
            if let Some(lock) = files::try_lock(&above.join(format!("room-{number}.lock")))? {
                return Self::own(root, lock);
            }
        }
        unreachable!("some number is free")
    }

    /// Returns the directory of the user's build places.
    fn of_user() -> Result<PathBuf, PlaceError> {
        let user = rustix::process::geteuid().as_raw();
        let root = Path::new("/var/tmp").join(format!("debcut-{user}"));
        files::private_dir(&root)?;
        Ok(root)
    }

    /// Takes the user's place, waiting for its turn, and empties it.
    pub fn take(listener: &dyn Listener) -> Result<Self, PlaceError> {
        let root = Self::of_user()?;
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
        Self::own(root, lock)
    }

    fn own(root: PathBuf, lock: Lock) -> Result<Self, PlaceError> {
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
