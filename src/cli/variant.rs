//! Which builds of a release are meant: the arguments of `build` that say it.

use clap::{Args, ValueEnum};

use super::archive::ArchiveArgument;
use super::context::Context;
use super::failure::Failure;
use crate::build::plan::Scope;
use crate::build::upload::IncludeOrig;
use crate::flow::building::{ArchiveAt, BinaryPart, Rebuild, Since, Variant};
use crate::format::version::Version;
use crate::model::{Architecture, Suite};

const WHAT: &str = "What is built";
const UPLOAD: &str = "The upload";

/// Which builds of a release.
#[derive(Debug, Clone, Args)]
pub struct VariantArguments {
    /// The architecture to build for, several by commas; all: the packages for
    /// every architecture alone [default: this machine's]
    #[arg(long, value_name = "ARCH", value_delimiter = ',', help_heading = WHAT)]
    arch: Vec<Architecture>,
    /// Build binaries without the source package: those for one architecture,
    /// for all, or both
    #[arg(long, value_name = "PART", conflicts_with = "source_only", help_heading = WHAT)]
    only: Option<PartArgument>,
    /// Build the source package alone
    #[arg(long, help_heading = WHAT)]
    pub source_only: bool,
    /// Build for these distributions, each with a system, a version and a
    /// directory of its own
    #[arg(
        long = "for",
        value_name = "SUITE",
        value_delimiter = ',',
        conflicts_with = "rebuild",
        help_heading = WHAT
    )]
    distributions: Vec<Suite>,
    /// Build the same source again as VERSION+b1 (a binNMU), for this reason
    #[arg(
        long,
        value_name = "REASON",
        conflicts_with_all = ["source_only", "only"],
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = WHAT
    )]
    rebuild: Option<String>,
    /// The version of the rebuild [default: +b and the next number]
    #[arg(long, value_name = "VERSION", requires = "rebuild", help_heading = WHAT)]
    binary_version: Option<Version>,
    /// Whether the .changes lists the upstream tarball: auto as dpkg does it,
    /// for the first revision of an upstream version
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "always",
        hide_default_value = false,
        help_heading = UPLOAD
    )]
    include_orig: OrigArgument,
    /// Tell in the .changes of all entries after this version; auto: after the
    /// last one that is published
    #[arg(long, value_name = "VERSION|auto", value_parser = since, help_heading = UPLOAD)]
    since: Option<Since>,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// The suite of the archive that counts as published: for --since auto,
    /// --rebuild and the upgrade of --piuparts [default: all]
    #[arg(long, value_name = "SUITE", help_heading = UPLOAD)]
    to: Option<Suite>,
}

/// Whether an upgrade from what is published is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// It is.
    Tried,
    /// It is not.
    NotTried,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartArgument {
    /// Packages for one architecture
    Any,
    /// Packages for every architecture
    All,
    /// All binary packages
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OrigArgument {
    /// When its upstream version is another than the entry's before (-si)
    Auto,
    /// Always, so that every archive can take it (-sa)
    Always,
    /// Never (-sd)
    Never,
}

fn since(text: &str) -> Result<Since, String> {
    match text {
        "auto" => Ok(Since::Published),
        version => Version::new(version)
            .map(Since::Version)
            .map_err(|error| format!("{error}; or auto")),
    }
}

impl VariantArguments {
    /// Returns what is built, before any architecture has its say.
    pub fn scope(&self) -> Scope {
        match self.source_only {
            true => Scope::Source,
            false => Scope::Full,
        }
    }

    /// Returns the distributions that are named.
    pub fn distributions(&self) -> &[Suite] {
        &self.distributions
    }

    /// Tells whether several builds may be asked for, which answer as a list.
    pub fn is_list(&self) -> bool {
        !self.distributions.is_empty() || self.arch.len() > 1
    }

    /// Returns every build that is asked for: each architecture of each
    /// distribution, the source and what is for all architectures once for
    /// each distribution.
    pub fn variants(
        &self,
        upgrade: Upgrade,
        context: &Context<'_>,
    ) -> Result<Vec<Variant>, Failure> {
        let location = if self.since == Some(Since::Published) {
            Some(self.archive.location(context)?)
        } else if self.rebuild.is_some() || upgrade == Upgrade::Tried {
            // What was built here counts without one, and a package that was
            // never published is upgraded from nothing.
            self.archive.named_location(context)?
        } else {
            None
        };
        let archive = location.map(|location| ArchiveAt {
            location,
            suite: self.to.clone(),
        });
        let usual = Variant {
            architecture: None,
            part: self.only.map(|part| match part {
                PartArgument::Any => BinaryPart::Any,
                PartArgument::All => BinaryPart::All,
                PartArgument::Both => BinaryPart::Both,
            }),
            distribution: None,
            rebuild: self.rebuild.clone().map(|reason| Rebuild {
                reason,
                version: self.binary_version.clone(),
            }),
            include_orig: match self.include_orig {
                OrigArgument::Auto => IncludeOrig::Auto,
                OrigArgument::Always => IncludeOrig::Always,
                OrigArgument::Never => IncludeOrig::Never,
            },
            since: self.since.clone(),
            archive,
        };
        let of_architectures = match self.arch.is_empty() {
            true => vec![usual],
            false => self
                .arch
                .iter()
                .map(|arch| for_architecture(&usual, arch))
                .collect(),
        };
        if self.distributions.is_empty() {
            return Ok(of_architectures);
        }
        let each = |suite: &Suite| {
            let suite = suite.clone();
            of_architectures.iter().map(move |variant| Variant {
                distribution: Some(suite.clone()),
                ..variant.clone()
            })
        };
        Ok(self.distributions.iter().flat_map(each).collect())
    }
}

fn for_architecture(usual: &Variant, architecture: &Architecture) -> Variant {
    match architecture.is_all() {
        true => Variant {
            part: Some(BinaryPart::All),
            ..usual.clone()
        },
        false => Variant {
            architecture: Some(architecture.clone()),
            ..usual.clone()
        },
    }
}
