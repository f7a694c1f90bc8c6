//! `pyproject.toml` and `uv.lock`.
//!
//! PEP 621 (`project`), Poetry's own table, dependency groups of PEP 735; what
//! setuptools, Hatch, PDM and Flit say of versions that they find elsewhere.

use std::ops::Range;

use toml_edit::{Array, Document, Item, TableLike};

use super::error::Unread;
use super::{Entries, toml};

const PLACE: &str = "project.version or tool.poetry.version";

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    let mut found = Vec::new();
    for path in [&["project", "version"][..], &["tool", "poetry", "version"]] {
        found.extend(toml::text_at(text, &document, path)?);
    }
    if is_dynamic(&document) {
        // Poetry fills a dynamic version from its own table.
        let poetry = toml::text_at(text, &document, &["tool", "poetry", "version"])?;
        return match poetry {
            Some(at) => Ok(vec![at]),
            None => Err(Unread::Dynamic(reason(&document))),
        };
    }
    found.sort_by_key(|at: &Range<usize>| at.start);
    if found.is_empty() {
        return Err(Unread::NoVersion(PLACE.into()));
    }
    Ok(found)
}

fn is_dynamic(document: &Document<&str>) -> bool {
    let listed = toml::at(document, &["project", "dynamic"]).and_then(Item::as_array);
    listed.is_some_and(|list| list.iter().any(|name| name.as_str() == Some("version")))
}

fn reason(document: &Document<&str>) -> String {
    let from = sources_of(document);
    if let [first, ..] = from.as_slice() {
        return format!("it is in {first}");
    }
    let tags = [
        &["tool", "setuptools_scm"][..],
        &["tool", "hatch", "version", "source"],
        &["tool", "versioningit"],
        &["tool", "poetry-dynamic-versioning"],
        &["tool", "pdm", "version", "source"],
    ];
    if tags.iter().any(|path| toml::at(document, path).is_some()) {
        return "made by the build backend from the repository's tags".into();
    }
    "made by the build backend".into()
}

/// Names the files, one of which holds a dynamic version: the first that is
/// there.
pub(super) fn sources(text: &str) -> Vec<String> {
    let Ok(document) = toml::parse(text) else {
        return Vec::new();
    };
    if is_dynamic(&document) {
        sources_of(&document)
    } else {
        Vec::new()
    }
}

fn sources_of(document: &Document<&str>) -> Vec<String> {
    let word = |path: &[&str]| toml::at(document, path).and_then(Item::as_str);
    let setuptools = ["tool", "setuptools", "dynamic", "version"];
    let [a, b, c, d] = setuptools;
    if let Some(attribute) = word(&[a, b, c, d, "attr"]) {
        return modules_of(attribute);
    }
    match toml::at(document, &[a, b, c, d, "file"]) {
        Some(item) if item.is_str() => {
            return item.as_str().map(str::to_owned).into_iter().collect();
        }
        Some(item) => {
            let one = item.as_array().filter(|files| files.len() == 1);
            let path = one.and_then(|files| files.get(0)?.as_str());
            return path.map(str::to_owned).into_iter().collect();
        }
        None => {}
    }
    for tool in ["hatch", "pdm"] {
        if let Some(path) = word(&["tool", tool, "version", "path"]) {
            return vec![path.to_owned()];
        }
    }
    if word(&["build-system", "build-backend"]).is_some_and(|backend| backend.starts_with("flit")) {
        let module = word(&["tool", "flit", "module", "name"]).map(str::to_owned);
        let name = || word(&["project", "name"]).map(|name| name.replace('-', "_"));
        return module
            .or_else(name)
            .map(|module| module_files(&module))
            .unwrap_or_default();
    }
    Vec::new()
}

/// Names the files that `package.module.name` may be in.
pub(super) fn modules_of(attribute: &str) -> Vec<String> {
    attribute
        .rsplit_once('.')
        .map(|(module, _)| module_files(module))
        .unwrap_or_default()
}

fn module_files(module: &str) -> Vec<String> {
    let path = module.replace('.', "/");
    let below = ["", "src/"].into_iter();
    below
        .flat_map(|below| {
            [
                format!("{below}{path}/__init__.py"),
                format!("{below}{path}.py"),
            ]
        })
        .collect()
}

/// Returns the project's name.
pub(super) fn name(text: &str) -> Option<String> {
    let document = toml::parse(text).ok()?;
    let word = |path: &[&str]| toml::at(&document, path)?.as_str().map(str::to_owned);
    word(&["project", "name"]).or_else(|| word(&["tool", "poetry", "name"]))
}

/// Tells whether two names are the same package's (PEP 503).
pub(super) fn is_same_name(a: &str, b: &str) -> bool {
    let normal = |name: &str| {
        let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("-").to_lowercase()
    };
    normal(a) == normal(b)
}

