//! `archive sources`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::archiving::Desk;
use crate::flow::keyring_package::{Brings, KeyringPackage};
use crate::flow::packing::Outcome;
use crate::format::deb::PackPlan;
use crate::model::{PackageName, Sha256, Suite};
use crate::publish::Question;
use crate::publish::client::{ClientSources, auth_entry};
use crate::report::{Answer, MadePackage, SourcesDocument};
use crate::sys::files::{self, Access};
use crate::sys::store::S3Store;

/// The variable with the password of a private archive, unless another is named.
const PASSWORD: &str = "DEBCUT_AUTH_PASSWORD";

/// Arguments of `archive sources`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive sources --archive /srv/apt > /etc/apt/sources.list.d/acme.sources
  debcut archive sources --archive s3://acme-apt --uri https://apt.example.org
  debcut archive sources stable --uri https://apt.example.org --key-out /etc/apt/keyrings/acme.pgp
  debcut archive sources --keyring-package . --name acme --with-sources --uri https://apt.example.org
  debcut archive sources --uri https://apt.example.org --auth fleet:APT_PASSWORD \\
    --auth-out /etc/apt/auth.conf.d/acme.conf

Without --key-out the key stands in the .sources file itself. While keys are
exchanged, all that sign are written. A password is read from the environment
or from a file, never from the command line.")]
pub struct SourcesArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    /// Where clients find the archive [default: file: and its directory; a bucket has none]
    #[arg(long, value_name = "URL")]
    uri: Option<String>,
    /// Write the keys into FILE and let the sources name it
    #[arg(long, value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// Pack the keys as NAME-archive-keyring into FILE, or into a directory
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "key_out")]
    keyring_package: Option<PathBuf>,
    /// The NAME of that package and its files [default: by Origin or Label]
    #[arg(long, requires = "keyring_package")]
    name: Option<PackageName>,
    /// Pack the .sources too, so that installing the package is all a host needs
    #[arg(long, requires = "keyring_package")]
    with_sources: bool,
    /// Who answers for that package [default: DEBFULLNAME and DEBEMAIL, else git's user]
    #[arg(long, value_name = "NAME <ADDRESS>", requires = "keyring_package")]
    maintainer: Option<String>,
    /// Write an entry for auth.conf.d too: the user of a private archive, and the variable with
    /// the password [default: DEBCUT_AUTH_PASSWORD]
    #[arg(long, value_name = "USER[:VARIABLE]", requires = "auth_out")]
    auth: Option<String>,
    /// The file that holds that password, instead of a variable
    #[arg(long, value_name = "FILE", requires = "auth")]
    auth_password_file: Option<PathBuf>,
    /// Where the entry goes, readable by you alone
    #[arg(long, value_name = "FILE", requires = "auth")]
    auth_out: Option<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// Print the answer and write no file
    #[arg(long)]
    dry_run: bool,
}

/// The files that are written beside the answer, or would be.
struct Beside {
    dry_run: bool,
    changed: Option<bool>,
    planned: String,
}

impl Beside {
    fn put(&mut self, path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
        let is_there = files::read_if_there(path)?.as_deref() == Some(bytes);
        self.changed = Some(self.changed == Some(true) || !is_there);
        // Not by its content: that may hold a password.
        self.planned += &format!("{}\n", path.display());
        if !self.dry_run {
            // Also where it is there: its mode may be another one.
            files::replace(path, bytes, access)?;
        }
        Ok(())
    }
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
    let mut beside = Beside {
        dry_run: arguments.dry_run,
        changed: None,
        planned: String::new(),
    };
    if let (Some(user), Some(out)) = (&arguments.auth, &arguments.auth_out) {
        let entry = entry(arguments, user, &sources, context)?;
        beside.put(&context.path(out), entry.as_bytes(), Access::Private)?;
    }
    if let Some(path) = &arguments.key_out {
        alike(&sources, "--key-out FILE")?;
        let path = context.path(path);
        let armoured = path.extension().is_some_and(|ending| ending == "asc");
        let bytes = if armoured {
            sources.armored().into_bytes()
        } else {
            sources.binary()
        };
        beside.put(&path, &bytes, Access::Public)?;
        sources.key_file = Some(std::path::absolute(&path).unwrap_or(path));
    }
    if let Some(out) = &arguments.keyring_package {
        alike(&sources, "--keyring-package FILE")?;
        return package(arguments, &desk, sources, out, beside, context);
    }
    let document = SourcesDocument::new(&sources);
    Ok(match arguments.dry_run {
        true => {
            let digest = Sha256::of(format!("{}{}", beside.planned, sources.text()).as_bytes());
            Answer::new(document).dry_run(digest)
        }
        false => Answer::new(document.changed(beside.changed)),
    }
    .into())
}

