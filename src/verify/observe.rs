//! Files and what lies beside them → [`Facts`].

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::claim::{Reader, chain};
use super::facts::{Claim, Facts, Signature, SourceNamed};
use super::kind::{Kind, RELEASE, RELEASE_SIGNATURE};
use crate::format::control::BinaryControl;
use crate::format::deb::{self, Limits};
use crate::model::{FileDigests, Listener, Timestamp};
use crate::sys::files::{self, FileError};
use crate::sys::openpgp::Keyring;

#[cfg(test)]
mod tests;

/// Texts are read whole. The largest real ones, `.buildinfo` and `InRelease`,
/// have a few hundred kilobytes.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;

/// Hashing and unpacking more than this takes a second or longer.
const WORTH_TELLING: u64 = 32 * 1024 * 1024;

/// Reads files, and in directories every file, with what lies beside them.
///
/// Paths that are not absolute start in `base`.
pub fn observe(
    base: &Path,
    paths: &[PathBuf],
    keyring: &Keyring,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Facts, FileError> {
    let mut observer = Observer {
        base,
        reader: Reader { keyring, now },
        facts: Facts::default(),
    };
    for path in paths {
        observer.ask(path)?;
    }
    observer.read_claims()?;
    observer.read_contents(listener)?;
    Ok(observer.facts)
}

struct Observer<'a> {
    base: &'a Path,
    reader: Reader<'a>,
    facts: Facts,
}

impl Observer<'_> {
    fn at(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    fn ask(&mut self, path: &Path) -> Result<(), FileError> {
        let at = self.at(path);
        let found = fs::metadata(&at).map_err(files::failed("read", path))?;
        if found.is_file() {
            self.facts.asked.insert(path.to_owned());
            return Ok(());
        }
        if !found.is_dir() {
            let why = io::Error::new(io::ErrorKind::NotADirectory, "neither file nor directory");
            return Err(files::failed("read", path)(why));
        }
        let mut empty = true;
        for name in names(&at)? {
            let (path, at) = (path.join(&name), at.join(&name));
            // What a dangling link or a socket stands for cannot be verified,
            // but who asked for the directory asked for it too.
            if at.is_dir() {
                self.facts.inner.push(path);
            } else {
                empty = false;
                self.ask(&path)?;
            }
        }
        if empty {
            self.facts.empty.push(path.to_owned());
        }
        Ok(())
    }

    /// Reads the texts asked about and those beside the files asked about.
    fn read_claims(&mut self) -> Result<(), FileError> {
        let directories: BTreeSet<PathBuf> = self
            .facts
            .asked
            .iter()
            .map(|path| path.with_file_name(""))
            .collect();
        for directory in directories {
            for name in names(&self.at(&directory))? {
                let path = directory.join(&name);
                let kind = Kind::of(&path);
                if kind.claims() && self.at(&path).is_file() {
                    let claim = match self.claim(kind, &path) {
                        Ok(claim) => claim,
                        Err(error) if self.facts.asked.contains(&path) => return Err(error),
                        Err(error) => unreadable(chain(&error)),
                    };
                    self.facts.claims.insert(path, claim);
                }
            }
        }
        Ok(())
    }

    fn claim(&self, kind: Kind, path: &Path) -> Result<Claim, FileError> {
        let Some(bytes) = self.text(path)? else {
            let limit = LARGEST_TEXT / (1024 * 1024);
            return Ok(unreadable(format!("larger than {limit} MiB")));
        };
        let companion = match kind {
            Kind::Release => Some(RELEASE_SIGNATURE),
            Kind::ReleaseSignature => Some(RELEASE),
            _ => None,
        };
        let companion = match companion.map(|name| path.with_file_name(name)) {
            Some(path) if self.at(&path).is_file() => self.text(&path)?,
            _ => None,
        };
        Ok(self.reader.read(kind, &bytes, companion.as_deref()))
    }

    fn text(&self, path: &Path) -> Result<Option<Vec<u8>>, FileError> {
        let at = self.at(path);
        let size = fs::metadata(&at)
            .map_err(files::failed("read", path))?
            .len();
        if size > LARGEST_TEXT {
            return Ok(None);
        }
        files::read(&at).map(Some)
    }

    /// Hashes the files asked about and those they list, and reads packages.
    fn read_contents(&mut self, listener: &dyn Listener) -> Result<(), FileError> {
        let mut wanted = self.facts.asked.clone();
        for path in &self.facts.asked {
            wanted.extend(self.facts.listed_by(path).map(|(path, _)| path));
        }
        for path in wanted {
            let at = self.at(&path);
            // A pipe would be waited for; what is listed is a regular file.
            if !at.is_file() {
                continue;
            }
            let mut file = files::open(&at)?;
            let size = file.metadata().map_err(files::failed("read", &path))?.len();
            if size > WORTH_TELLING {
                listener.begin(format!("reading {}", path.display()));
            }
            let digests = FileDigests::of_reader(&file).map_err(files::failed("read", &path))?;
            if self.facts.asked.contains(&path) && Kind::of(&path) == Kind::Package {
                file.rewind().map_err(files::failed("read", &path))?;
                let read = deb::read(BufReader::new(file), &Limits::default(), |_, _| Ok(()));
                let control = read.as_ref().ok().map(|deb| deb.control.paragraph());
                let control = control.and_then(|control| BinaryControl::parse(control).ok());
                let source = control.map(|control| SourceNamed {
                    name: control.source.to_string(),
                    version: control.source_version.to_string(),
                });
                let package = read.map_err(|error| chain(&error)).map(|deb| {
                    let control = &deb.control;
                    let (name, architecture) = (control.package(), control.architecture());
                    format!("package {name} {} for {architecture}", control.version())
                });
                self.facts.packages.insert(path.clone(), package);
                self.facts.sources.extend(source.map(|s| (path.clone(), s)));
            }
            self.facts.digests.insert(path, digests);
        }
        Ok(())
    }
}

fn unreadable(why: String) -> Claim {
    Claim {
        signature: Signature::Absent,
        content: Err(why),
    }
}

/// Lists a directory, in order.
fn names(directory: &Path) -> Result<Vec<std::ffi::OsString>, FileError> {
    let list = || -> io::Result<Vec<_>> {
        let mut names = Vec::new();
        // A bare file name's directory is the one it is read from.
        for entry in fs::read_dir(directory)? {
            names.push(entry?.file_name());
        }
        names.sort();
        Ok(names)
    };
    list().map_err(files::failed("list", directory))
}
