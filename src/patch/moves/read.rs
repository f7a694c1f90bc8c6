//! Manifests and lock files → the versions of dependencies in them.

use serde_json::Value;

use super::{Exactness, Versions};
use crate::format::deb822::{Syntax, paragraphs};

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `Cargo.lock`, `poetry.lock`, `uv.lock`: `[[package]]` of TOML.
    TomlLock,
    /// `Cargo.toml`.
    Cargo,
    /// `package-lock.json`, `npm-shrinkwrap.json`.
    NpmLock,
    /// `package.json`.
    Npm,
    /// `pyproject.toml`.
    Pyproject,
    /// `requirements.txt` and its like.
    Requirements,
    /// `go.mod`.
    Go,
    /// `debian/control`.
    Debian,
}

/// Tells what a path is; none: no file of dependencies.
pub(super) fn form(path: &str) -> Option<Form> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    Some(match name {
        "Cargo.lock" | "poetry.lock" | "uv.lock" => Form::TomlLock,
        "Cargo.toml" => Form::Cargo,
        "package-lock.json" | "npm-shrinkwrap.json" => Form::NpmLock,
        "package.json" => Form::Npm,
        "pyproject.toml" => Form::Pyproject,
        "go.mod" => Form::Go,
        "control" if directory == "debian" || directory.ends_with("/debian") => Form::Debian,
        _ if name.starts_with("requirements") && name.ends_with(".txt") => Form::Requirements,
        _ => return None,
    })
}

impl Form {
    pub(super) fn exactness(self) -> Exactness {
        match self {
            Self::TomlLock | Self::NpmLock => Exactness::Locked,
            _ => Exactness::Required,
        }
    }

    /// Reads a file; none: it is broken.
    pub(super) fn read(self, text: &str) -> Option<Versions> {
        let mut found = Versions::new();
        match self {
            Self::TomlLock => toml_lock(&text.parse().ok()?, &mut found),
            Self::Cargo => cargo(&text.parse().ok()?, &mut found),
            Self::NpmLock => npm_lock(&json(text)?, &mut found),
            Self::Npm => npm(&json(text)?, &mut found),
            Self::Pyproject => pyproject(&text.parse().ok()?, &mut found),
            Self::Requirements => text.lines().for_each(|line| python(line, &mut found)),
            Self::Go => go(text, &mut found),
            Self::Debian => debian(text, &mut found)?,
        }
        Some(found)
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn add(found: &mut Versions, name: &str, version: &str) {
    let versions = found.entry(name.to_owned()).or_default();
    versions.insert(version.trim().to_owned());
}

fn toml_lock(lock: &toml::Table, found: &mut Versions) {
    let packages = lock.get("package").and_then(toml::Value::as_array);
    for package in packages.into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        let (Some(name), Some(version)) = (text("name"), text("version")) else {
            continue;
        };
        // What has no source, or its own directory for one, is the project.
        let own = match package.get("source") {
            None => lock.contains_key("version") && !lock.contains_key("metadata"),
            Some(toml::Value::Table(source)) => ["editable", "virtual", "directory"]
                .iter()
                .any(|kind| source.contains_key(*kind)),
            Some(_) => false,
        };
        if !own {
            add(found, name, version);
        }
    }
}

/// The tables of dependencies in a manifest of Cargo's.
const CARGO: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn cargo(manifest: &toml::Table, found: &mut Versions) {
    let mut tables = vec![manifest];
    let below = |key: &str| manifest.get(key).and_then(toml::Value::as_table);
    tables.extend(below("workspace"));
    let targets = below("target").into_iter().flat_map(toml::Table::values);
    tables.extend(targets.filter_map(toml::Value::as_table));
    for table in tables {
        for key in CARGO {
            let dependencies = table.get(key).and_then(toml::Value::as_table);
            for (name, wanted) in dependencies.into_iter().flatten() {
                let version = match wanted {
                    toml::Value::String(version) => Some(version.as_str()),
                    other => other.get("version").and_then(toml::Value::as_str),
                };
                if let Some(version) = version {
                    add(found, name, version);
                }
            }
        }
    }
}

fn npm_lock(lock: &Value, found: &mut Versions) {
    let version = |package: &Value| Some(package.get("version")?.as_str()?.to_owned());
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        for (path, package) in packages {
            // The project itself has the empty path, its workspaces their own.
            let name = path.rsplit_once("node_modules/").map(|(_, name)| name);
            if let (Some(name), Some(version)) = (name, version(package)) {
                add(found, name, &version);
            }
        }
        return;
    }
    let dependencies = lock.get("dependencies").and_then(Value::as_object);
    for (name, package) in dependencies.into_iter().flatten() {
        if let Some(version) = version(package) {
            add(found, name, &version);
        }
    }
}

