//! What a program writes, to its last byte: however late this process gets to
//! read, what was written before the program ended is read.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long the output of a program that has ended is waited for. Only a process
/// that has left the program's group (a daemon it started) can hold it open,
/// perhaps for ever.
pub const LINGER: Duration = Duration::from_secs(3);
/// How often it is looked whether the program has ended.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// What a pipe holds (pipe(7)): as much may be in it of a program that has ended.
const PIPE_BYTES: usize = 1 << 16;

/// When a program ended: nothing that it writes comes after that.
#[derive(Debug, Clone, Default)]
pub struct End(Arc<OnceLock<Instant>>);

impl End {
    /// Tells the readers of a program that it has ended.
    pub fn tell(&self) {
        // The first word counts.
        let _ = self.0.set(Instant::now());
    }

    fn since(&self) -> Option<Duration> {
        self.0.get().map(Instant::elapsed)
    }
}

/// Reads a program's output until its writers are gone. When it has ended and
/// somebody else holds the pipe, that is when nobody has written anything more
/// for [`LINGER`], or when as much has come after that as a pipe can hold.
#[derive(Debug)]
pub struct Ears<R> {
    from: R,
    end: End,
    left_bytes: usize,
}

impl<R: Read + AsFd> Ears<R> {
    /// Listens to a pipe.
    pub fn new(from: R, end: &End) -> Self {
        let (end, left_bytes) = (end.clone(), PIPE_BYTES);
        Self {
            from,
            end,
            left_bytes,
        }
    }
}

impl<R: Read + AsFd> Read for Ears<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before the pipe is: what the program wrote is then in it.
            let late = self.end.since().is_some_and(|since| since > LINGER);
            let mut pipe = [PollFd::new(&self.from, PollFlags::IN)];
            match poll(&mut pipe, Some(&LOOK)) {
                Ok(0) if late => return Ok(0),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) if late && self.left_bytes == 0 => return Ok(0),
                Ok(_) => {
                    let length = self.from.read(buffer)?;
                    if late {
                        self.left_bytes = self.left_bytes.saturating_sub(length);
                    }
                    return Ok(length);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// As when the machine stood still between a program's end and the first
    /// look at its output.
    #[test]
    fn what_was_written_is_read_however_late_it_is() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        writer.write_all(&[b'x'; 50_000]).expect("it fits");
        let end = End::default();
        let long_ago = Instant::now().checked_sub(2 * LINGER).expect("a time");
        end.0.set(long_ago).expect("the first");
        let mut heard = Vec::new();
        let read = Ears::new(reader, &end).read_to_end(&mut heard);
        assert_eq!(read.expect("it ends, though a writer is there"), 50_000);
    }

    #[test]
    fn who_writes_without_end_is_not_heard_for_ever() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        std::thread::spawn(move || while writer.write_all(&[b'x'; 1000]).is_ok() {});
        let end = End::default();
        end.tell();
        let begun = Instant::now();
        let read = io::copy(&mut Ears::new(reader, &end), &mut io::sink());
        assert!(read.expect("it ends") > 50_000);
        assert!(begun.elapsed() < 2 * LINGER);
    }
}
