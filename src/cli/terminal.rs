//! Standard output and standard error, and the only code that writes them.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::builder::TypedValueParser as _;

use super::arguments::{Global, When};
use super::failure::{Exit, Failure};
use super::listener::{Detail, Teller};
use crate::model::{Event, Listener};
use crate::report::{Answer, Colour, ErrorDocument, Page};
use crate::sys::environment::Environment;

/// The terminal, or whatever stands in its place.
pub struct Terminal {
    json: bool,
    dumb: bool,
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
            (_, 0) => Detail::Usual,
            _ => Detail::Whole,
        };
        let told = if global.progress == When::Never && detail == Detail::Usual && !stderr {
            Detail::Quiet
        } else {
            detail
        };
        Self {
            json: global.json,
            dumb,
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

    /// Writes an answer that takes the place of the one before: as JSON on a line
    /// of its own.
    pub fn show_anew(&self, answer: &Answer) {
        self.teller.clear();
        if self.json {
            let mut text = answer.json().to_string();
            text.push('\n');
            return print(text.as_bytes());
        }
        print(self.laid_out(answer).as_bytes());
    }

    /// Tells whether answers are drawn on a screen, where there is one.
    pub fn draws(&self) -> bool {
        !self.json && !self.dumb
    }

    /// Lays an answer out as text.
    pub fn laid_out(&self, answer: &Answer) -> String {
        let mut page = Page::new(self.stdout_colour);
        answer.text(&mut page);
        page.into_text()
    }

    /// Writes why a verb could not answer.
    pub fn fail(&self, failure: &Failure) -> Exit {
        self.teller.clear();
        report_failure(failure, self.json, self.stderr_colour);
        failure.exit
    }

    /// Tells whether somebody sits there who can be asked.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
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
    let typed = match asked {
        true => None,
        false => typed(argv, error),
    };
    let error = typed.as_ref().unwrap_or(error);
    if !asked && wants_json(argv, environment) {
        let failure = usage_failure(&error.render().to_string(), error.kind());
        let Failure {
            kind,
            message,
            hints,
            ..
        } = &failure;
        print_json(&ErrorDocument::new(kind, message, &[], hints));
    }
    // A closed pipe is no error; nothing else can be said of a broken stream.
    let _ = error.print();
    ExitCode::from(if asked { Exit::Done } else { Exit::Request } as u8)
}

/// Returns the same error, where it is one without the environment too: clap
/// writes what the environment holds into the usage, as if it had been typed.
fn typed(argv: &[OsString], error: &clap::Error) -> Option<clap::Error> {
    fn bare(command: clap::Command) -> clap::Command {
        // Nobody sets it.
        let command = command.mut_args(|argument| match argument.get_env() {
            Some(_) => argument.env("DEBCUT_OF_NOBODY"),
            None => argument,
        });
        command.mut_subcommands(bare)
    }
    let again = bare(super::command()).try_get_matches_from(argv).err()?;
    let first = |error: &clap::Error| {
        let rendered = error.render().to_string();
        rendered.split("\n\n").next().map(str::to_owned)
    };
    let is_same = again.kind() == error.kind() && first(&again) == first(error);
    is_same.then_some(again)
}

/// Tells whether JSON was asked for, where clap got nowhere.
fn wants_json(argv: &[OsString], environment: &Environment) -> bool {
    let mut flags = argv.iter().take_while(|word| *word != "--");
    flags.any(|word| word == "--json")
        || environment.var("DEBCUT_JSON").is_some_and(|value| {
            let parser = clap::builder::FalseyValueParser::new();
            let (command, value) = (super::command(), OsString::from(value));
            parser.parse_ref(&command, None, &value).unwrap_or(true)
        })
}

/// Takes apart what clap writes: what is wrong, with the arguments it is about
/// on lines of their own; its tips; the usage.
fn usage_failure(rendered: &str, kind: clap::error::ErrorKind) -> Failure {
    use clap::error::ErrorKind as Kind;
    if kind == Kind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::request("usage", "a verb is missing")
            .hint("debcut --help lists the verbs, debcut help VERB explains one");
    }
    let mut paragraphs = rendered.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines().map(str::trim);
        lines.collect::<Vec<_>>()
    });
    let first = paragraphs.next().unwrap_or_default().join(" ");
    let message = first.trim_start_matches("error: ");
    let hints = paragraphs.flat_map(|lines| match lines.first() {
        Some(line) if line.starts_with("tip: ") => lines
            .iter()
            .map(|tip| tip.trim_start_matches("tip: ").to_owned())
            .collect(),
        Some(line) if line.starts_with("Usage: ") => {
            vec![lines.join(" ").replacen("Usage:", "usage:", 1)]
        }
        _ => Vec::new(),
    });
    hints.fold(Failure::request("usage", message), Failure::hint)
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn usage_errors_name_what_they_are_about() {
        let cases: &[(&[&str], &str, &str)] = &[
            (
                &["archive", "init"],
                "the following required arguments were not provided: --suite <NAME> <DIR|URL>",
                "usage: debcut archive init",
            ),
            (
                &["build", "--jsn"],
                "unexpected argument '--jsn' found",
                "a similar argument exists: '--json'",
            ),
            (
                &["build", "--jobs", "0"],
                "invalid value '0' for '--jobs <N>': 0 is not in 1..=4294967295",
                "",
            ),
            (
                &["build", "v1", "--color", "pink"],
                "invalid value 'pink' for '--color <WHEN>' [possible values: auto, always, never]",
                "",
            ),
            (
                &["biuld"],
                "unrecognized subcommand 'biuld'",
                "a similar subcommand exists: 'build'",
            ),
            (&[], "a verb is missing", "debcut --help"),
        ];
        for (words, message, hint) in cases {
            let argv = ["debcut"].iter().chain(*words);
            let error =
                super::super::arguments::Arguments::try_parse_from(argv).expect_err("it is wrong");
            let failure = usage_failure(&error.render().to_string(), error.kind());
            assert_eq!(failure.message, *message, "{words:?}");
            let hints = failure.hints.join("\n");
            assert!(hints.contains(hint), "{words:?}: {hints}");
        }
    }

    #[test]
    fn json_is_wanted_by_flag_or_variable() {
        let cases: &[(&[&str], &str, bool)] = &[
            (&["build"], "", false),
            (&["build", "--json"], "", true),
            (&["build", "--", "--json"], "", false),
            (&["build"], "1", true),
            (&["build"], "yes", true),
            (&["build"], "0", false),
            (&["build"], "off", false),
        ];
        for (words, variable, want) in cases {
            let argv: Vec<OsString> = words.iter().map(Into::into).collect();
            let environment = Environment::new("/", [("DEBCUT_JSON", *variable)]);
            assert_eq!(
                wants_json(&argv, &environment),
                *want,
                "{words:?} {variable}"
            );
        }
    }
}
