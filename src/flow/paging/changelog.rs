//! Changelogs, taken out of the packages that are shown.

use std::io::{self, Read};

use crate::format::deb::{self, Limits};
use crate::format::version::Version;
use crate::model::{ArchivePath, PackageName};
use crate::report::pages::place;
use crate::sys::store::{Store, StoreError};

/// Larger packages are not unpacked for their changelog.
const PACKAGE_BYTES: u64 = 64 * 1024 * 1024;
/// Of a longer changelog, only this much is kept: glibc's has 800 kB.
const CHANGELOG_BYTES: u64 = 2 * 1024 * 1024;

/// A changelog, and where its page's file is.
pub(super) struct Changelog {
    pub(super) path: ArchivePath,
    pub(super) text: String,
    /// Whether it was there already.
    pub(super) kept: bool,
}

/// Finds the changelog of a version: the one that was taken out before, else
/// the one in the package. None where there is none that can be read.
pub(super) fn find(
    archive: &dyn Store,
    out: &dyn Store,
    package: &PackageName,
    (source, version): &(PackageName, Version),
    file: (&ArchivePath, u64),
) -> Result<Option<Changelog>, StoreError> {
    let path = place::changelog(source, version);
    if let Some(bytes) = out.read(&path)? {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let kept = true;
        return Ok(Some(Changelog { path, text, kept }));
    }
    let (file, size) = file;
    if size > PACKAGE_BYTES {
        return Ok(None);
    }
    let Some(source) = archive.open(file)? else {
        return Ok(None);
    };
    let text = in_package(source, package);
    let kept = false;
    Ok(text.map(|text| Changelog { path, text, kept }))
}

/// Takes the changelog out of a package (Debian Policy 12.7); reads no further.
pub(in crate::flow) fn in_package(source: impl Read, package: &PackageName) -> Option<String> {
    let directory = format!("usr/share/doc/{package}/");
    let mut found: Option<Vec<u8>> = None;
    let read = deb::read(source, &Limits::default(), |entry, content| {
        let path = entry.path.to_string();
        let name = path.trim_start_matches("./").strip_prefix(&*directory);
        let packed = match name {
            Some("changelog.Debian.gz") => true,
            // A native package's; others have upstream's there.
            Some("changelog.gz") if found.is_none() => true,
            Some("changelog.Debian" | "changelog") if found.is_none() => false,
            _ => return Ok(()),
        };
        let mut bytes = Vec::new();
        if packed {
            let unpacked = flate2::read::MultiGzDecoder::new(content);
            unpacked.take(CHANGELOG_BYTES).read_to_end(&mut bytes)?;
        } else {
            content.take(CHANGELOG_BYTES).read_to_end(&mut bytes)?;
        }
        found = Some(bytes);
        match name {
            Some("changelog.Debian.gz") => Err(io::Error::other("the rest is not needed")),
            _ => Ok(()),
        }
    });
    // A package that cannot be read to its end shows no changelog, unless we
    // have stopped ourselves.
    let bytes = found?;
    drop(read);
    let text = String::from_utf8_lossy(&bytes);
    let clean = |c: &char| *c == '\n' || *c == '\t' || !c.is_control();
    let text: String = text.chars().filter(clean).collect();
    // Upstream's own form is no changelog of the package.
    let heading = text.lines().find(|line| !line.trim().is_empty())?;
    (heading.contains('(') && heading.contains(';')).then_some(text)
}
