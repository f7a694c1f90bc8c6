//! The command line: argv, environment, clock and terminal on one side, the
//! library on the other. One file a verb: parse → flow → show.

mod announce;
mod archive;
mod arguments;
mod attest;
mod build;
mod confirm;
mod context;
mod deb;
mod demo;
mod doctor;
mod duration;
mod editor;
mod failure;
mod how;
mod init;
mod key;
mod lead_time;
mod listener;
mod manual;
mod notes;
mod passphrase;
mod patch;
mod plan;
mod prepare;
mod release;
mod reproduce;
mod request;
mod rollout;
mod root;
mod sandbox;
mod screen;
mod status;
mod tag;
mod terminal;
mod variant;
mod verify;
mod version;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::report::Answer;
use crate::sys::environment::Environment;
use crate::sys::interrupt;
use arguments::{Arguments, Verb};
use context::Context;
use failure::{Exit, Failure};
use terminal::Terminal;

pub use manual::command;

/// Runs the program: everything it needs of the process comes in here.
pub fn run(argv: Vec<OsString>, environment: Environment) -> ExitCode {
    let mut arguments = match Arguments::try_parse_from(&argv) {
        Ok(arguments) => arguments,
        Err(error) => return terminal::usage(&argv, &environment, &error),
    };
    // It has no terminal and no signals but its owner's.
    if let Verb::Sandbox(arguments) = &arguments.verb {
        return sandbox::run(arguments, Path::new("/proc/self/exe"));
    }
    if let Verb::Notes(notes) = &arguments.verb {
        arguments.global.json |= notes.wants_json();
    }
    let terminal = Terminal::new(&arguments.global, &environment);
    // Without it, Ctrl-C would end us and leave a build's children running.
    if let Err(error) = interrupt::install() {
        return ExitCode::from(terminal.fail(&Failure::signals(&error)) as u8);
    }
    // A panic is a bug of ours and says so, in the form the caller asked for.
    let caught = std::panic::catch_unwind(|| answer(arguments, &argv, environment, &terminal));
    let exit = match caught {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => terminal.fail(&failure),
        Err(panic) => terminal.fail(&Failure::bug(panic.as_ref())),
    };
    ExitCode::from(exit as u8)
}

fn answer(
    arguments: Arguments,
    argv: &[OsString],
    environment: Environment,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let context = Context::new(&arguments.global, argv, environment, terminal)?;
    context.guard();
    match dispatch(arguments.verb, &context)? {
        Said::Answer(answer) => Ok(terminal.show(&answer)),
        Said::Judged(answer, exit) => {
            terminal.show(&answer);
            Ok(exit)
        }
        Said::Ended(exit) => Ok(exit),
        Said::Whole => Ok(Exit::Done),
        Said::No => Ok(Exit::No),
    }
}

/// What a verb leaves to be said.
enum Said {
    /// This answer.
    Answer(Answer),
    /// This answer, and a monitoring program's word for it.
    Judged(Answer, Exit),
    /// Nothing: it has written its own for a monitoring program.
    Ended(Exit),
    /// Nothing: the verb has written its own standard output (a script, a
    /// manual page, a server's address).
    Whole,
    /// Nothing: it has written its own, and it is a no.
    No,
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

fn dispatch(verb: Verb, context: &Context<'_>) -> Result<Said, Failure> {
    match verb {
        Verb::Init(arguments) => init::run(&arguments, context),
        Verb::Doctor(arguments) => doctor::run(&arguments, context),
        Verb::Status(arguments) => status::run(&arguments, context),
        Verb::LeadTime(arguments) => lead_time::run(arguments, context),
        Verb::Plan(arguments) => plan::run(arguments, context),
        Verb::Notes(arguments) => notes::run(&arguments, context),
        Verb::Announce(arguments) => announce::run(arguments, context),
        Verb::Prepare(arguments) => prepare::run(arguments, context),
        Verb::Tag(arguments) => tag::run(arguments, context),
        Verb::Release(arguments) => release::run(*arguments, context),
        Verb::Build(arguments) => build::run(arguments, context),
        Verb::Reproduce(arguments) => reproduce::run(arguments, context),
        Verb::Root(arguments) => root::run(arguments, context),
        Verb::Verify(arguments) => verify::run(&arguments, context),
        Verb::Attest(arguments) => attest::run(&arguments, context),
        Verb::Archive(arguments) => archive::run(arguments, context),
        Verb::Patch(arguments) => patch::run(arguments, context),
        Verb::Publish(arguments) => archive::publish(arguments, context),
        Verb::Rollout(arguments) => rollout::run(arguments, context),
        Verb::Demo(arguments) => demo::run(&arguments, context),
        Verb::Key(arguments) => key::run(arguments, context),
        Verb::Deb(arguments) => deb::run(arguments, context),
        Verb::Version(arguments) => version::run(arguments),
        Verb::Sandbox(_) => Ok(Said::Whole),
        Verb::Completions(arguments) => manual::completions(&arguments, context),
        Verb::Manual(arguments) => manual::pages(&arguments, context),
    }
}
