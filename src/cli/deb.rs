//! `deb pack`, `deb show`, `deb diff`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::inspecting;
use crate::flow::packing::{self, Outcome, Request};
use crate::format::compress::{Compression, Settings, Strategy};
use crate::format::deb::{ControlMember, Oddity};
use crate::model::{Finding, Timestamp};
use crate::report::{Answer, DebDiff, DebPack, DebShow};

/// Arguments of `deb`.
#[derive(Debug, Args)]
pub struct DebVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a .deb from a directory with DEBIAN/, with dpkg-deb's bytes
    Pack(Pack),
    /// Show a .deb: control, members and files
    Show(Show),
    /// Say where two .debs differ
    Diff(Diff),
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut deb pack tree --out hello_1.0_all.deb
  SOURCE_DATE_EPOCH=1700000000 debcut deb pack tree --out . --compress zstd --level 19
  debcut deb pack tree --out . --level 9 --strategy extreme

The bytes are those of dpkg-deb --root-owner-group --build with the same SOURCE_DATE_EPOCH, \
compression, level and strategy; of zstd only with dpkg-deb's version of libzstd. dpkg-deb's \
strategies of gzip are not known here. Without SOURCE_DATE_EPOCH the package's time is now.")]
struct Pack {
    /// The directory
    tree: PathBuf,
    /// The file to make, or the directory to make NAME_VERSION_ARCH.deb in
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// How to compress
    #[arg(long, value_name = "HOW", default_value = "xz")]
    compress: CompressArgument,
    /// The compressor's level [default: dpkg-deb's: xz 6, gzip 9, zstd 3]
    #[arg(long, value_name = "N")]
    level: Option<u32>,
    /// What the compressor tries beyond its level; only xz has extreme
    #[arg(long, value_name = "WHAT", default_value = "none")]
    strategy: StrategyArgument,
    /// Compress the control member with gzip, as dpkg-deb --no-uniform-compression
    #[arg(long)]
    no_uniform_compression: bool,
    /// How many threads compress; the bytes stay the same [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Print the plan and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompressArgument {
    /// Small, slow to make; Debian's default
    Xz,
    /// For old readers
    Gzip,
    /// Fast; read by dpkg since Debian 12
    Zstd,
    /// Not at all
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyArgument {
    /// What the level says
    None,
    /// Slower and a little smaller
    Extreme,
}

impl From<StrategyArgument> for Strategy {
    fn from(argument: StrategyArgument) -> Self {
        match argument {
            StrategyArgument::None => Self::Usual,
            StrategyArgument::Extreme => Self::Extreme,
        }
    }
}

impl From<CompressArgument> for Compression {
    fn from(argument: CompressArgument) -> Self {
        match argument {
            CompressArgument::Xz => Self::Xz,
            CompressArgument::Gzip => Self::Gzip,
            CompressArgument::Zstd => Self::Zstd,
            CompressArgument::None => Self::None,
        }
    }
}

#[derive(Debug, Args)]
struct Show {
    /// The package
    file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut deb diff hello_1.0_amd64.deb rebuilt/hello_1.0_amd64.deb
  debcut --json deb diff a.deb b.deb | jq '.differences[] | {name, aspect, bytes}'

Exit code 1 says that they differ. Members, control fields, control files and files are compared; \
of files that differ inside the first bytes that do are shown, with where they stand. Where all is \
the same and the bytes are not, that is said, too.")]
struct Diff {
    /// The package as it was
    a: PathBuf,
    /// The package as it is
    b: PathBuf,
}

/// Packs, shows or compares packages.
pub fn run(arguments: DebVerb, context: &Context<'_>) -> Result<Said, Failure> {
    let answer = match arguments.verb {
        Verb::Pack(pack) => self::pack(pack, context)?,
        Verb::Show(Show { file }) => {
            let path = context.path(&file);
            let contents = inspecting::contents(&path)?;
            let oddities = contents.deb.oddities.iter();
            let warnings = oddities.map(|oddity| warning(oddity, &file.display().to_string()));
            Answer::new(DebShow::new(&file, &contents)).findings(warnings)
        }
        Verb::Diff(Diff { a, b }) => {
            let compared = inspecting::compare(&context.path(&a), &context.path(&b))?;
            let left = (&*a, &compared.a);
            let diff = DebDiff::of(left, (&b, &compared.b), compared.differences);
            let finding = diff.finding();
            Answer::new(diff).findings(finding)
        }
    };
    Ok(answer.into())
}

fn pack(arguments: Pack, context: &Context<'_>) -> Result<Answer, Failure> {
    let processors = || std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let request = Request {
        tree: context.path(&arguments.tree),
        out: context.path(&arguments.out),
        compress: Settings {
            compression: arguments.compress.into(),
            level: arguments.level,
            strategy: arguments.strategy.into(),
            threads: arguments.threads.unwrap_or_else(processors),
        },
        control: match arguments.no_uniform_compression {
            true => ControlMember::Gzip,
            false => ControlMember::Uniform,
        },
        epoch: epoch(context)?,
        dry_run: arguments.dry_run,
    };
    Ok(match packing::pack(&request, context.listener())? {
        Outcome::Planned { file, plan } => {
            let digest = plan.digest();
            Answer::new(DebPack::planned(&file, plan)).dry_run(digest)
        }
        Outcome::Packed {
            file,
            plan,
            size,
            sha256,
            changed,
        } => Answer::new(DebPack::packed(&file, plan, size, sha256)).changed(changed),
    })
}

/// The package's time: `SOURCE_DATE_EPOCH`, else now, as dpkg-deb has it.
fn epoch(context: &Context<'_>) -> Result<Timestamp, Failure> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let Some(text) = context.environment.var(NAME) else {
        return Ok(context.now());
    };
    let seconds = text.parse().map_err(|_| {
        let why = format!("{NAME} is “{text}”, expected seconds since 1970");
        Failure::request("source-date-epoch", why).hint(format!("{NAME}=$(date +%s)"))
    })?;
    Ok(Timestamp::from_unix(seconds))
}

fn warning(oddity: &Oddity, file: &str) -> Finding {
    let (rule, message) = match oddity {
        Oddity::Pax { member } => (
            "pax-headers",
            format!("{member} has pax headers, dpkg refuses to unpack it"),
        ),
        Oddity::ControlCompression(compression) => (
            "control-compression",
            format!("its control member is {compression}, which dpkg does not read there"),
        ),
        Oddity::MissingField(field) => ("missing-field", format!("control has no {field}")),
        Oddity::NotUtf8(field) => ("not-utf8", format!("the field {field} is not UTF-8")),
    };
    Finding::warning(rule, file, message)
}
