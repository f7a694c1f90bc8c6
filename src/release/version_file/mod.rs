//! Files of a project that hold its version: read without running anything,
//! edited by changing the version's bytes and nothing else.
//!
//! Each format's own module says which specification it follows. A file is
//! read for the *bytes* that hold the version; an edit splices there, reads the
//! result back and proves that each place says the new version. A version that
//! is made elsewhere is refused with the reason, or followed to where it is
//! written ([`VersionFile::follows`]). What this module refuses to know: which
//! version is next, and where files come from.

mod agreement;
mod autoconf;
mod cargo;
mod cmake;
mod edit;
mod error;
mod first_line;
mod go;
mod ini;
mod json;
mod meson;
mod names;
mod pattern;
mod pom;
mod pyproject;
mod python;
mod related;
mod requirement;
mod scan;
mod toml;
mod yaml;

use std::ops::Range;

pub use agreement::disagreement;
pub use error::VersionFileError;
use error::{Unread, line_of};

/// A version file by its path, with the kind that its name tells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionFile {
    /// The path from the repository's top, with `/`.
    pub path: String,
    /// How to read it.
    pub kind: Kind,
}

/// How a version file is read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `Cargo.toml`: `package.version` or `workspace.package.version`.
    Cargo,
    /// `Cargo.lock`: packages without a source.
    CargoLock(Entries),
    /// `pyproject.toml`: `project.version`, `tool.poetry.version`.
    Pyproject,
    /// `uv.lock`: packages whose source is the project.
    UvLock(Entries),
    /// `package.json` and what has its `version` at the top as well.
    PackageJson,
    /// `package-lock.json`, `npm-shrinkwrap.json`.
    PackageLock {
        /// The package's directory from the lock file's; empty for the same.
        /// None: the lock file is named for itself and must say a version.
        member: Option<String>,
    },
    /// `Chart.yaml`: `version`, and `appVersion` where it says the same.
    Chart,
    /// `pom.xml`: `project/version`.
    Pom,
    /// `setup.cfg`: `version` of `[metadata]`.
    SetupCfg,
    /// `setup.py`: `setup(version=…)`.
    SetupPy,
    /// Python source: `__version__`.
    Python,
    /// `CMakeLists.txt`: `project(… VERSION …)`.
    Cmake,
    /// `meson.build`: `project(… version: …)`.
    Meson,
    /// `configure.ac`: the second argument of `AC_INIT`.
    Autoconf,
    /// Go source: `const Version`.
    Go,
    /// The first line, and nothing else on it.
    FirstLine,
    /// Wherever a pattern matches.
    Pattern {
        /// The pattern, with one `{version}`.
        pattern: String,
        /// How often it must match.
        count: usize,
    },
    /// What the file requires of another package's version.
    Requirement {
        /// The other package, as the file's own kind names it.
        dependency: String,
    },
}

/// Which entries of a lock file are meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entries {
    /// All of the project's own.
    Own,
    /// Those of these packages.
    Named(Vec<String>),
    /// Those of the project's own that say this version.
    Saying(String),
}

impl Entries {
    fn take(&self, name: &str, version: &str, is_same: fn(&str, &str) -> bool) -> bool {
        match self {
            Self::Own => true,
            Self::Named(names) => names.iter().any(|own| is_same(own, name)),
            Self::Saying(said) => said == version,
        }
    }
}

