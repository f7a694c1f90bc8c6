//! Everything beside the source that may influence what a build makes, as a
//! value: it stands in the plan, in the provenance and, as far as
//! deb-buildinfo(5) knows the field, in the `.buildinfo`.
//!
//! A variation of a build is the same plan with another value here.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::isolation::Isolation;
use super::preload::Preload;
use super::tools::ToolIdentity;
use crate::model::Timestamp;

/// Where source trees lie in a room; the path that Debian's own builders use,
/// so that what embeds it is the same there and here.
pub const BUILD_PATH: &str = "/build/reproducible-path";

/// The name of the account that builds in a room.
pub const ACCOUNT: &str = "build";

/// What stands around a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildEnvironment {
    /// `SOURCE_DATE_EPOCH`: the time that stands for “now”.
    pub epoch: Timestamp,
    /// `LC_ALL`.
    pub locale: String,
    /// `TZ`.
    pub zone: String,
    /// The umask; written in octal.
    #[serde(serialize_with = "octal")]
    pub umask: u32,
    /// The directory that source trees lie in.
    pub build_path: String,
    /// `HOME`: an empty directory.
    pub home: String,
    /// The host's name.
    pub host_name: String,
    /// Who builds.
    pub user: BuildUser,
    /// What the kernel calls itself.
    pub kernel: String,
    /// How many jobs run side by side, and on how many processors.
    pub processors: u32,
    /// `DEB_BUILD_PROFILES`, in order.
    pub profiles: Vec<String>,
    /// `DEB_BUILD_OPTIONS` but for `parallel`, in order.
    pub options: Vec<String>,
    /// `PATH`; none, where nothing is run that was not made for it.
    pub search_path: Option<String>,
    /// Further variables.
    pub variables: BTreeMap<String, String>,
    /// The tools of the machine that are known to take part, by name.
    pub tools: BTreeMap<String, ToolIdentity>,
    /// A library that is loaded into the build's programs; usually none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preload: Option<Preload>,
}

/// An account that builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildUser {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
}

/// What a machine brings into builds that nothing isolates from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub host_name: String,
    /// Who runs this program.
    pub user: BuildUser,
    /// The kernel's release.
    pub kernel: String,
    /// How many processors there are for this process.
    pub processors: u32,
}

impl BuildEnvironment {
    /// Makes the usual environment of a build: fixed, where the isolation can
    /// fix it, else the machine's.
    pub fn usual(isolation: &Isolation, machine: &Machine, epoch: Timestamp) -> Self {
        let (build_path, home, host_name, user) = match isolation {
            Isolation::None => {
                let place = format!("/var/tmp/debcut-{}", machine.user.uid);
                (
                    format!("{place}/build"),
                    format!("{place}/home"),
                    machine.host_name.clone(),
                    machine.user.clone(),
                )
            }
            Isolation::Namespace | Isolation::Chroot(_) => (
                BUILD_PATH.to_owned(),
                "/build/home".to_owned(),
                "debcut".to_owned(),
                BuildUser {
                    name: ACCOUNT.to_owned(),
                    uid: 1000,
                },
            ),
        };
        Self {
            epoch,
            locale: "C.UTF-8".to_owned(),
            zone: "UTC".to_owned(),
            umask: 0o022,
            build_path,
            home,
            host_name,
            user,
            kernel: machine.kernel.clone(),
            processors: machine.processors,
            profiles: Vec::new(),
            options: Vec::new(),
            search_path: None,
            variables: BTreeMap::new(),
            tools: BTreeMap::new(),
            preload: None,
        }
    }

    /// Returns the variables that every tool of the build gets.
    pub fn all_variables(&self) -> BTreeMap<String, String> {
        let mut all = self.variables.clone();
        let mut set = |name: &str, value: String| all.insert(name.to_owned(), value);
        set("LC_ALL", self.locale.clone());
        set("TZ", self.zone.clone());
        set("HOME", self.home.clone());
        set("SOURCE_DATE_EPOCH", self.epoch.unix().to_string());
        let jobs = format!("parallel={}", self.processors);
        let words: Vec<_> = self.options.iter().cloned().chain([jobs]).collect();
        set("DEB_BUILD_OPTIONS", words.join(" "));
        if !self.profiles.is_empty() {
            set("DEB_BUILD_PROFILES", self.profiles.join(" "));
        }
        if let Some(path) = &self.search_path {
            set("PATH", path.clone());
        }
        all
    }

    /// Returns what decides the bytes and is chosen, not met: the same on
    /// every machine that builds the same way.
    pub fn chosen(&self) -> serde_json::Value {
        serde_json::json!([self.profiles, self.options, self.variables])
    }
}

fn octal<S: Serializer>(umask: &u32, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{umask:03o}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            host_name: "host".into(),
            user: BuildUser {
                name: "ana".into(),
                uid: 1234,
            },
            kernel: "6.1".into(),
            processors: 3,
        }
    }

    #[test]
    fn nothing_of_the_machine_reaches_a_room() {
        let epoch = Timestamp::from_unix(5);
        let inside = BuildEnvironment::usual(&Isolation::Namespace, &machine(), epoch);
        assert_eq!(inside.host_name, "debcut");
        assert_eq!(inside.user.name, ACCOUNT);
        let outside = BuildEnvironment::usual(&Isolation::None, &machine(), epoch);
        assert_eq!(outside.build_path, "/var/tmp/debcut-1234/build");
        assert_eq!(outside.host_name, "host");
    }

    #[test]
    fn choices_are_variables() {
        let epoch = Timestamp::from_unix(5);
        let mut environment = BuildEnvironment::usual(&Isolation::Namespace, &machine(), epoch);
        let found = environment.all_variables();
        assert_eq!(found["DEB_BUILD_OPTIONS"], "parallel=3");
        assert!(!found.contains_key("DEB_BUILD_PROFILES"));
        environment.options = vec!["nocheck".into()];
        environment.profiles = vec!["nocheck".into(), "nodoc".into()];
        let found = environment.all_variables();
        assert_eq!(found["DEB_BUILD_OPTIONS"], "nocheck parallel=3");
        assert_eq!(found["DEB_BUILD_PROFILES"], "nocheck nodoc");
        assert_eq!(found["SOURCE_DATE_EPOCH"], "5");
    }

    #[test]
    fn a_umask_is_written_as_people_write_it() {
        let epoch = Timestamp::from_unix(5);
        let environment = BuildEnvironment::usual(&Isolation::Namespace, &machine(), epoch);
        let written = serde_json::to_value(&environment).expect("JSON");
        assert_eq!(written["umask"], "022");
    }
}
