//! The `.deb`, and which of several texts about it is meant.

use std::io::Read;

use super::facts::{Control, Package, Text};
use crate::format::checksums::FileName;
use crate::format::control::BinaryControl;
use crate::format::deb::{Contents, Limits};
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
