//! What a `.changes` says beside its files: dpkg-genchanges(1)'s `-s` and `-v`.

use serde::Serialize;

use crate::format::version::Version;

/// How an upload is described.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// Whether it lists the upstream tarball.
    pub include_orig: IncludeOrig,
    /// It tells of every entry after this version; none: of the newest alone.
    pub since: Option<Version>,
}

/// Whether an upload lists the upstream tarball.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncludeOrig {
    /// When its upstream version is another than that of the entry before:
    /// `-si`.
    Auto,
    /// Always: `-sa`. Any archive can take it, whatever it has.
    #[default]
    Always,
    /// Never: `-sd`.
    Never,
}

impl Upload {
    /// Returns the arguments of dpkg-genchanges.
    pub fn arguments(&self) -> Vec<String> {
        let orig = match self.include_orig {
            IncludeOrig::Auto => "-si",
            IncludeOrig::Always => "-sa",
            IncludeOrig::Never => "-sd",
        };
        let since = self.since.iter().map(|version| format!("-v{version}"));
        std::iter::once(orig.to_owned()).chain(since).collect()
    }
}
