//! `completions` and `manual`: made from the same definitions as the help.

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory};

use super::context::Context;
use super::failure::Failure;
use super::{Said, terminal};
use crate::model::Sha256;
use crate::report::{Answer, ManualDocument};
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
#[command(after_long_help = "\
Examples:
  debcut manual debian/tmp/usr/share/man/man1
  debcut manual --dry-run .              which pages there are")]
pub struct ManualArguments {
    /// Where to write the pages (debcut.1, debcut-build.1, …)
    #[arg(value_name = "DIR")]
    place: PathBuf,
    /// List the pages and write nothing
    #[arg(long)]
    dry_run: bool,
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
    let mut whole = command();
    whole.build();
    let mut pages = Vec::new();
    render(&directory, &whole, "debcut", &mut pages)?;
    let names = pages.iter().map(|(name, _)| name.clone()).collect();
    let answer = Answer::new(ManualDocument::new(&directory, names));
    if arguments.dry_run {
        let texts: Vec<&[u8]> = pages.iter().map(|(_, text)| text.as_slice()).collect();
        return Ok(answer.dry_run(Sha256::of(&texts.concat())).into());
    }
    files::create_dir(&directory)?;
    let mut changed = false;
    for (name, text) in pages {
        let path = directory.join(name);
        if files::read_if_there(&path)?.as_ref() != Some(&text) {
            files::replace(&path, &text, Access::Public)?;
            changed = true;
        }
    }
    Ok(answer.changed(changed).into())
}

/// Renders the page of a verb and of all below it, each with its file's name.
fn render(
    directory: &Path,
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), Failure> {
    let name_of_page: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let page = clap_mangen::Man::new(command.clone().name(name_of_page));
    let mut text = Vec::new();
    let file = format!("{name}.1");
    page.render(&mut text)
        .map_err(files::failed("write", &directory.join(&file)))?;
    pages.push((file, text));
    for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let name = format!("{name}-{}", below.get_name());
        render(directory, below, &name, pages)?;
    }
    Ok(())
}
