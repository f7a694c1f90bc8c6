//! `archive serve`.

use std::net::SocketAddr;
use std::path::Path;

use clap::Args;

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::terminal;
use crate::flow::embargoing::archives::refuse_leak;
use crate::sys::http::Server;
use crate::sys::interrupt;
use crate::sys::outward::Destination;
use crate::sys::store::S3Store;

/// Arguments of `archive serve`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive serve --archive /srv/apt
  debcut archive serve --archive /srv/apt --listen 127.0.0.1:0   a free port

The first line on standard output is the URL. SIGTERM or Ctrl-C ends it. It is for trying
an archive out: in production a web server serves the same directory.")]
pub struct ServeArguments {
    /// The address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Serves until it is told to end.
pub fn run(arguments: &ServeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    if S3Store::is_s3(&desk.store.place()) {
        let why = format!("{} is served by its store already", desk.store.place());
        return Err(Failure::request("unsupported-archive", why)
            .hint("let clients read the bucket, or put a CDN before it")
            .hint("debcut archive sources --uri URL says what they need"));
    }
    desk.suites()?;
    let place = desk.store.place();
    let to = Destination::Listeners(arguments.listen);
    let permit = context.environment.gate().permit(to.clone())?;
    refuse_leak(desk.store.as_ref(), to, None, &context.environment)?;
    let server = Server::bind(&permit, Path::new(&place));
    let server = server.map_err(|error| {
        Failure::outside(
            "listen",
            format!("cannot listen on {}: {error}", arguments.listen),
        )
        .hint("--listen 127.0.0.1:0 takes a free port")
    })?;
    let address = server.address().map_err(|error| {
        Failure::outside(
            "listen",
            format!("cannot listen on {}: {error}", arguments.listen),
        )
    })?;
    let url = format!("http://{address}");
    match context.json {
        true => context.terminal().say(&format!(
            "{{\"schema\": \"debcut/archive-serve/1\", \"url\": \"{url}\"}}"
        )),
        false => context.terminal().say(&url),
    }
    context
        .listener()
        .note(format!("serving {place}; Ctrl-C ends it"));
    let told = context.tells_requests();
    let served = server.run(interrupt::asked, move |line| {
        if told {
            terminal::eprint(&line);
        }
    });
    served.map_err(|error| Failure::outside("serve", format!("the server has ended: {error}")))?;
    Ok(Said::Whole)
}
