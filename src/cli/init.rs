//! `init`.

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::config;
use crate::report::{Answer, InitDocument};
use crate::sys::files::{self, Access};
use crate::sys::git::Repository;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct InitArguments {
    /// Overwrite a debcut.toml that is there
    #[arg(long)]
    force: bool,
    /// Print the file and write nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut init --dry-run                  what would be written, on standard output
  debcut init                            debcut.toml at the top of the repository

Correct it, commit it, and tag: a build reads debcut.toml from the tag.";

/// Writes a commented `debcut.toml`.
pub fn run(arguments: &InitArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let repository = Repository::discover(&context.directory)?;
    let path = match &context.config {
        Some(path) => path.clone(),
        None => repository.top().join(config::FILE_NAME),
    };
    if path.exists() && !arguments.force && !arguments.dry_run {
        let why = format!("{} is there already", path.display());
        return Err(Failure::request("config-exists", why)
            .hint("debcut init --dry-run shows what would be written")
            .hint("debcut init --force overwrites it"));
    }
    let detected = config::detect(repository.top(), &repository.tag_names()?)?;
    let maintainer = context.identity().whole();
    let text = config::render(&detected, maintainer.as_deref());
    let document = InitDocument::new(&path, &detected, &text);
    if arguments.dry_run {
        let digest = crate::model::Sha256::of(text.as_bytes());
        return Ok(Answer::new(document.with_text()).dry_run(digest).into());
    }
    files::replace(&path, text.as_bytes(), Access::Public)?;
    let top = repository.top();
    if text.contains("--locked") && !top.join("Cargo.lock").is_file() {
        let note = "the build command uses --locked: commit a Cargo.lock before you tag";
        context.listener().note(note);
    }
    Ok(Answer::new(document).changed(true).into())
}
