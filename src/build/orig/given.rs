//! Tarballs that are files: one that was named, or those of a directory.

use std::path::{Path, PathBuf};

use super::signature::unchecked;
use crate::build::observe::ObserveError;
use crate::build::upstream::{Origin, Tarball};
use crate::model::FileDigests;
use crate::sys::files;

/// Takes a tarball, or the one of that name in a directory.
pub(super) fn tarball_at(
    at: &Path,
    name: &str,
    endings: &[&str],
) -> Result<Option<Tarball>, ObserveError> {
    let mut candidates = Vec::new();
    if at.is_dir() {
        for ending in endings {
            candidates.push((at.join(format!("{name}.{ending}")), *ending));
        }
    } else if let Some(ending) = at.extension().and_then(|ending| ending.to_str()) {
        let known = endings.iter().find(|known| match ending {
            "tgz" => **known == "gz",
            "txz" => **known == "xz",
            "tbz" | "tbz2" => **known == "bz2",
            ending => **known == ending,
        });
        candidates.extend(known.map(|known| (at.to_owned(), *known)));
    }
    for (path, ending) in candidates {
        if path.is_file() {
            return Ok(Some(tarball_of(&path, format!("{name}.{ending}"))?));
        }
    }
    Ok(None)
}

/// Takes a tarball, with the signature beside it.
pub(super) fn tarball_of(path: &Path, name: String) -> Result<Tarball, ObserveError> {
    let digests = FileDigests::of_reader(files::open(path)?);
    let sha256 = digests.map_err(files::failed("read", path))?.sha256;
    let mut signature = path.as_os_str().to_owned();
    signature.push(".asc");
    let signature = files::read_if_there(Path::new(&signature))?;
    Ok(Tarball {
        name,
        origin: Origin::Given {
            path: path.to_owned(),
            sha256,
        },
        signature: signature.map(unchecked),
    })
}

/// Lists what lies beside the given tarball, where that has the name that
/// Debian gives it: then the others are there on purpose, too.
pub(super) fn beside(given: Option<&Path>, stem: &str) -> Result<Vec<PathBuf>, ObserveError> {
    let directory = match given {
        Some(at) if at.is_dir() => at,
        Some(at) => {
            let name = at.file_name().unwrap_or_default().to_string_lossy();
            match at.parent() {
                Some(parent) if name.starts_with(&format!("{stem}.orig.tar.")) => parent,
                _ => return Ok(Vec::new()),
            }
        }
        None => return Ok(Vec::new()),
    };
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(directory)?;
        let mut found = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<Vec<_>>>()?;
        found.retain(|path| path.is_file());
        found.sort();
        Ok(found)
    };
    Ok(list().map_err(files::failed("list", directory))?)
}
