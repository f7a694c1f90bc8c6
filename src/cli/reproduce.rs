//! `reproduce`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use super::how::HowArguments;
use crate::build::observe::Wanted;
use crate::flow::project::Workspace;
use crate::flow::reproducing::{
    self, Deeper, Outcome, Record, Request, Search, Site, Subject, Versions,
};
use crate::model::{PackageName, TagName};
use crate::report::{Answer, RefusedReproduction, ReproduceDocument};
use crate::sys::files::{self, Access};
use crate::verify::Variation;

/// Arguments of `reproduce`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ReproduceArguments {
    /// The tag to build again, or the .buildinfo of somebody's build; without
    /// it the one tag of HEAD
    #[arg(value_name = "TAG|BUILDINFO")]
    subject: Option<String>,
    /// Which package, where the tag leaves it open
    #[arg(long, value_name = "NAME")]
    package: Option<PackageName>,
    /// The upstream tarball, or the directory that holds it
    #[arg(long, value_name = "PATH")]
    orig: Option<PathBuf>,
    /// Vary only these, by comma: time, zone, locale, umask, user, host-name,
    /// processors, directory-order, environment, kernel, path [default: all but
    /// path]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    vary: Option<Vec<Variation>>,
    /// Do not vary these
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    no_vary: Vec<Variation>,
    /// Vary the build's directory, too
    #[arg(long)]
    path: bool,
    /// Find by further builds which variation causes each difference
    #[arg(long)]
    bisect: bool,
    /// Write the report as an HTML page, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare with the artifacts in DIR [default: those in dist/TAG, else a
    /// first build; for a .buildinfo its checksums and what lies beside it]
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Keep the builds in DIR, which must be empty or new
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Look for the source of a .buildinfo in this archive's directory, too
    /// (repeat it for several)
    #[arg(long, value_name = "DIR")]
    archive: Vec<PathBuf>,
    /// With --isolation chroot: make it of the state of Debian's archive at which
    /// it was built, from this service (@SNAPSHOTID@ stands for the moment)
    #[arg(long, value_name = "URL")]
    snapshot: Option<String>,
    /// Build although the build dependencies of a .buildinfo are here in other
    /// versions
    #[arg(long)]
    other_versions: bool,
    /// Do not ask diffoscope about what differs
    #[arg(long)]
    no_diffoscope: bool,
    #[command(flatten)]
    how: HowArguments,
}

const EXAMPLES: &str = "\
Examples:
  debcut reproduce v1.2.0                        build again in another year, zone, order …
  debcut reproduce v1.2.0 --bisect               and find which of them it is
  debcut reproduce v1.2.0 --html report.html     the report as a page, too
  debcut reproduce v1.2.0 --vary time,locale     only these
  debcut reproduce hello_2.10-3_amd64.buildinfo  what dpkg-buildpackage made elsewhere
  debcut reproduce v1.2.0 --against ~/Downloads  what somebody else has built

Ends with 0 when every artifact is the same, with 1 when one differs. Each difference is
told with its file, its bytes, its likely cause and what helps. What could not be varied
here is named with the reason.";

/// Builds again and compares.
pub fn run(arguments: ReproduceArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let search = if arguments.bisect {
        Search::Bisect
    } else {
        Search::None
    };
    let request = Request {
        vary: wanted(&arguments),
        subject: subject(&arguments, context)?,
        search,
        deeper: if arguments.no_diffoscope {
            Deeper::Never
        } else {
            Deeper::WhenInstalled
        },
        against: arguments.against.map(|path| context.path(&path)),
        keep: arguments.keep.map(|path| context.path(&path)),
        how: arguments.how.how(),
    };
    let site = Site {
        environment: &context.environment,
        clock: context.clock,
        listener: context.listener(),
    };
    let open = || Workspace::open(&context.directory, context.config.as_deref());
    let reproduction = match reproducing::reproduce(&request, open, &site)? {
        Outcome::Compared(reproduction) => *reproduction,
        Outcome::Refused(findings) => {
            return Ok(Answer::new(RefusedReproduction::new())
                .findings(findings)
                .into());
        }
    };
    let findings = reproduction.opinion.findings();
    let mut document = ReproduceDocument::new(reproduction);
    if let Some(file) = arguments.html {
        let path = context.path(&file);
        files::replace(&path, document.html().as_bytes(), Access::Public)?;
        document = document.written_to(path.display().to_string());
    }
    Ok(Answer::new(document).findings(findings).into())
}

fn wanted(arguments: &ReproduceArguments) -> BTreeSet<Variation> {
    let mut vary: BTreeSet<Variation> = match &arguments.vary {
        Some(some) => some.iter().copied().collect(),
        None => Variation::usual(),
    };
    if arguments.path {
        vary.insert(Variation::Path);
    }
    for variation in &arguments.no_vary {
        vary.remove(variation);
    }
    vary
}

fn subject(arguments: &ReproduceArguments, context: &Context<'_>) -> Result<Subject, Failure> {
    let file = arguments
        .subject
        .as_deref()
        .filter(|text| text.ends_with(".buildinfo"));
    if let Some(file) = file {
        let versions = match arguments.other_versions {
            true => Versions::Any,
            false => Versions::Exact,
        };
        return Ok(Subject::Record(Record {
            path: context.path(file.as_ref()),
            archives: arguments
                .archive
                .iter()
                .map(|path| context.path(path))
                .collect(),
            versions,
            snapshot: arguments.snapshot.clone(),
        }));
    }
    let wanted = arguments.subject.clone().map(TagName::new).transpose()?;
    Ok(Subject::Tag {
        wanted: wanted.map(Wanted::Tag),
        package: arguments.package.clone(),
        orig: arguments.orig.as_ref().map(|path| context.path(path)),
    })
}
