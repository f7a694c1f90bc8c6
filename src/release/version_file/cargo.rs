//! `Cargo.toml` and `Cargo.lock`.
//!
//! The Cargo Book, “The Manifest Format” and “Workspaces”; of lock files all
//! versions up to 4.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use super::error::Unread;
use super::{Entries, toml};

/// Finds `package.version`, or the `workspace.package.version` that the file's
/// own package takes or gives.
pub(super) fn manifest(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    if let Some(own) = toml::text_at(text, &document, &["package", "version"])? {
        return Ok(vec![own]);
    }
    if let Some(shared) = toml::text_at(text, &document, &["workspace", "package", "version"])? {
        return Ok(vec![shared]);
    }
    if inherits(&document) {
        return Err(Unread::Dynamic("inherited from the workspace".into()));
    }
    let place = "package.version or workspace.package.version";
    Err(Unread::NoVersion(place.into()))
}

fn inherits(document: &Document<&str>) -> bool {
    let workspace = toml::at(document, &["package", "version", "workspace"]);
    workspace.and_then(Item::as_bool) == Some(true)
}

/// Tells whether the version is in the workspace's own `Cargo.toml`.
pub(super) fn is_inherited(text: &str) -> bool {
    matches!(manifest(text), Err(Unread::Dynamic(_)))
}

/// Tells whether its package takes the version of its workspace, be that in
/// the same file.
pub(super) fn takes_shared(text: &str) -> bool {
    toml::parse(text).is_ok_and(|document| inherits(&document))
}

/// Tells whether it is the top of a workspace.
pub(super) fn is_workspace(text: &str) -> bool {
    toml::parse(text).is_ok_and(|document| document.contains_key("workspace"))
}

/// Returns its package's name.
pub(super) fn name(text: &str) -> Option<String> {
    let document = toml::parse(text).ok()?;
    let name = toml::at(&document, &["package", "name"])?;
    name.as_str().map(str::to_owned)
}

/// Tells which entries of a lock file are the manifest's, and whether the
/// manifest is its workspace's top.
pub(super) fn entries(text: &str) -> Option<(Entries, bool)> {
    let document = toml::parse(text).ok()?;
    let name = toml::at(&document, &["package", "name"]).and_then(Item::as_str);
    let workspace = toml::at(&document, &["workspace"]).is_some();
    let shared = toml::text_at(text, &document, &["workspace", "package", "version"]);
    let shared = shared.ok().flatten();
    let own = toml::text_at(text, &document, &["package", "version"]);
    let literal = own.ok().flatten().is_some();
    match (name, shared) {
        (Some(name), _) if literal => Some((Entries::Named(vec![name.into()]), workspace)),
        (_, Some(shared)) => Some((Entries::Saying(text[shared].into()), true)),
        (Some(name), None) => Some((Entries::Named(vec![name.into()]), workspace)),
        (None, None) => None,
    }
}

/// Finds the versions of packages that have no source, and where others name
/// them with their version because the name alone is ambiguous.
pub(super) fn lock(text: &str, which: &Entries) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    let packages = document
        .get("package")
        .map(toml::tables)
        .unwrap_or_default();
    // Version 1 has the workspace's own package apart.
    let root = document.get("root").and_then(Item::as_table_like);
    let packages: Vec<&dyn TableLike> = packages.into_iter().chain(root).collect();
    let mut found = Vec::new();
    let mut own = BTreeSet::new();
    for package in &packages {
        let word = |key: &str| package.get(key).and_then(Item::as_str);
        let (Some(name), Some(version), None) = (word("name"), word("version"), word("source"))
        else {
            continue;
        };
        if which.take(name, version, |a, b| a == b) {
            own.insert(format!("{name} {version}"));
            if let Some(item) = package.get("version") {
                found.extend(toml::plain(text, item)?);
            }
        }
    }
    for package in &packages {
        let listed = package.get("dependencies").and_then(Item::as_array);
        for value in listed.into_iter().flatten() {
            let (Some(dependency), Some(at)) = (value.as_str(), value.span()) else {
                continue;
            };
            if own.contains(dependency)
                && let Some((name, _)) = dependency.split_once(' ')
            {
                found.push(at.start + 1 + name.len() + 1..at.end - 1);
            }
        }
    }
    found.sort_by_key(|at| at.start);
    Ok(found)
}

/// Finds the requirements on a package, as they are written.
pub(super) fn requirements(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = toml::parse(text)?;
    let top = document.as_table();
    let workspace = document.get("workspace").and_then(Item::as_table_like);
    let targets = document.get("target").and_then(Item::as_table_like);
    let targets = targets.into_iter().flat_map(TableLike::iter);
    let targets = targets.filter_map(|(_, target)| target.as_table_like());
    let places = [Some(top as &dyn TableLike), workspace]
        .into_iter()
        .flatten();
    let mut found = Vec::new();
    let mut known = false;
    for place in places.chain(targets) {
        for list in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = place.get(list).and_then(Item::as_table_like);
            for (key, item) in list.into_iter().flat_map(TableLike::iter) {
                let table = item.as_table_like();
                let renamed = table.and_then(|table| table.get("package")?.as_str());
                if renamed.unwrap_or(key) != name {
                    continue;
                }
                known = true;
                let version = table.map_or(Some(item), |table| table.get("version"));
                if let Some(version) = version {
                    found.extend(toml::plain(text, version)?);
                }
            }
        }
    }
    if !known {
        return Err(Unread::NoVersion(format!("a dependency on {name}")));
    }
    found.sort_by_key(|at| at.start);
    Ok(found)
}

/// Returns the `package.workspace` that a manifest names itself.
pub(super) fn workspace(text: &str) -> Option<String> {
    let document = toml::parse(text).ok()?;
    let path = toml::at(&document, &["package", "workspace"])?;
    path.as_str().map(str::to_owned)
}
