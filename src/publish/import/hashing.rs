//! Reading every file that an archive promises, on all processors.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use sha2::Digest as _;

use crate::archive::layout;
use crate::format::deb::{self, Limits};
use crate::format::index::contents::FileList;
use crate::format::tar::TreePath;
use crate::model::{ArchivePath, Event, FileDigests, Finding, Listener, Sha256};
use crate::publish::derive::packed;
use crate::sys::store::{Condition, Content, Store, StoreError};

use super::journal::Journal;
use super::release::{Digest, Listed};

/// What hashing needs.
pub struct Hashing<'a> {
    /// The archive that has the files.
    pub from: &'a dyn Store,
    /// Its directory, where it is one.
    pub root: Option<PathBuf>,
    /// What earlier runs have read.
    pub journal: Option<&'a Journal>,
    /// What becomes of the lists of the packages' files.
    pub lists: Lists<'a>,
    /// Says when to stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// What becomes of the lists of the packages' files.
#[derive(Clone, Copy)]
pub enum Lists<'a> {
    /// Nobody wants them.
    Unwanted,
    /// They are kept in this store, where the next generation finds them.
    Kept(&'a dyn Store),
    /// They are handed back: nothing is written for a plan.
    Returned,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Hashed {
    /// The files that are what they must be.
    pub files: BTreeMap<ArchivePath, FileDigests>,
    /// What is wrong with the others.
    pub findings: Vec<Finding>,
    /// The lists of files, by the digests of their packages, as far as they are
    /// handed back.
    pub lists: BTreeMap<Sha256, FileList>,
    /// Whether somebody stopped it before all was read.
    pub stopped: bool,
}

/// What came of one file.
enum Found {
    Right(FileDigests),
    Not(Finding),
    Odd(FileDigests, Finding),
}

/// Reads and compares all files.
pub fn hash(
    hashing: &Hashing<'_>,
    wanted: &BTreeMap<ArchivePath, Listed>,
) -> Result<Hashed, StoreError> {
    let hashing = &Run {
        hashing,
        returned: Mutex::default(),
    };
    hashing
        .listener
        .begin(format!("reading {} files", wanted.len()));
    let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let one = |(path, listed): (&ArchivePath, &Listed)| {
        if (hashing.stop)() {
            stopped.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        let found = hashing.file(path, listed)?;
        hashing.listener.hear(Event::Progress {
            done: done.fetch_add(1, Ordering::Relaxed) + 1,
            total: wanted.len() as u64,
        });
        Ok(Some((path.clone(), found)))
    };
    let found: Vec<_> = wanted
        .par_iter()
        .map(one)
        .collect::<Result<_, StoreError>>()?;
    let mut hashed = Hashed {
        stopped: stopped.into_inner(),
        ..Hashed::default()
    };
    for (path, found) in found.into_iter().flatten() {
        match found {
            Found::Right(digests) => {
                hashed.files.insert(path, digests);
            }
            Found::Odd(digests, finding) => {
                hashed.files.insert(path, digests);
                hashed.findings.push(finding);
            }
            Found::Not(finding) => hashed.findings.push(finding),
        }
    }
    let mut returned = hashing
        .returned
        .lock()
        .expect("nobody panics while holding it");
    hashed.lists = std::mem::take(&mut returned);
    Ok(hashed)
}

/// One run, with what is handed back at its end.
struct Run<'a> {
    hashing: &'a Hashing<'a>,
    returned: Mutex<BTreeMap<Sha256, FileList>>,
}

impl<'a> std::ops::Deref for Run<'a> {
    type Target = Hashing<'a>;

    fn deref(&self) -> &Hashing<'a> {
        self.hashing
    }
}

