//! The circumstances of one build, as far as they can be chosen.

use std::collections::BTreeMap;

use serde::Serialize;

use super::preload;
use crate::build::environment::{BuildEnvironment, BuildUser};

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
    /// What the kernel calls itself: its release.
    pub kernel: String,
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

impl Conditions {
    /// Takes those of a build's environment.
    pub fn of(environment: &BuildEnvironment) -> Self {
        Self {
            ahead_seconds: 0,
            zone: environment.zone.clone(),
            locale: environment.locale.clone(),
            umask: environment.umask,
            user: environment.user.name.clone(),
            uid: environment.user.uid,
            host_name: environment.host_name.clone(),
            processors: environment.processors,
            order: Order::AsStored,
            noise: BTreeMap::new(),
            kernel: environment.kernel.clone(),
            path: environment.build_path.clone(),
        }
    }

    /// Returns a build's environment under these conditions.
    pub fn around(&self, usual: &BuildEnvironment) -> BuildEnvironment {
        let mut environment = BuildEnvironment {
            zone: self.zone.clone(),
            locale: self.locale.clone(),
            umask: self.umask,
            build_path: self.path.clone(),
            host_name: self.host_name.clone(),
            user: BuildUser {
                name: self.user.clone(),
                uid: self.uid,
            },
            kernel: self.kernel.clone(),
            processors: self.processors,
            preload: preload::library(self),
            ..usual.clone()
        };
        if self.locale != usual.locale {
            environment.variables.extend(self.language());
        }
        environment.variables.extend(self.noise.clone());
        environment
    }

    /// Returns the variables beside `LC_ALL` that name the language.
    fn language(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::from([("LANG".to_owned(), self.locale.clone())]);
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
