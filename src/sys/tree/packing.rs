//! Trees → a `.deb`, with a thread that reads files while another compresses.

use std::io::{self, Seek, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::format::deb::{CarryError, MakeTar, Options, WriteError, write_carried};
use crate::format::tar::Tree;

/// What is handed over at once: what zstd takes at once, and far more than a
/// pipe holds.
const PIECE_BYTES: usize = 128 * 1024;
/// How many pieces are on their way. They make up for a compressor that takes
/// its input in bursts, and cost a megabyte.
const PIECES: usize = 8;

/// Writes a package as [`deb::write`](crate::format::deb::write) does, byte for
/// byte, but reads the files in a thread of its own, a megabyte ahead of the
/// compressor.
pub fn pack(
    out: impl Write + Seek,
    control: &Tree,
    data: &Tree,
    options: &Options,
) -> Result<(), WriteError> {
    write_carried(out, control, data, options, carry)
}

fn carry(make: &MakeTar<'_>, into: &mut dyn Write) -> Result<(), CarryError> {
    let (full, pieces) = sync_channel(PIECES);
    let (empty, used) = sync_channel(PIECES + 1);
    std::thread::scope(|scope| {
        let maker = scope.spawn(move || {
            let mut ahead = Ahead {
                piece: Vec::with_capacity(PIECE_BYTES),
                full,
                used,
            };
            make(&mut ahead)?;
            ahead.hand_over();
            Ok(())
        });
        let mut taken = Ok(());
        for mut piece in pieces {
            taken = into.write_all(&piece);
            if taken.is_err() {
                // The maker finds nobody who listens, and ends.
                break;
            }
            piece.clear();
            // It has ended when it does not want the piece back.
            let _ = empty.send(piece);
        }
        drop(empty);
        let made = maker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.map_err(CarryError::Take)?;
        made.map_err(CarryError::Make)
    })
}

/// Collects what is written to pieces and hands them over.
struct Ahead {
    piece: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    used: Receiver<Vec<u8>>,
}

impl Ahead {
    /// Hands over what there is; tells whether there is anybody who takes it.
    fn hand_over(&mut self) -> bool {
        let next = self.used.try_recv();
        let next = next.unwrap_or_else(|_| Vec::with_capacity(PIECE_BYTES));
        let piece = std::mem::replace(&mut self.piece, next);
        self.full.send(piece).is_ok()
    }
}

impl Write for Ahead {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES && !self.hand_over() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
