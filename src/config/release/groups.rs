//! `[[release.group]]`, and the groups that shared tags make.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use toml::Spanned;

use super::Part;
use crate::config::read::{ConfigError, Source};
use crate::config::written::release as written;
use crate::model::name::nearest;
use crate::release::policy::{Group, GroupKind, Unit};

pub(super) fn groups(
    source: &Source<'_>,
    written: &[Spanned<written::Group>],
    units: &[Unit],
    parts: &[Part],
) -> Result<Vec<Group>, ConfigError> {
    let mut found: Vec<Group> = Vec::new();
    for group in written {
        let at = group.span();
        let group = group.get_ref();
        let name = group.name.get_ref().clone();
        if found.iter().any(|other| other.name == name) {
            let why = format!("there are two groups named {name}");
            return Err(source.refuse(&group.name.span(), why));
        }
        let mut members = Vec::new();
        for package in &group.packages {
            let index = index_of(source, package, units)?;
            let mut others = found.iter().filter(|other| other.units.contains(&index));
            if let Some(other) = others.next() {
                let why = format!(
                    "{} is already in the group {}",
                    package.get_ref(),
                    other.name
                );
                return Err(source.refuse(&package.span(), why));
            }
            if members.contains(&index) {
                let why = format!("{} is named twice", package.get_ref());
                return Err(source.refuse(&package.span(), why));
            }
            members.push(index);
        }
        if members.len() < 2 {
            let why = format!("the group {name} needs two packages or more");
            return Err(source.refuse(&at, why));
        }
        members.sort_unstable();
        found.push(Group {
            name,
            units: members,
            kind: match group.kind {
                None | Some(written::GroupKind::SameVersion) => GroupKind::SameVersion,
                Some(written::GroupKind::Together) => GroupKind::Together,
            },
        });
    }
    let shared = shared_tags(source, units, parts, &found)?;
    found.extend(shared);
    Ok(found)
}

/// Finds a package by its written name.
pub(super) fn index_of(
    source: &Source<'_>,
    written: &Spanned<String>,
    units: &[Unit],
) -> Result<usize, ConfigError> {
    let name = written.get_ref();
    let found = units.iter().position(|unit| unit.name.as_str() == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
        let meant = match nearest(name, known.iter().copied()) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("known: {}", known.join(", ")),
        };
        source.refuse(
            &written.span(),
            format!("there is no package {name}; {meant}"),
        )
    })
}

/// Finds packages whose new tags would have the same name: one tag is one
/// release of all of them, so they form a group without a word. Where a group
/// says something else, one of the two is wrong.
fn shared_tags(
    source: &Source<'_>,
    units: &[Unit],
    parts: &[Part],
    written: &[Group],
) -> Result<Vec<Group>, ConfigError> {
    let mut by_tag: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        let Some(tag) = unit.tags.first() else {
            continue;
        };
        match by_tag.entry(tag.to_string()) {
            Entry::Vacant(free) => drop(free.insert(vec![index])),
            Entry::Occupied(mut taken) => taken.get_mut().push(index),
        }
    }
    let mut found = Vec::new();
    for (tag, members) in by_tag {
        let [first, .., last] = members.as_slice() else {
            continue;
        };
        let of = |index: &usize| written.iter().find(|group| group.units.contains(index));
        let one = of(first);
        let alike = members
            .iter()
            .all(|index| of(index).map(|group| &group.name) == one.map(|group| &group.name));
        let why = match one {
            None if alike => {
                let name = format!("the tag {tag}");
                found.push(Group {
                    name,
                    units: members,
                    kind: GroupKind::Together,
                });
                continue;
            }
            Some(group) if alike && group.kind == GroupKind::Together => continue,
            Some(group) if alike => format!(
                "the group {} shares the tag {tag}, so its packages are released together: \
                 kind = \"together\", or a tag of its own for each",
                group.name
            ),
            _ => format!(
                "{} and {} share the tag {tag} and are not in one group: give each a tag of \
                 its own, such as \"{{name}}-v{{version}}\"",
                units[*first].name, units[*last].name
            ),
        };
        return Err(source.refuse(&parts[*last].at, why));
    }
    Ok(found)
}
