//! The file's tables and keys, exactly as they are written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

pub mod announce;
pub mod declared;
pub mod patch;
pub mod release;
pub mod rollout;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    #[serde(default)]
    pub package: Vec<Spanned<Package>>,
    #[serde(default)]
    pub archive: BTreeMap<String, Archive>,
    #[serde(default)]
    pub signing: Signing,
    #[serde(default)]
    pub build: Build,
    #[serde(default)]
    pub release: release::Release,
    #[serde(default)]
    pub hooks: release::Hooks,
    #[serde(default)]
    pub rollout: rollout::Rollout,
    #[serde(default)]
    pub patch: patch::Patch,
    #[serde(default)]
    pub announce: announce::Announce,
}

/// `[[package]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    pub name: Option<Spanned<String>>,
    pub path: Option<Spanned<String>>,
    pub build: Option<Spanned<BuildKind>>,
    pub tag: Option<Spanned<OneOrMany>>,
    pub version_files: Option<Vec<Spanned<release::Place>>>,
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
    #[serde(default)]
    pub exclude: Vec<Spanned<String>>,
    #[serde(default)]
    pub former_paths: Vec<Spanned<String>>,
    pub changes_file: Option<Spanned<release::ChangesFile>>,
    #[serde(default)]
    pub depends_on: Vec<Spanned<release::Edge>>,
    pub upstream_tag: Option<Spanned<OneOrMany>>,
    pub orig: Option<String>,
    #[serde(default)]
    pub components: Vec<Spanned<Component>>,
    pub pristine_tar: Option<bool>,
    pub export_attributes: Option<bool>,
    pub patches: Option<Patches>,
    #[serde(default)]
    pub orig_only: Vec<String>,
    pub declared: Option<Spanned<Declared>>,
}

/// An element of `components`: a name, or a table with a tag.
#[derive(Debug, Clone)]
pub struct Component {
    pub name: String,
    pub tag: Option<String>,
}

// By hand: an untagged enum's error names no type that would be right.
impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            name: String,
            tag: Option<String>,
        }
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = Component;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a component's name or { name, tag }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Component, E> {
                let (name, tag) = (text.to_owned(), None);
                Ok(Component { name, tag })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Component, A::Error> {
                let table = serde::de::value::MapAccessDeserializer::new(map);
                let Table { name, tag } = Table::deserialize(table)?;
                Ok(Component { name, tag })
            }
        }
        from.deserialize_any(NameOrTable)
    }
}

/// `patches = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patches {
    Auto,
    Unapplied,
    Applied,
    Commits,
    Single,
    Overlay,
}

/// `build = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildKind {
    Debian,
    Declared,
}

/// A text or a list of texts.
#[derive(Debug, Clone)]
pub struct OneOrMany(pub Vec<String>);

// By hand: an untagged enum's error names no type that would be right.
impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        from.deserialize_any(Texts)
    }
}

/// `[package.declared]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Declared {
    pub maintainer: Option<Spanned<String>>,
    pub summary: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub section: Option<Spanned<String>>,
    pub priority: Option<Spanned<Priority>>,
    pub architecture: Option<Spanned<String>>,
    pub homepage: Option<Spanned<String>>,
    pub revision: Option<Spanned<String>>,
    pub distribution: Option<Spanned<String>>,
    pub command: Option<String>,
    pub copyright: Option<Spanned<String>>,
    pub license: Option<Spanned<String>>,
    pub changelog: Option<Spanned<String>>,
    pub compression: Option<Compression>,
    #[serde(default)]
    pub depends: Vec<Spanned<String>>,
    #[serde(default)]
    pub pre_depends: Vec<Spanned<String>>,
    #[serde(default)]
    pub recommends: Vec<Spanned<String>>,
    #[serde(default)]
    pub suggests: Vec<Spanned<String>>,
    #[serde(default)]
    pub breaks: Vec<Spanned<String>>,
    #[serde(default)]
    pub conflicts: Vec<Spanned<String>>,
    #[serde(default)]
    pub replaces: Vec<Spanned<String>>,
    #[serde(default)]
    pub provides: Vec<Spanned<String>>,
    #[serde(default)]
    pub files: Vec<Spanned<InstalledFile>>,
    #[serde(default)]
    pub directories: Vec<Spanned<InstalledDirectory>>,
    #[serde(default)]
    pub symlinks: Vec<Spanned<InstalledSymlink>>,
    #[serde(default)]
    pub scripts: Scripts,
    #[serde(default)]
    pub enhances: Vec<Spanned<String>>,
    pub multi_arch: Option<Spanned<String>>,
    pub strip: Option<bool>,
    pub debug_symbols: Option<bool>,
    pub detect_depends: Option<bool>,
    #[serde(default)]
    pub units: Vec<Spanned<declared::Unit>>,
    #[serde(default)]
    pub alternatives: Vec<Spanned<declared::Alternative>>,
    #[serde(default)]
    pub triggers: Vec<Spanned<String>>,
}

