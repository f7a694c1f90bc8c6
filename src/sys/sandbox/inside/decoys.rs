//! Decoys: what stands at forbidden paths, and tells who opens it.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::mount::mount_bind;

use super::super::wire::{Decoy, DecoyKind};
use super::mounts::{directory, file, make_directory, within};
use super::{Doing, Failed};

/// Decoys in their places.
#[derive(Debug)]
pub(super) struct Decoys {
    watch: OwnedFd,
    watched: HashMap<i32, PathBuf>,
    sockets: Vec<(UnixListener, PathBuf)>,
}

impl Decoys {
    pub(super) fn new() -> Result<Self, Failed> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .doing(|| "watch files".to_owned())?;
        Ok(Self {
            watch,
            watched: HashMap::new(),
            sockets: Vec::new(),
        })
    }

    /// Puts a decoy where it belongs while the room's system is made.
    pub(super) fn add(&mut self, decoy: &Decoy) -> Result<(), Failed> {
        let Decoy { path, kind } = decoy;
        let act = || format!("put a decoy at {}", path.display());
        let to = within(path)?;
        let number = self.watched.len() + self.sockets.len();
        let from = Path::new("/space").join(format!("decoy{number}"));
        match kind {
            DecoyKind::Directory => {
                directory(&from, 0o755)?;
                make_directory(&to)?;
            }
            DecoyKind::File | DecoyKind::Socket => {
                if let Some(parent) = to.parent() {
                    make_directory(parent)?;
                }
                if !to.exists() {
                    file(&to, "")?;
                }
            }
        }
        match kind {
            DecoyKind::Directory => {}
            DecoyKind::File => file(&from, "")?,
            DecoyKind::Socket => {
                let socket = UnixListener::bind(&from).doing(act)?;
                socket.set_nonblocking(true).doing(act)?;
                let everybody = std::fs::Permissions::from_mode(0o777);
                std::fs::set_permissions(&from, everybody).doing(act)?;
                self.sockets.push((socket, path.clone()));
            }
        }
        mount_bind(&from, &to).doing(act)?;
        if *kind != DecoyKind::Socket {
            let number = inotify::add_watch(&self.watch, &from, WatchFlags::OPEN).doing(act)?;
            self.watched.insert(number, path.clone());
        }
        Ok(())
    }

    /// Returns what can be waited for.
    pub(super) fn fds(&self) -> Vec<BorrowedFd<'_>> {
        let sockets = self.sockets.iter().map(|(socket, _)| socket.as_fd());
        [self.watch.as_fd()].into_iter().chain(sockets).collect()
    }

    /// Names the decoys that were opened since the last call.
    pub(super) fn opened(&self) -> Vec<String> {
        let mut opened: Vec<&Path> = Vec::new();
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.watch, &mut space);
        while let Ok(event) = events.next() {
            // Whatever lies in a watched directory is watched itself.
            let itself = event.file_name().is_none();
            if itself && !event.events().contains(ReadFlags::IGNORED) {
                opened.extend(self.watched.get(&event.wd()).map(PathBuf::as_path));
            }
        }
        for (socket, path) in &self.sockets {
            while socket.accept().is_ok() {
                opened.push(path);
            }
        }
        opened
            .into_iter()
            .map(|path| path.display().to_string())
            .collect()
    }
}