impl Run<'_> {
    fn file(&self, path: &ArchivePath, listed: &Listed) -> Result<Found, StoreError> {
        let damaged = |rule, message: String| {
            let fix = "put the file back, or --leave-out-damaged takes the others over";
            Found::Not(Finding::error(rule, path.as_str(), message).fix(fix))
        };
        let local = self.root.as_ref().map(|root| root.join(path.as_str()));
        let wants_list = !matches!(self.lists, Lists::Unwanted) && path.as_str().ends_with(".deb");
        let strong = matches!(listed.digest, Digest::Sha256(_));
        let known = self.journal.zip(local.as_deref());
        let known = known
            .and_then(|(journal, local)| journal.known(local))
            .cloned();
        let known = known.filter(|known| strong || !known.md5.is_empty());
        let has_list = |digests: &FileDigests| match self.lists {
            Lists::Kept(lists) if wants_list => {
                Ok(lists.size(&layout::file_list(&digests.sha256))?.is_some())
            }
            Lists::Returned if wants_list => Ok(false),
            _ => Ok::<_, StoreError>(true),
        };
        let (digests, odd) = match known {
            Some(known) if has_list(&known)? => (known, None),
            _ => {
                let Some(from) = self.from.open(path)? else {
                    return Ok(damaged(
                        "missing-file",
                        "it is listed, and not there".into(),
                    ));
                };
                let read = match wants_list {
                    true => read_deb(from, strong),
                    false => digests_of(from, strong).map(|digests| (digests, None)),
                };
                match read {
                    Ok((digests, list)) => {
                        let odd = self.keep_list(path, &digests, list)?;
                        if let Some((journal, local)) = self.journal.zip(local.as_deref()) {
                            journal.note(local, &digests);
                        }
                        (digests, odd)
                    }
                    Err(error) => {
                        return Ok(damaged("unreadable-file", error.to_string()));
                    }
                }
            }
        };
        if digests.size != listed.size {
            let message = format!("it has {} bytes, {} are listed", digests.size, listed.size);
            return Ok(damaged("damaged-file", message));
        }
        if !listed.digest.is_of(&digests) {
            let message = format!(
                "it has sha256 {}, listed is {}",
                digests.sha256, listed.digest
            );
            return Ok(damaged("damaged-file", message));
        }
        Ok(match odd {
            Some(finding) => Found::Odd(digests, finding),
            None => Found::Right(digests),
        })
    }

    /// Keeps the list of a package's files; one that cannot be read brings none.
    fn keep_list(
        &self,
        path: &ArchivePath,
        digests: &FileDigests,
        list: Option<Result<FileList, String>>,
    ) -> Result<Option<Finding>, StoreError> {
        let Some(list) = list else {
            return Ok(None);
        };
        let (list, odd) = match list {
            Ok(list) => (list, None),
            Err(why) => {
                let message = format!("its files cannot be listed in Contents: {why}");
                let finding = Finding::warning("unreadable-package", path.as_str(), message);
                (FileList::new(std::iter::empty::<&[u8]>()), Some(finding))
            }
        };
        match self.lists {
            Lists::Unwanted => Ok(odd),
            Lists::Returned => {
                let mut returned = self
                    .returned
                    .lock()
                    .expect("nobody panics while holding it");
                returned.insert(digests.sha256, list);
                Ok(odd)
            }
            Lists::Kept(store) => {
                let bytes = packed(&list);
                let at = layout::file_list(&digests.sha256);
                match store.write(&at, Content::Bytes(&bytes), &Condition::IfAbsent) {
                    Err(error) if !error.is_conflict() => Err(error),
                    _ => Ok(odd),
                }
            }
        }
    }
}

/// A file's digests, and its list of files where it is a package.
type Whole = (FileDigests, Option<Result<FileList, String>>);

fn read_deb(from: Box<dyn Read + Send>, strong: bool) -> io::Result<Whole> {
    let mut through = Through::new(from, strong);
    let mut paths = Vec::new();
    let read = deb::read(
        BufReader::new(&mut through),
        &Limits::default(),
        |entry, _| {
            paths.extend(entry.path_of_file().cloned());
            Ok(())
        },
    );
    // Whatever the package is, the file has an end.
    io::copy(&mut through, &mut io::sink())?;
    let list = match read {
        Ok(_) => Ok(FileList::new(paths.iter().map(TreePath::as_bytes))),
        Err(error) => Err(crate::model::finding::with_causes(&error)),
    };
    Ok((through.digests(), Some(list)))
}

fn digests_of(from: Box<dyn Read + Send>, strong: bool) -> io::Result<FileDigests> {
    let mut through = Through::new(from, strong);
    let mut buffer = vec![0; 256 * 1024];
    while through.read(&mut buffer)? > 0 {}
    Ok(through.digests())
}

/// Hashes what is read through it: with SHA-256, and with what old archives
/// list only where they list nothing better.
struct Through<R> {
    from: R,
    size: u64,
    sha256: sha2::Sha256,
    old: Option<(md5::Md5, sha1::Sha1)>,
}

impl<R: Read> Through<R> {
    fn new(from: R, strong: bool) -> Self {
        Self {
            from,
            size: 0,
            sha256: sha2::Sha256::new(),
            old: (!strong).then(|| (md5::Md5::new(), sha1::Sha1::new())),
        }
    }

    fn digests(self) -> FileDigests {
        let (md5, sha1) = match self.old {
            None => (String::new(), String::new()),
            Some((md5, sha1)) => (
                crate::model::digest::hex(&md5.finalize()),
                crate::model::digest::hex(&sha1.finalize()),
            ),
        };
        FileDigests {
            size: self.size,
            md5,
            sha1,
            sha256: Sha256::from_hasher(self.sha256),
        }
    }
}

impl<R: Read> Read for Through<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        let bytes = &buffer[..read];
        self.sha256.update(bytes);
        if let Some((md5, sha1)) = &mut self.old {
            md5.update(bytes);
            sha1.update(bytes);
        }
        self.size += read as u64;
        Ok(read)
    }
}
