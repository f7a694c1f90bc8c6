//! `completions` and `manual`: made from the same definitions as the help.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory};

use super::context::Context;
use super::failure::Failure;
use super::{Said, terminal};
use crate::sys::files::{self, Access};

/// How help looks on a terminal.
pub const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Returns the whole command line's definition.
pub fn command() -> clap::Command {
    super::arguments::Arguments::command()
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Arguments of `manual`.
#[derive(Debug, Args)]
pub struct ManualArguments {
    /// Where to write the pages (debcut.1, debcut-build.1, …)
    #[arg(value_name = "DIR")]
    place: PathBuf,
}

/// Writes a completion script.
pub fn completions(arguments: &CompletionsArguments, _: &Context<'_>) -> Result<Said, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "debcut", &mut script);
    terminal::print(&script);
    Ok(Said::Whole)
}

/// Writes a manual page for the program and one for each verb.
pub fn pages(arguments: &ManualArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let directory = context.path(&arguments.place);
    files::create_dir(&directory)?;
    let mut whole = command();
    whole.build();
    page(&directory, &whole, "debcut")?;
    Ok(Said::Whole)
}

fn page(directory: &std::path::Path, command: &clap::Command, name: &str) -> Result<(), Failure> {
    let name_of_page: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let page = clap_mangen::Man::new(command.clone().name(name_of_page));
    let mut text = Vec::new();
    let path = directory.join(format!("{name}.1"));
    page.render(&mut text)
        .map_err(files::failed("write", &path))?;
    files::replace(&path, &text, Access::Public)?;
    for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
        self::page(directory, below, &format!("{name}-{}", below.get_name()))?;
    }
    Ok(())
}
