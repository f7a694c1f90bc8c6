//! Systemd units of a package → parts of its maintainer scripts: what
//! dh_installsystemd(1) and dh_installsystemduser(1) of debhelper 13 add.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use super::snippets::{self, Part, Snippets, Turn};
use crate::build::package::{OnUpgrade, Unit, UnitScope, UnitTreatment};

/// A unit file, read for what packaging needs to know.
#[derive(Debug, Default, PartialEq, Eq)]
struct UnitFile {
    /// Whether there is an `[Install]` section: whether it can be enabled.
    installs: bool,
    /// `Also=`: units that are enabled with it.
    also: Vec<String>,
    /// The programs that it runs.
    runs: Vec<String>,
}

/// What units call for beside parts of scripts.
#[derive(Debug, Default)]
pub(super) struct UnitsFound {
    /// Relations that those parts need.
    pub(super) depends: Vec<String>,
    /// What is odd.
    pub(super) warnings: Vec<String>,
    /// The programs that units run, with the unit.
    pub(super) runs: Vec<(String, String)>,
}

/// Adds what the units in the package call for.
pub(super) fn units(
    place: &Place<'_>,
    treated: &[Unit],
    snippets: &mut Snippets,
) -> Result<UnitsFound, String> {
    let mut found = UnitsFound::default();
    for scope in [UnitScope::System, UnitScope::User] {
        let directories: &[&str] = match scope {
            UnitScope::System => &["lib/systemd/system", "usr/lib/systemd/system"],
            UnitScope::User => &["usr/lib/systemd/user"],
        };
        let files = read_files(place, directories)?;
        let own: BTreeMap<_, _> = treated
            .iter()
            .filter(|unit| unit.scope == scope)
            .map(|unit| (unit.name.as_str(), unit.treatment))
            .collect();
        if let Some(name) = own.keys().find(|name| !files.contains_key(**name)) {
            let there: Vec<_> = files.keys().map(String::as_str).collect();
            let there = match there.as_slice() {
                [] => "no unit".to_owned(),
                several => several.join(", "),
            };
            return Err(format!(
                "units: the package installs no {name} below /{} (it installs {there})",
                directories.last().expect("a constant")
            ));
        }
        for (name, file) in &files {
            let runs = file.runs.iter().map(|run| (name.clone(), run.clone()));
            found.runs.extend(runs);
        }
        let mut groups: BTreeMap<UnitTreatment, Vec<&str>> = BTreeMap::new();
        for name in files.keys() {
            let treatment = own.get(name.as_str()).copied().unwrap_or_default();
            groups.entry(treatment).or_default().push(name);
        }
        for (treatment, names) in groups {
            let (enabled, started) = gathered(&files, &own, treatment, names, &mut found.warnings);
            match scope {
                UnitScope::System => system(treatment, &enabled, &started, snippets),
                UnitScope::User => user(treatment, &enabled, snippets, &mut found.depends),
            }
        }
    }
    Ok(found)
}

/// Collects the units that are enabled and those that are started, with those
/// that they name as `Also=`. Templates are left to whoever makes instances.
fn gathered(
    files: &BTreeMap<String, UnitFile>,
    own: &BTreeMap<&str, UnitTreatment>,
    treatment: UnitTreatment,
    names: Vec<&str>,
    warnings: &mut Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let (mut enabled, mut started) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let instance = name.contains('@');
        if instance || !seen.insert(name.clone()) {
            continue;
        }
        let Some(file) = files.get(&name) else {
            warnings.push(format!(
                "a unit says Also={name}, which the package does not install"
            ));
            continue;
        };
        // One that is treated in its own way stays with that.
        let elsewhere = |also: &String| own.get(also.as_str()).is_some_and(|t| *t != treatment);
        waiting.extend(file.also.iter().filter(|also| !elsewhere(also)).cloned());
        if file.installs {
            enabled.insert(format!("'{name}'"));
        }
        started.insert(format!("'{name}'"));
    }
    (enabled.into_iter().collect(), started.into_iter().collect())
}

