//! Passphrases: from the environment, else from the terminal, never from an
//! argument.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use super::context::Context;
use crate::keys::KeyDescription;
use crate::sys::interrupt;
use crate::sys::openpgp::Passphrase;

/// The variable that CI sets.
pub const VARIABLE: &str = "DEBCUT_SIGNING_PASSPHRASE";
/// The terminal that this process was started from.
pub const TERMINAL: &str = "/dev/tty";

/// Answers for a locked key's passphrase.
pub fn asker<'a>(
    context: &'a Context<'_>,
) -> impl FnMut(&KeyDescription) -> io::Result<Option<Passphrase>> + 'a {
    move |key| {
        if let Some(text) = context.environment.var(VARIABLE) {
            return Ok(Passphrase::new(text));
        }
        let question = format!("Passphrase of {} ({}): ", key.user_id, key.fingerprint);
        Ok(ask(context, &question)?
            .as_deref()
            .and_then(Passphrase::new))
    }
}

/// Asks on the terminal, without showing what is typed; `None` where there is
/// no terminal. Ctrl-C ends the question with [`io::ErrorKind::Interrupted`].
pub fn ask(context: &Context<'_>, question: &str) -> io::Result<Option<String>> {
    let Ok(tty) = OpenOptions::new().read(true).write(true).open(TERMINAL) else {
        return Ok(None);
    };
    context.terminal().clear();
    (&tty).write_all(question.as_bytes())?;
    let hidden = Hidden::on(&tty)?;
    let line = read_line(&tty);
    drop(hidden);
    (&tty).write_all(b"\n")?;
    line.map(Some)
}

/// A terminal that shows nothing of what is typed until this is dropped,
/// whatever happens meanwhile.
struct Hidden<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn on(tty: &'a File) -> io::Result<Self> {
        let before = termios::tcgetattr(tty)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(tty, OptionalActions::Flush, &modes)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing to anybody.
        let _ = termios::tcsetattr(self.tty, OptionalActions::Flush, &self.before);
    }
}

/// How often a waiting question looks whether somebody wants to stop; a
/// signal wakes it at once, unless another thread was given it.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// The longest line that a Linux terminal hands over (N_TTY_BUF_SIZE).
const LONGEST_LINE: usize = 4096;

/// Reads one line. A plain read would be taken up again after a signal, and
/// Ctrl-C not be heard before Enter.
pub(super) fn read_line(mut tty: &File) -> io::Result<String> {
    let mut line = vec![0; LONGEST_LINE];
    loop {
        if interrupt::asked() {
            let why = "stopped before an answer was given";
            return Err(io::Error::new(io::ErrorKind::Interrupted, why));
        }
        match poll(&mut [PollFd::new(tty, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let length = tty.read(&mut line)?;
    line.truncate(length);
    let line = String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is not UTF-8"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
