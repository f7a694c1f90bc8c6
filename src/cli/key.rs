//! `key new`, `key import`, `key list`, `key export`, `key rotate`.

mod rotate;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::Failure;
use super::{Said, duration, passphrase};
use crate::flow::signing;
use crate::keys::{Change, KeyDescription, KeyName, Part, StoreError};
use crate::model::{Fingerprint, Sha256};
use crate::report::{Answer, ExportedKey, ImportedKeys, KeyList, NewKeyDocument, NewKeyPlan};
use crate::sys::ed25519::attestation_key_pem;
use crate::sys::files::{self, Access};
use crate::sys::openpgp::{Key, NewKey, Passphrase, SecretCertificate};

/// Arguments of `key`.
#[derive(Debug, Args)]
pub struct KeyVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a signing key: an Ed25519 OpenPGP certificate
    New(New),
    /// Take over keys that gpg or debcut exported
    Import(Import),
    /// List the keys
    List,
    /// Write a key to standard output or a file
    Export(Export),
    /// Exchange the key of an archive: first both sign, then the new one alone
    Rotate(rotate::Rotate),
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut key new                         asks for a passphrase; name and address are git's
  debcut key new --no-passphrase --name 'CI of hello' --email ci@example.org

The passphrase may also come from DEBCUT_SIGNING_PASSPHRASE.")]
struct New {
    /// The owner's name [default: DEBFULLNAME, else git's user.name]
    #[arg(long)]
    name: Option<String>,
    /// The owner's address [default: DEBEMAIL, else git's user.email]
    #[arg(long)]
    email: Option<String>,
    /// How long it is valid: 90d, 12m, 2y, or never
    #[arg(long, value_name = "TIME", default_value = "2y", value_parser = lifetime)]
    expire: Lifetime,
    /// Store it without a passphrase, readable by you alone
    #[arg(long)]
    no_passphrase: bool,
    /// Say what key would be made, ask for nothing and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut key import colleague.asc        to check what the colleague signs
  debcut key import --dry-run all.pgp    what it would add, and what is here already")]
struct Import {
    /// Files with armoured or binary keys
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what each key would change and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut key export --out project.asc    the only key's certificate, for everybody
  debcut key export --secret --out ci.asc   the secret key, for DEBCUT_SIGNING_KEY in CI
  debcut key export --pem --out builder.pem   to verify attestations without debcut")]
struct Export {
    /// The key: a fingerprint or its end; without it the only one there is
    fingerprint: Option<String>,
    /// The certificate alone, which is for everybody [default]
    #[arg(long, conflicts_with = "secret")]
    public: bool,
    /// The secret key, as locked as it is stored
    #[arg(long)]
    secret: bool,
    /// The bare Ed25519 key that verifies attestations (PEM), for openssl and DSSE tools
    #[arg(long, conflicts_with_all = ["secret", "public"])]
    pem: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A key's lifetime; none: for ever.
type Lifetime = NoneOr<NonZeroU32>;

/// clap takes `Option` for “may be missing”; this one is a value.
#[derive(Debug, Clone, Copy)]
struct NoneOr<T>(Option<T>);

fn lifetime(text: &str) -> Result<Lifetime, String> {
    match text {
        "never" => Ok(NoneOr(None)),
        text => Ok(NoneOr(Some(duration::seconds(text, duration::LONG)?))),
    }
}

/// Runs a verb of `key`.
pub fn run(arguments: KeyVerb, context: &Context<'_>) -> Result<Said, Failure> {
    let answer = match arguments.verb {
        Verb::New(arguments) => new(arguments, context)?,
        Verb::Import(arguments) => import(&arguments, context)?,
        Verb::List => {
            let store = signing::key_store(&context.environment)?;
            Answer::new(KeyList::new(&store.list(context.now())?))
        }
        Verb::Export(arguments) => export(&arguments, context)?,
        Verb::Rotate(arguments) => rotate::run(&arguments, context)?,
    };
    Ok(answer.into())
}

fn new(arguments: New, context: &Context<'_>) -> Result<Answer, Failure> {
    let store = signing::key_store(&context.environment)?;
    let identity = context.identity();
    let usual = |given: Option<String>, usual: Option<String>, flag: &str| {
        given.or(usual).ok_or_else(|| {
            let why = format!("nothing says whose key it is: no {flag}");
            Failure::request("no-identity", why)
                .hint("debcut key new --name 'Your Name' --email you@example.org")
        })
    };
    let key = NewKey {
        name: usual(arguments.name, identity.name, "--name")?,
        email: usual(arguments.email, identity.email, "--email")?,
        lifetime_seconds: arguments.expire.0,
        passphrase: match arguments.no_passphrase || arguments.dry_run {
            true => None,
            false => Some(new_passphrase(context)?),
        },
    };
    if arguments.dry_run {
        // Made and forgotten: the name is checked, and the day it would expire.
        let made = SecretCertificate::create(&key, context.now(), rand::rngs::OsRng);
        let made = Key::Secret(made.map_err(StoreError::Create)?);
        let description = KeyDescription::of(&made, context.now());
        let plan = NewKeyPlan::new(&description, !arguments.no_passphrase);
        let digest = plan.digest();
        return Ok(Answer::new(plan).dry_run(digest));
    }
    let made = store.create(&key, context.now(), rand::rngs::OsRng)?;
    Ok(Answer::new(NewKeyDocument::new(&KeyDescription::of(
        &Key::Secret(made),
        context.now(),
    )))
    .changed(true))
}

fn new_passphrase(context: &Context<'_>) -> Result<Passphrase, Failure> {
    let none = || {
        Failure::request(
            "no-passphrase",
            "a key needs a passphrase, and none was given",
        )
        .hint(format!(
            "set {}, or run it on a terminal",
            passphrase::VARIABLE
        ))
        .hint("debcut key new --no-passphrase stores the key readable by you alone")
    };
    if let Some(text) = context.environment.var(passphrase::VARIABLE) {
        return Passphrase::new(text).ok_or_else(none);
    }
    let ask = |question: &str| {
        let failed = files::failed("ask for a passphrase on", Path::new(passphrase::TERMINAL));
        passphrase::ask(context, question).map_err(failed)
    };
    let first = ask("New passphrase: ")?.ok_or_else(none)?;
    let again = ask("Again: ")?.ok_or_else(none)?;
    if first != again {
        return Err(Failure::request(
            "no-passphrase",
            "the two passphrases differ",
        ));
    }
    Passphrase::new(&first).ok_or_else(none)
}

fn import(arguments: &Import, context: &Context<'_>) -> Result<Answer, Failure> {
    let store = signing::key_store(&context.environment)?;
    let mut found = Vec::new();
    let mut read = Vec::new();
    for file in &arguments.files {
        let bytes = files::read(&context.path(file))?;
        let imported = match arguments.dry_run {
            true => store.would_import(&bytes, context.now()),
            false => store.import(&bytes, context.now()),
        };
        read.extend(bytes);
        found.extend(imported.map_err(|error| {
            let mut failure = Failure::from(error);
            failure.message = format!("{}: {}", file.display(), failure.message);
            failure
        })?);
    }
    let changed = found.iter().any(|one| one.change != Change::Unchanged);
    let answer = Answer::new(ImportedKeys::new(&found));
    Ok(match arguments.dry_run {
        true => answer.dry_run(Sha256::of(&read)),
        false => answer.changed(changed),
    })
}

fn export(arguments: &Export, context: &Context<'_>) -> Result<Answer, Failure> {
    let store = signing::key_store(&context.environment)?;
    let keys = store.list(context.now())?;
    let part = if arguments.secret {
        Part::Secret
    } else {
        Part::Public
    };
    let fingerprint = named(&keys, arguments.fingerprint.as_deref(), part)?;
    let text = match arguments.pem {
        false => store.export(&fingerprint, part)?,
        true => {
            let keyring = store.keyring()?;
            let owner = keyring.owner(&fingerprint).map(|(owner, _)| owner);
            let pem = owner.and_then(|owner| attestation_key_pem(owner, context.now()));
            pem.ok_or_else(|| {
                let why = format!("{fingerprint} has no Ed25519 key that signs now");
                Failure::request("key", why).hint("debcut key list shows what it has")
            })?
        }
    };
    let path = arguments.out.as_ref().map(|path| context.path(path));
    if let Some(path) = &path {
        let access = if arguments.secret {
            Access::Private
        } else {
            Access::Public
        };
        files::replace(path, text.as_bytes(), access)?;
    }
    Ok(Answer::new(ExportedKey::new(fingerprint, text, path)))
}

/// Finds the key that a fingerprint, or its end, names.
fn named(
    keys: &[KeyDescription],
    wanted: Option<&str>,
    part: Part,
) -> Result<Fingerprint, Failure> {
    let name = match wanted {
        None => None,
        Some(written) => Some(KeyName::parse(written).ok_or_else(|| {
            let why = format!(
                "“{written}” names no key: a fingerprint or the last 16 or more digits of one expected"
            );
            Failure::request("key", why).hint("debcut key list shows what is there")
        })?),
    };
    let fits = |key: &&KeyDescription| match &name {
        Some(name) => name.ends(&key.fingerprint),
        // Without a name, one's own keys come first.
        None => part == Part::Public || key.part == Part::Secret,
    };
    let mut found: Vec<_> = keys.iter().filter(fits).collect();
    if wanted.is_none() && found.len() > 1 {
        found.retain(|key| key.part == Part::Secret);
    }
    match found.as_slice() {
        [key] => Ok(key.fingerprint.clone()),
        [] => Err(Failure::request(
            "no-key",
            match wanted {
                Some(wanted) => format!("there is no key “{wanted}”"),
                None => "there is no key".to_owned(),
            },
        )
        .hint("debcut key list shows what is there; debcut key new makes one")),
        several => Err(several.iter().fold(
            Failure::request("several-keys", "there are several keys: say which"),
            |failure, key| failure.hint(format!("{} {}", key.fingerprint, key.user_id)),
        )),
    }
}
