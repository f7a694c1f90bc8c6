//! Standard output and standard error, and the only code that writes them.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use super::arguments::{Global, When};
use super::failure::{Exit, Failure};
use super::listener::{Detail, Teller};
use crate::model::{Event, Listener};
use crate::report::{Answer, Colour, ErrorDocument, Page};
use crate::sys::environment::Environment;

/// The terminal, or whatever stands in its place.
pub struct Terminal {
    json: bool,
    stdout_colour: Colour,
    stderr_colour: Colour,
    teller: Teller,
}

impl Terminal {
    /// Decides what the options, the environment and the files behind the
    /// streams allow.
    pub fn new(global: &Global, environment: &Environment) -> Self {
        let dumb = environment.var("TERM") == Some("dumb");
        let plain = dumb || environment.var("NO_COLOR").is_some();
        let colour = |terminal: bool| match global.color {
            When::Always => Colour::On,
            When::Auto if terminal && !plain => Colour::On,
            _ => Colour::Off,
        };
        let stderr = io::stderr().is_terminal();
        let live = match global.progress {
            When::Auto => stderr && !dumb && environment.var("CI").is_none(),
            When::Always => true,
            When::Never => false,
        };
        let detail = match (global.quiet, global.verbose) {
            (true, _) => Detail::Quiet,
            (_, 0 | 1) => Detail::Usual,
            _ => Detail::Whole,
        };
        let told = if global.progress == When::Never && detail == Detail::Usual && !stderr {
            Detail::Quiet
        } else {
            detail
        };
        Self {
            json: global.json,
            stdout_colour: colour(io::stdout().is_terminal()),
            stderr_colour: colour(stderr),
            teller: Teller::new(told, colour(stderr), live && detail != Detail::Whole),
        }
    }

    /// Writes a verb's answer to standard output.
    pub fn show(&self, answer: &Answer) -> Exit {
        self.teller.clear();
        if self.json {
            print_json(&answer.json());
        } else {
            let mut page = Page::new(self.stdout_colour);
            answer.text(&mut page);
            print(page.into_text().as_bytes());
        }
        if answer.is_no() { Exit::No } else { Exit::Done }
    }

    /// Writes why a verb could not answer.
    pub fn fail(&self, failure: &Failure) -> Exit {
        self.teller.clear();
        report_failure(failure, self.json, self.stderr_colour);
        failure.exit
    }

    /// Writes a line of an answer that comes in pieces (a server's address).
    pub fn say(&self, line: &str) {
        self.teller.clear();
        print(format!("{line}\n").as_bytes());
    }

    /// Takes the line of progress away, before something is asked.
    pub fn clear(&self) {
        self.teller.clear();
    }
}

impl Listener for Terminal {
    fn hear(&self, event: Event) {
        self.teller.tell(event);
    }
}

/// Answers a command line that clap did not take, or that asked for help.
pub fn usage(argv: &[OsString], environment: &Environment, error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let json = argv.iter().any(|word| word == "--json") || environment.var("DEBCUT_JSON").is_some();
    if json && !asked {
        let text = error.render().to_string();
        let message = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        let failure = Failure::request("usage", message);
        print_json(&ErrorDocument::new(
            failure.kind,
            &failure.message,
            &[],
            &[],
        ));
    }
    // A closed pipe is no error; nothing else can be said of a broken stream.
    let _ = error.print();
    ExitCode::from(if asked { Exit::Done } else { Exit::Request } as u8)
}

fn report_failure(failure: &Failure, json: bool, colour: Colour) {
    let mut page = Page::new(colour);
    page.line(format!("{}: {}", page.bad("error"), failure.message));
    for cause in &failure.causes {
        page.line(format!("  {} {cause}", page.dim("because:")));
    }
    for hint in &failure.hints {
        page.line(format!("  {} {hint}", page.good("try:")));
    }
    eprint(page.into_text().trim_end());
    if json {
        let Failure {
            kind,
            message,
            causes,
            hints,
            ..
        } = failure;
        print_json(&ErrorDocument::new(kind, message, causes, hints));
    }
}

fn print_json(document: &impl serde::Serialize) {
    let mut text = serde_json::to_string_pretty(document).expect("documents have string keys");
    text.push('\n');
    print(text.as_bytes());
}

/// Writes to standard output; a closed pipe is no error.
pub fn print(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub fn eprint(line: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{line}");
}
