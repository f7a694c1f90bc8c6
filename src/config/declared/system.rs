//! What a declared package asks of the system that it comes to: units,
//! alternatives, triggers.

use std::ops::Range;

use toml::Spanned;

use super::super::policy::tree_path;
use super::super::read::{ConfigError, Source};
use super::super::written::declared as written;
use super::installed_path;
use crate::build::package::{
    Alternative, Content, Dependent, OnUpgrade, Owner, Unit, UnitScope, UnitTreatment,
};

/// Takes the unit files that come from the tree: to where their manager looks
/// for what packages install, systemd.unit(5).
pub(super) fn unit_files(
    source: &Source<'_>,
    units: &[Spanned<written::Unit>],
) -> Result<Vec<Content>, ConfigError> {
    let mut found = Vec::new();
    for unit in units {
        let (at, written) = (unit.span(), unit.get_ref());
        let Some(file) = &written.source else {
            continue;
        };
        let directory = match scope(written) {
            UnitScope::System => "system",
            UnitScope::User => "user",
        };
        let name = name(source, &at, written)?;
        found.push(Content::File {
            source: tree_path(source, &at, file)?,
            target: format!("/usr/lib/systemd/{directory}/{name}"),
            mode: Some(0o644),
            owner: Owner::default(),
            conffile: None,
        });
    }
    Ok(found)
}

/// Takes how units are treated.
pub(super) fn units(
    source: &Source<'_>,
    units: &[Spanned<written::Unit>],
) -> Result<Vec<Unit>, ConfigError> {
    let mut found: Vec<Unit> = Vec::new();
    for unit in units {
        let (at, written) = (unit.span(), unit.get_ref());
        let (name, scope) = (name(source, &at, written)?, scope(written));
        if found
            .iter()
            .any(|unit| unit.name == name && unit.scope == scope)
        {
            return Err(source.refuse(&at, format!("the unit {name} comes twice")));
        }
        if scope == UnitScope::User && (written.start.is_some() || written.on_upgrade.is_some()) {
            let why =
                "a user's unit is only enabled: start and on-upgrade are for scope = \"system\"";
            return Err(source.refuse(&at, why));
        }
        let usual = UnitTreatment::default();
        let treatment = UnitTreatment {
            enable: written.enable.unwrap_or(usual.enable),
            start: written.start.unwrap_or(usual.start),
            on_upgrade: match written.on_upgrade {
                None | Some(written::OnUpgrade::Restart) => OnUpgrade::Restart,
                Some(written::OnUpgrade::Stop) => OnUpgrade::Stop,
                Some(written::OnUpgrade::Keep) => OnUpgrade::Keep,
            },
        };
        found.push(Unit {
            name,
            scope,
            treatment,
        });
    }
    Ok(found)
}

fn scope(unit: &written::Unit) -> UnitScope {
    match unit.scope {
        None | Some(written::UnitScope::System) => UnitScope::System,
        Some(written::UnitScope::User) => UnitScope::User,
    }
}

/// What systemd.unit(5) says a unit may be, but for those that it makes itself.
const KINDS: [&str; 8] = [
    "service",
    "socket",
    "target",
    "path",
    "timer",
    "mount",
    "automount",
    "slice",
];

fn name(
    source: &Source<'_>,
    at: &Range<usize>,
    unit: &written::Unit,
) -> Result<String, ConfigError> {
    let last = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
    let Some(name) = unit.name.clone().or(unit.source.as_ref().map(last)) else {
        let why = "a unit needs source (a file of the tree) or name (of one among files)";
        return Err(source.refuse(at, why));
    };
    let known = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    let (stem, kind) = name.rsplit_once('.').unwrap_or((&name, ""));
    if stem.is_empty() || !stem.chars().all(known) || !KINDS.contains(&kind) {
        let kinds = KINDS.join(", ");
        let why = format!("“{name}” is no unit's name: expected NAME. and one of {kinds}");
        return Err(source.refuse(at, why));
    }
    Ok(name)
}

/// Takes alternatives.
pub(super) fn alternatives(
    source: &Source<'_>,
    alternatives: &[Spanned<written::Alternative>],
) -> Result<Vec<Alternative>, ConfigError> {
    let link = |at: &Range<usize>, name: &Option<String>, link: &str, path: &str| {
        let (link, path) = (
            word(source, at, installed_path(source, at, link)?)?,
            word(source, at, installed_path(source, at, path)?)?,
        );
        if link == path {
            let why = format!("link and path of an alternative are both {link}");
            return Err(source.refuse(at, why));
        }
        let usual = || link.rsplit('/').next().unwrap_or(&link).to_owned();
        let name = word(source, at, name.clone().unwrap_or_else(usual))?;
        if name.contains('/') {
            let why = format!("an alternative's name has no slash, as “{name}” has");
            return Err(source.refuse(at, why));
        }
        Ok((name, link, path))
    };
    let mut found = Vec::new();
    for alternative in alternatives {
        let (at, written) = (alternative.span(), alternative.get_ref());
        let (name, own_link, path) = link(&at, &written.name, &written.link, &written.path)?;
        let mut dependents = Vec::new();
        for dependent in &written.dependents {
            let (at, written) = (dependent.span(), dependent.get_ref());
            let (name, link, path) = link(&at, &written.name, &written.link, &written.path)?;
            dependents.push(Dependent { name, link, path });
        }
        found.push(Alternative {
            name,
            link: own_link,
            path,
            priority: written.priority,
            dependents,
        });
    }
    Ok(found)
}

/// Takes a text that stands in a shell command as it is.
fn word(source: &Source<'_>, at: &Range<usize>, text: String) -> Result<String, ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-._/:@%,=~".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        let why = format!("“{text}” has letters that an alternative cannot have");
        return Err(source.refuse(at, why));
    }
    Ok(text)
}

/// The directives of deb-triggers(5).
const DIRECTIVES: [&str; 6] = [
    "interest",
    "interest-await",
    "interest-noawait",
    "activate",
    "activate-await",
    "activate-noawait",
];

/// Takes lines of the `triggers` file.
pub(super) fn triggers(
    source: &Source<'_>,
    triggers: &[Spanned<String>],
) -> Result<Vec<String>, ConfigError> {
    let line = |written: &Spanned<String>| {
        let words: Vec<_> = written.get_ref().split_ascii_whitespace().collect();
        match words.as_slice() {
            [directive, _] if DIRECTIVES.contains(directive) => Ok(words.join(" ")),
            _ => {
                let why = format!(
                    "“{}” is no trigger: expected one of {} and a trigger's name",
                    written.get_ref().escape_debug(),
                    DIRECTIVES.join(", ")
                );
                Err(source.refuse(&written.span(), why))
            }
        }
    };
    triggers.iter().map(line).collect()
}
