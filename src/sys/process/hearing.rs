//! What a program writes, heard while it runs, and how much of it is too much.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::ears::{Ears, End};

/// How many lines may wait to be heard of; then the program that writes them
/// waits.
pub(super) const WAITING_LINES: usize = 1024;
/// How long lines are listened to before the clock is looked at again.
const LISTEN: Duration = Duration::from_millis(50);
/// Why a program is ended before it ends.
pub(super) enum Stop {
    Interrupted,
    TimedOut,
    TooMuch,
    Broken(io::Error),
}

/// Counts what a program writes.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    most: u64,
    seen: Arc<AtomicU64>,
}

impl Meter {
    pub(super) fn new(most: u64) -> Self {
        let seen = Arc::default();
        Self { most, seen }
    }

    /// Counts more; too much is not to be kept.
    pub(super) fn add(&self, bytes: usize) -> Result<(), Stop> {
        self.seen.fetch_add(bytes as u64, Ordering::Relaxed);
        self.checked()
    }

    pub(super) fn checked(&self) -> Result<(), Stop> {
        match self.seen.load(Ordering::Relaxed) <= self.most {
            true => Ok(()),
            false => Err(Stop::TooMuch),
        }
    }
}

/// Reads a stream on a thread of its own, piece by piece, until it is too much.
pub(super) fn chunks(
    from: impl Read + AsFd + Send + 'static,
    meter: &Meter,
    end: &End,
) -> Receiver<Vec<u8>> {
    let mut from = Ears::new(from, end);
    let (pieces, waiting) = mpsc::sync_channel(WAITING_LINES);
    let meter = meter.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 14];
        loop {
            match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What was read before an error is still what the tool said.
                Ok(0) | Err(_) => break,
                Ok(length) => {
                    let is_enough = meter.add(length).is_err();
                    if is_enough || pieces.send(buffer[..length].to_vec()).is_err() {
                        break;
                    }
                }
            }
        }
    });
    waiting
}

/// Takes what has come, for a moment at most: who writes without end must not
/// keep anybody from looking at the clock.
pub(super) fn hear_some<T>(waiting: Option<&Receiver<T>>, mut hear: impl FnMut(T)) {
    let started = Instant::now();
    while let Some(piece) = waiting.and_then(|waiting| waiting.try_recv().ok()) {
        hear(piece);
        if started.elapsed() > LISTEN {
            break;
        }
    }
}

/// Takes what is still on its way, until its reader is done, however long that
/// is kept from running.
pub(super) fn hear_out<T>(waiting: &Receiver<T>, hear: impl FnMut(T)) {
    waiting.iter().for_each(hear);
}