/// Refuses to put keys into one file that are not trusted alike.
fn alike(sources: &ClientSources, flag: &str) -> Result<(), Failure> {
    if sources.keys_are_alike() {
        return Ok(());
    }
    let why = "these suites are signed with different keys, and one file of several \
               would let each key sign for all of them";
    Err(Failure::request("several-keys", why).hint(format!(
        "debcut archive sources SUITE {flag}, once for each key"
    )))
}

/// Writes the entry of auth.conf.d, its password read where it is kept.
fn entry(
    arguments: &SourcesArguments,
    user: &str,
    sources: &ClientSources,
    context: &Context<'_>,
) -> Result<String, Failure> {
    let (user, variable) = user.split_once(':').unwrap_or((user, PASSWORD));
    let password = match &arguments.auth_password_file {
        Some(path) => {
            let bytes = files::read(&context.path(path))?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
        None => {
            let value = context.environment.var(variable).ok_or_else(|| {
                let why =
                    format!("{variable}, which is to hold the password of {user}, is not set");
                Failure::request("no-password", why)
                    .hint(format!("{variable}=… debcut archive sources …"))
                    .hint("--auth-password-file FILE reads it from a file")
            })?;
            value.to_owned()
        }
    };
    auth_entry(&sources.uri, user, &password).map_err(|error| {
        Failure::request("auth", error.to_string())
            .hint("auth.conf knows no quotes: see apt_auth.conf(5)")
    })
}

/// Packs the keys.
fn package(
    arguments: &SourcesArguments,
    desk: &Desk<'_>,
    mut sources: ClientSources,
    out: &Path,
    beside: Beside,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let suites = sources.suites();
    let name = match &arguments.name {
        Some(name) => name.to_string(),
        None => usual_name(desk, &suites)?.ok_or_else(|| {
            let why = "the archive has neither Origin nor Label to name the package by";
            Failure::request("no-name", why).hint("--name acme makes acme-archive-keyring")
        })?,
    };
    let maintainer = match &arguments.maintainer {
        Some(maintainer) => maintainer.clone(),
        None => context.identity().whole().ok_or_else(|| {
            let why = "nothing says who answers for the package";
            Failure::request("no-identity", why).hint("--maintainer 'Your Name <you@example.org>'")
        })?,
    };
    if maintainer.contains(char::is_control) {
        let why = "the maintainer must be one line";
        return Err(Failure::request("usage", why));
    }
    let since = desk.keys_since(&suites)?;
    let brings = match arguments.with_sources {
        true => Brings::KeysAndSources,
        false => Brings::Keys,
    };
    sources.key_file = Some(PathBuf::from(format!("/usr/share/keyrings/{name}.pgp")));
    let package = KeyringPackage {
        name: &name,
        since,
        maintainer: &maintainer,
        sources: &sources,
        brings,
        out: context.path(out),
        revision: 0,
    };
    let (version, outcome) = desk.pack_keyring(package, arguments.dry_run)?;
    let answer = |file, plan: &PackPlan, size, sha256| {
        let made = MadePackage {
            file,
            package: plan.package.to_string(),
            version,
            size,
            sha256,
        };
        Answer::new(SourcesDocument::new(&sources).with_package(made))
    };
    Ok(match outcome {
        Outcome::Planned { file, plan } => {
            let digest = format!("{}{}", beside.planned, plan.digest());
            answer(file, &plan, None, None).dry_run(Sha256::of(digest.as_bytes()))
        }
        Outcome::Packed {
            file,
            plan,
            size,
            sha256,
            changed,
        } => {
            let changed = changed || beside.changed == Some(true);
            answer(file, &plan, Some(size), Some(sha256)).changed(changed)
        }
    }
    .into())
}

/// Names the package by what the archive is called.
fn usual_name(desk: &Desk<'_>, suites: &[Suite]) -> Result<Option<String>, Failure> {
    for suite in suites {
        let current = desk.look(suite, None, Question::Manifest)?;
        let settings = current.manifest().map(|manifest| &manifest.settings);
        let called = settings.and_then(|s| s.origin.as_ref().or(s.label.as_ref()));
        let name = called.map(|called| {
            let plain = called.to_ascii_lowercase();
            let letters = plain
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
            letters.collect::<String>().trim_matches('-').to_owned()
        });
        if let Some(name) = name.filter(|name| PackageName::new(name.as_str()).is_ok()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
