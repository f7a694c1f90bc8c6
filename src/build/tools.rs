//! Which tools take part in a build: versions and digests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::database;
use crate::model::Sha256;
use crate::sys::files::{self, FileError};
use crate::sys::layers::{Layers, Place};

/// What looks at a declared package's programs and documents.
pub const PACKAGE_TOOLS: [&str; 4] = [STRIP, OBJCOPY, DPKG_SHLIBDEPS, "gzip"];
/// strip(1), of binutils.
pub const STRIP: &str = "strip";
/// objcopy(1), of binutils.
pub const OBJCOPY: &str = "objcopy";
/// dpkg-shlibdeps(1), of dpkg-dev.
pub const DPKG_SHLIBDEPS: &str = "dpkg-shlibdeps";

/// A program, so exactly that another one is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolIdentity {
    /// The Debian package it is of and that package's version; none where
    /// dpkg does not know the file.
    pub package: Option<String>,
    /// The digest of the file, links resolved.
    pub sha256: Sha256,
}

/// Identifies those of the named programs that a search path leads to in a
/// system.
///
/// Scripts are known by their own digest, not by what they load; the package's
/// version stands for that.
pub fn identify(
    names: &[&str],
    search_path: &str,
    system: &Layers,
) -> Result<BTreeMap<String, ToolIdentity>, FileError> {
    let mut found: BTreeMap<String, Place> = BTreeMap::new();
    for name in names {
        let places = search_path.split(':').filter(|at| at.starts_with('/'));
        let mut places = places.filter_map(|at| system.file(&Path::new(at).join(name)));
        if let Some(place) = places.next() {
            found.insert((*name).to_owned(), place);
        }
    }
    let packages = packages(found.values(), system);
    let identify = |(name, place): (String, Place)| {
        let sha256 = Sha256::of_reader(files::open(&place.outside)?);
        let sha256 = sha256.map_err(files::failed("read", &place.outside))?;
        let package = packages.get(&place.inside).cloned();
        Ok((name, ToolIdentity { package, sha256 }))
    };
    found.into_iter().map(identify).collect()
}

/// Looks up in dpkg's database which package each file is of; a system without
/// one knows none.
fn packages<'a>(
    places: impl Iterator<Item = &'a Place>,
    system: &Layers,
) -> BTreeMap<PathBuf, String> {
    let files = places.map(|place| place.inside.as_path());
    let owners = database::owners(system, files);
    let first = |owners: &Vec<String>| owners.first().cloned();
    let named: Vec<String> = owners.values().filter_map(first).collect();
    let versions = database::versions(system, named.iter().map(String::as_str));
    let of = |(file, owners): (PathBuf, Vec<String>)| {
        let owner = owners.first()?;
        let name = database::bare(owner);
        Some((file, format!("{name} {}", versions.get(owner)?)))
    };
    owners.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_package_and_digest() {
        let names = ["dpkg-deb", "sh", "no-such-tool"];
        let found = identify(&names, "/usr/bin:/bin", &Layers::machine()).expect("tools");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["dpkg-deb", "sh"]);
        let package = found["dpkg-deb"].package.as_deref().expect("a package");
        assert!(package.starts_with("dpkg 1."), "{package}");
        assert!(found["sh"].package.is_some());
    }

    #[test]
    fn a_clean_systems_tools_are_its_own() {
        let dir = tempfile::tempdir().expect("a directory");
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        put("usr/bin/dash", "another shell");
        std::os::unix::fs::symlink("dash", dir.path().join("usr/bin/sh")).expect("a link");
        put("var/lib/dpkg/info/dash.list", "/.\n/bin/dash\n");
        put(
            "var/lib/dpkg/status",
            "Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.0-1\n",
        );
        let system = Layers::of(vec![dir.path().to_owned()]);
        let found = identify(&["dpkg-deb", "sh"], "/usr/bin:/bin", &system).expect("tools");
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            ["sh"],
            "not the machine's"
        );
        assert_eq!(found["sh"].package.as_deref(), Some("dash 0.0-1"));
        assert_eq!(found["sh"].sha256, Sha256::of(b"another shell"));
    }
}
