//! What a file is, by its name alone; what it holds must then agree.

use std::path::Path;

use serde::Serialize;

use crate::build::product::SUMS;

/// A suite's indices, without signature.
pub(super) const RELEASE: &str = "Release";
/// The signature beside them.
pub(super) const RELEASE_SIGNATURE: &str = "Release.gpg";

/// The kinds of files a build and an archive leave, those whose word says most
/// of where a file came from first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A signed statement about a build (`.intoto.jsonl`).
    Provenance,
    /// An upload (`.changes`).
    Changes,
    /// What a build was made with (`.buildinfo`).
    Buildinfo,
    /// A source package (`.dsc`).
    Dsc,
    /// A suite's indices, signed in the text (`InRelease`).
    InRelease,
    /// A suite's indices, signed beside (`Release`).
    Release,
    /// The signature of a `Release` (`Release.gpg`).
    ReleaseSignature,
    /// A list of digests that nobody signs (`SHA256SUMS`).
    Sums,
    /// A binary package (`.deb`, `.udeb`, `.ddeb`).
    Package,
    /// A part of a source package (`.tar` and a compression).
    Tarball,
    /// Anything else.
    Other,
}

impl Kind {
    /// Tells a file's kind by the last part of its path.
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.as_ref();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        match name {
            "InRelease" => Self::InRelease,
            RELEASE => Self::Release,
            RELEASE_SIGNATURE => Self::ReleaseSignature,
            SUMS => Self::Sums,
            _ if ends(&[".intoto.jsonl"]) => Self::Provenance,
            _ if ends(&[".changes"]) => Self::Changes,
            _ if ends(&[".buildinfo"]) => Self::Buildinfo,
            _ if ends(&[".dsc"]) => Self::Dsc,
            _ if ends(&[".deb", ".udeb", ".ddeb"]) => Self::Package,
            _ if ends(&[".tar.gz", ".tar.xz", ".tar.bz2", ".tar.lzma", ".tar.zst"]) => {
                Self::Tarball
            }
            _ => Self::Other,
        }
    }

    /// Tells whether it says something of other files, or signs one.
    pub fn claims(self) -> bool {
        !matches!(self, Self::Package | Self::Tarball | Self::Other)
    }

    /// Tells whether a signature belongs to it.
    pub fn is_signed(self) -> bool {
        self.claims() && self != Self::Sums
    }

    /// Tells whether apt reads it, which is stricter about keys than whoever
    /// looks at an old build.
    pub fn is_of_suite(self) -> bool {
        matches!(
            self,
            Self::InRelease | Self::Release | Self::ReleaseSignature
        )
    }

    /// Tells whether everything it lists belongs beside it. A statement may be
    /// kept with one of its subjects, and a suite lists indices that it offers
    /// in another compression only.
    pub fn needs_all_it_lists(self) -> bool {
        matches!(
            self,
            Self::Changes | Self::Buildinfo | Self::Dsc | Self::Sums
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        let cases = [
            ("hello_1.0-1.dsc", Kind::Dsc),
            ("hello_1.0.intoto.jsonl", Kind::Provenance),
            ("hello.jsonl", Kind::Other),
            ("hello_1.0_amd64.udeb", Kind::Package),
            ("hello_1.0.orig-data.tar.xz", Kind::Tarball),
            ("hello_1.0.orig.tar.xz.asc", Kind::Other),
            ("SHA256SUMS", Kind::Sums),
            ("sha256sums", Kind::Other),
            ("Release.gpg", Kind::ReleaseSignature),
            ("xRelease", Kind::Other),
        ];
        for (name, want) in cases {
            assert_eq!(Kind::of(Path::new(name)), want, "{name}");
        }
    }
}
