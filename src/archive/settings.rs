//! What a suite is: what its `Release` says of it, and which indices it has.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::archive::chunk::ChunkRule;
use crate::archive::demand::Demand;
use crate::archive::gate::bases::BaseSuite;
use crate::archive::layout::{IndexName, Pool};
use crate::archive::manifest::Base;
use crate::format::index::piece::Encoding;
use crate::format::release::Upgrades;
use crate::model::{Architecture, Component, Finding, Fingerprint, Suite};

/// A suite's settings, kept in every generation.
///
/// By-hash is not among them: without it, clients would meet half-published
/// states, which is what all of this is there to prevent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Who the archive belongs to (`Origin`).
    pub origin: Option<String>,
    /// What the archive is called (`Label`).
    pub label: Option<String>,
    /// What its `Release` calls the suite (`Suite`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub stated: StatedSuite,
    /// The suite's name that does not move (`Codename`).
    pub codename: Option<String>,
    /// The distribution's version (`Version`).
    pub version: Option<String>,
    /// One line about the suite (`Description`).
    pub description: Option<String>,
    /// Its components, the one that packages go to by default first.
    pub components: Vec<Component>,
    /// Its architectures, without `all`.
    pub architectures: Vec<Architecture>,
    /// Whether hosts upgrade to it by themselves.
    pub upgrades: Upgrades,
    /// For how many seconds a generation is valid (`Valid-Until`).
    pub valid_for_seconds: Option<u32>,
    /// Where its indices are cut.
    pub chunks: ChunkRule,
    /// What it demands of packages; here, so that it binds every publisher.
    #[serde(default, skip_serializing_if = "Demand::is_empty")]
    pub demand: Demand,
    /// How its indices are compressed, `Contents` aside; in order, each once.
    pub encodings: Vec<Encoding>,
    /// How its `Contents` are compressed; without any there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<Encoding>,
    /// Whether long descriptions stand in `Translation-en` instead of `Packages`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub descriptions: Descriptions,
    /// Where its packages' files are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pool: PoolLayout,
    /// The component of packages of debugging symbols, where they have their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_component: Option<Component>,
    /// How many versions of a package the suite keeps; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions_kept: Option<NonZeroU32>,
    /// From how many earlier states clients can patch their `Packages` (pdiffs).
    #[serde(default, skip_serializing_if = "is_default")]
    pub pdiffs: u32,
    /// Which keys sign beside the one that a publisher chooses, for a rotation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<Fingerprint>,
    /// What is checked of packages before they come in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gates: Gates,
    /// How long earlier generations are kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retention: Retention,
    /// Where clients find snapshots: a URL with `@SNAPSHOTID@` (`Snapshots`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<String>,
    /// Whether a publish also writes pages for people.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pages: Pages,
    /// What it is a snapshot of; then it never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_of: Option<Origin>,
}

/// The generation that a snapshot was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The suite.
    pub suite: Suite,
    /// Its generation.
    pub generation: Base,
}

/// What a `Release` calls the suite. Clients complain when that changes, so a
/// suite that was taken over keeps what they know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatedSuite {
    /// By its path below `dists/`.
    #[default]
    OfPath,
    /// By this name.
    As(Suite),
    /// By none: the field is missing.
    Nothing,
}

impl StatedSuite {
    /// Returns the field's value for the suite at this path.
    pub fn suite(&self, path: &Suite) -> Option<Suite> {
        match self {
            Self::OfPath => Some(path.clone()),
            Self::As(name) => Some(name.clone()),
            Self::Nothing => None,
        }
    }
}

/// Where long descriptions stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Descriptions {
    /// In `Packages`, as the packages have them.
    #[default]
    InPackages,
    /// In `Translation-en`, so that hosts which need none of them save that.
    InTranslation,
}

/// Where the files of a suite's packages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoolLayout {
    /// In the archive's one pool: a name and version is the same file in every
    /// suite.
    #[default]
    Shared,
    /// In a pool of the suite's own: what other suites have under the same name
    /// and version is another file.
    OfSuite,
}

/// Whether a publish also writes pages for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pages {
    /// It does not.
    #[default]
    None,
    /// After clients read the new generation.
    Written,
}

/// What a check that fails does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// It is not made.
    Off,
    /// It is told.
    #[default]
    Warn,
    /// It keeps the packages out.
    Refuse,
}

/// Says that a text names no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not off, warn or refuse")]
pub struct GateError(pub String);

impl FromStr for Gate {
    type Err = GateError;
    fn from_str(text: &str) -> Result<Self, GateError> {
        match text {
            "off" => Ok(Self::Off),
            "warn" => Ok(Self::Warn),
            "refuse" => Ok(Self::Refuse),
            _ => Err(GateError(text.to_owned())),
        }
    }
}

/// What is checked of packages beyond what every suite demands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Dependencies that neither the suite nor its bases satisfy.
    pub dependencies: Gate,
    /// Files that two packages bring which can be installed together.
    pub file_conflicts: Gate,
    /// Sources named by `Built-Using` that are not in the suite.
    pub built_using: Gate,
    /// The suites of other archives that hosts have too, one `.sources`-like
    /// line each: `LOCATION SUITE [COMPONENT…]`.
    pub bases: Vec<String>,
    /// Whose signature an upload must have; empty for anybody's or none.
    pub uploaders: Vec<Fingerprint>,
}

