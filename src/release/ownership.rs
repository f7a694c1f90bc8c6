//! Whose path is it: the deepest owner's.
//!
//! A package owns its directory, what its `include` patterns match, and where
//! it was before (`former_paths`); a match that reaches deeper into the path
//! wins, at the same depth a present place wins over a former one, and those
//! that are equal share the path. What a package excludes falls to the next.
//! Patterns are shells' (`*`, `?`, `[…]`, none of them across a `/`; `**` as a
//! whole part across any), from the top, and own what is below what they match.

use std::fmt;

use std::collections::BTreeMap;

use glob::{MatchOptions, Pattern};
use serde::Serialize;

use super::policy::Unit;

/// Tells which package a path belongs to.
#[derive(Debug)]
pub struct Ownership<'a> {
    units: &'a [Unit],
    /// Without wildcards: who owns it, and as what.
    places: BTreeMap<String, Vec<(usize, Standing)>>,
    globs: Vec<(usize, Place)>,
    excluded: Vec<(usize, Place)>,
}

/// How good a claim is; the higher one wins at the same depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Former,
    Present,
}

/// A place in the tree, as a path or a pattern.
#[derive(Debug, Clone)]
enum Place {
    Path(String),
    Glob {
        pattern: Pattern,
        /// The directories in front of the first wildcard, each with its `/`.
        fixed: String,
    },
}

/// What a pattern of a package's is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PatternUse {
    /// Its directory.
    Path,
    /// What is its own besides.
    Include,
    /// What is not.
    Exclude,
}

impl fmt::Display for PatternUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => "path",
            Self::Include => "include",
            Self::Exclude => "exclude",
        })
    }
}

/// A pattern that matches nothing in the tree, and so does not say what its
/// author thinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadPattern {
    /// The package, as an index into [`super::Policy::units`].
    pub unit: usize,
    /// The pattern as it is written.
    pub pattern: String,
    /// What it is for.
    pub usage: PatternUse,
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Place {
    fn new(text: &str) -> Self {
        let text = tidy(text);
        let Some(wild) = text.find(['*', '?', '[']) else {
            return Self::Path(text.to_owned());
        };
        let fixed = text[..wild].rfind('/').map_or("", |at| &text[..=at]);
        match Pattern::new(text) {
            Ok(pattern) => Self::Glob {
                pattern,
                fixed: fixed.to_owned(),
            },
            // An invalid pattern is a name that no file has.
            Err(_) => Self::Path(text.to_owned()),
        }
    }

    /// Returns the depth of the shallowest place at or above `path` that is
    /// matched.
    fn depth(&self, path: &str) -> Option<usize> {
        match self {
            Self::Path(own) => is_within(path, own).then(|| depth_of(own)),
            Self::Glob { pattern, fixed } => {
                if !path.starts_with(fixed.as_str()) {
                    return None;
                }
                let ends = path.match_indices('/').map(|(at, _)| at);
                let mut above = ends.chain([path.len()]).map(|end| &path[..end]);
                let matched = above.find(|above| pattern.matches_with(above, OPTIONS))?;
                Some(depth_of(matched))
            }
        }
    }

    /// Tells whether it may match some and not all of what is below a
    /// directory.
    fn divides(&self, directory: &str) -> bool {
        match self {
            Self::Path(own) => own != directory && is_within(own, directory),
            Self::Glob { pattern, fixed } => {
                // A pattern of so many parts says nothing deeper down.
                let text = pattern.as_str();
                let reaches = text.contains("**") || depth_of(directory) < depth_of(text);
                let fixed = fixed.trim_end_matches('/');
                reaches && (is_within(fixed, directory) || is_within(directory, fixed))
            }
        }
    }
}

/// Paths are written with `./` in front and `/` behind, too.
fn tidy(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.strip_prefix("./") {
        Some(rest) => rest.trim_start_matches('/'),
        None if path == "." => "",
        None => path,
    }
}

