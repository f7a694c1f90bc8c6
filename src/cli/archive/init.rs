//! `archive init`.

use std::num::NonZeroU32;

use clap::Args;

use super::{DEFAULT_WAIT, configured_key, desk, rules};
use crate::archive::Settings;
use crate::archive::settings::{Descriptions, Gate, Pages, PoolLayout};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, duration, passphrase};
use crate::flow::FlowError;
use crate::flow::archiving::{Act, Desk, Outcome};
use crate::format::index::piece::Encoding;
use crate::format::release::Upgrades;
use crate::keys::KeyName;
use crate::model::{Architecture, Component, Fingerprint, Suite};
use crate::publish::Question;
use crate::report::{Answer, ArchiveDocument};

/// Arguments of `archive init`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive init /srv/apt --suite stable
  debcut archive init /srv/apt --suite stable,canary --architecture amd64,arm64 --origin Acme
  debcut archive init s3://acme-apt/debian --suite stable
  debcut archive init /srv/apt --suite stable --attestations 2   two builders for every package

Run again with more, it adds what is missing. Another Origin or Label for a suite that is
there is refused, because clients refuse a suite whose identity changes, and so is a pool of
its own, because its files are in the common one.

An object store is s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&addressing=path|virtual]; what
is not said there comes from AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or from AWS_PROFILE in ~/.aws. The key needs
s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket.")]
pub struct InitArguments {
    /// The archive's directory, or s3://BUCKET/PREFIX
    #[arg(value_name = "DIR|URL", env = "DEBCUT_ARCHIVE", hide_env = true)]
    location: String,
    /// The suites (repeat or separate by commas)
    #[arg(long, value_name = "NAME", required = true, value_delimiter = ',')]
    suite: Vec<Suite>,
    /// The components (repeat or separate by commas) [default: main]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    component: Vec<Component>,
    /// The architectures (repeat or separate by commas) [default: this machine's]
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    architecture: Vec<Architecture>,
    /// Whose archive it is, for pinning
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,
    /// What the archive is called, for pinning
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// For how long clients may use a state they fetched: 7d, 12h
    #[arg(long, value_name = "TIME", value_parser = valid_for)]
    valid_for: Option<u32>,
    /// Never upgrade a host to this suite unasked, as a canary suite wants
    #[arg(long)]
    not_automatic: bool,
    /// How indices are compressed: xz, gz, zst (repeat or separate by commas) [default: xz,gz]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    compress: Vec<Encoding>,
    /// How Contents are compressed [default: gz, as Debian's]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    contents: Vec<Encoding>,
    /// Publish no Contents, which say what package brings what file
    #[arg(long, conflicts_with = "contents")]
    no_contents: bool,
    /// Move long descriptions from Packages to Translation-en
    #[arg(long)]
    translations: bool,
    /// Keep this suite's files in a pool of its own, for archives that have one version built
    /// for several distributions; only when the suite is created
    #[arg(long)]
    own_pool: bool,
    /// The component for packages of debugging symbols [default: that of the others]
    #[arg(long, value_name = "NAME")]
    debug_component: Option<Component>,
    /// How many versions of a package the suite keeps [default: all]
    #[arg(long, value_name = "N")]
    keep_versions: Option<NonZeroU32>,
    /// Let clients patch their Packages from so many earlier states
    #[arg(long, value_name = "N")]
    pdiffs: Option<u32>,
    /// Keep so many generations for rollback
    #[arg(long, value_name = "N")]
    keep_generations: Option<NonZeroU32>,
    /// Keep the generations of this time for rollback: 30d
    #[arg(long, value_name = "TIME", value_parser = valid_for)]
    keep_for: Option<u32>,
    /// Sign also with these keys, during a rotation (repeat or separate by commas)
    #[arg(long, value_name = "FINGERPRINT", value_delimiter = ',', value_parser = key_name)]
    also_key: Vec<Fingerprint>,
    /// Let these keys sign no longer (repeat or separate by commas)
    #[arg(long, value_name = "FINGERPRINT", value_delimiter = ',', value_parser = key_name)]
    drop_key: Vec<Fingerprint>,
    /// Whose uploads the suite takes (repeat or separate by commas) [default: anybody's]
    #[arg(long, value_name = "FINGERPRINT", value_delimiter = ',')]
    uploader: Vec<Fingerprint>,
    /// What to do about dependencies that nothing satisfies: off, warn, refuse [default: warn]
    #[arg(long, value_name = "GATE")]
    dependencies: Option<Gate>,
    /// What to do about files that two packages bring: off, warn, refuse [default: warn]
    #[arg(long, value_name = "GATE")]
    file_conflicts: Option<Gate>,
    /// What to do about Built-Using sources that are missing: off, warn, refuse [default: warn]
    #[arg(long, value_name = "GATE")]
    built_using: Option<Gate>,
    /// What hosts have beside this suite: "LOCATION SUITE [COMPONENT…]" (repeat for more)
    #[arg(long, value_name = "BASE")]
    base: Vec<String>,
    /// Where clients find snapshots: a URL with @SNAPSHOTID@
    #[arg(long, value_name = "URL")]
    snapshots: Option<String>,
    /// Write pages for people with every publish
    #[arg(long)]
    pages: bool,
    /// How many builders must attest a package before a suite takes it
    #[arg(long, value_name = "N")]
    attestations: Option<u32>,
    /// Whose attestations count (repeat or separate by commas) [default: every known key's]
    #[arg(long, value_name = "FINGERPRINT", value_delimiter = ',')]
    build_key: Vec<Fingerprint>,
    #[command(flatten)]
    key: KeyArguments,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what would be created and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Reads a whole fingerprint, also one that is named as gpg's.
pub(super) fn key_name(text: &str) -> Result<Fingerprint, String> {
    let bare = text.strip_prefix("gpg:").unwrap_or(text);
    let whole = KeyName::parse(bare).and_then(|name| name.fingerprint());
    whole.ok_or_else(|| "a fingerprint of 40 hexadecimal digits expected".to_owned())
}

fn valid_for(text: &str) -> Result<u32, String> {
    Ok(duration::seconds(text, duration::SHORT)?.get())
}

/// Creates an archive's suites.
pub fn run(arguments: InitArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let mut desk = desk(&arguments.location, DEFAULT_WAIT, context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = rules(&arguments.location, context)?;
    for suite in &arguments.suite {
        unchangeable(&arguments, suite, &desk)?;
    }
    let mut outcomes = Vec::new();
    for suite in &arguments.suite {
        let mut act = Act {
            key: arguments.key.wanted(),
            ask: &mut passphrase::asker(context),
            dry_run: arguments.dry_run,
            reason: arguments.reason.clone(),
        };
        let adjust = |before: Option<&Settings>| settings(&arguments, suite, before);
        let outcome = desk.settle(suite, &adjust, &mut act)?;
        let refused = matches!(outcome, Outcome::Refused(_));
        outcomes.push((suite.clone(), outcome));
        if refused {
            break;
        }
    }
    Ok(summary(&desk, outcomes, arguments.dry_run).into())
}

/// Refuses what a suite that is there cannot become; what it is already may be
/// said again.
fn unchangeable(arguments: &InitArguments, suite: &Suite, desk: &Desk<'_>) -> Result<(), Failure> {
    let known = match desk.suites() {
        Ok(known) => known,
        Err(FlowError::NoArchive { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !known.contains(suite) {
        return Ok(());
    }
    let current = desk.look(suite, None, Question::Manifest)?;
    let Some(there) = current.manifest().map(|manifest| &manifest.settings) else {
        return Ok(());
    };
    let refuse = |why: String| Failure::request("fixed-setting", why);
    for (field, wanted, is) in [
        ("Origin", &arguments.origin, &there.origin),
        ("Label", &arguments.label, &there.label),
    ] {
        let Some(wanted) = wanted
            .as_ref()
            .filter(|wanted| Some(*wanted) != is.as_ref())
        else {
            continue;
        };
        let is = match is {
            Some(is) => format!("the {field} “{is}”"),
            None => format!("no {field}"),
        };
        let why = format!(
            "{suite} has {is}, and cannot have “{wanted}” any more: \
             clients refuse a suite whose {field} changes"
        );
        return Err(refuse(why).hint("another suite may have it from the beginning"));
    }
    if arguments.own_pool && there.pool != PoolLayout::OfSuite {
        let why = format!(
            "{suite} keeps its files in the pool that it shares with other suites: \
             what is in one pool cannot move to another one"
        );
        return Err(refuse(why).hint("another suite may have its own pool from the beginning"));
    }
    Ok(())
}

fn summary(desk: &Desk<'_>, outcomes: Vec<(Suite, Outcome)>, dry_run: bool) -> Answer {
    let changed = outcomes
        .iter()
        .any(|(_, outcome)| matches!(outcome, Outcome::Done(..)));
    let mut digests = Vec::new();
    let mut findings = Vec::new();
    let mut rows = Vec::new();
    for (suite, outcome) in outcomes {
        let (generation, remarks) = match outcome {
            Outcome::Done(published, remarks) => (published.generation.number, remarks),
            Outcome::Unchanged(current, remarks) => {
                (current.base().map_or(0, |base| base.number), remarks)
            }
            Outcome::Planned(plan, remarks) => {
                digests.push(plan.digest().hex());
                (plan.next().number(), remarks)
            }
            Outcome::Refused(remarks) => (0, remarks),
        };
        findings.extend(remarks);
        rows.push((suite, generation));
    }
    let answer = Answer::new(ArchiveDocument::new(desk.store.place(), rows)).findings(findings);
    match dry_run {
        true => answer.dry_run(crate::model::Sha256::of(digests.concat().as_bytes())),
        false => answer.changed(changed),
    }
}

/// What is wanted of a suite: what it is already, and what is named now.
fn settings(arguments: &InitArguments, suite: &Suite, before: Option<&Settings>) -> Settings {
    let mut settings = match before {
        Some(before) => before.clone(),
        None => {
            let mut new = Settings::new(Vec::new(), Vec::new());
            // Clients compare it across updates, so it is said from the start.
            new.codename = Some(suite.to_string());
            new
        }
    };
    for component in &arguments.component {
        if !settings.components.contains(component) {
            settings.components.push(component.clone());
        }
    }
    for architecture in &arguments.architecture {
        if !settings.architectures.contains(architecture) && !architecture.is_all() {
            settings.architectures.push(architecture.clone());
        }
    }
    if settings.components.is_empty() {
        settings
            .components
            .push(Component::new("main").expect("a component"));
    }
    if settings.architectures.is_empty() {
        settings.architectures.push(Architecture::of_this_machine());
    }
    settings.architectures.sort();
    if before.is_none() {
        settings.origin = arguments.origin.clone();
        settings.label = arguments.label.clone();
    }
    if arguments.not_automatic {
        settings.upgrades = Upgrades::OnlyAsked;
    }
    if arguments.attestations.is_some() {
        settings.demand.attestations = arguments.attestations;
    }
    for key in &arguments.build_key {
        if !settings.demand.builders.contains(key) {
            settings.demand.builders.push(key.clone());
        }
    }
    if arguments.valid_for.is_some() {
        settings.valid_for_seconds = arguments.valid_for;
    }
    published_as(arguments, &mut settings, before);
    kept_and_checked(arguments, &mut settings);
    settings
}

/// Adjusts what clients find.
fn published_as(arguments: &InitArguments, settings: &mut Settings, before: Option<&Settings>) {
    let ordered = |encodings: &[Encoding]| {
        let wanted = |encoding: &Encoding| encodings.contains(encoding);
        Encoding::ALL.into_iter().filter(wanted).collect()
    };
    if !arguments.compress.is_empty() {
        settings.encodings = ordered(&arguments.compress);
    }
    if !arguments.contents.is_empty() {
        settings.contents = ordered(&arguments.contents);
    }
    if arguments.no_contents {
        settings.contents.clear();
    }
    if arguments.translations {
        settings.descriptions = Descriptions::InTranslation;
    }
    // What is in one pool cannot move to another one.
    if arguments.own_pool && before.is_none() {
        settings.pool = PoolLayout::OfSuite;
    }
    if let Some(component) = &arguments.debug_component {
        settings.debug_component = Some(component.clone());
        if !settings.components.contains(component) {
            settings.components.push(component.clone());
        }
    }
    settings.pdiffs = arguments.pdiffs.unwrap_or(settings.pdiffs);
    if arguments.snapshots.is_some() {
        settings.snapshots = arguments.snapshots.clone();
    }
    if arguments.pages {
        settings.pages = Pages::Written;
    }
    for key in &arguments.also_key {
        if !settings.signers.contains(key) {
            settings.signers.push(key.clone());
        }
    }
    settings
        .signers
        .retain(|key| !arguments.drop_key.contains(key));
}

/// Adjusts how long things are kept and what is checked.
fn kept_and_checked(arguments: &InitArguments, settings: &mut Settings) {
    settings.versions_kept = arguments.keep_versions.or(settings.versions_kept);
    let retention = &mut settings.retention;
    retention.count = arguments.keep_generations.or(retention.count);
    retention.seconds = arguments.keep_for.map(u64::from).or(retention.seconds);
    let gates = &mut settings.gates;
    gates.dependencies = arguments.dependencies.unwrap_or(gates.dependencies);
    gates.file_conflicts = arguments.file_conflicts.unwrap_or(gates.file_conflicts);
    gates.built_using = arguments.built_using.unwrap_or(gates.built_using);
    for base in &arguments.base {
        if !gates.bases.contains(base) {
            gates.bases.push(base.clone());
        }
    }
    for key in &arguments.uploader {
        if !gates.uploaders.contains(key) {
            gates.uploaders.push(key.clone());
        }
    }
}