/// How long earlier generations of a suite are kept: as long as any of these
/// says, or a pin does. The newest is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// So many of the newest.
    pub count: Option<NonZeroU32>,
    /// Those that were current within so many seconds.
    pub seconds: Option<u64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Settings {
    /// Makes the settings of a suite that only says what it has.
    pub fn new(components: Vec<Component>, architectures: Vec<Architecture>) -> Self {
        Self {
            origin: None,
            label: None,
            stated: StatedSuite::default(),
            codename: None,
            version: None,
            description: None,
            components,
            architectures,
            upgrades: Upgrades::Automatic,
            valid_for_seconds: None,
            chunks: ChunkRule::default(),
            demand: Demand::default(),
            encodings: vec![Encoding::Xz, Encoding::Gz],
            // As Debian's own: apt-file reads nothing else.
            contents: vec![Encoding::Gz],
            descriptions: Descriptions::default(),
            pool: PoolLayout::default(),
            debug_component: None,
            versions_kept: None,
            pdiffs: 0,
            signers: Vec::new(),
            gates: Gates::default(),
            retention: Retention::default(),
            snapshots: None,
            pages: Pages::default(),
            snapshot_of: None,
        }
    }

    /// Returns every index the suite has, in order.
    pub fn indices(&self) -> Vec<IndexName> {
        let mut names = Vec::new();
        for component in &self.components {
            names.extend(self.packages_of(component));
            names.push(IndexName::Sources {
                component: component.clone(),
            });
            if !self.contents.is_empty() {
                names.extend(self.architectures.iter().map(|a| IndexName::Contents {
                    component: component.clone(),
                    architecture: a.clone(),
                }));
            }
            if self.descriptions == Descriptions::InTranslation {
                names.push(IndexName::Translation {
                    component: component.clone(),
                });
            }
        }
        names.sort();
        names
    }

    /// Returns where the files of the packages of `suite`, which has these
    /// settings, are.
    pub fn pool_of<'a>(&self, suite: &'a Suite) -> Pool<'a> {
        match self.pool {
            PoolLayout::Shared => Pool::Shared,
            PoolLayout::OfSuite => Pool::Of(suite),
        }
    }

    /// Returns how an index is compressed.
    pub fn encodings_of(&self, index: &IndexName) -> &[Encoding] {
        match index {
            IndexName::Contents { .. } => &self.contents,
            _ => &self.encodings,
        }
    }

    /// Returns where an index is cut.
    pub fn rule_of(&self, index: &IndexName) -> ChunkRule {
        match index {
            IndexName::Contents { .. } => self.chunks.for_lines(),
            _ => self.chunks,
        }
    }

    /// Returns the `Packages` of one component, for every architecture.
    pub fn packages_of(&self, component: &Component) -> Vec<IndexName> {
        let index = |architecture: &Architecture| IndexName::Packages {
            component: component.clone(),
            architecture: architecture.clone(),
        };
        self.architectures.iter().map(index).collect()
    }

    /// Says what is wrong with them.
    pub fn findings(&self, suite: &Suite) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut refuse = |rule, message: String, fix: &str| {
            findings.push(Finding::error(rule, suite.as_str(), message).fix(fix));
        };
        if self.components.is_empty() {
            let message = "the suite has no component, expected at least one";
            refuse("no-component", message.into(), "name one, such as main");
        }
        if self.architectures.is_empty() {
            let message = "the suite has no architecture, expected at least one";
            refuse("no-architecture", message.into(), "name one, such as amd64");
        }
        if self.encodings.is_empty() {
            let message = "its indices have no compression, expected at least one";
            refuse("no-compression", message.into(), "name one: xz, gz or zst");
        }
        for name in twice(&self.components) {
            let message = format!("component {name} is listed twice");
            refuse("listed-twice", message, "list it once");
        }
        for name in twice(&self.architectures) {
            let message = format!("architecture {name} is listed twice");
            refuse("listed-twice", message, "list it once");
        }
        for name in &self.architectures {
            if ["all", "any", "source"].contains(&name.as_str()) {
                refuse(
                    "not-an-architecture",
                    format!("{name} is no architecture that a host can have"),
                    "leave it out; sources and packages for all hosts are always accepted",
                );
            }
        }
        for error in self
            .gates
            .bases
            .iter()
            .filter_map(|b| b.parse::<BaseSuite>().err())
        {
            let fix = "write it as http://deb.debian.org/debian trixie main";
            refuse("invalid-base", error.to_string(), fix);
        }
        let texts = [
            ("Origin", &self.origin),
            ("Label", &self.label),
            ("Codename", &self.codename),
            ("Version", &self.version),
            ("Description", &self.description),
            ("Snapshots", &self.snapshots),
        ];
        for (field, text) in texts {
            let text = text.as_deref().unwrap_or("x");
            if text.trim() != text || text.is_empty() || text.contains(char::is_control) {
                refuse(
                    "invalid-release-field",
                    format!("{field} is {text:?}, expected one line without blanks around it"),
                    "write it as one line",
                );
            }
        }
        findings
    }
}

fn twice<T: Ord>(names: &[T]) -> Vec<&T> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| !seen.insert(*name)).collect()
}
