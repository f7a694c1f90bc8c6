//! Debian's releases: code name → number.

use super::DebianVersionError;

/// Ascending, since `~bpo8+1`: before jessie backports were numbered otherwise.
pub(super) const SUITES: [(&str, u32); 8] = [
    ("jessie", 8),
    ("stretch", 9),
    ("buster", 10),
    ("bullseye", 11),
    ("bookworm", 12),
    ("trixie", 13),
    ("forky", 14),
    ("duke", 15),
];

/// Returns the number of a release of Debian by its code name, also with what
/// the archive appends to it (`bookworm-backports`), or by the number itself.
pub fn suite_number(suite: &str) -> Result<u32, DebianVersionError> {
    let unknown = || DebianVersionError::UnknownSuite(suite.to_owned());
    if suite.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return suite.parse().map_err(|_| unknown());
    }
    let name = suite.split_once('-').map_or(suite, |(name, _)| name);
    let found = SUITES.iter().find(|(known, _)| *known == name);
    found.map(|(_, number)| *number).ok_or_else(unknown)
}

/// Returns the code name of a release of Debian that is named in one of those
/// ways; `None` when it is not known here.
pub fn suite_name(suite: &str) -> Option<&'static str> {
    let number = suite_number(suite).ok()?;
    let known = SUITES.iter().find(|(_, known)| *known == number)?;
    Some(known.0)
}