impl VersionFile {
    /// Takes a path; the file's name tells how it is read.
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let kind = names::kind(&path);
        Self { path, kind }
    }

    /// Takes a path and an anchored pattern with one `{version}`, which must
    /// match exactly `count` times.
    ///
    /// The text around `{version}` stands for itself, on one line; `^` before it
    /// stands for the line's begin.
    pub fn with_pattern(
        path: impl Into<String>,
        pattern: &str,
        count: usize,
    ) -> Result<Self, VersionFileError> {
        let path = path.into();
        let pattern = pattern.to_owned();
        if let Some(reason) = pattern::refusal(&pattern, count) {
            return Err(VersionFileError::Pattern {
                path,
                pattern,
                reason,
            });
        }
        let kind = Kind::Pattern { pattern, count };
        Ok(Self { path, kind })
    }

    /// Takes a path and the name of another package that the file requires, as
    /// it is named there; of a POM the artifact (`artifact`, `group:artifact`).
    /// Its version is the lower bound, without the operator.
    pub fn requirement(path: impl Into<String>, dependency: impl Into<String>) -> Self {
        let kind = Kind::Requirement {
            dependency: dependency.into(),
        };
        let path = path.into();
        Self { path, kind }
    }

    /// Finds the bytes that hold the version, in ascending order.
    ///
    /// Empty where nothing is wrong with that: a lock file that is a companion
    /// and does not know the package, a requirement that takes any version.
    pub fn spans(&self, text: &str) -> Result<Vec<Range<usize>>, VersionFileError> {
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        // More than one byte order mark is no mark but text.
        let mark = mark.min('\u{feff}'.len_utf8());
        let body = &text[mark..];
        let found = self
            .read(body)
            .map_err(|unread| unread.of(&self.path, body))?;
        let found = found.into_iter().map(|at| at.start + mark..at.end + mark);
        Ok(found.collect())
    }

    fn read(&self, text: &str) -> Result<Vec<Range<usize>>, Unread> {
        let all = |found: Vec<Range<usize>>, of: &Entries, place: &str| {
            if found.is_empty() && *of == Entries::Own {
                return Err(Unread::NoVersion(place.into()));
            }
            Ok(found)
        };
        match &self.kind {
            Kind::Cargo => cargo::manifest(text),
            Kind::CargoLock(of) => all(cargo::lock(text, of)?, of, "a package without source"),
            Kind::Pyproject => pyproject::spans(text),
            Kind::UvLock(of) => all(
                pyproject::uv_lock(text, of)?,
                of,
                "a package of the project",
            ),
            Kind::PackageJson => json::spans(text, names::dialect(&self.path)),
            Kind::PackageLock { member } => {
                let found = json::lock(text, member.as_deref().unwrap_or_default())?;
                if found.is_empty() && member.is_none() {
                    return Err(Unread::NoVersion("version".into()));
                }
                Ok(found)
            }
            Kind::Chart => yaml::chart(text),
            Kind::Pom => pom::spans(text),
            Kind::SetupCfg => ini::spans(text),
            Kind::SetupPy => python::setup(text),
            Kind::Python => python::module(text),
            Kind::Cmake => cmake::spans(text),
            Kind::Meson => meson::spans(text),
            Kind::Autoconf => autoconf::spans(text),
            Kind::Go => go::spans(text),
            Kind::FirstLine => first_line::spans(text),
            Kind::Pattern { pattern, count } => pattern::spans(text, pattern, *count),
            Kind::Requirement { dependency } => {
                let written = self.requirements(text, dependency)?;
                let mut found = Vec::new();
                for at in written {
                    found.extend(requirement::version(text, at)?);
                }
                Ok(found)
            }
        }
    }

    /// Finds the requirements on a package as they are written, with their
    /// operators.
    fn requirements(&self, text: &str, dependency: &str) -> Result<Vec<Range<usize>>, Unread> {
        let name = names::last(&self.path);
        match names::kind(&self.path) {
            Kind::Cargo => cargo::requirements(text, dependency),
            Kind::Pyproject => pyproject::requirements(text, dependency),
            Kind::PackageJson => json::requirements(text, dependency),
            Kind::Pom => pom::requirement(text, dependency),
            Kind::Chart => yaml::requirement(text, dependency),
            _ if name == "go.mod" => requirement::go_module(text, dependency),
            _ if name.ends_with(".txt") || name.ends_with(".in") => {
                requirement::list(text, dependency)
            }
            _ => Err(Unread::NoVersion(format!(
                "a dependency on {dependency}: requirements of such files need a pattern"
            ))),
        }
    }

    /// Reads the version out of the file's text, as it is written there.
    pub fn version_in(&self, text: &str) -> Result<String, VersionFileError> {
        let spans = self.spans(text)?;
        let first = spans.first().ok_or_else(|| VersionFileError::NoVersion {
            path: self.path.clone(),
            place: self.place_of_none(),
        })?;
        let version = &text[first.clone()];
        if spans.iter().any(|at| &text[at.clone()] != version) {
            let said = |at: &Range<usize>| (line_of(text, at.start), text[at.clone()].to_owned());
            return Err(VersionFileError::Differing {
                path: self.path.clone(),
                found: spans.iter().map(said).collect(),
            });
        }
        Ok(version.to_owned())
    }

    /// Returns the file's place with the line of its version (`Cargo.toml:3`),
    /// and the version, as [`disagreement`] takes them.
    pub fn reading(&self, text: &str) -> (String, Result<String, VersionFileError>) {
        let spans = self.spans(text).unwrap_or_default();
        let place = match spans.first() {
            Some(at) => format!("{}:{}", self.path, line_of(text, at.start)),
            None => self.path.clone(),
        };
        (place, self.version_in(text))
    }

    fn place_of_none(&self) -> String {
        match &self.kind {
            Kind::Requirement { dependency } => format!("the requirement on {dependency}"),
            Kind::CargoLock(Entries::Named(names)) | Kind::UvLock(Entries::Named(names)) => {
                format!("the entry of {}", names.join(", "))
            }
            _ => "an entry of the project".into(),
        }
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod tests;
