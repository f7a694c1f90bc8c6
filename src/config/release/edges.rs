//! `depends-on` → edges between packages, without cycles.

use super::{Part, groups};
use crate::config::policy::tree_path;
use crate::config::read::{ConfigError, Source};
use crate::config::written::release as written;
use crate::release::VersionFile;
use crate::release::policy::{Edge, Follow, Unit};

pub(super) fn connect(
    source: &Source<'_>,
    units: &mut [Unit],
    parts: &[Part],
) -> Result<(), ConfigError> {
    for (index, part) in parts.iter().enumerate() {
        let mut edges: Vec<Edge> = Vec::new();
        for written in &part.depends_on {
            let at = written.span();
            let written = written.get_ref();
            let on = groups::index_of(source, &written.package, units)?;
            let name = written.package.get_ref();
            if edges.iter().any(|edge| edge.on == on) {
                let why = format!("depends-on names {name} twice");
                return Err(source.refuse(&at, why));
            }
            let requirements = written.requirements.iter();
            let requirements = requirements
                .map(|place| requirement(source, place, name))
                .collect::<Result<_, _>>()?;
            edges.push(Edge {
                on,
                follow: match written.follow {
                    None | Some(written::Follow::Patch) => Follow::Patch,
                    Some(written::Follow::Same) => Follow::Same,
                    Some(written::Follow::Ignore) => Follow::Ignore,
                },
                requirements,
            });
        }
        units[index].depends_on = edges;
    }
    match cycle(units) {
        None => Ok(()),
        Some(path) => {
            let names: Vec<_> = path
                .iter()
                .map(|index| units[*index].name.as_str())
                .collect();
            let at = parts[path[0]].depends_on.first();
            let at = at.map_or(parts[path[0]].at.clone(), toml::Spanned::span);
            let why = format!("depends-on goes in a circle: {}", names.join(" → "));
            Err(source.refuse(&at, why))
        }
    }
}

fn requirement(
    source: &Source<'_>,
    written: &toml::Spanned<written::Place>,
    package: &str,
) -> Result<VersionFile, ConfigError> {
    let written::Place(place) = written.get_ref();
    if place.pattern.is_some() {
        return super::unit::version_file(source, written);
    }
    let path = tree_path(source, &written.span(), &place.path)?;
    let dependency = place.dependency.as_deref().unwrap_or(package);
    Ok(VersionFile::requirement(path, dependency))
}

/// Finds a way from a package back to itself, which stands at both ends.
pub(super) fn cycle(units: &[Unit]) -> Option<Vec<usize>> {
    let mut done = vec![false; units.len()];
    // By hand and not by recursion: the depth is the configuration's to choose.
    for start in 0..units.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((unit, next)) = path.pop() {
            if done[unit] {
                continue;
            }
            let Some(edge) = units[unit].depends_on.get(next) else {
                done[unit] = true;
                continue;
            };
            path.push((unit, next + 1));
            if let Some(from) = path.iter().position(|(other, _)| *other == edge.on) {
                let mut found: Vec<usize> = path[from..].iter().map(|(unit, _)| *unit).collect();
                found.push(edge.on);
                return Some(found);
            }
            path.push((edge.on, 0));
        }
    }
    None
}