fn depth_of(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

/// Tells whether a path is a directory or lies below it; all lie below the top.
fn is_within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl<'a> Ownership<'a> {
    /// Reads the packages' paths and patterns.
    pub fn new(units: &'a [Unit]) -> Self {
        let mut new = Self {
            units,
            places: BTreeMap::new(),
            globs: Vec::new(),
            excluded: Vec::new(),
        };
        for (index, unit) in units.iter().enumerate() {
            new.add_place(index, &unit.path, Standing::Present);
            for pattern in &unit.include {
                match Place::new(pattern) {
                    Place::Path(path) => new.add_place(index, &path, Standing::Present),
                    glob => new.globs.push((index, glob)),
                }
            }
            for path in &unit.former_paths {
                new.add_place(index, path, Standing::Former);
            }
            let excluded = unit.exclude.iter().map(|text| (index, Place::new(text)));
            new.excluded.extend(excluded);
        }
        new
    }

    /// Adds directories that packages had in an older tree.
    #[must_use]
    pub fn with_older<'p>(mut self, places: impl IntoIterator<Item = (usize, &'p str)>) -> Self {
        for (unit, path) in places {
            self.add_place(unit, path, Standing::Present);
        }
        self
    }

    fn add_place(&mut self, unit: usize, path: &str, standing: Standing) {
        let claims = self.places.entry(tidy(path).to_owned()).or_default();
        if !claims.iter().any(|(own, _)| *own == unit) {
            claims.push((unit, standing));
        }
    }

    /// Returns the owners of a path from the repository's top, as indices,
    /// ascending: the packages with the deepest matching directory or pattern
    /// (several that have the same one share it); none: nobody's.
    pub fn owners(&self, path: &str) -> Vec<usize> {
        let excluded = |unit: usize| {
            let mut own = self.excluded.iter().filter(|(of, _)| *of == unit);
            own.any(|(_, place)| place.depth(path).is_some())
        };
        let mut claims: Vec<((usize, Standing), usize)> = Vec::new();
        for above in at_and_above(path) {
            let Some(owners) = self.places.get(above) else {
                continue;
            };
            let depth = depth_of(above);
            let here = owners.iter().filter(|(unit, _)| !excluded(*unit));
            claims.extend(here.map(|&(unit, standing)| ((depth, standing), unit)));
            // What is further above is less deep.
            if !claims.is_empty() {
                break;
            }
        }
        for (unit, place) in &self.globs {
            if let Some(depth) = place.depth(path)
                && !excluded(*unit)
            {
                claims.push(((depth, Standing::Present), *unit));
            }
        }
        let best = claims.iter().map(|(strength, _)| *strength).max();
        let best = claims.iter().filter(|(own, _)| Some(*own) == best);
        let mut owners: Vec<usize> = best.map(|&(_, unit)| unit).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Returns the owners of all that is in a directory, where they are the
    /// same for every path that could be there; none: they are not.
    pub fn owners_of_all(&self, directory: &str) -> Option<Vec<usize>> {
        let below = format!("{directory}/");
        let mut deeper = self.places.range(below.clone()..);
        let claimed = match directory {
            "" => self.places.keys().any(|path| !path.is_empty()),
            _ => deeper
                .next()
                .is_some_and(|(path, _)| path.starts_with(&below)),
        };
        let patterns = self.globs.iter().chain(&self.excluded);
        let divided = claimed
            || patterns
                .into_iter()
                .any(|(_, place)| place.divides(directory));
        (!divided).then(|| self.owners(directory))
    }

    /// Lists the directories, includes and excludes that match none of the
    /// paths of a tree (files and directories), in the order of the packages.
    /// Former places are expected to be gone.
    pub fn dead<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Vec<DeadPattern> {
        let mut open: Vec<(DeadPattern, Place)> = Vec::new();
        for (unit, own) in self.units.iter().enumerate() {
            let of = |usage| move |text: &String| (usage, text.clone());
            let path = [own.path.clone()];
            let patterns = path.iter().map(of(PatternUse::Path));
            let patterns = patterns.chain(own.include.iter().map(of(PatternUse::Include)));
            let patterns = patterns.chain(own.exclude.iter().map(of(PatternUse::Exclude)));
            for (usage, pattern) in patterns.filter(|(_, text)| !tidy(text).is_empty()) {
                let place = Place::new(&pattern);
                let dead = DeadPattern {
                    unit,
                    pattern,
                    usage,
                };
                open.push((dead, place));
            }
        }
        for path in paths {
            if open.is_empty() {
                break;
            }
            open.retain(|(_, place)| place.depth(path).is_none());
        }
        open.into_iter().map(|(dead, _)| dead).collect()
    }

    /// Tells whether something in a directory could keep a pattern from being
    /// dead, so that it has to be listed.
    pub fn looks_into(&self, directory: &str) -> bool {
        let deeper = |place: &Place| match place {
            Place::Path(path) => path != directory && is_within(path, directory),
            Place::Glob { .. } => place.divides(directory),
        };
        let patterns = self.globs.iter().chain(&self.excluded);
        patterns.into_iter().any(|(_, place)| deeper(place))
            || self
                .places
                .keys()
                .any(|path| path != directory && is_within(path, directory))
    }
}

/// A path, the directories above it, and the top, deepest first.
fn at_and_above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('/').map(|(at, _)| &path[..at]);
    let top = (!path.is_empty()).then_some("");
    [path].into_iter().chain(ends).chain(top)
}

#[cfg(test)]
mod tests;
