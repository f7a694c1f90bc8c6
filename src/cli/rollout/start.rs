//! `rollout start`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::control::{by, lasting, open_desk};
use super::{RingsArgument, StateArgument, rules};
use crate::cli::Said;
use crate::cli::archive::{ArchiveArgument, DEFAULT_WAIT};
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::config::RolloutRules;
use crate::config::rollout::{EMERGENCY, HostWord};
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::rolling::opening::Wanted;
use crate::flow::rolling::planning::{Said as Words, least_seconds};
use crate::flow::rolling::shelf::{Means, Shelf, has_ended};
use crate::flow::rolling::starting::{self, Draft, Start};
use crate::format::version::Version;
use crate::model::{Finding, PackageName, Sha256, Suite};
use crate::publish::Question;
use crate::report::Answer;
use crate::report::rollout::{Standing, StartDocument};
use crate::rollout::plan::{self, Hold, Step};
use crate::rollout::policy::{RingSuite, Supersede};

/// Arguments of `rollout start`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout start hello=1.2-1 --hosts a,b,c   a goes first, a day later b and c
  debcut rollout start hello=1.2-1 --dry-run   rings, hosts, checks, the earliest end
  debcut rollout start hello                   the newest version, rings as in debcut.toml
  debcut rollout start --from incoming --rings /etc/debcut/rings.toml
  debcut rollout start hello=1.2.1-1 --emergency --reason CVE-2026-1234   soaks of ten minutes

Nothing is done to any host: debcut rollout advance does it. The policy and the hosts' names are
written down now and stay so.")]
pub struct StartArguments {
    /// The source package, and its version; without one the newest [default: the only one that is there]
    #[arg(value_name = "PACKAGE[=VERSION]", value_parser = package)]
    package: Option<Package>,
    /// The suite where the version is, instead of the configured one
    #[arg(long, value_name = "SUITE")]
    from: Option<Suite>,
    /// Only these hosts, or @GROUP of the inventory; without rings the first is the canary
    #[arg(long, value_name = "HOST,…", value_delimiter = ',', value_parser = host)]
    hosts: Vec<HostWord>,
    #[command(flatten)]
    rings: RingsArgument,
    #[command(flatten)]
    archive: ArchiveArgument,
    #[command(flatten)]
    state: StateArgument,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = super::why)]
    reason: Option<String>,
    /// Start by a profile of the configuration
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// In minutes instead of days: --profile emergency; demands --reason
    #[arg(long, conflicts_with = "profile")]
    emergency: bool,
    /// Do not rehearse the way there and back
    #[arg(long, value_name = "REASON", value_parser = super::why)]
    skip_rehearsal: Option<String>,
    /// Ask for approval, whatever the configuration says
    #[arg(long)]
    request: bool,
    /// What becomes of an older rollout of the package that is open
    #[arg(long, value_name = "HOW")]
    supersede: Option<SupersedeArgument>,
    /// Once more, though this version was rolled out already
    #[arg(long)]
    again: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Print what would be started and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SupersedeArgument {
    /// It goes on, and this one is refused
    Refuse,
    /// It goes first
    Wait,
    /// It ends where it is
    Replace,
}

#[derive(Debug, Clone)]
struct Package {
    name: PackageName,
    version: Option<Version>,
}

fn package(text: &str) -> Result<Package, String> {
    let (name, version) = match text.split_once('=') {
        None => (text, None),
        Some((name, version)) => (name, Some(version)),
    };
    let version = version.map(Version::new).transpose();
    Ok(Package {
        name: PackageName::new(name).map_err(|error| error.to_string())?,
        version: version.map_err(|error| error.to_string())?,
    })
}

fn host(text: &str) -> Result<HostWord, String> {
    crate::config::rollout::host_word(text)
}