fn npm(manifest: &Value, found: &mut Versions) {
    for key in [
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
    ] {
        let dependencies = manifest.get(key).and_then(Value::as_object);
        for (name, version) in dependencies.into_iter().flatten() {
            if let Some(version) = version.as_str() {
                add(found, name, version);
            }
        }
    }
}

fn pyproject(manifest: &toml::Table, found: &mut Versions) {
    let at = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(manifest.get(*first)?, |value, key| value.get(*key))
    };
    let listed = |value: Option<&toml::Value>, found: &mut Versions| {
        let items = value.and_then(toml::Value::as_array).into_iter().flatten();
        for line in items.filter_map(toml::Value::as_str) {
            python(line, found);
        }
    };
    listed(at(&["project", "dependencies"]), found);
    listed(at(&["build-system", "requires"]), found);
    for groups in [
        at(&["project", "optional-dependencies"]),
        at(&["dependency-groups"]),
    ] {
        let groups = groups.and_then(toml::Value::as_table);
        for group in groups.into_iter().flat_map(toml::Table::values) {
            listed(Some(group), found);
        }
    }
    let poetry = at(&["tool", "poetry", "dependencies"]).and_then(toml::Value::as_table);
    for (name, wanted) in poetry.into_iter().flatten() {
        let version = match wanted {
            toml::Value::String(version) => Some(version.as_str()),
            other => other.get("version").and_then(toml::Value::as_str),
        };
        if let Some(version) = version.filter(|_| name != "python") {
            add(found, name, version);
        }
    }
}

/// Reads a requirement as PEP 508 writes one: `name[extra]>=1.2,<2 ; marker`.
fn python(line: &str, found: &mut Versions) {
    let line = line.split(['#', ';']).next().unwrap_or_default().trim();
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    let wanted = rest.trim().trim_matches(['(', ')']);
    let wanted = wanted.split(" --hash").next().unwrap_or_default();
    let wanted = wanted.trim_end_matches('\\').trim();
    if !name.is_empty() && wanted.starts_with(['=', '<', '>', '~', '!']) {
        // One name however it is written (PEP 503).
        let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
        let bare = wanted.strip_prefix("==").unwrap_or(wanted);
        add(found, &name, bare);
    }
}

fn go(text: &str, found: &mut Versions) {
    let mut inside = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let wanted = match line.strip_prefix("require") {
            Some(rest) if rest.trim() == "(" => {
                inside = true;
                continue;
            }
            Some(rest) => rest,
            None if line == ")" => {
                inside = false;
                continue;
            }
            None if inside => line,
            None => continue,
        };
        let mut words = wanted.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            add(found, name, version);
        }
    }
}

fn debian(text: &str, found: &mut Versions) -> Option<()> {
    // By hand, not as relations: one clause that dpkg-gencontrol(1) fills in
    // must not hide the others.
    for paragraph in paragraphs(text.as_bytes(), Syntax::Handwritten).ok()? {
        for field in paragraph.fields() {
            let name = field.name().to_ascii_lowercase();
            if !name.ends_with("depends") && !name.ends_with("depends-indep") {
                continue;
            }
            let value = field.value();
            for relation in value.split([',', '|']) {
                let Some((name, rest)) = relation.split_once('(') else {
                    continue;
                };
                let version = rest.split(')').next().unwrap_or_default();
                let name = name.trim();
                if !name.is_empty() && !version.contains("${") {
                    add(found, name, version);
                }
            }
        }
    }
    Some(())
}
