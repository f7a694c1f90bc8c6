//! What a package's contents ask of the system it comes to → parts of its
//! maintainer scripts, relations and triggers, as debhelper's programs make
//! them: dh_installsysusers(1), dh_installdebconf(1), dh_installtmpfiles(1),
//! dh_installsystemd(1), dh_installalternatives(1), in the order of dh(1).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::Shaping;
use super::place::Place;
use super::snippets::{self, Script, Snippets, Turn};
use super::units::units;
use crate::build::apply::{Bench, BuildError};
use crate::build::package::{Alternative, Declared};

/// What was found out beside the scripts.
#[derive(Debug, Default)]
pub(super) struct Integration {
    /// Relations that the added parts need.
    pub(super) depends: Vec<String>,
}

/// Completes the control files with what the contents call for.
pub(super) fn integrate(
    bench: &Bench<'_>,
    declared: &Declared,
    shaping: &Shaping,
    control_files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<Integration, BuildError> {
    let place = Place(&shaping.data);
    let mut snippets = Snippets::default();
    let mut depends = Vec::new();
    let accounts: Vec<_> = place.files_in("usr/lib/sysusers.d");
    let accounts: Vec<_> = accounts
        .iter()
        .filter(|name| name.ends_with(".conf"))
        .collect();
    if !accounts.is_empty() {
        let names = accounts
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let values = [("CONFILE_BASENAME", &*names)];
        snippets.add(snippets::MAKE_ACCOUNTS, Turn::Usual, &values);
        depends.push("systemd | systemd-standalone-sysusers | systemd-sysusers".to_owned());
    }
    if control_files.contains_key("templates") {
        snippets.add(snippets::PURGE_ANSWERS, Turn::Usual, &[]);
        depends.push("debconf (>= 0.5) | debconf-2.0".to_owned());
    }
    let mut temporary = place.names_below("usr/lib/tmpfiles.d", ".conf");
    temporary.extend(place.names_below("etc/tmpfiles.d", ".conf"));
    temporary.sort();
    temporary.dedup();
    if !temporary.is_empty() {
        let values = [("TMPFILES", &*temporary.join(" "))];
        snippets.add(snippets::MAKE_TEMPORARY_FILES, Turn::Usual, &values);
    }
    let found = units(&place, &declared.units, &mut snippets).map_err(|why| bench.refuse(why))?;
    depends.extend(found.depends);
    let listener = bench.workshop.listener;
    for warning in found.warnings {
        listener.warn(warning);
    }
    for (unit, program) in found.runs {
        // Another package may bring it; this machine probably has that then.
        if !place.has(&program) && !Path::new(&program).exists() {
            listener.warn(format!(
                "{unit} runs {program}, which the package does not install and this machine does \
                 not have"
            ));
        }
    }
    for alternative in &declared.alternatives {
        offer(alternative, &place, &mut snippets).map_err(|why| bench.refuse(why))?;
    }
    for script in Script::ALL {
        let added = snippets.of(script);
        let users = control_files.get(script.name());
        if users.is_none() && added.is_empty() {
            continue;
        }
        let users = users.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let whole = snippets::whole(script, users.as_deref(), &added);
        let whole = whole.map_err(|why| bench.refuse(why))?;
        control_files.insert(script.name().to_owned(), whole.into_bytes());
    }
    for trigger in &declared.triggers {
        add_trigger(control_files, trigger);
    }
    Ok(Integration { depends })
}

/// Adds a line to the `triggers` file that does not say it yet.
pub(super) fn add_trigger(control_files: &mut BTreeMap<String, Vec<u8>>, line: &str) {
    let file = control_files.entry("triggers".to_owned()).or_default();
    let mut text = String::from_utf8_lossy(file).into_owned();
    let known = |found: &str| found.split_whitespace().eq(line.split_whitespace());
    if !text.lines().any(known) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
    }
    *file = text.into_bytes();
}

fn offer(
    alternative: &Alternative,
    place: &Place<'_>,
    snippets: &mut Snippets,
) -> Result<(), String> {
    let Alternative {
        name,
        link,
        path,
        priority,
        dependents,
    } = alternative;
    let mut options = format!("--install {link} {name} {path} {priority}");
    let paths = dependents.iter().map(|dependent| &dependent.path);
    for path in std::iter::once(path).chain(paths) {
        if !place.has(path) {
            return Err(format!(
                "alternatives: {name} is to be {path}, which the package does not install"
            ));
        }
    }
    for dependent in dependents {
        let (link, name, path) = (&dependent.link, &dependent.name, &dependent.path);
        let _ = write!(options, " \\\n            --slave {link} {name} {path}");
    }
    let values = [("INSTALL_OPTIONS", &*options)];
    snippets.add(snippets::OFFER_ALTERNATIVE, Turn::Usual, &values);
    let values = [("RM_OPTIONS", &*format!("--remove {name} {path}"))];
    snippets.add(snippets::WITHDRAW_ALTERNATIVE, Turn::Usual, &values);
    Ok(())
}
