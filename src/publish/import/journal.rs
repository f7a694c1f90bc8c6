//! What was hashed already, so that a run that was stopped is not begun anew.
//!
//! One line a file, appended when it is done: a line that a crash cut off is
//! one file hashed twice. A file counts as the same while its size, its time
//! and its inode are the same.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::model::{FileDigests, Sha256};
use crate::sys::files::{self, FileError};

/// The digests of files that were read in earlier runs and in this one.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    known: HashMap<String, FileDigests>,
    to: Mutex<File>,
}

/// What tells that a file is the one that was hashed.
fn state(file: &Path) -> io::Result<String> {
    let found = file.metadata()?;
    let (size, inode) = (found.len(), found.ino());
    let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
    Ok(format!(
        "{size} {seconds}.{nanoseconds} {inode} {}",
        file.display()
    ))
}

impl Journal {
    /// Opens the journal at `path`, or begins it.
    pub fn open(path: PathBuf) -> Result<Self, FileError> {
        if let Some(parent) = path.parent() {
            files::private_dir(parent)?;
        }
        let failed = files::failed("write", &path);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path);
        let mut text = Vec::new();
        let read = file.and_then(|mut file| {
            file.read_to_end(&mut text)?;
            // What a crash cut off must not run into the next line.
            if text.last().is_some_and(|byte| *byte != b'\n') {
                file.write_all(b"\n")?;
            }
            Ok(file)
        });
        let known = String::from_utf8_lossy(&text);
        Ok(Self {
            known: known.lines().filter_map(parse).collect(),
            to: Mutex::new(read.map_err(failed)?),
            path,
        })
    }

    /// Returns a file's digests, as far as they are known.
    pub fn known(&self, file: &Path) -> Option<&FileDigests> {
        self.known.get(&state(file).ok()?)
    }

    /// Notes a file's digests. A note that fails costs time only.
    pub fn note(&self, file: &Path, digests: &FileDigests) {
        let FileDigests {
            size,
            md5,
            sha1,
            sha256,
        } = digests;
        let empty = |text: &str| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text.to_owned()
            }
        };
        let Ok(state) = state(file) else {
            return;
        };
        if state.contains('\n') {
            return;
        }
        let line = format!("{sha256} {size} {} {} {state}\n", empty(md5), empty(sha1));
        let mut to = self.to.lock().expect("nobody panics while holding it");
        let _ = to.write_all(line.as_bytes());
    }

    /// Forgets everything: the work is done.
    pub fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn parse(line: &str) -> Option<(String, FileDigests)> {
    let mut words = line.splitn(5, ' ');
    let mut next = || words.next();
    let sha256: Sha256 = next()?.parse().ok()?;
    let size = next()?.parse().ok()?;
    let word = |text: &str| text.trim_start_matches('-').to_owned();
    let (md5, sha1) = (word(next()?), word(next()?));
    let digests = FileDigests {
        size,
        md5,
        sha1,
        sha256,
    };
    Some((next()?.to_owned(), digests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_until_it_changes() {
        let dir = tempfile::tempdir().expect("a directory");
        let (at, file) = (dir.path().join("state/journal"), dir.path().join("a b"));
        std::fs::write(&file, "hello").expect("a file");
        let mut digests = FileDigests::of(b"hello");
        digests.sha1.clear();
        let journal = Journal::open(at.clone()).expect("opens");
        assert_eq!(journal.known(&file), None);
        journal.note(&file, &digests);
        drop(journal);
        // A line that was cut off is none.
        let mut text = std::fs::read(&at).expect("it is there");
        text.extend(b"0123");
        std::fs::write(&at, text).expect("writes");
        let journal = Journal::open(at.clone()).expect("opens");
        assert_eq!(journal.known(&file), Some(&digests));
        std::fs::write(&file, "hello!").expect("a file");
        assert_eq!(journal.known(&file), None);
        journal.note(&file, &FileDigests::of(b"hello!"));
        drop(journal);
        let journal = Journal::open(at.clone()).expect("opens");
        assert!(journal.known(&file).is_some());
        journal.remove();
        assert!(!at.exists());
    }
}
