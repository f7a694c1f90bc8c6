//! Files of a system whose packages have run scripts in it: any part of a path
//! may be a link to the machine's own files by now, so that no link is
//! followed, and nothing but a regular file is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};

use crate::sys::files::{self, FileError};

/// Opens the regular file at `below`, which is relative to `top`; none: there
/// is nothing.
pub fn regular(top: &Path, below: &str) -> Result<Option<File>, FileError> {
    let find = || -> io::Result<Option<File>> {
        let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(top, directory, Mode::empty())?;
        // A fifo would be waited for.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let links = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let file = match openat2(&directory, below, flags, Mode::empty(), links) {
            Err(error) if error == rustix::io::Errno::NOENT => return Ok(None),
            opened => File::from(opened?),
        };
        match file.metadata()?.is_file() {
            true => Ok(Some(file)),
            false => Err(io::Error::other("it is no regular file")),
        }
    };
    find().map_err(files::failed("read", &top.join(below)))
}

/// Reads one of at most `limit_bytes`.
pub fn read(top: &Path, below: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, FileError> {
    let Some(file) = regular(top, below)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read = file.take(limit_bytes + 1).read_to_end(&mut bytes);
    let read = read.and_then(|count| match count as u64 > limit_bytes {
        true => Err(io::Error::other("it is larger than any such file")),
        false => Ok(Some(bytes)),
    });
    read.map_err(files::failed("read", &top.join(below)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_leads_out_and_nothing_is_waited_for() {
        let outside = tempfile::tempdir().expect("a directory");
        fs::write(outside.path().join("status"), "secret").expect("written");
        let top = tempfile::tempdir().expect("a directory");
        let (top, outside) = (top.path(), outside.path());
        fs::create_dir(top.join("own")).expect("made");
        fs::write(top.join("own/status"), "own").expect("written");
        symlink(outside, top.join("away")).expect("linked");
        symlink(outside.join("status"), top.join("link")).expect("linked");
        let fifo = std::process::Command::new("mkfifo")
            .arg(top.join("fifo"))
            .status();
        assert!(fifo.expect("it runs").success());
        let found = read(top, "own/status", 3).expect("readable");
        assert_eq!(found.as_deref(), Some(&b"own"[..]));
        assert_eq!(read(top, "none/status", 3).expect("no error"), None);
        for below in ["away/status", "link", "fifo", "own", "../x", "/dev/zero"] {
            assert!(read(top, below, 100).is_err(), "{below}");
        }
        assert!(read(top, "own/status", 2).is_err(), "it is too large");
    }
}
