//! The tables of releases, exactly as they are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::OneOrMany;

/// `[release]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Release {
    pub types: BTreeMap<String, Spanned<Bump>>,
    pub other: Option<Bump>,
    pub unconventional: Option<Unconventional>,
    pub breaking_below_one: Option<Bump>,
    pub feature_below_one: Option<Bump>,
    pub merges: Option<Merges>,
    pub maintenance_branches: Option<Vec<Spanned<String>>>,
    pub message: Option<Spanned<String>>,
    pub remote: Option<Spanned<String>>,
    pub notes: Notes,
    pub debian: Debian,
    pub group: Vec<Spanned<Group>>,
}

/// A step of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

/// `unconventional = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unconventional {
    Patch,
    Ignore,
    Error,
}

/// `merges = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Merges {
    AllCommits,
    FirstParent,
}

/// `[release.notes]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Notes {
    pub sections: Option<Vec<Spanned<Section>>>,
    pub pull_request: Option<Spanned<String>>,
    pub commit: Option<Spanned<String>>,
    pub compare: Option<Spanned<String>>,
    pub contributors: Option<bool>,
    pub scopes: Option<bool>,
    pub by_component: Option<ByComponent>,
    pub templates: NoteTemplates,
}

/// `by-component` of the notes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByComponent {
    Never,
    PatchReleases,
    Always,
}

/// An element of `sections`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Section {
    pub title: String,
    pub types: Vec<String>,
}

/// `templates` of the notes, by the format that `notes --format` names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NoteTemplates {
    pub md: Option<Spanned<String>>,
    pub text: Option<Spanned<String>>,
    pub html: Option<Spanned<String>>,
    pub news: Option<Spanned<String>>,
    pub forge: Option<Spanned<String>>,
}

/// `[release.debian]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Debian {
    pub distribution: Option<Spanned<String>>,
    pub suites: Vec<Spanned<String>>,
    pub urgency: UrgencyRules,
    pub width: Option<Spanned<usize>>,
    pub multi_maintainer: Option<bool>,
}

/// `urgency` by what an entry holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UrgencyRules {
    pub usual: Option<Urgency>,
    pub security: Option<Urgency>,
    pub exploited: Option<Urgency>,
}

/// An urgency (Debian Policy 5.6.17).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    Low,
    Medium,
    High,
    Emergency,
    Critical,
}

/// `[[release.group]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    pub name: Spanned<String>,
    pub packages: Vec<Spanned<String>>,
    pub kind: Option<GroupKind>,
}

/// `kind` of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    SameVersion,
    Together,
}

/// An element of `depends-on`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Edge {
    pub package: Spanned<String>,
    pub follow: Option<Follow>,
    #[serde(default)]
    pub requirements: Vec<Spanned<Place>>,
}

/// `follow` of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Follow {
    Patch,
    Same,
    Ignore,
}

/// Where a version stands: a file, or a pattern in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlaceTable {
    pub path: String,
    pub pattern: Option<String>,
    pub count: Option<usize>,
    pub dependency: Option<String>,
}

/// A path alone, or a table.
#[derive(Debug, Clone)]
pub struct Place(pub PlaceTable);

// By hand: an untagged enum's error names no key that would be right.
impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = Place;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path or a table with path and pattern")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Place, E> {
                Ok(Place(PlaceTable {
                    path: text.to_owned(),
                    pattern: None,
                    count: None,
                    dependency: None,
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Place, A::Error> {
                PlaceTable::deserialize(MapAccessDeserializer::new(map)).map(Place)
            }
        }
        from.deserialize_any(PathOrTable)
    }
}

/// `changes-file`: a path, or whether there is one.
#[derive(Debug, Clone)]
pub enum ChangesFile {
    Path(String),
    Usual,
    None,
}

impl<'de> Deserialize<'de> for ChangesFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct PathOrBool;
        impl Visitor<'_> for PathOrBool {
            type Value = ChangesFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, true (CHANGELOG.md) or false (none)")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ChangesFile, E> {
                Ok(ChangesFile::Path(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, there: bool) -> Result<ChangesFile, E> {
                Ok(match there {
                    true => ChangesFile::Usual,
                    false => ChangesFile::None,
                })
            }
        }
        from.deserialize_any(PathOrBool)
    }
}

/// `[hooks]`: commands before and after each step.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hooks {
    pub before_prepare: Option<Spanned<OneOrMany>>,
    pub after_prepare: Option<Spanned<OneOrMany>>,
    pub before_build: Option<Spanned<OneOrMany>>,
    pub after_build: Option<Spanned<OneOrMany>>,
    pub before_tag: Option<Spanned<OneOrMany>>,
    pub after_tag: Option<Spanned<OneOrMany>>,
    pub before_publish: Option<Spanned<OneOrMany>>,
    pub after_publish: Option<Spanned<OneOrMany>>,
    pub before_release: Option<Spanned<OneOrMany>>,
    pub after_release: Option<Spanned<OneOrMany>>,
}
