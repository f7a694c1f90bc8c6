//! The bytes of links that are no signed texts: the `.deb` and what is
//! installed of it; and which of several texts is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;

use super::facts::{Control, Package, Text};
use crate::format::checksums::FileName;
use crate::format::control::BinaryControl;
use crate::format::deb::{Contents, Limits};
use crate::format::tar::EntryKind;
use crate::model::finding::with_causes;
use crate::model::{FileDigests, Sha256};
use crate::verify::facts::Signature;

/// Reads a `.deb`; its contents are there where it is sound.
pub fn read_package(
    place: String,
    digests: FileDigests,
    source: impl Read,
) -> (Package, Option<Contents>) {
    let usual = place.rsplit('/').next().unwrap_or_default().to_owned();
    let failed = |why: String| {
        let package = Package {
            place: place.clone(),
            file_name: usual.clone(),
            digests: digests.clone(),
            control: Err(why),
        };
        (package, None)
    };
    let contents = match Contents::read(source, &Limits::default()) {
        Ok(contents) => contents,
        Err(error) => return failed(with_causes(&error)),
    };
    let control = match BinaryControl::parse(contents.deb.control.paragraph()) {
        Ok(control) => control,
        Err(error) => return failed(with_causes(&error)),
    };
    let file_name = FileName::new(control.file_name()).map_or(usual.clone(), |n| n.to_string());
    let package = Package {
        place: place.clone(),
        file_name,
        digests: digests.clone(),
        control: Ok(Control {
            name: control.package.to_string(),
            version: control.version.to_string(),
            architecture: control.architecture.to_string(),
            source: control.source.to_string(),
            source_version: control.source_version.to_string(),
        }),
    };
    (package, Some(contents))
}

/// What comparing installed files with a package found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many files were compared.
    pub count: usize,
    /// Files that are not the package's.
    pub differing: Vec<String>,
    /// What differs and may.
    pub allowed: Vec<String>,
}

/// Compares what is installed with what the package has. `digest` reads an
/// installed file by its absolute path (none where it is not there), after
/// diversions; `left_out` tells whether dpkg was told not to install it.
/// Conffiles are the administrator's to change, and links and directories are
/// left to dpkg.
pub fn compare_installed(
    contents: &Contents,
    digest: &dyn Fn(&Path) -> io::Result<Option<Sha256>>,
    left_out: &dyn Fn(&str) -> bool,
) -> io::Result<Compared> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let conffiles = contents.deb.control_files.get("conffiles");
    let conffiles: BTreeSet<String> = conffiles
        .map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
        .unwrap_or_default()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    let mut known = BTreeMap::new();
    let mut found = Compared::default();
    for listed in &contents.files {
        let path = &listed.entry.path;
        let want = match (&listed.entry.kind, listed.sha256) {
            (EntryKind::File { .. }, Some(sha256)) => sha256,
            (EntryKind::HardLink { target }, _) => match known.get(target.as_bytes()) {
                Some(sha256) => *sha256,
                None => continue,
            },
            _ => continue,
        };
        known.insert(path.as_bytes().to_vec(), want);
        let absolute = [b"/", path.as_bytes()].concat();
        let absolute = Path::new(OsStr::from_bytes(&absolute)).to_owned();
        let shown = absolute.display().to_string();
        found.count += 1;
        match digest(&absolute)? {
            Some(sha256) if sha256 == want => {}
            is if conffiles.contains(&shown) => {
                let what = if is.is_none() { "removed" } else { "changed" };
                found
                    .allowed
                    .push(format!("the conffile {shown} was {what} here"));
            }
            None if left_out(&shown) => {
                found
                    .allowed
                    .push(format!("dpkg was told to leave out {shown}"));
            }
            None => found.differing.push(format!("{shown} is missing")),
            Some(sha256) => {
                found
                    .differing
                    .push(format!("{shown} has SHA-256 {sha256}, not {want}"));
            }
        }
    }
    Ok(found)
}

/// Chooses, of texts that were found in one place, the one about a file: that
/// which lists it as it is, a signed one before others; else one that lists
/// something of its name.
pub fn choose<'a>(texts: &'a [Text], name: &str, sha256: &Sha256) -> Option<&'a Text> {
    let rank = |text: &&Text| {
        let content = text.claim.content.as_ref().ok()?;
        let named = content.listed.iter().find(|listed| listed.name == name)?;
        let signed = matches!(text.claim.signature, Signature::Good(_));
        Some((named.sha256 == *sha256, signed))
    };
    let ranked = texts.iter().filter(|text| rank(text).is_some());
    ranked.max_by_key(rank)
}
