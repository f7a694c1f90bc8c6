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

/// Returns the code name of a release of Debian that is named by its number
/// (`12` → `bookworm`); a name is itself.
pub fn suite_name(suite: &str) -> Result<&str, DebianVersionError> {
    if !suite.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(suite);
    }
    let number = suite_number(suite)?;
    let found = SUITES.iter().find(|(_, known)| *known == number);
    found
        .map(|(name, _)| *name)
        .ok_or(DebianVersionError::UnnamedSuite(number))
}

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