fn system(treatment: UnitTreatment, enabled: &[String], started: &[String], to: &mut Snippets) {
    let mut service = |part: Part, values: &[(&str, &str)]| to.add(part, Turn::Services, values);
    let enable = match treatment.enable {
        true => snippets::ENABLE,
        false => snippets::DO_NOT_ENABLE,
    };
    for unit in enabled {
        service(enable, &[("UNITFILE", unit)]);
    }
    if !started.is_empty() {
        let units = ("UNITFILES", &*started.join(" "));
        match (treatment.on_upgrade, treatment.start) {
            (OnUpgrade::Restart, true) => {
                service(snippets::RESTART, &[units, ("RESTART_ACTION", "restart")]);
            }
            // Whoever started it by hand has it restarted.
            (OnUpgrade::Restart, false) => {
                let values = [units, ("RESTART_ACTION", "try-restart")];
                service(snippets::RESTART_IF_RUNNING, &values);
            }
            (OnUpgrade::Stop | OnUpgrade::Keep, true) => service(snippets::START, &[units]),
            (OnUpgrade::Stop | OnUpgrade::Keep, false) => {}
        }
        if treatment.on_upgrade == OnUpgrade::Stop {
            service(snippets::STOP_BEFORE_UPGRADE, &[units]);
        }
        if treatment.start {
            service(snippets::STOP_BEFORE_REMOVAL, &[units]);
        }
    }
    if !enabled.is_empty() {
        let units = enabled.join(" ");
        to.add(snippets::PURGE_UNITS, Turn::Usual, &[("UNITFILES", &units)]);
    }
    if !started.is_empty() {
        to.add(snippets::RELOAD, Turn::Usual, &[]);
    }
}

fn user(
    treatment: UnitTreatment,
    enabled: &[String],
    to: &mut Snippets,
    depends: &mut Vec<String>,
) {
    if enabled.is_empty() {
        return;
    }
    // Since this version deb-systemd-helper knows --user.
    depends.push("init-system-helpers (>= 1.52)".to_owned());
    let part = match treatment.enable {
        true => snippets::ENABLE_USERS,
        false => snippets::DO_NOT_ENABLE_USERS,
    };
    for unit in enabled {
        to.add(part, Turn::Usual, &[("UNITFILE", unit)]);
    }
    let units = enabled.join(" ");
    to.add(
        snippets::PURGE_USERS_UNITS,
        Turn::Usual,
        &[("UNITFILES", &units)],
    );
}

/// Reads the unit files right in these directories; links are other names.
fn read_files(
    place: &Place<'_>,
    directories: &[&str],
) -> Result<BTreeMap<String, UnitFile>, String> {
    let mut found = BTreeMap::new();
    for directory in directories {
        for name in place.files_in(directory) {
            let text = place.text(&format!("{directory}/{name}"))?;
            found.insert(name, UnitFile::read(&text));
        }
    }
    Ok(found)
}

impl UnitFile {
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let line = line.trim();
            if line.eq_ignore_ascii_case("[install]") {
                found.installs = true;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("also") {
                let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
                found.also.extend(value.split_whitespace().map(bare));
            } else if [
                "ExecStart",
                "ExecStartPre",
                "ExecStartPost",
                "ExecReload",
                "ExecStop",
            ]
            .contains(&key)
            {
                // systemd.service(5): what may stand before the program.
                let program = value.trim_start_matches(['@', '-', ':', '+', '!', '|']);
                let program = program.split_whitespace().next().unwrap_or_default();
                let program = program.trim_matches(['"', '\'']);
                if program.starts_with('/') && !program.contains(['%', '$']) {
                    found.runs.push(program.to_owned());
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_files_say_what_packaging_asks() {
        let file = UnitFile::read(
            "[Unit]\nDescription=counts\n[Service]\nExecStart=-/usr/bin/tallyd --listen=1\n\
             ExecStop=/bin/kill $MAINPID\nExecStartPre=${DIR}/x\n# ExecStart=/no\n\
             [Install]\nWantedBy=multi-user.target\nAlso=\"a.socket\" b.timer\n",
        );
        assert!(file.installs);
        assert_eq!(file.also, ["a.socket", "b.timer"]);
        assert_eq!(file.runs, ["/usr/bin/tallyd", "/bin/kill"]);
        assert!(!UnitFile::read("[Service]\nExecStart=/bin/true\n").installs);
    }
}
