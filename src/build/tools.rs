//! Which tools of the machine take part in a build: versions and digests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::model::Sha256;
use crate::sys::files::{self, FileError};
use crate::sys::process::Tool;

/// What looks at a declared package's programs and documents.
pub const PACKAGE_TOOLS: [&str; 4] = [STRIP, "objcopy", DPKG_SHLIBDEPS, "gzip"];
/// strip(1), of binutils.
pub const STRIP: &str = "strip";
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

/// Identifies those of the named programs that a search path leads to.
///
/// Scripts are known by their own digest, not by what they load; the package's
/// version stands for that.
pub fn identify(
    names: &[&str],
    search_path: &str,
) -> Result<BTreeMap<String, ToolIdentity>, FileError> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for name in names {
        let mut places = search_path.split(':').map(|at| Path::new(at).join(name));
        if let Some(path) = places.find(|path| path.is_file()) {
            let resolved = path.canonicalize();
            let resolved = resolved.map_err(files::failed("read", &path))?;
            found.insert((*name).to_owned(), resolved);
        }
    }
    let packages = packages(found.values());
    let identify = |(name, path): (String, PathBuf)| {
        let sha256 = Sha256::of_reader(files::open(&path)?);
        let sha256 = sha256.map_err(files::failed("read", &path))?;
        let package = packages.get(&path).cloned();
        Ok((name, ToolIdentity { package, sha256 }))
    };
    found.into_iter().map(identify).collect()
}

/// Asks dpkg which package each file is of; a machine without dpkg knows none.
fn packages<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> BTreeMap<PathBuf, String> {
    // Installed as /bin/sh, known as /usr/bin/sh, or the other way round.
    let mut asked: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in paths {
        let Some(text) = path.to_str() else { continue };
        asked.insert(text.to_owned(), path.clone());
        if let Some(old) = text.strip_prefix("/usr") {
            asked.insert(old.to_owned(), path.clone());
        }
    }
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let query = |tool: Tool| {
        let tool = tool
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .limit(Duration::from_secs(60));
        let said = tool.finish().map(|(_, output)| output.stdout);
        String::from_utf8_lossy(&said.unwrap_or_default()).into_owned()
    };
    let owners = query(Tool::new("dpkg-query").arg("--search").args(asked.keys()));
    let mut owned: BTreeMap<PathBuf, String> = BTreeMap::new();
    for line in owners.lines() {
        if let Some((package, file)) = line.split_once(": ")
            && let Some(path) = asked.get(file)
            && !package.contains(' ')
        {
            owned.insert(path.clone(), package.to_owned());
        }
    }
    let names: std::collections::BTreeSet<_> = owned.values().cloned().collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let show = "${binary:Package}\t${Package} ${Version}\n";
    let shown = query(
        Tool::new("dpkg-query")
            .args(["--show", "--showformat", show])
            .args(&names),
    );
    let mut versions = BTreeMap::new();
    for line in shown.lines() {
        if let Some((name, version)) = line.split_once('\t') {
            versions.insert(name.to_owned(), version.to_owned());
            if let Some((bare, _)) = name.split_once(':') {
                versions.insert(bare.to_owned(), version.to_owned());
            }
        }
    }
    owned
        .into_iter()
        .filter_map(|(path, package)| Some((path, versions.get(&package)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_package_and_digest() {
        let found = identify(&["dpkg-deb", "sh", "no-such-tool"], "/usr/bin:/bin").expect("tools");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["dpkg-deb", "sh"]);
        let package = found["dpkg-deb"].package.as_deref().expect("a package");
        assert!(package.starts_with("dpkg 1."), "{package}");
        assert!(found["sh"].package.is_some());
    }
}