/// Starts a rollout.
pub fn run(arguments: StartArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.state.shelf(context)?;
    let rings = arguments
        .rings
        .rings
        .as_ref()
        .map(|path| context.path(path));
    let rules = rules(rings.as_ref(), context)?;
    let location = match (arguments.archive.is_named(), &rules.archive) {
        (false, Some(named)) => ArchiveArgument::called(named).location(context)?,
        _ => arguments.archive.location(context)?,
    };
    let location = lasting(location, context);
    let desk = open_desk(&location, DEFAULT_WAIT, context)?;
    let from = match &arguments.from {
        Some(suite) => vec![RingSuite {
            release: None,
            suite: suite.clone(),
        }],
        None => rules.from.clone(),
    };
    let wanted = wanted(arguments.package.clone(), from, &desk)?;
    let means = means(&location, rings, &rules, context);
    let start = Start {
        shelf: &shelf,
        rules: &rules,
        said: Words {
            profile: match arguments.emergency {
                true => Some(EMERGENCY.to_owned()),
                false => arguments.profile.clone(),
            },
            reason: arguments.reason.clone(),
            skip_rehearsal: arguments.skip_rehearsal.clone(),
            request: arguments.request,
        },
        wanted,
        named: arguments.hosts.clone(),
        supersede: arguments.supersede.map(|how| match how {
            SupersedeArgument::Refuse => Supersede::Refuse,
            SupersedeArgument::Wait => Supersede::Wait,
            SupersedeArgument::Replace => Supersede::Replace,
        }),
        again: arguments.again,
        means,
        by: by(context),
        now: context.now(),
    };
    // Two that start at the same moment are one after the other: the second
    // sees the first.
    let _alone = match arguments.dry_run {
        true => None,
        false => Some(shelf.alone()?),
    };
    let draft = starting::draft(&desk, &start).map_err(|error| match error {
        // The archive's own hint names an option of other verbs.
        FlowError::WhichSuite { .. } => Failure::request("several-suites", error.to_string())
            .hint("--from SUITE, or from = \"SUITE\" in [rollout]: where versions enter"),
        error => error.into(),
    })?;
    let is_refused = draft.findings.iter().any(Finding::is_error);
    if !draft.astray.is_empty() && !is_refused && !arguments.dry_run && !arguments.yes {
        let before = draft.before.as_ref().map(ToString::to_string);
        let before = before.unwrap_or_default();
        let hosts = match draft.astray.as_slice() {
            [one] => format!("{one} is not where it wants it"),
            several => format!("{} hosts are not where it wants them", several.len()),
        };
        let question = format!("{before} ends where it is, and {hosts}. Go on? [y/N] ");
        confirmed(context, &question)?;
    }
    answer(&draft, &start, &desk, &shelf, arguments.dry_run)
}

fn answer(
    draft: &Draft,
    start: &Start<'_>,
    desk: &Desk<'_>,
    shelf: &Shelf,
    dry_run: bool,
) -> Result<Said, Failure> {
    let rollout = match &draft.same {
        // It is the one that is there, as it was started.
        Some(same) => shelf.look(same)?.map(|(rollout, _)| rollout),
        None => None,
    };
    let rollout = rollout.as_ref().unwrap_or(&draft.rollout);
    let begins = match plan::next(&opened(rollout), start.now) {
        Step::Hold {
            why: Hold::Window,
            until,
        } => until,
        _ => None,
    };
    let journal = shelf.directory.join(rollout.id.to_string());
    let document = StartDocument::new(rollout, begins, least_seconds(&rollout.policy))
        .places(&start.means.archive, journal.display().to_string());
    let mut findings = draft.findings.clone();
    findings.extend(twice(&start.named));
    if draft.same.is_some() {
        findings.extend(starting::otherwise(rollout, draft, start));
    }
    let is_refused = findings.iter().any(Finding::is_error);
    let standing = match (&draft.same, is_refused, dry_run) {
        (Some(_), _, _) if has_ended(&rollout.phase) => Standing::Ended,
        (Some(_), _, _) => Standing::There,
        (None, true, _) => Standing::Refused,
        (None, false, true) => Standing::Planned,
        (None, false, false) => Standing::There,
    };
    let document = document.standing(standing);
    let answer = Answer::new(document).findings(findings);
    if draft.same.is_some() {
        return Ok(match dry_run {
            true => answer.dry_run(digest(draft)).into(),
            false => answer.changed(false).into(),
        });
    }
    if is_refused {
        return Ok(match dry_run {
            true => answer.no_plan().into(),
            false => answer.changed(false).into(),
        });
    }
    if dry_run {
        return Ok(answer.dry_run(digest(draft)).into());
    }
    Ok(match starting::begin(desk, start, draft)? {
        None => answer.changed(true).into(),
        Some(refused) => answer.findings(vec![refused]).changed(false).into(),
    })
}