/// `priority = "…"` (Debian Policy 2.5; `extra` is gone).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    Required,
    Important,
    Standard,
    Optional,
}

/// `compression = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    Xz,
    Gzip,
    Zstd,
    None,
}

/// An element of `files`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InstalledFile {
    pub source: String,
    pub target: String,
    pub mode: Option<Spanned<String>>,
    pub owner: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
    pub conffile: Option<bool>,
}

/// An element of `directories`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InstalledDirectory {
    pub target: String,
    pub mode: Option<Spanned<String>>,
    pub owner: Option<Spanned<String>>,
    pub group: Option<Spanned<String>>,
}

/// An element of `symlinks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InstalledSymlink {
    pub target: String,
    pub to: String,
}

/// `[package.declared.scripts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scripts {
    pub preinst: Option<Spanned<String>>,
    pub postinst: Option<Spanned<String>>,
    pub prerm: Option<Spanned<String>>,
    pub postrm: Option<Spanned<String>>,
    pub config: Option<Spanned<String>>,
    pub triggers: Option<Spanned<String>>,
    pub templates: Option<Spanned<String>>,
}

/// `[archive.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Archive {
    pub location: Spanned<String>,
    pub attestations: Option<u32>,
    #[serde(default)]
    pub mirrors: Vec<String>,
}

/// `[signing]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signing {
    pub key: Option<String>,
    #[serde(default)]
    pub tag_keys: Vec<Spanned<String>>,
    #[serde(default)]
    pub build_keys: Vec<Spanned<String>>,
    #[serde(default)]
    pub publish_keys: Vec<Spanned<String>>,
    #[serde(default)]
    pub signed_commits: bool,
    #[serde(default)]
    pub isolation: Vec<Isolation>,
}

/// `[build]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Build {
    pub timeout_minutes: Option<Spanned<i64>>,
    pub jobs: Option<u32>,
    pub isolation: Option<Isolation>,
    pub processes: Option<u64>,
    pub memory: Option<Spanned<String>>,
    pub space: Option<Spanned<String>>,
    #[serde(default)]
    pub host_paths: Vec<Spanned<String>>,
    pub network: Option<OnSight>,
    pub limits: Option<OnSight>,
    pub suite: Option<Spanned<String>>,
    pub mirror: Option<String>,
    pub security_mirror: Option<String>,
    pub keyring: Option<PathBuf>,
    pub components: Option<Spanned<Vec<String>>>,
    pub snapshot: Option<Spanned<String>>,
    pub snapshot_url: Option<Spanned<String>>,
    pub refresh_days: Option<u32>,
    #[serde(default)]
    pub archives: Vec<ArchiveOfBuild>,
    #[serde(default)]
    pub gates: Vec<GateWord>,
    #[serde(default)]
    pub suffix: BTreeMap<String, Spanned<String>>,
}

/// One of `gates = […]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateWord {
    Lintian,
    LintianWarning,
    LintianInfo,
    Autopkgtest,
    Piuparts,
}

/// `isolation = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    None,
    Namespace,
    Chroot,
}

impl Isolation {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Namespace => "namespace",
            Self::Chroot => "chroot",
        }
    }
}

/// `network = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnSight {
    Fail,
    Warn,
}

/// An element of `archives`: where it is, or that and more.
#[derive(Debug, Clone)]
pub enum ArchiveOfBuild {
    Location(String),
    Table(ArchiveTable),
}

/// The table form of an element of `archives`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArchiveTable {
    pub location: String,
    pub suite: Option<OneOrMany>,
    pub components: Option<Vec<String>>,
    pub key: Option<PathBuf>,
}

// By hand: an untagged enum's error names no key that would be wrong.
impl<'de> Deserialize<'de> for ArchiveOfBuild {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = ArchiveOfBuild;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a location, or a table with location")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ArchiveOfBuild, E> {
                Ok(ArchiveOfBuild::Location(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ArchiveOfBuild, A::Error> {
                let table = ArchiveTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ArchiveOfBuild::Table(table))
            }
        }
        from.deserialize_any(Form)
    }
}

/// `[[rollout.notify]]` and `[[patch.notify]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Notify {
    pub name: Option<Spanned<String>>,
    #[serde(default)]
    pub on: Vec<Spanned<String>>,
    pub command: Option<String>,
    pub webhook: Option<Spanned<String>>,
    pub template: Option<String>,
}
