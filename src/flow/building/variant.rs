//! Which of the builds of one release is meant: for which architecture and
//! distribution, which part, whether it is made again.

use std::path::Path;

use super::super::FlowError;
use super::published::Published;
use crate::build::Package;
use crate::build::package::Kind;
use crate::build::plan::{EntryWanted, Scope};
use crate::build::source::{Recipe, TaggedSource};
use crate::build::target::{Target, Toolchain};
use crate::build::upload::IncludeOrig;
use crate::config::{BuildRules, IsolationWord};
use crate::flow::parts;
use crate::format::version::Version;
use crate::model::{Architecture, Suite};
use crate::release::debian_version::suite_number;
use crate::sys::{binfmt, files};

/// Which build of a release; the usual one is for this machine, of everything.
#[derive(Debug, Clone, Default)]
pub struct Variant {
    /// The architecture; none: this machine's.
    pub architecture: Option<Architecture>,
    /// The part of the binaries, without the source package.
    pub part: Option<BinaryPart>,
    /// The distribution of several that it is for.
    pub distribution: Option<Suite>,
    /// That the same source is built again.
    pub rebuild: Option<Rebuild>,
    /// Whether the upload lists the upstream tarball.
    pub include_orig: IncludeOrig,
    /// Since when the upload tells what has changed.
    pub since: Option<Since>,
    /// Where to look for what is published.
    pub archive: Option<ArchiveAt>,
}

/// A part of the binaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryPart {
    /// Those for one architecture.
    Any,
    /// Those for all architectures.
    All,
    /// Both.
    Both,
}

/// A rebuild of the same source: `+b1`.
#[derive(Debug, Clone)]
pub struct Rebuild {
    /// Why.
    pub reason: String,
    /// Its version; none: the next one that nobody has used.
    pub version: Option<Version>,
}

/// Since when an upload tells what has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// After this version.
    Version(Version),
    /// After the last one that is published.
    Published,
}

/// An archive, and the suite of it that matters.
#[derive(Debug, Clone)]
pub struct ArchiveAt {
    /// The archive's location.
    pub location: String,
    /// The suite; none: all of them.
    pub suite: Option<Suite>,
}

/// Decides how an architecture is built for on this machine.
pub(super) fn target(
    wanted: Option<&Architecture>,
    package: &Package,
    isolation: IsolationWord,
) -> Result<Target, FlowError> {
    let here = Architecture::of_this_machine();
    let Some(architecture) = wanted.filter(|wanted| **wanted != here) else {
        return Ok(Target::native());
    };
    let toolchain = if matches!(package.kind, Kind::Declared(_)) {
        // Its plan says whether it can be built at all.
        Toolchain::Native
    } else if isolation == IsolationWord::Chroot && binfmt::runs(architecture) {
        Toolchain::Foreign
    } else if isolation == IsolationWord::Chroot || crate::build::cross::is_here(architecture)? {
        // A chroot gets a cross compiler installed.
        Toolchain::Cross { build: here }
    } else {
        return Err(FlowError::NoToolchain {
            architecture: architecture.clone(),
        });
    };
    Ok(Target {
        architecture: architecture.clone(),
        toolchain,
    })
}

/// Decides what is built. For another architecture, and again, only what is for
/// one architecture: the source and the rest are built once, natively.
pub(super) fn scope(wanted: Scope, variant: &Variant, target: &Target, package: &Package) -> Scope {
    let foreign = target.architecture != Architecture::of_this_machine();
    let declared = matches!(package.kind, Kind::Declared(_));
    match (wanted, variant.part) {
        (_, Some(BinaryPart::Any)) => Scope::Any,
        (_, Some(BinaryPart::All)) => Scope::All,
        (_, Some(BinaryPart::Both)) => Scope::Binary,
        (Scope::Full, None) if variant.rebuild.is_some() => Scope::Any,
        (Scope::Full, None) if foreign && !declared => Scope::Any,
        (wanted, None) => wanted,
    }
}

/// Returns what versions for a distribution end with: as configured, else
/// `~deb12u1` for a release of Debian (below the release's own version, and
/// below that of the next distribution), nothing for what has no number yet,
/// `~NAME1` for others.
pub(super) fn for_distribution(suite: &Suite, rules: &BuildRules) -> EntryWanted {
    let moving = ["unstable", "sid", "experimental", "testing", "UNRELEASED"];
    let name = suite.as_str();
    let suffix = match (rules.suffix.get(name), suite_number(name)) {
        (Some(configured), _) => configured.clone(),
        (None, _) if moving.contains(&name) => String::new(),
        (None, Ok(number)) if name.contains("-backports") => format!("~bpo{number}+1"),
        (None, Ok(number)) => format!("~deb{number}u1"),
        (None, Err(_)) => {
            let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("~{word}1")
        }
    };
    EntryWanted::Distribution {
        suite: suite.clone(),
        suffix,
    }
}

/// Decides since when an upload tells what has changed. What is published of
/// this version, or of later ones, was not there before it: then it is as in
/// the build that is there.
pub(super) fn since(
    variant: &Variant,
    source: &TaggedSource,
    published: &Published,
    out: &Path,
) -> Result<Option<Version>, FlowError> {
    let own = match &source.recipe {
        Recipe::Debian(debian) => debian.changelog.version.clone(),
        Recipe::Declared { .. } => return Ok(None),
    };
    match &variant.since {
        None => Ok(None),
        Some(Since::Version(version)) => Ok(Some(version.clone())),
        Some(Since::Published) => {
            let before = published.sources.iter();
            let before = before.filter(|v| v.compare(&own) == std::cmp::Ordering::Less);
            let newest = before.max_by(|a, b| a.compare(b)).cloned();
            if newest.is_some() || !published.sources.contains(&own) {
                return Ok(newest);
            }
            stated_since(out)
        }
    }
}

/// Reads since when the build that is there tells what has changed.
fn stated_since(out: &Path) -> Result<Option<Version>, FlowError> {
    let sums = files::read_if_there(&out.join(crate::build::product::SUMS))?;
    let sums = String::from_utf8_lossy(&sums.unwrap_or_default()).into_owned();
    let listed = crate::format::checksums::parse_sums(&sums).unwrap_or_default();
    let found = parts::read(out, &listed)?.into_iter().find_map(|part| {
        let (_, statement) = part.stated?;
        let definition = statement.provenance.build_definition;
        let plan = definition.internal_parameters.get("plan")?;
        Version::new(plan["upload"]["since"].as_str()?).ok()
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_distribution_has_its_suffix() {
        let mut rules = BuildRules::default();
        rules.suffix.insert("trixie".into(), "+deb13u1".into());
        for (suite, want) in [
            ("bookworm", "~deb12u1"),
            ("bookworm-backports", "~bpo12+1"),
            ("trixie", "+deb13u1"),
            ("sid", ""),
            ("jammy", "~jammy1"),
            ("my-suite", "~mysuite1"),
        ] {
            let suite = Suite::new(suite).expect(suite);
            let EntryWanted::Distribution { suffix, .. } = for_distribution(&suite, &rules) else {
                panic!("{suite}");
            };
            assert_eq!(suffix, want, "{suite}");
        }
    }
}
