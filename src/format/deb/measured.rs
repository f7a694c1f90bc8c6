//! The unpacked bytes of a member, counted, and what can go wrong below them.

use std::io::{self, Read};

use crate::format::ar::ArError;

/// Counts unpacked bytes and stops at the limit. Once it has failed it fails
/// for ever, so that nobody who swallows an error reads on.
pub(super) struct Measured<R> {
    stream: R,
    unpacked: u64,
    limit: u64,
    failed: bool,
}

impl<R> Measured<R> {
    /// Starts counting.
    pub fn new(stream: R, limit: u64) -> Self {
        Self {
            stream,
            unpacked: 0,
            limit,
            failed: false,
        }
    }

    /// Returns how many bytes came so far.
    pub fn unpacked(&self) -> u64 {
        self.unpacked
    }
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fault = if self.failed {
            Fault::Decode(io::Error::other("reading failed before"))
        } else {
            match self.stream.read(buffer) {
                Ok(read) if self.unpacked + read as u64 > self.limit => Fault::TooLarge,
                Ok(read) => {
                    self.unpacked += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => Fault::of(error),
            }
        };
        self.failed = true;
        Err(io::Error::other(fault))
    }
}

/// What goes wrong below the tar reader, on its way up inside an
/// [`io::Error`], so that it is not taken for a failure of the visitor's.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Archive(ArError),
    #[error(transparent)]
    Decode(io::Error),
    #[error("the member unpacks to more than the limit")]
    TooLarge,
}

impl Fault {
    /// Tells the archive's errors from the decompressor's.
    pub fn of(error: io::Error) -> Self {
        match error.downcast() {
            Ok(error) => Self::Archive(error),
            Err(error) => Self::Decode(error),
        }
    }
}
