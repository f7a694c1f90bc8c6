//! `verify`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Said;
use super::archive::{ArchiveArgument, project};
use super::context::Context;
use super::failure::Failure;
use crate::config;
use crate::flow::chaining::{self, Walk};
use crate::flow::{archiving, verifying};
use crate::model::Suite;
use crate::report::{Answer, VerifyDocument};
use crate::sys::files;
use crate::sys::git::Repository;
use crate::sys::store::FetchedStore;
use crate::verify::chain::{LinkName, Policy};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct VerifyArguments {
    /// Files, or directories with everything in them; with --chain .deb files, directories
    /// of them, or packages
    #[arg(required = true, value_name = "FILE|PACKAGE")]
    files: Vec<PathBuf>,
    /// Take the certificates in FILE too, armoured or binary
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    /// Follow each package back to the commit: installed, archive, .changes, .buildinfo,
    /// provenance, tag, commit
    #[arg(long)]
    chain: bool,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// The archive's suite [default: the only one]
    #[arg(long, value_name = "SUITE", requires = "chain")]
    suite: Option<Suite>,
    /// Take an archive's package, whatever is installed here
    #[arg(long, requires = "chain", conflicts_with = "root")]
    uninstalled: bool,
    /// Where the package is installed
    #[arg(long, value_name = "DIR", default_value = "/", requires = "chain")]
    root: PathBuf,
    /// Look there first for .changes, .buildinfo and provenance; for the .deb where no
    /// --archive is named, else it must be the archive's
    #[arg(long, value_name = "DIR|FILE", requires = "chain")]
    artifacts: Vec<PathBuf>,
    /// The project's clone, which has the tag [default: the current one]
    #[arg(long, value_name = "DIR", requires = "chain")]
    repository: Option<PathBuf>,
    /// Which keys may tag, build and publish [default: those of debcut.toml]
    #[arg(long, value_name = "FILE", requires = "chain")]
    policy: Option<PathBuf>,
    /// The last link that must hold
    #[arg(
        long,
        value_name = "LINK",
        default_value = "commit",
        requires = "chain"
    )]
    until: Until,
}

/// The links that a walk may end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Until {
    Archive,
    Changes,
    Buildinfo,
    Provenance,
    Tag,
    Commit,
}

impl From<Until> for LinkName {
    fn from(until: Until) -> Self {
        match until {
            Until::Archive => Self::Archive,
            Until::Changes => Self::Changes,
            Until::Buildinfo => Self::Buildinfo,
            Until::Provenance => Self::Provenance,
            Until::Tag => Self::Tag,
            Until::Commit => Self::Commit,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  debcut verify dist/v1.2.0                      everything a build left
  debcut verify hello_1.2.0_amd64.deb            by the signed texts that lie beside it
  debcut verify --keyring archive.pgp InRelease  with a key that is not among yours
  debcut verify --chain hello --archive /srv/apt --suite stable --repository ~/hello
                                                 what is installed here, back to the commit
  debcut verify --chain hello --uninstalled --archive https://apt.example.org --suite stable
  debcut verify --chain dist/v1.2.0/hello_1.2.0_amd64.deb --policy trust.toml

Looks at .deb, .dsc, .changes, .buildinfo, .intoto.jsonl, SHA256SUMS, tarballs, InRelease,
and Release with its Release.gpg. What counts are the keys of “debcut key list” and those
of --keyring.

--chain checks each link, names each signer and tells the first link that breaks. What
could not be checked is told too, and is a no unless --until ends the walk before it.
A policy file has the lists tag-keys, build-keys and publish-keys of fingerprints, and
may say signed-commits = true, attestations = 2 and isolation = [\"chroot\"].

Of what is installed, contents, kind, mode and owner of each file and what dpkg keeps in
/var/lib/dpkg/info are compared; dpkg-statoverride, diversions and conffiles are allowed.

Without debcut: each line of an .intoto.jsonl is a DSSE envelope, whose Ed25519 key is the
signing subkey of the OpenPGP certificate. securesystemslib (PyPI) and cosign verify it, and
openssl does: base64 -d the payload, put “DSSEv1 28 application/vnd.in-toto+json LENGTH ”
before it, base64 -d the signature, and run
  openssl pkeyutl -verify -pubin -inkey KEY.pem -rawin -sigfile SIGNATURE -in BYTES
The others are checked by gpgv, dscverify and git verify-tag.";

/// Says who signed files, from which commit, and whether they agree.
pub fn run(arguments: &VerifyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    if arguments.chain {
        return chain(arguments, context);
    }
    let verdict = verifying::verify(
        &context.directory,
        &arguments.files,
        &arguments.keyring,
        &context.environment,
        context.now(),
        context.listener(),
    )?;
    let answer = Answer::new(VerifyDocument::new(&verdict)).findings(verdict.findings);
    Ok(answer.into())
}

fn chain(arguments: &VerifyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.named_location(context)?;
    let archive = match &location {
        Some(location) if FetchedStore::is_url(location) && arguments.suite.is_none() => {
            let why = format!("{location} is on a web server, which does not tell its suites");
            return Err(Failure::request("several-suites", why).hint("--suite SUITE"));
        }
        Some(location) => Some(archiving::open_to_read(
            location,
            &context.directory,
            &context.environment,
        )?),
        None => None,
    };
    let asked: Vec<String> = arguments
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let repository = arguments
        .repository
        .as_deref()
        .map(|path| context.path(path));
    let root = context.path(&arguments.root);
    let chains = chaining::walk(
        &Walk {
            directory: &context.directory,
            asked: &asked,
            keyrings: &arguments.keyring,
            policy: policy(arguments, location.as_deref(), context)?,
            until: arguments.until.into(),
            root: (!arguments.uninstalled).then_some(root.as_path()),
            archive,
            suite: arguments.suite.clone(),
            artifacts: &arguments.artifacts,
            repository: repository.as_deref(),
        },
        &context.environment,
        context.now(),
        context.listener(),
    )?;
    let findings: Vec<_> = chains.iter().flat_map(|chain| chain.findings()).collect();
    Ok(Answer::new(VerifyDocument::of_chains(&chains))
        .findings(findings)
        .into())
}

/// Reads the policy that is named, else the project's own.
fn policy(
    arguments: &VerifyArguments,
    location: Option<&str>,
    context: &Context<'_>,
) -> Result<Policy, Failure> {
    if let Some(path) = &arguments.policy {
        let text = files::read(&context.path(path))?;
        let shown = path.display().to_string();
        return Ok(config::proof_policy(
            &shown,
            &String::from_utf8_lossy(&text),
        )?);
    }
    let in_project = |directory: &Path| Repository::discover(directory).is_ok();
    if !in_project(&context.directory) && context.config.is_none() {
        return Ok(Policy::default());
    }
    let name = match location {
        Some(location) => ArchiveArgument::configured_name(location, context)?,
        None => None,
    };
    Ok(project(context)?.proof_policy(name.as_deref()))
}
