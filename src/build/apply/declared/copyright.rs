//! The copyright file of a package that names its licence and has no file of
//! its own: Debian's machine-readable form, 1.0.

use crate::build::license::License;
use crate::build::package::Declared;
use crate::model::PackageName;

/// Writes it; every licence's text stands in it once.
pub(super) fn copyright(
    package: &PackageName,
    declared: &Declared,
    license: &License,
    epoch: i64,
) -> String {
    let year = crate::model::Timestamp::from_unix(epoch).day()[..4].to_owned();
    let homepage = declared
        .homepage
        .as_ref()
        .map(|page| format!("Source: {page}\n"));
    let texts = match license.texts().as_slice() {
        [(_, text)] => text.clone(),
        several => {
            let paragraph = |(name, text): &(String, String)| format!("\nLicense: {name}\n{text}");
            several.iter().map(paragraph).collect()
        }
    };
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {package}\n{}\nFiles: *\nCopyright: {year} {}\nLicense: {}\n{texts}",
        homepage.unwrap_or_default(),
        declared.maintainer,
        license.debian_name(),
    )
}
