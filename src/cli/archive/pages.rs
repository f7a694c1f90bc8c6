//! `archive pages`.

use std::path::PathBuf;

use clap::Args;

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::archiving::open_store;
use crate::flow::embargoing::archives::refuse_leak;
use crate::flow::paging::{self, HowMuch, Paging};
use crate::model::Sha256;
use crate::report::{Answer, PagesDocument};
use crate::sys::outward::{Destination, archive_place};
use crate::sys::store::Store;

/// Arguments of `archive pages`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive pages --archive /srv/apt --uri https://apt.example.org
  debcut archive pages --out /srv/www/apt --archive /srv/apt --uri https://apt.example.org
  debcut archive pages --everything --archive /srv/apt       also what did not change

Writes static HTML pages: how to install, the suites, every package, the history. They are
index.html and pages/ in the archive, which no client reads. Only what changed is written;
suites that want pages have them brought up to date by every publish. In another directory
(--out), links to packages lead to pool/ and dists/ beside the pages.")]
pub struct PagesArguments {
    /// Write them into DIR instead of the archive
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where clients find the archive; remembered [default: file: and its directory]
    #[arg(long, value_name = "URL")]
    uri: Option<String>,
    /// Write everything anew, and remove what is no page any more
    #[arg(long)]
    everything: bool,
    /// Say what would be written and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Writes the pages.
pub fn run(arguments: &PagesArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    desk.suites()?;
    if let Some(uri) = &arguments.uri
        && (uri.contains(|c: char| c.is_whitespace() || c.is_control()) || !uri.contains(':'))
    {
        let why = format!("“{uri}” is no URI such as https://apt.example.org");
        return Err(Failure::request("usage", why));
    }
    let elsewhere = arguments
        .out
        .as_ref()
        .map(|out| context.path(out).display().to_string())
        .map(|out| open_store(&out, &context.directory, &context.environment))
        .transpose()?;
    if let Some(elsewhere) = &elsewhere {
        let to = archive_place(&elsewhere.place(), &context.directory);
        let to = Destination::Archive(to);
        refuse_leak(desk.store.as_ref(), to, None, &context.environment)?;
    }
    let out: &dyn Store = match &elsewhere {
        Some(store) => store.as_ref(),
        None => desk.store.as_ref(),
    };
    let paging = Paging {
        uri: arguments.uri.clone(),
        how_much: match arguments.everything {
            true => HowMuch::Everything,
            false => HowMuch::Changed,
        },
        dry_run: arguments.dry_run,
    };
    let done = paging::write(&desk, out, &paging)?;
    let changed = !done.written.is_empty() || !done.removed.is_empty();
    let digest: String = done
        .written
        .iter()
        .chain(&done.removed)
        .map(|p| format!("{p}\n"))
        .collect();
    let document = PagesDocument::new(out.place(), &done.suites, &done.written, &done.removed);
    let answer = Answer::new(document).changed(changed);
    Ok(match arguments.dry_run {
        true => answer.dry_run(Sha256::of(digest.as_bytes())),
        false => answer,
    }
    .into())
}
