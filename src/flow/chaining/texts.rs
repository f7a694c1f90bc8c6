//! Signed texts about a build, and the places where they may be: named by the
//! user, beside the package, kept by the archive.

use std::fs;
use std::path::{Path, PathBuf};

use super::archived::Published;
use crate::model::FileDigests;
use crate::sys::files::{self, FileError};
use crate::verify::chain::{Cause, Look, Package, Text, choose};
use crate::verify::{Kind, Reader};

/// Where texts were looked for, each place before the next.
pub(super) struct Places<'a> {
    /// What the user named.
    pub given: &'a [Text],
    /// What lies beside the package.
    pub beside: &'a [Text],
    /// What the archive keeps.
    pub published: &'a Published,
}

/// Lists the files in directories, and the files named, in order.
pub(super) fn files_in(base: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for path in paths {
        let path = base.join(path);
        if !path.is_dir() {
            found.push(path);
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(&path).map_err(files::failed("list", &path))? {
            let entry = entry.map_err(files::failed("list", &path))?;
            inside.push(entry.path());
        }
        inside.sort();
        found.extend(inside.into_iter().filter(|path| path.is_file()));
    }
    Ok(found)
}

/// Reads the texts about builds in directories.
pub(super) fn in_directories(
    base: &Path,
    paths: &[PathBuf],
    reader: &Reader<'_>,
) -> Result<Vec<Text>, FileError> {
    let mut texts = Vec::new();
    for path in files_in(base, paths)? {
        let matters = [Kind::Changes, Kind::Buildinfo, Kind::Provenance];
        if matters.contains(&Kind::of(&path)) {
            let bytes = files::read(&path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            texts.push(text(&name, path.display().to_string(), &bytes, reader));
        }
    }
    Ok(texts)
}

/// Reads one text.
pub(super) fn text(name: &str, place: String, bytes: &[u8], reader: &Reader<'_>) -> Text {
    Text {
        file_name: name.to_owned(),
        place,
        digests: FileDigests::of(bytes),
        claim: reader.read(Kind::of(Path::new(name)), bytes, None),
    }
}

impl Places<'_> {
    /// Finds the upload of a package.
    pub(super) fn changes(&self, package: &Package) -> Look<Text> {
        self.find(Kind::Changes, package, |_| true, ".changes lists it")
    }

    /// Finds the `.buildinfo` that the upload lists; without an upload, one
    /// that lists the package.
    pub(super) fn buildinfo(&self, package: &Package, changes: &Look<Text>) -> Look<Text> {
        let content = changes.found().map(|text| &text.claim.content);
        let Some(Ok(content)) = content else {
            return self.find(Kind::Buildinfo, package, |_| true, ".buildinfo lists it");
        };
        let listed = |text: &Text| content.listed.iter().any(|l| l.name == text.file_name);
        let what = ".buildinfo is the one that the .changes lists";
        self.find(Kind::Buildinfo, package, listed, what)
    }

    /// Finds the attestations of a package.
    pub(super) fn provenance(&self, package: &Package) -> Look<Text> {
        let what = "provenance (.intoto.jsonl) lists it";
        self.find(Kind::Provenance, package, |_| true, what)
    }

    /// Takes a text from the first place that has one about the package. One
    /// that can be told by its name alone counts too: what it lists instead is
    /// worth telling.
    fn find(
        &self,
        kind: Kind,
        package: &Package,
        fits: impl Fn(&Text) -> bool,
        what: &str,
    ) -> Look<Text> {
        let kept = match self.published {
            Published::NotAsked => &[][..],
            Published::Kept(kept) => kept,
        };
        for place in [self.given, self.beside, kept] {
            let texts = place.iter();
            let of_kind = |text: &&Text| Kind::of(Path::new(&text.file_name)) == kind;
            let texts: Vec<Text> = texts
                .filter(of_kind)
                .filter(|text| fits(text))
                .cloned()
                .collect();
            let chosen = choose(&texts, &package.file_name, &package.digests.sha256);
            // Damaged ones list nothing; the only one of its kind is meant.
            let only = || match &texts[..] {
                [only] => Some(only),
                _ => None,
            };
            if let Some(text) = chosen.or_else(only) {
                return Look::Found(text.clone());
            }
        }
        let kept = match self.published {
            Published::NotAsked => "",
            Published::Kept(_) => ", and none was published with it",
        };
        Look::Missing(format!("no {what}{kept}"), Cause::Unnamed)
    }
}
