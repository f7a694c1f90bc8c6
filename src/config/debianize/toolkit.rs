//! What a package is built with, and what that needs.

use std::path::Path;

use crate::config::detect::{DetectedKind, text_at, toml_at};
use crate::sys::files::FileError;

/// What a package is built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Toolkit {
    /// cargo; the programs that it makes.
    Cargo(Vec<String>),
    /// pybuild, with the package of the build backend.
    Python(&'static str),
    /// dh-nodejs.
    Node,
    /// make, with an `install` target that knows `DESTDIR`.
    Make,
    /// Nothing: programs are copied.
    Copy,
}

/// Build backends (PEP 517) and the packages that have them.
const BACKENDS: [(&str, &str); 6] = [
    ("hatchling", "python3-hatchling"),
    ("poetry", "python3-poetry-core"),
    ("flit", "flit"),
    ("pdm", "python3-pdm-backend"),
    ("setuptools_scm", "python3-setuptools-scm"),
    ("setuptools", "python3-setuptools"),
];

impl Toolkit {
    /// Looks at a package's directory.
    pub fn of(directory: &Path, kind: &DetectedKind) -> Result<Self, FileError> {
        let has = |name: &str| directory.join(name).is_file();
        if let DetectedKind::Cargo { binaries, .. } = kind {
            return Ok(Self::Cargo(binaries.clone()));
        }
        if has("pyproject.toml") || has("setup.py") {
            let table = toml_at(&directory.join("pyproject.toml"))?.unwrap_or_default();
            let system = table.get("build-system");
            let backend = system.and_then(|system| system.get("build-backend")?.as_str());
            let known = |backend: &str| {
                let found = BACKENDS.iter().find(|(name, _)| backend.contains(name));
                found.map(|(_, package)| *package)
            };
            let package = backend.and_then(known);
            return Ok(Self::Python(package.unwrap_or("python3-setuptools")));
        }
        if has("package.json") {
            return Ok(Self::Node);
        }
        let make = text_at(&directory.join("Makefile"))?.unwrap_or_default();
        if make.lines().any(|line| line.starts_with("install:")) {
            return Ok(Self::Make);
        }
        Ok(Self::Copy)
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Cargo(_) => "cargo",
            Self::Python(_) => "python",
            Self::Node => "node",
            Self::Make => "make",
            Self::Copy => "copy",
        }
    }

    pub fn build_depends(&self) -> Vec<&'static str> {
        match self {
            Self::Cargo(_) => vec!["cargo:native", "rustc:native"],
            Self::Python(backend) => vec![
                "dh-sequence-python3",
                "pybuild-plugin-pyproject",
                "python3-all",
                backend,
            ],
            Self::Node => vec!["dh-sequence-nodejs"],
            Self::Make | Self::Copy => Vec::new(),
        }
    }

    pub fn depends(&self) -> &'static [&'static str] {
        match self {
            Self::Cargo(_) | Self::Make => &["${misc:Depends}", "${shlibs:Depends}"],
            Self::Python(_) => &["${misc:Depends}", "${python3:Depends}"],
            Self::Node => &["nodejs", "${misc:Depends}"],
            Self::Copy => &["${misc:Depends}"],
        }
    }

    pub fn architecture(&self) -> &'static str {
        match self {
            Self::Cargo(_) | Self::Make => "any",
            Self::Python(_) | Self::Node | Self::Copy => "all",
        }
    }

    /// Returns the programs that `debian/rules` installs one by one.
    pub fn programs(&self) -> Vec<String> {
        match self {
            Self::Cargo(programs) => programs.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the text of `debian/install`, where nothing else installs.
    pub fn install(&self) -> Option<String> {
        (*self == Self::Copy).then(|| "bin/* usr/bin/\n".to_owned())
    }
}
