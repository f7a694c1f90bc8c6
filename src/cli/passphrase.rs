//! Passphrases: from the environment, else from the terminal, never from an
//! argument.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use rustix::termios::{self, LocalModes, OptionalActions};

use super::context::Context;
use crate::keys::KeyDescription;
use crate::sys::openpgp::Passphrase;

/// The variable that CI sets.
pub const VARIABLE: &str = "DEBCUT_SIGNING_PASSPHRASE";

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
/// no terminal.
pub fn ask(context: &Context<'_>, question: &str) -> io::Result<Option<String>> {
    let Ok(tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    context.terminal().clear();
    let shown = termios::tcgetattr(&tty)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    (&tty).write_all(question.as_bytes())?;
    termios::tcsetattr(&tty, OptionalActions::Flush, &hidden)?;
    let line = read_line(&tty);
    // Whatever happened, the terminal must show what is typed again.
    termios::tcsetattr(&tty, OptionalActions::Flush, &shown)?;
    (&tty).write_all(b"\n")?;
    line.map(Some)
}

fn read_line(tty: &File) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(tty).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
