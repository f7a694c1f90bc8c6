//! `archive sources`.

use std::path::PathBuf;

use clap::Args;

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Suite;
use crate::report::{Answer, SourcesDocument};
use crate::sys::files::{self, Access};
use crate::sys::store::S3Store;

/// Arguments of `archive sources`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive sources --archive /srv/apt > /etc/apt/sources.list.d/acme.sources
  debcut archive sources --archive s3://acme-apt --uri https://apt.example.org
  debcut archive sources stable --uri https://apt.example.org --key-out /etc/apt/keyrings/acme.pgp

Without --key-out the key stands in the .sources file itself.")]
pub struct SourcesArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    /// Where clients find the archive [default: file: and its directory; a bucket has none]
    #[arg(long, value_name = "URL")]
    uri: Option<String>,
    /// Write the key into FILE and let the sources name it
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Writes what a client needs.
pub fn run(arguments: &SourcesArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    if arguments.uri.is_none() && S3Store::is_s3(&desk.store.place()) {
        let why = "the URL at which clients read the bucket is not known from its name";
        return Err(Failure::request("no-uri", why)
            .hint("--uri https://BUCKET.s3.REGION.amazonaws.com/PREFIX, where clients may read it")
            .hint("--uri https://apt.example.org, where a CDN or a web server stands before it"));
    }
    let mut sources = desk.client_sources(&arguments.suites)?;
    if let Some(uri) = &arguments.uri {
        if uri.contains(char::is_whitespace) || !uri.contains(':') {
            let why = format!("“{uri}” is no URI such as https://apt.example.org");
            return Err(Failure::request("usage", why));
        }
        sources.uri = uri.clone();
    }
    if let Some(path) = &arguments.key_out {
        if sources.keys().len() > 1 {
            let why = "these suites are signed with different keys, and one file of several \
                       would let each key sign for all of them";
            return Err(Failure::request("several-keys", why)
                .hint("debcut archive sources SUITE --key-out FILE, once for each key"));
        }
        let path = context.path(path);
        let armoured = path.extension().is_some_and(|ending| ending == "asc");
        let bytes = if armoured {
            sources.armored().into_bytes()
        } else {
            sources.binary()
        };
        files::replace(&path, &bytes, Access::Public)?;
        sources.key_file = Some(std::path::absolute(&path).unwrap_or(path));
    }
    Ok(Answer::new(SourcesDocument::new(&sources)).into())
}
