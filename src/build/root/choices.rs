//! What the configuration says about systems to build in.

use std::path::PathBuf;

use super::plan::USUAL_DAYS;
use super::wanted::Snapshot;
use crate::model::Component;

/// The choices of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootChoices {
    /// The suite, whatever the changelog's distribution says.
    pub suite: Option<String>,
    /// The mirror; none: the machine's own, else Debian's.
    pub mirror: Option<String>,
    /// The mirror of security updates.
    pub security_mirror: Option<String>,
    /// The keys that sign the mirror, where it is not Debian's.
    pub keyring: Option<PathBuf>,
    /// The components that are taken from it.
    pub components: Vec<Component>,
    /// The moment that systems are pinned to.
    pub snapshot: Option<Snapshot>,
    /// The age in days at which a system is made again.
    pub refresh_days: u32,
    /// Archives that may serve build dependencies, too.
    pub archives: Vec<ArchiveChoice>,
}

/// An archive as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveChoice {
    /// A name of `[archive.NAME]`, a directory or a URI.
    pub location: String,
    /// Its suites; none: the one it has, or that of the system.
    pub suites: Vec<String>,
    /// Its components.
    pub components: Vec<String>,
    /// The file with the keys that sign it.
    pub key: Option<PathBuf>,
}

/// Where old states of Debian's archive are, and what its URI looks like.
pub const SNAPSHOT_URI: &str = "http://snapshot.debian.org/archive/debian/@SNAPSHOTID@/";

impl Default for RootChoices {
    fn default() -> Self {
        Self {
            suite: None,
            mirror: None,
            security_mirror: None,
            keyring: None,
            components: vec![Component::new("main").expect("a constant")],
            snapshot: None,
            refresh_days: USUAL_DAYS,
            archives: Vec::new(),
        }
    }
}

/// Reads a moment as a snapshot service names it (`20250520T000000Z`), or a day
/// (`2025-05-20`), which is its first moment.
pub fn snapshot_id(text: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] {
        let shaped = (year.len(), month.len(), day.len()) == (4, 2, 2);
        let numbers = [year, month, day].into_iter().all(digits);
        return (shaped && numbers).then(|| format!("{year}{month}{day}T000000Z"));
    }
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let shaped = day.len() == 8 && time.len() == 6 && digits(day) && digits(time);
    shaped.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_two_forms() {
        for (text, want) in [
            ("20250520T000000Z", Some("20250520T000000Z")),
            ("2025-05-20", Some("20250520T000000Z")),
            ("20250520", None),
            ("20250520T0000Z", None),
            ("2025-5-20", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(snapshot_id(text).as_deref(), want, "{text}");
        }
    }
}
