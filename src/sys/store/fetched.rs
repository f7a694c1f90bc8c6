//! An archive on a web server, to be read only. Fetched by apt's own
//! `apt-helper`, so with the proxies and certificates that apt uses here.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::{Guard, Holder, LockError};
use super::{Condition, Content, Entry, Object, Revision, Store, StoreError};
use crate::model::{ArchivePath, Sha256};
use crate::sys::process::{Tool, ToolError};

/// Where Debian's package apt has it; it is on nobody's search path.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// An archive on a web server. Each file is fetched once.
#[derive(Debug)]
pub struct FetchedStore {
    url: String,
    kept: tempfile::TempDir,
}

impl FetchedStore {
    /// Tells whether a location is a web server's.
    pub fn is_url(location: &str) -> bool {
        location.starts_with("http://") || location.starts_with("https://")
    }

    /// Reads the archive below a URL.
    pub fn new(url: &str) -> io::Result<Self> {
        let kept = tempfile::Builder::new().prefix("debcut-fetch-").tempdir()?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            kept,
        })
    }

    /// Fetches a file; none where the server has none.
    fn fetched(&self, path: &ArchivePath) -> Result<Option<PathBuf>, StoreError> {
        let to = self
            .kept
            .path()
            .join(Sha256::of(path.as_str().as_bytes()).hex());
        if to.exists() {
            return Ok(Some(to));
        }
        // The file is in a directory of ours, which apt's own user cannot enter.
        let tool = Tool::new(HELPER)
            .args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=0"])
            .env("LC_ALL", "C.UTF-8")
            .arg("download-file")
            .arg(format!("{}/{}", self.url, escaped(path.as_str())))
            .arg(to.as_os_str());
        let failed = |source| StoreError::of(self.url.clone(), "fetch", path, source);
        match tool.output() {
            Ok(_) => Ok(Some(to)),
            Err(ToolError::Failed { tail, .. }) if is_absent(&tail) => Ok(None),
            Err(error) => Err(failed(io::Error::other(error))),
        }
    }

    fn refused<T>(&self, act: &'static str, path: &ArchivePath) -> Result<T, StoreError> {
        let why = "an archive on a web server can only be read, file by file";
        let source = io::Error::new(io::ErrorKind::Unsupported, why);
        Err(StoreError::of(self.url.clone(), act, path, source))
    }
}

/// Tells by apt's words whether the server has no such file.
fn is_absent(said: &str) -> bool {
    ["  404  ", "  410  "]
        .iter()
        .any(|status| said.contains(status))
}

/// Escapes what a URL's path must not hold (RFC 3986 3.3).
fn escaped(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+:=@,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn opened(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(File::open(path)?))
}

impl Store for FetchedStore {
    fn place(&self) -> String {
        self.url.clone()
    }

    fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError> {
        let failed = |source| StoreError::of(self.url.clone(), "read", path, source);
        let fetched = self.fetched(path)?;
        fetched
            .map(|file| std::fs::read(file).map_err(failed))
            .transpose()
    }

    fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError> {
        Ok(self.read(path)?.map(|bytes| Object {
            revision: Revision(Sha256::of(&bytes).hex()),
            bytes,
        }))
    }

    fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let failed = |source| StoreError::of(self.url.clone(), "read", path, source);
        let fetched = self.fetched(path)?;
        fetched
            .map(|file| opened(&file).map_err(failed))
            .transpose()
    }

    fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError> {
        Ok(self.digest(path)?.map(|(size, _)| size))
    }

    fn write(&self, path: &ArchivePath, _: Content<'_>, _: &Condition) -> Result<(), StoreError> {
        self.refused("write", path)
    }

    fn copy(&self, _: &ArchivePath, to: &ArchivePath) -> Result<(), StoreError> {
        self.refused("write", to)
    }

    fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError> {
        self.refused("list", below)
    }

    fn delete(&self, path: &ArchivePath) -> Result<(), StoreError> {
        self.refused("delete", path)
    }

    fn lock(&self, _: &Holder, _: Duration, _: &dyn Fn(&Holder)) -> Result<Guard, LockError> {
        let path = ArchivePath::new("dists").expect("a path");
        Ok(self.refused("lock", &path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped_and_absence_is_no_failure() {
        assert_eq!(escaped("dists/a b/x~1+2"), "dists/a%20b/x~1+2");
        let said = "E: Failed to fetch http://h/x  404  File not found [IP: 127.0.0.1 80]";
        assert!(is_absent(said));
        assert!(!is_absent(
            "E: Failed to fetch http://h/404  Could not connect"
        ));
        let store = FetchedStore::new("http://127.0.0.1:1/x/").expect("a directory");
        let path = ArchivePath::new("dists/stable/InRelease").expect("a path");
        store.read(&path).expect_err("nobody listens there");
        store.delete(&path).expect_err("it can only be read");
    }
}
