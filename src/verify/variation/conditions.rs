//! The circumstances of one build, as far as they can be chosen.

use std::collections::BTreeMap;

use serde::Serialize;

/// Everything about a build that must not reach what it makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conditions {
    /// How far the clock that programs see is ahead of the machine's, in
    /// seconds.
    pub ahead_seconds: i64,
    /// The time zone (`TZ`).
    pub zone: String,
    /// The locale (`LC_ALL`, `LANG`, and `LANGUAGE` where it is a language).
    pub locale: String,
    /// The umask.
    pub umask: u32,
    /// The account's name.
    pub user: String,
    /// Its number.
    pub uid: u32,
    /// The host name.
    pub host_name: String,
    /// On how many processors it runs.
    pub processors: u32,
    /// How directories list their files.
    pub order: Order,
    /// Variables beside those that a build needs.
    pub noise: BTreeMap<String, String>,
    /// What the kernel calls itself.
    pub kernel: Kernel,
    /// The directory that the build happens in.
    pub path: String,
}

/// In which order a directory lists its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As the file system does.
    AsStored,
    /// The last of them first.
    Reversed,
}

/// What the kernel calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kernel {
    /// Its own name.
    Own,
    /// `2.6.x`, as `setarch --uname-2.6` has it.
    Old,
}

impl Conditions {
    /// Returns the variables that carry the conditions to programs, to be laid
    /// over those that the build itself asks for.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.noise.clone();
        for (name, value) in [
            ("TZ", &self.zone),
            ("LC_ALL", &self.locale),
            ("LANG", &self.locale),
        ] {
            variables.insert(name.to_owned(), value.clone());
        }
        if !is_plain(&self.locale) {
            let language = self.locale.split(['.', '@']).next().unwrap_or_default();
            variables.insert("LANGUAGE".to_owned(), language.to_owned());
        }
        variables
    }
}

/// Tells whether a locale is nobody's language: `C`, `POSIX`, `C.UTF-8`.
pub(super) fn is_plain(locale: &str) -> bool {
    matches!(locale.split('.').next(), Some("C" | "POSIX" | ""))
}
