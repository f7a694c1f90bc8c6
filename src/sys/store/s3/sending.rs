//! A local file on its way into a store, hashed while it is sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::Digest;

use crate::model::Sha256;
use crate::sys::store::StoreError;

/// How much is kept back until it is known that the file is what it was.
const BLOCK: usize = 64 * 1024;

/// Reads a file, but its end only when everything before was as promised: a
/// server that has not got everything keeps nothing.
pub(super) struct Sending {
    path: PathBuf,
    file: File,
    expected: Sha256,
    size: u64,
    read: u64,
    hasher: sha2::Sha256,
    ready: io::Cursor<Vec<u8>>,
    next: Vec<u8>,
}

impl Sending {
    /// Opens a file that has `size` bytes.
    pub(super) fn open(path: &Path, size: u64, expected: Sha256) -> Result<Self, StoreError> {
        let failed = |source| local(path, source);
        let mut sending = Self {
            path: path.to_owned(),
            file: File::open(path).map_err(failed)?,
            expected,
            size,
            read: 0,
            hasher: sha2::Sha256::new(),
            ready: io::Cursor::default(),
            next: Vec::new(),
        };
        sending.next = sending.block()?;
        Ok(sending)
    }

    fn block(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut block = Vec::with_capacity(BLOCK);
        Read::by_ref(&mut self.file)
            .take(BLOCK as u64)
            .read_to_end(&mut block)
            .map_err(|source| local(&self.path, source))?;
        self.hasher.update(&block);
        self.read += block.len() as u64;
        Ok(block)
    }

    /// Moves on by one block; the last one only when all is well.
    fn advance(&mut self) -> Result<(), StoreError> {
        let next = self.block()?;
        if next.is_empty() || self.read > self.size {
            self.verify()?;
        }
        self.ready = io::Cursor::new(std::mem::replace(&mut self.next, next));
        Ok(())
    }

    /// Reads what is left, if anything is, and compares.
    fn verify(&mut self) -> Result<(), StoreError> {
        while !self.block()?.is_empty() {}
        let found = Sha256::from_hasher(self.hasher.clone());
        if found == self.expected {
            return Ok(());
        }
        Err(StoreError::Changed {
            file: self.path.clone(),
            expected: self.expected,
            found,
        })
    }
}

impl Read for Sending {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.ready.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        if self.next.is_empty() {
            // An empty file has no end that could be kept back.
            self.verify().map_err(io::Error::other)?;
            return Ok(0);
        }
        self.advance().map_err(io::Error::other)?;
        self.ready.read(buffer)
    }
}

/// Says that a local file cannot be read.
pub(super) fn local(path: &Path, source: io::Error) -> StoreError {
    StoreError::Local {
        file: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `there` as if it were `promised`; returns what came out.
    fn sent(there: &[u8], promised: &[u8]) -> (Vec<u8>, bool) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, there).expect("written");
        let expected = Sha256::of(promised);
        let sending = Sending::open(&path, promised.len() as u64, expected);
        let mut out = Vec::new();
        let whole = sending.expect("opened").read_to_end(&mut out);
        if let Err(error) = &whole {
            let inner = error.get_ref().and_then(|e| e.downcast_ref());
            assert!(
                matches!(inner, Some(StoreError::Changed { found, .. }) if *found == Sha256::of(there)),
                "{error}"
            );
        }
        (out, whole.is_ok())
    }

    #[test]
    fn a_file_that_changed_is_never_sent_whole() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(sent(&bytes, &bytes), (bytes.clone(), true), "{length}");
            let mut other = bytes.clone();
            other.push(1);
            // Longer than it was, then shorter, then as long but different.
            for (there, promised) in [(&other, &bytes), (&bytes, &other)] {
                let (out, whole) = sent(there, promised);
                assert!(!whole, "{length}");
                assert!(out.len() < promised.len().max(1), "{length}: {}", out.len());
            }
            if let Some(last) = other.first_mut() {
                *last ^= 0xff;
            }
            let mut same = bytes.clone();
            same.push(1);
            let (out, whole) = sent(&other, &same);
            assert!(!whole && out.len() < same.len(), "{length}: {}", out.len());
        }
    }
}