/// The rollout as it is before its first ring: what its calendar says then.
fn opened(rollout: &crate::rollout::Rollout) -> crate::rollout::Rollout {
    let mut rehearsed = rollout.clone();
    rehearsed.phase = crate::rollout::Phase::Rehearsed;
    rehearsed.policy.approval = crate::rollout::policy::Approval::NotNeeded;
    rehearsed
}

/// Says which hosts were named more than once.
fn twice(named: &[HostWord]) -> Vec<Finding> {
    let again = named
        .iter()
        .enumerate()
        .filter(|(at, word)| named[..*at].contains(word));
    let finding = |(_, word): (usize, &HostWord)| {
        let name = match word {
            HostWord::Host(name) => name.to_string(),
            HostWord::Group(name) => format!("@{name}"),
        };
        let message = "it is named more than once, and counts once";
        Finding::warning("named-twice", name, message).fix("--hosts with each host once")
    };
    again.map(finding).collect()
}

fn digest(draft: &Draft) -> Sha256 {
    let text = serde_json::to_vec(&draft.entry.event).expect("events are plain");
    Sha256::of(&text)
}

fn means(
    location: &str,
    rings: Option<PathBuf>,
    rules: &RolloutRules,
    context: &Context<'_>,
) -> Means {
    // Paths of a file of rings are seen from where that is.
    let beside = match &rings {
        Some(file) => file.parent().map(PathBuf::from),
        None => None,
    };
    let top = crate::sys::git::Repository::discover(&context.directory);
    let top = top.map(|one| one.top().to_owned()).ok();
    let directory = beside.or(top).unwrap_or_else(|| context.directory.clone());
    Means {
        archive: location.to_owned(),
        rings,
        config: context.config.clone(),
        ssh_options: rules.ssh_options.clone(),
        rights: rules.rights,
        inventory: rules.inventory.as_ref().map(|path| directory.join(path)),
        directory,
    }
}

/// Says what is wanted; without a package the only source of the suite.
fn wanted(
    package: Option<Package>,
    from: Vec<RingSuite>,
    desk: &Desk<'_>,
) -> Result<Wanted, Failure> {
    if let Some(Package { name, version }) = package {
        return Ok(Wanted {
            source: name,
            version,
            from,
        });
    }
    let mut sources = std::collections::BTreeSet::new();
    for place in &from {
        let current = desk.look(&place.suite, None, Question::Whole)?;
        let manifest = current.manifest();
        for index in manifest
            .into_iter()
            .flat_map(|manifest| manifest.listings())
        {
            let stanzas = current
                .stanzas(index)
                .map_err(crate::publish::PublishError::from)?;
            sources.extend(stanzas.iter().map(|stanza| stanza.source().0));
        }
    }
    let mut all = sources.iter();
    match (all.next(), all.next()) {
        (Some(source), None) => Ok(Wanted {
            source: source.clone(),
            version: None,
            from,
        }),
        (None, _) if from.is_empty() => Err(Failure::request(
            "no-package",
            "neither a package is named nor the suite where one is",
        )
        .hint("debcut rollout start PACKAGE[=VERSION], or --from SUITE")),
        (None, _) => Err(
            Failure::request("no-package", "there is no package in the suite")
                .hint("debcut archive add FILE… --to SUITE puts one there"),
        ),
        _ => Err(sources.iter().take(8).fold(
            Failure::request(
                "several-packages",
                "the suite has several packages: say which",
            ),
            |failure, source| failure.hint(format!("debcut rollout start {source} --from SUITE")),
        )),
    }
}
