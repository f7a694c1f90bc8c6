//! What is known of the circumstances of a build.

use std::collections::BTreeMap;

use crate::format::buildinfo::Buildinfo;
use crate::model::Timestamp;
use crate::verify::variation::Conditions;

/// The circumstances of a build, as far as they are known: of one's own build
/// all, of somebody else's what its `.buildinfo` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// When its programs thought it began and ended.
    pub built: Option<(Timestamp, Timestamp)>,
    /// The time zone, as in `TZ`.
    pub zone: Option<String>,
    /// The locale, as in `LC_ALL`.
    pub locale: Option<String>,
    /// The umask.
    pub umask: Option<u32>,
    /// The account's name and number.
    pub user: Option<(String, u32)>,
    /// The host name.
    pub host_name: Option<String>,
    /// On how many processors it ran.
    pub processors: Option<u32>,
    /// Variables that had nothing to do with it.
    pub noise: BTreeMap<String, String>,
    /// What the kernel called itself.
    pub kernel: Option<String>,
    /// The build's directory.
    pub path: Option<String>,
}

impl Known {
    /// Takes all of one's own build, which lasted from `began` to `ended` by
    /// the machine's clock.
    pub fn of(conditions: &Conditions, (began, ended): (Timestamp, Timestamp)) -> Self {
        let seen = |time: Timestamp| time.plus_seconds(conditions.ahead_seconds);
        Self {
            built: Some((seen(began), seen(ended))),
            zone: Some(conditions.zone.clone()),
            locale: Some(conditions.locale.clone()),
            umask: Some(conditions.umask),
            user: Some((conditions.user.clone(), conditions.uid)),
            host_name: Some(conditions.host_name.clone()),
            processors: Some(conditions.processors),
            noise: conditions.noise.clone(),
            kernel: Some(conditions.kernel.clone()),
            path: Some(conditions.path.clone()),
        }
    }

    /// Takes what the record of somebody's build says.
    pub fn from_buildinfo(record: &Buildinfo) -> Self {
        let variable = |name: &str| record.environment.get(name).cloned();
        // Builds that take longer than a day are rare, and dates that fall
        // into one by chance are, too.
        const DAY: i64 = 86400;
        let ended = record.build_date;
        Self {
            built: Some((ended.plus_seconds(-DAY), ended)),
            zone: variable("TZ"),
            locale: variable("LC_ALL").or_else(|| variable("LANG")),
            kernel: record.build_kernel_version.clone(),
            path: record.build_path.clone(),
            ..Self::default()
        }
    }
}
