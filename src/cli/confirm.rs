//! Questions that only yes answers: asked on a terminal, refused without one.

use std::fs::OpenOptions;
use std::io::{self, Write};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::passphrase::{TERMINAL, read_line};

/// Asks; anything but yes is a no. Without a terminal nobody is there to ask.
pub fn confirmed(context: &Context<'_>, question: &str) -> Result<(), Failure> {
    let asked = || -> io::Result<Option<String>> {
        let Ok(tty) = OpenOptions::new().read(true).write(true).open(TERMINAL) else {
            return Ok(None);
        };
        context.terminal().clear();
        (&tty).write_all(question.as_bytes())?;
        read_line(&tty).map(Some)
    };
    match asked() {
        Ok(Some(line)) if ["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str()) => {
            Ok(())
        }
        Ok(Some(_)) => Err(Failure {
            exit: Exit::No,
            ..Failure::request("not-confirmed", "nothing was done")
        }),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Failure {
            exit: Exit::Stopped,
            ..Failure::request("interrupted", "nothing was done")
        }),
        _ => {
            let what = question.trim_end_matches("Go on? [y/N] ").trim_end();
            let why = format!("nobody is there to ask: {what}");
            Err(Failure::request("not-confirmed", why).hint("--yes says so without a question"))
        }
    }
}
