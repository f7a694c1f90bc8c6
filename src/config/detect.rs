//! What a work tree looks like: its packages, version files and tag style.
//!
//! Only for `init`, which writes what it found for a person to read; builds
//! take their facts from a tag's tree.

mod package;
mod places;
mod relations;
mod tag_style;
mod version_files;

use std::path::Path;

use crate::format::changelog::Entry;
use crate::model::{PackageName, TagName};
use crate::release::policy::GroupKind;
use crate::release::{TagPattern, VersionFile};
use crate::sys::files::{self, FileError};

use package::{debian_name, license_file, package};
use tag_style::{one_tag, tag_style};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The packages, by path.
    pub packages: Vec<DetectedPackage>,
    /// Packages whose releases belong together.
    pub groups: Vec<DetectedGroup>,
    /// The one file at the top that has the licence.
    pub license_file: Option<String>,
}

/// Packages whose releases belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedGroup {
    /// Its name.
    pub name: String,
    /// Its packages.
    pub packages: Vec<PackageName>,
    /// How they belong together.
    pub kind: GroupKind,
}

/// That a package depends on another one of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedEdge {
    /// The other one.
    pub package: PackageName,
    /// Its name in its own ecosystem, where that is another one.
    pub dependency: Option<String>,
    /// The file that names the version which is required, from the top.
    pub requirement: Option<String>,
}

/// A package that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedPackage {
    /// Its name, made fit for Debian.
    pub name: PackageName,
    /// Its directory from the top; empty for the top.
    pub path: String,
    /// The files that hold its version now, with the version.
    pub version_files: Vec<(VersionFile, String)>,
    /// Directories of libraries that are built into it, from the top.
    pub include: Vec<String>,
    /// Packages of the repository that it depends on.
    pub depends_on: Vec<DetectedEdge>,
    /// The Markdown file of its changes, from the top.
    pub changes_file: Option<String>,
    /// The tag pattern that most tags follow, if any do.
    pub tag: Option<TagPattern>,
    /// The one file in its directory that has its licence.
    pub license_file: Option<String>,
    /// What it is made of.
    pub kind: DetectedKind,
}

/// What a package is made of, as far as `init` can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetectedKind {
    /// It has a `debian/control`.
    Debian,
    /// A Cargo package with these binaries.
    Cargo {
        /// `package.description`.
        summary: Option<String>,
        /// `package.license`.
        license: Option<String>,
        /// The names of its binaries; empty for a library.
        binaries: Vec<String>,
    },
    /// Anything else with a version file.
    Other {
        /// The description in its own metadata.
        summary: Option<String>,
        /// The licence in its own metadata.
        license: Option<String>,
        /// A pattern of programs that need no building.
        programs: Option<&'static str>,
    },
}

impl DetectedKind {
    /// Returns the description in its own metadata.
    pub fn summary(&self) -> Option<&str> {
        match self {
            Self::Debian => None,
            Self::Cargo { summary, .. } | Self::Other { summary, .. } => summary.as_deref(),
        }
    }

    /// Returns the licence in its own metadata.
    pub fn license(&self) -> Option<&str> {
        match self {
            Self::Debian => None,
            Self::Cargo { license, .. } | Self::Other { license, .. } => license.as_deref(),
        }
    }

    /// Tells whether it installs nothing, and is no package of its own.
    pub fn is_library(&self) -> bool {
        matches!(self, Self::Cargo { binaries, .. } if binaries.is_empty())
    }
}

/// Looks at the work tree at `top`, whose repository has these tags.
pub fn detect(top: &Path, tags: &[TagName]) -> Result<Detected, FileError> {
    let mut packages = Vec::new();
    for path in places::candidates(top)? {
        packages.extend(package(top, &path)?);
    }
    if packages.is_empty() {
        packages.extend(bare(top)?);
    }
    let installed = packages.iter().filter(|package| !package.kind.is_library());
    let several = installed.count() > 1;
    for package in &mut packages {
        let name = package.name.as_str();
        // The usual patterns would take each tag for every package's.
        let own = || TagPattern::new(&format!("{name}-v{{version}}")).ok();
        package.tag = tag_style(name, several, tags).or_else(|| several.then(own).flatten());
        package.changes_file = changes_file(top, &package.path)?;
        if package.tag.as_ref().is_some_and(TagPattern::is_debian)
            && is_revised(&top.join(&package.path))?
        {
            // Its releases raise the Debian revision: upstream's files stay.
            package.version_files.clear();
        }
    }
    let groups = relations::relate(top, &mut packages)?;
    for group in &groups {
        one_tag(group, &mut packages, tags);
    }
    Ok(Detected {
        packages,
        groups,
        license_file: license_file(top)?,
    })
}

/// Tells whether a directory's newest changelog entry has a Debian revision.
fn is_revised(directory: &Path) -> Result<bool, FileError> {
    let changelog = files::read_if_there(&directory.join("debian/changelog"))?;
    let newest = changelog.and_then(|text| Entry::newest(&text).ok());
    Ok(newest.is_some_and(|entry| !entry.version.is_native()))
}

/// A project that no file describes, under its directory's name.
fn bare(top: &Path) -> Result<Option<DetectedPackage>, FileError> {
    let name = top.file_name().and_then(|name| name.to_str());
    let Some(name) = name.and_then(debian_name) else {
        return Ok(None);
    };
    Ok(Some(DetectedPackage {
        name,
        path: String::new(),
        version_files: version_files::version_files(top, "")?,
        include: Vec::new(),
        depends_on: Vec::new(),
        changes_file: None,
        tag: None,
        license_file: license_file(top)?,
        kind: DetectedKind::Other {
            summary: None,
            license: None,
            programs: programs(top),
        },
    }))
}

/// Finds the Markdown file of a package's changes.
fn changes_file(top: &Path, directory: &str) -> Result<Option<String>, FileError> {
    let known = [
        "changelog.md",
        "changes.md",
        "history.md",
        "news.md",
        "releases.md",
    ];
    let whole = top.join(directory);
    let listing = std::fs::read_dir(&whole).map_err(files::failed("list", &whole))?;
    let names = listing.flatten().filter(|entry| entry.path().is_file());
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let rank = |name: &str| known.iter().position(|known| *known == name.to_lowercase());
    let best = names.filter_map(|name| Some((rank(&name)?, name))).min();
    Ok(best.map(|(_, name)| match directory {
        "" => name,
        path => format!("{path}/{name}"),
    }))
}

fn programs(directory: &Path) -> Option<&'static str> {
    let mut found = std::fs::read_dir(directory.join("bin")).ok()?.flatten();
    found.any(|entry| entry.path().is_file()).then_some("bin/*")
}

pub(super) fn text_at(path: &Path) -> Result<Option<String>, FileError> {
    let bytes = files::read_if_there(path)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A file that is no TOML is its owner's affair; it describes no package.
pub(super) fn toml_at(path: &Path) -> Result<Option<toml::Table>, FileError> {
    Ok(text_at(path)?.and_then(|text| toml::from_str(&text).ok()))
}

#[cfg(test)]
mod tests;