/// Finds the versions of the project's own packages in a `uv.lock`, and where
/// others name them with it.
pub(super) fn uv_lock(text: &str, which: &Entries) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    let packages = document
        .get("package")
        .map(toml::tables)
        .unwrap_or_default();
    let mut found = Vec::new();
    let mut own = Vec::new();
    let word = |of: &dyn TableLike, key: &str| of.get(key)?.as_str().map(str::to_owned);
    for package in &packages {
        let (Some(name), Some(version)) = (word(*package, "name"), word(*package, "version"))
        else {
            continue;
        };
        if is_own(*package) && which.take(&name, &version, is_same_name) {
            if let Some(item) = package.get("version") {
                found.extend(toml::plain(text, item)?);
            }
            own.push((name, version));
        }
    }
    for package in &packages {
        for dependency in dependencies(*package) {
            let named = word(dependency, "name").zip(word(dependency, "version"));
            if is_own(dependency)
                && named.is_some_and(|named| own.contains(&named))
                && let Some(item) = dependency.get("version")
            {
                found.extend(toml::plain(text, item)?);
            }
        }
    }
    found.sort_by_key(|at| at.start);
    Ok(found)
}

fn is_own(package: &dyn TableLike) -> bool {
    let source = package.get("source").and_then(Item::as_table_like);
    source.is_some_and(|source| {
        ["editable", "virtual", "directory"]
            .iter()
            .any(|key| source.contains_key(key))
    })
}

fn dependencies(package: &dyn TableLike) -> Vec<&dyn TableLike> {
    let mut found: Vec<&dyn TableLike> = Vec::new();
    found.extend(
        package
            .get("dependencies")
            .map(toml::tables)
            .unwrap_or_default(),
    );
    for group in ["optional-dependencies", "dev-dependencies"] {
        let lists = package.get(group).and_then(Item::as_table_like);
        for (_, list) in lists.into_iter().flat_map(TableLike::iter) {
            found.extend(toml::tables(list));
        }
    }
    found
}

/// Finds the requirements on a package, as they are written: after its name in
/// a list of PEP 508, or as Poetry's value.
pub(super) fn requirements(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    let list = |path: &[&str]| toml::at(&document, path).and_then(Item::as_array);
    let of_table = |path: &[&str]| {
        let table = toml::at(&document, path).and_then(Item::as_table_like);
        let lists = table.into_iter().flat_map(TableLike::iter);
        lists
            .filter_map(|(_, list)| list.as_array())
            .collect::<Vec<&Array>>()
    };
    let mut lists: Vec<&Array> = Vec::new();
    lists.extend(list(&["project", "dependencies"]));
    lists.extend(list(&["build-system", "requires"]));
    lists.extend(of_table(&["project", "optional-dependencies"]));
    lists.extend(of_table(&["dependency-groups"]));
    let mut found = Vec::new();
    let mut known = false;
    for value in lists.into_iter().flatten() {
        let (Some(written), Some(at)) = (value.as_str(), value.span()) else {
            continue;
        };
        let start = at.start + 1;
        if text.get(start..start + written.len()) != Some(written) {
            continue;
        }
        if let Some(after) = after_name(written, name) {
            known = true;
            found.push(start + after.start..start + after.end);
        }
    }
    for table in poetry_tables(&document) {
        for (_, item) in table.iter().filter(|(key, _)| is_same_name(key, name)) {
            known = true;
            let version = item
                .as_table_like()
                .map_or(Some(item), |table| table.get("version"));
            if let Some(version) = version {
                found.extend(toml::plain(text, version)?);
            }
        }
    }
    if !known {
        return Err(Unread::NoVersion(format!("a dependency on {name}")));
    }
    found.sort_by_key(|at| at.start);
    Ok(found)
}

fn poetry_tables<'a>(document: &'a Document<&str>) -> Vec<&'a dyn TableLike> {
    let table = |path: &[&str]| toml::at(document, path).and_then(Item::as_table_like);
    let mut found: Vec<&dyn TableLike> = Vec::new();
    found.extend(table(&["tool", "poetry", "dependencies"]));
    found.extend(table(&["tool", "poetry", "dev-dependencies"]));
    let groups = table(&["tool", "poetry", "group"]);
    for (_, group) in groups.into_iter().flat_map(TableLike::iter) {
        let group = group.as_table_like();
        found.extend(group.and_then(|group| group.get("dependencies")?.as_table_like()));
    }
    found
}

/// Returns what stands between the name of a requirement of PEP 508 and its
/// marker, if the name is this package's; empty for a URL.
pub(super) fn after_name(requirement: &str, name: &str) -> Option<Range<usize>> {
    let blank = requirement.len() - requirement.trim_start().len();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let rest = &requirement[blank..];
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    if !is_same_name(&rest[..end], name) {
        return None;
    }
    let mut start = blank + end;
    if let Some(extras) = requirement[start..].trim_start().strip_prefix('[') {
        let extras_at = requirement.len() - extras.len();
        start = extras_at + extras.find(']')? + 1;
    }
    let stop = requirement[start..]
        .find([';', '#'])
        .map_or(requirement.len(), |at| start + at);
    if requirement[start..stop].trim_start().starts_with('@') {
        return Some(stop..stop);
    }
    Some(start..stop)
}
