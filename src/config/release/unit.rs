//! A `[[package]]`'s part in releases → a [`Unit`].

use std::ops::Range;

use toml::Spanned;

use super::Surroundings;
use crate::build::Package;
use crate::build::package::Kind;
use crate::config::policy::tree_path;
use crate::config::read::{ConfigError, Source};
use crate::config::written;
use crate::config::written::release::{ChangesFile, Edge, Place};
use crate::model::TagName;
use crate::release::policy::{DebianKind, Unit};
use crate::release::tag_pattern::USUAL;
use crate::release::{TagPattern, VersionFile};

/// The usual file of changes.
const CHANGES_FILE: &str = "CHANGELOG.md";

/// What a package's table says about its releases.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Where the package is described.
    pub at: Range<usize>,
    /// The edges as they are written.
    pub depends_on: Vec<Spanned<Edge>>,
    include: Vec<String>,
    exclude: Vec<String>,
    former_paths: Vec<String>,
    changes: Changes,
    tags: Tags,
}

/// What is said about the file of changes.
#[derive(Debug, Clone, Default)]
enum Changes {
    /// This one, whether it is there or not.
    File(String),
    /// There is none.
    None,
    /// Nothing: the usual one, if the tree has it.
    #[default]
    Open,
}

/// Who chose the tag patterns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tags {
    /// The configuration.
    Written,
    /// Nobody: the repository's tags tell which one is in use.
    #[default]
    Open,
}

impl Part {
    /// Takes its part of a table.
    pub fn read(
        source: &Source<'_>,
        at: Range<usize>,
        directory: &str,
        written: &mut written::Package,
    ) -> Result<Self, ConfigError> {
        let patterns = |list: &[Spanned<String>]| {
            list.iter()
                .map(|text| pattern(source, text))
                .collect::<Result<Vec<_>, _>>()
        };
        let former = written.former_paths.iter();
        let former = former.map(|path| tree_path(source, &path.span(), path.get_ref()));
        let changes = match &written.changes_file {
            None => Changes::Open,
            Some(file) => match file.get_ref() {
                ChangesFile::None => Changes::None,
                ChangesFile::Usual => Changes::File(below(directory, CHANGES_FILE)),
                ChangesFile::Path(path) => {
                    let path = tree_path(source, &file.span(), path)?;
                    if path.is_empty() {
                        let why = "changes-file must name a file; false: there is none";
                        return Err(source.refuse(&file.span(), why));
                    }
                    Changes::File(path)
                }
            },
        };
        Ok(Self {
            at,
            include: patterns(&written.include)?,
            exclude: patterns(&written.exclude)?,
            former_paths: former.collect::<Result<_, _>>()?,
            changes,
            tags: match written.tag {
                Some(_) => Tags::Written,
                None => Tags::Open,
            },
            depends_on: std::mem::take(&mut written.depends_on),
        })
    }

    /// Makes the package's unit, without edges; `several`: the project has more
    /// packages than this one.
    pub fn unit(&self, package: &Package, several: bool) -> Unit {
        let mut tags = package.tags.clone();
        if self.tags == Tags::Open {
            let name = package.name.as_str();
            if several {
                // One without the name would be every package's.
                let named = USUAL.iter().filter(|usual| usual.contains("{name}"));
                let named: Vec<_> = named.map(|usual| usual.replace("{name}", name)).collect();
                tags.retain(|tag| named.contains(&tag.to_string()));
            }
            if matches!(package.kind, Kind::Declared(_)) {
                tags.sort_by_key(TagPattern::is_debian);
            }
        }
        let (debian, upstream_tags) = match &package.kind {
            Kind::Debian(debian) => {
                let path = package.file("debian/changelog");
                (DebianKind::Changelog { path }, debian.upstream_tags.clone())
            }
            Kind::Declared(declared) => {
                let kind = DebianKind::Declared {
                    revision: declared.revision.clone(),
                    changelog: declared.changelog.as_ref().map(|file| package.file(file)),
                    distribution: declared.distribution.clone(),
                    maintainer: declared.maintainer.clone(),
                };
                (kind, Vec::new())
            }
        };
        Unit {
            name: package.name.clone(),
            path: package.path.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            former_paths: self.former_paths.clone(),
            tags,
            upstream_tags,
            version_files: package.version_files.clone(),
            debian,
            depends_on: Vec::new(),
            changes_file: match &self.changes {
                Changes::File(path) => Some(path.clone()),
                Changes::None | Changes::Open => None,
            },
        }
    }

    /// Decides what the table leaves open.
    pub fn settle(&self, unit: &mut Unit, around: &Surroundings<'_>) {
        if matches!(self.changes, Changes::Open) {
            let usual = below(&unit.path, CHANGES_FILE);
            unit.changes_file = (around.has_file)(&usual).then_some(usual);
        }
        if self.tags == Tags::Open {
            prefer_used(&mut unit.tags, around.tags);
        }
    }
}

/// Puts the pattern first that most tags follow. Where releases of a Debian
/// package are tagged `debian/…`, the others are its upstream's.
fn prefer_used(patterns: &mut Vec<TagPattern>, tags: &[TagName]) {
    let follow = |pattern: &TagPattern| {
        let follows = |tag: &&TagName| pattern.version_in(tag.as_str()).is_some();
        tags.iter().filter(follows).count()
    };
    let debian = patterns.iter().position(TagPattern::is_debian);
    if debian == Some(0) && follow(&patterns[0]) > 0 {
        patterns.truncate(1);
        return;
    }
    patterns.sort_by_key(|pattern| std::cmp::Reverse(follow(pattern)));
}

/// Takes a path or a glob pattern inside the repository.
fn pattern(source: &Source<'_>, written: &Spanned<String>) -> Result<String, ConfigError> {
    let text = tree_path(source, &written.span(), written.get_ref())?;
    match glob::Pattern::new(&text) {
        Ok(_) if !text.is_empty() => Ok(text),
        Ok(_) => Err(source.refuse(&written.span(), "an empty pattern names no path")),
        Err(error) => {
            let why = format!("“{text}” is no pattern: {}", error.msg);
            Err(source.refuse(&written.span(), why))
        }
    }
}

/// Takes a version file: by its name, or by a pattern in it.
pub fn version_file(
    source: &Source<'_>,
    written: &Spanned<Place>,
) -> Result<VersionFile, ConfigError> {
    let Place(place) = written.get_ref();
    let at = written.span();
    let path = tree_path(source, &at, &place.path)?;
    if path.is_empty() {
        return Err(source.refuse(&at, "a version file needs a path"));
    }
    match (&place.pattern, place.count) {
        (None, None) => Ok(VersionFile::new(path)),
        (None, Some(_)) => {
            let why = "count says how often pattern stands in the file: add a pattern";
            Err(source.refuse(&at, why))
        }
        (Some(_), Some(0)) => Err(source.refuse(&at, "count must be 1 or more")),
        (Some(pattern), count) => {
            if pattern.matches("{version}").count() != 1 || pattern.trim() == "{version}" {
                let why = format!(
                    "the pattern “{pattern}” must hold {{version}} exactly once, with text around it"
                );
                return Err(source.refuse(&at, why));
            }
            VersionFile::with_pattern(path, pattern, count.unwrap_or(1))
                .map_err(|error| source.refuse(&at, error.to_string()))
        }
    }
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}
