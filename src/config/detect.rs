//! What a work tree looks like: its packages, version files and tag style.
//!
//! Only for `init`, which writes what it found for a person to read; builds
//! take their facts from a tag's tree.

use std::path::{Path, PathBuf};

use debian_control::lossless::Control;

use crate::model::{PackageName, TagName};
use crate::release::{TagPattern, VersionFile};
use crate::sys::files::{self, FileError};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The packages, by path.
    pub packages: Vec<DetectedPackage>,
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
    /// The tag pattern that most tags follow, if any do.
    pub tag: Option<TagPattern>,
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
    },
}

/// Looks at the work tree at `top`, whose repository has these tags.
pub fn detect(top: &Path, tags: &[TagName]) -> Result<Detected, FileError> {
    let mut packages = Vec::new();
    for path in candidates(top)? {
        packages.extend(package(top, &path)?);
    }
    let several = packages.len() > 1;
    for package in &mut packages {
        package.tag = tag_style(package.name.as_str(), several, tags);
    }
    Ok(Detected { packages })
}

/// The top, the members of a Cargo workspace, and directories of the first
/// level that have a version file or a `debian/` of their own.
fn candidates(top: &Path) -> Result<Vec<String>, FileError> {
    let mut found = vec![String::new()];
    for member in workspace_members(top)? {
        found.push(member);
    }
    let listing = std::fs::read_dir(top).map_err(files::failed("list", top))?;
    for entry in listing {
        let entry = entry.map_err(files::failed("list", top))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let other = [
            "debian",
            "node_modules",
            "target",
            "vendor",
            "tests",
            "fixtures",
            "examples",
        ];
        if name.starts_with('.') || other.contains(&name.as_str()) || !entry.path().is_dir() {
            continue;
        }
        let signs = [
            "Cargo.toml",
            "pyproject.toml",
            "package.json",
            "debian/control",
        ];
        if signs.iter().any(|sign| entry.path().join(sign).is_file()) {
            found.push(name);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn workspace_members(top: &Path) -> Result<Vec<String>, FileError> {
    let Some(table) = toml_at(&top.join("Cargo.toml"))? else {
        return Ok(Vec::new());
    };
    let members = table
        .get("workspace")
        .and_then(|w| w.get("members")?.as_array());
    let mut found = Vec::new();
    for pattern in members
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
    {
        let whole = top.join(pattern);
        let Some(Ok(paths)) = whole.to_str().map(glob::glob) else {
            continue;
        };
        for path in paths
            .flatten()
            .filter(|path| path.join("Cargo.toml").is_file())
        {
            found.extend(
                path.strip_prefix(top)
                    .ok()
                    .and_then(Path::to_str)
                    .map(str::to_owned),
            );
        }
    }
    Ok(found)
}

fn package(top: &Path, path: &str) -> Result<Option<DetectedPackage>, FileError> {
    let directory = top.join(path);
    let below = |name: &str| {
        if path.is_empty() {
            name.into()
        } else {
            format!("{path}/{name}")
        }
    };
    let mut version_files = Vec::new();
    for name in ["Cargo.toml", "pyproject.toml", "package.json", "VERSION"] {
        let Some(text) = text_at(&directory.join(name))? else {
            continue;
        };
        let file = VersionFile::new(below(name));
        if let Ok(version) = file.version_in(&text) {
            version_files.push((file, version));
        }
    }
    let found = |name: String, kind| {
        let name = debian_name(&name)?;
        let (path, version_files) = (path.to_owned(), version_files.clone());
        Some(DetectedPackage {
            name,
            path,
            version_files,
            tag: None,
            kind,
        })
    };
    if let Some(control) = text_at(&directory.join("debian/control"))? {
        return Ok(source_name(&control).and_then(|name| found(name, DetectedKind::Debian)));
    }
    if let Some(cargo) = toml_at(&directory.join("Cargo.toml"))?
        && let Some(package) = cargo.get("package")
    {
        let text = |key: &str| package.get(key)?.as_str().map(str::to_owned);
        let Some(name) = text("name") else {
            return Ok(None);
        };
        let binaries = cargo_binaries(&directory, &cargo, &name);
        let (summary, license) = (text("description"), text("license"));
        return Ok(found(
            name,
            DetectedKind::Cargo {
                summary,
                license,
                binaries,
            },
        ));
    }
    if let Some(python) = toml_at(&directory.join("pyproject.toml"))? {
        let poetry = python.get("tool").and_then(|tool| tool.get("poetry"));
        let text = |key: &str| {
            let of = |table: Option<&toml::Value>| table?.get(key)?.as_str().map(str::to_owned);
            of(python.get("project")).or_else(|| of(poetry))
        };
        let other = DetectedKind::Other {
            summary: text("description"),
            license: text("license"),
        };
        return Ok(text("name").and_then(|name| found(name, other)));
    }
    if let Some(json) = text_at(&directory.join("package.json"))? {
        let json: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
        let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
        let other = DetectedKind::Other {
            summary: text("description"),
            license: text("license"),
        };
        return Ok(text("name").and_then(|name| found(name, other)));
    }
    Ok(None)
}

/// Finds the source package in a `debian/control` that may be half-written:
/// `build` is strict, `init` only wants to know whose it is.
fn source_name(control: &str) -> Option<String> {
    let (control, _) = Control::read_relaxed(control.as_bytes()).ok()?;
    Some(control.source()?.name()?.trim().to_owned())
}

fn cargo_binaries(directory: &Path, cargo: &toml::Table, name: &str) -> Vec<String> {
    let listed = cargo
        .get("bin")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let listed = listed.filter_map(|bin| bin.get("name")?.as_str());
    let mut found: Vec<String> = listed.map(str::to_owned).collect();
    if directory.join("src/main.rs").is_file() && found.is_empty() {
        found.push(name.to_owned());
    }
    let more = std::fs::read_dir(directory.join("src/bin"))
        .into_iter()
        .flatten()
        .flatten();
    let stem = |path: PathBuf| path.file_stem()?.to_str().map(str::to_owned);
    found.extend(more.filter_map(|entry| stem(entry.path())));
    found.sort();
    found.dedup();
    found
}

/// Makes a name fit for Debian: `@scope/My_Tool` → `my-tool`.
fn debian_name(name: &str) -> Option<PackageName> {
    let last = name.rsplit('/').next().unwrap_or(name);
    PackageName::new(last.to_lowercase().replace('_', "-")).ok()
}

/// Finds the pattern that most tags follow. A lone package's tags carry its
/// name rarely, one of several must, or its tags would be its sisters' too.
fn tag_style(name: &str, several: bool, tags: &[TagName]) -> Option<TagPattern> {
    let named = [
        "{name}-v{version}",
        "{name}/v{version}",
        "{name}-{version}",
        "{name}/{version}",
    ];
    let plain = [
        "debian/{version}",
        "v{version}",
        "{version}",
        "release-{version}",
    ];
    let named = named.iter().map(|pattern| pattern.replace("{name}", name));
    let plain = plain
        .iter()
        .map(|pattern| (*pattern).to_owned())
        .filter(|_| !several);
    let patterns = named
        .chain(plain)
        .filter_map(|pattern| TagPattern::new(&pattern).ok());
    let follow = |pattern: &TagPattern| {
        tags.iter()
            .filter(|tag| pattern.version_in(tag.as_str()).is_some())
            .count()
    };
    let counted = patterns.map(|pattern| (follow(&pattern), pattern));
    let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(count, _)| *count > 0)
        .map(|(_, pattern)| pattern)
}

fn text_at(path: &Path) -> Result<Option<String>, FileError> {
    let bytes = files::read_if_there(path)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A file that is no TOML is its owner's affair; it describes no package.
fn toml_at(path: &Path) -> Result<Option<toml::Table>, FileError> {
    Ok(text_at(path)?.and_then(|text| toml::from_str(&text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("dir");
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("dirs");
            std::fs::write(path, text).expect("writes");
        }
        dir
    }

    #[test]
    fn packages_of_every_kind_are_found() {
        let dir = tree(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
            (
                "crates/a/Cargo.toml",
                "[package]\nname = \"tool_a\"\nversion = \"1.0.0\"\n",
            ),
            ("crates/a/src/main.rs", ""),
            (
                "crates/b/Cargo.toml",
                "[package]\nname = \"lib-b\"\nversion = \"0.1.0\"\n",
            ),
            (
                "web/package.json",
                "{\"name\": \"@x/Web\", \"version\": \"2.0.0\"}",
            ),
            (
                "py/pyproject.toml",
                "[project]\nname = \"pytool\"\nversion = \"3\"\n",
            ),
            ("deb/debian/control", "Source: real\n"),
        ]);
        let found = detect(dir.path(), &[]).expect("reads").packages;
        let shown: Vec<_> = found
            .iter()
            .map(|p| (p.path.as_str(), p.name.as_str(), p.version_files.len()))
            .collect();
        let want = [
            ("crates/a", "tool-a", 1),
            ("crates/b", "lib-b", 1),
            ("deb", "real", 0),
            ("py", "pytool", 1),
            ("web", "web", 1),
        ];
        assert_eq!(shown, want);
        let DetectedKind::Cargo { binaries, .. } = &found[0].kind else {
            panic!("{found:?}")
        };
        assert_eq!(binaries, &["tool_a"]);
    }

    #[test]
    fn source_packages_are_found_in_broken_files_too() {
        let cases: &[(&str, Option<&str>)] = &[
            (
                "Source: hello\nSection: devel\n\nPackage: hello\n",
                Some("hello"),
            ),
            ("# first\n\n# second\nSource: hello\n", Some("hello")),
            ("source:   hello  \n", Some("hello")),
            ("\u{feff}Source: hello\n", Some("hello")),
            ("Source: hello\r\nSection: devel\r\n", Some("hello")),
            ("\n\nSource: hello", Some("hello")),
            ("Section: devel\nSource:\n hello\n", Some("hello")),
            (
                "Source: hello\n<<<<<<< ours\nSection: a\n=======\nSection: b\n>>>>>>> theirs\n",
                Some("hello"),
            ),
            ("a line of its own\nSource: hello\n", Some("hello")),
            ("Package: hello\nDescription: x\n Source: no\n", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(source_name(text).as_deref(), *want, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_control_file_is_survived(text in "([Ss]ource:|[a: \t\r\n#é<]|Package: a){0,20}") {
            let _ = source_name(&text);
        }
    }

    #[test]
    fn the_tag_style_in_use_wins() {
        let cases: &[(bool, &[&str], Option<&str>)] = &[
            (false, &["v1.0", "v1.1", "1.2"], Some("v{version}")),
            (
                false,
                &["debian/1.0-1", "upstream/1.0"],
                Some("debian/{version}"),
            ),
            (true, &["v1.0", "x-v1.0"], Some("x-v{version}")),
            (true, &["v1.0"], None),
            (false, &[], None),
        ];
        for (several, tags, want) in cases {
            let names: Vec<_> = tags
                .iter()
                .map(|t| TagName::new(*t).expect("tag"))
                .collect();
            let found = tag_style("x", *several, &names).map(|p| p.to_string());
            assert_eq!(found.as_deref(), *want, "{tags:?}");
        }
    }
}
