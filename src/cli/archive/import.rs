//! `archive import`.

use std::path::PathBuf;

use clap::Args;

use super::change::ChangeArguments;
use super::init::key_name;
use super::several::Several;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::{Desk, local_directory, open_to_read};
use crate::flow::embargoing::archives::refuse_leak;
use crate::flow::importing::{Damaged, Import, KeyChange, Wish};
use crate::model::{Fingerprint, Suite};
use crate::report::ImportDocument;
use crate::sys::openpgp::Keyring;
use crate::sys::outward::{Destination, archive_place};
use crate::sys::store::{FetchedStore, Store};
use crate::sys::{files, interrupt};

/// Arguments of `archive import`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive import /srv/reprepro --archive /srv/apt --keyring old.pgp
  debcut archive import /srv/apt --archive /srv/apt \\
    --also-key gpg:0123456789ABCDEF0123456789ABCDEF01234567                 in place
  debcut archive import ~/.aptly/public --suite bookworm,trixie=next --archive /srv/apt
  debcut archive import /srv/debs --suite ./=stable --archive /srv/apt      a flat repository

Reads what reprepro, aptly, apt-ftparchive and dpkg-scanpackages have published.
Packages keep their paths and every field of the indices; Origin, Label, Suite
and Codename stay, so that clients go on. Files are linked where that is
possible, else copied. Stopped and run again, it reads no file twice.

In place, the new InRelease replaces the old one in this very run; the pool is
not touched, and nothing else of the old program is: stop it from publishing.")]
pub struct ImportArguments {
    /// The old archive: a directory, or an http: or file: URL
    #[arg(value_name = "DIR|URL")]
    from: String,
    /// The suites, and the names they get (repeat or separate by commas); a directory that ends
    /// in / is a flat repository [default: all]
    #[arg(long, value_name = "S[=NEW]", value_delimiter = ',')]
    suite: Vec<String>,
    /// Verify the old archive's signatures with the certificates in FILE
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    /// Sign also with these keys, such as the old one (repeat or separate by commas)
    #[arg(long, value_name = "FINGERPRINT", value_delimiter = ',', value_parser = key_name)]
    also_key: Vec<Fingerprint>,
    /// In place, go on although the old key will not sign any more
    #[arg(long)]
    change_key: bool,
    /// Publish no Contents, so that packages are hashed but not unpacked
    #[arg(long)]
    no_contents: bool,
    /// Leave out packages whose files are missing or damaged
    #[arg(long)]
    leave_out_damaged: bool,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Takes an archive over.
pub fn run(arguments: &ImportArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.change.desk(context)?;
    let from_root = local_directory(&arguments.from, &context.directory);
    if let Some(root) = from_root.as_ref().filter(|root| !root.is_dir()) {
        let why = format!("{} is no directory", root.display());
        return Err(Failure::request("no-archive", why));
    }
    let from = open_to_read(&arguments.from, &context.directory, &context.environment)?;
    let to = archive_place(&desk.store.place(), &context.directory);
    let (to, into) = (Destination::Archive(to), Some(desk.store.as_ref()));
    refuse_leak(from.as_ref(), to, into, &context.environment)?;
    let import = Import {
        wishes: wishes(arguments, &desk, from.as_ref())?,
        from,
        from_root,
        to_root: local_directory(
            &arguments.change.archive.location(context)?,
            &context.directory,
        ),
        keyring: keyring(arguments, context)?,
        also: arguments.also_key.clone(),
        contents: !arguments.no_contents,
        damaged: match arguments.leave_out_damaged {
            true => Damaged::LeaveOut,
            false => Damaged::Refuse,
        },
        key_change: match arguments.change_key {
            true => KeyChange::Allow,
            false => KeyChange::Refuse,
        },
        stop: &interrupt::asked,
    };
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    let imported = desk.import(&import, &mut act)?;
    let mut several = Several::default();
    for (suite, outcome) in imported.suites {
        several.take(&suite, outcome);
    }
    let (files, bytes) = (imported.files, imported.bytes);
    let (from, to) = (import.from.place(), desk.store.place());
    let answer = several.answer(arguments.change.dry_run, |suites| ImportDocument {
        archive: to,
        from,
        files,
        bytes,
        suites,
    });
    Ok(answer.into())
}

fn keyring(arguments: &ImportArguments, context: &Context<'_>) -> Result<Option<Keyring>, Failure> {
    let mut certificates = Vec::new();
    for file in &arguments.keyring {
        let bytes = files::read(&context.path(file))?;
        let found = Keyring::parse(&bytes).map_err(|error| {
            let why = format!("{} holds no certificate: {error}", file.display());
            Failure::request("key", why)
        })?;
        certificates.extend(found.certificates().to_vec());
    }
    let named = !arguments.keyring.is_empty();
    Ok(named.then(|| Keyring::new(certificates)))
}

/// Says which suites are wanted.
fn wishes(
    arguments: &ImportArguments,
    desk: &Desk<'_>,
    from: &dyn Store,
) -> Result<Vec<Wish>, Failure> {
    let known = match FetchedStore::is_url(&arguments.from) {
        true => None,
        false => Some(desk.foreign_suites(from)?),
    };
    if arguments.suite.is_empty() {
        let Some(known) = known else {
            let why = "an archive on a web server cannot be listed: say which suites";
            return Err(Failure::request("which-suite", why).hint("--suite bookworm"));
        };
        if known.is_empty() {
            let why = format!("{} has no dists/SUITE/Release", from.place());
            return Err(Failure::request("no-archive", why).hint(
                "--suite ./=NAME takes a flat repository over, Packages beside the packages",
            ));
        }
        let wish = |suite: Suite| Wish::Suite {
            from: suite.clone(),
            to: suite,
        };
        return Ok(known.into_iter().map(wish).collect());
    }
    let mut wishes = Vec::new();
    for written in &arguments.suite {
        let (old, new) = match written.split_once('=') {
            Some((old, new)) => (old, Some(Suite::new(new)?)),
            None => (written.as_str(), None),
        };
        if old.ends_with('/') || old == "." {
            let to = new.ok_or_else(|| {
                let why = "a flat repository has no name: say which one it gets";
                Failure::request("which-suite", why).hint(format!("--suite {old}=stable"))
            })?;
            let below = old.trim_end_matches('/').to_owned();
            wishes.push(Wish::Flat { below, to });
            continue;
        }
        let from_suite = Suite::new(old)?;
        if let Some(known) = known.as_ref().filter(|known| !known.contains(&from_suite)) {
            let names: Vec<_> = known.iter().map(Suite::as_str).collect();
            let why = match names.as_slice() {
                [] => format!("{} has no suite {old}, and no other", from.place()),
                names => format!(
                    "{} has no suite {old}; it has {}",
                    from.place(),
                    names.join(", ")
                ),
            };
            return Err(Failure::request("no-suite", why)
                .hint("--suite ./=NAME takes a flat repository over"));
        }
        let to = new.unwrap_or_else(|| from_suite.clone());
        wishes.push(Wish::Suite {
            from: from_suite,
            to,
        });
    }
    Ok(wishes)
}
