//! Binary-only versions: a source built again without a change (`+b1`). Only
//! the `.deb` carries it, by a changelog entry with `binary-only=yes`; the
//! source version and its tag stay (deb-changelog(5), sbuild's `--make-binNMU`).

use super::{Base, Basis, DebianVersionError, Parts, after, suffix};
use crate::format::version::Version;

pub(super) fn rebuild(basis: &Basis<'_>) -> Result<Version, DebianVersionError> {
    let current = basis.current()?;
    let Base::Same(parts) = basis.base()? else {
        return Err(DebianVersionError::OtherRelease {
            current: current.clone(),
            wanted: basis.upstream.unwrap_or_default().to_owned(),
        });
    };
    let next = parts.with_tail(suffix::counted(parts.tail(), "+b"));
    after(next.version()?, current)
}

/// Returns the source version that a binary-only version is of: `1.2-1` of
/// `1.2-1+b2`; none where it is no binary-only version.
pub fn source_of(version: &Version) -> Option<Version> {
    let parts = Parts::of(version);
    let (source, _) = suffix::rebuild(parts.tail())?;
    parts.with_tail(source.to_owned()).version().ok()
}

/// Checks that a version is a rebuild of a source's: nothing but `+b` and a
/// number more.
pub fn check_rebuild(version: &Version, source: &Version) -> Result<(), DebianVersionError> {
    if source_of(version).as_ref() == Some(source) {
        return Ok(());
    }
    Err(DebianVersionError::NoRebuild {
        version: version.clone(),
        source_version: source.clone(),
    })
}
