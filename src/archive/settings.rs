//! What a suite is: what its `Release` says of it, and which indices it has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::archive::chunk::ChunkRule;
use crate::archive::demand::Demand;
use crate::archive::layout::IndexName;
use crate::format::release::Upgrades;
use crate::model::{Architecture, Component, Finding, Suite};

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
}

impl Settings {
    /// Makes the settings of a suite that only says what it has.
    pub fn new(components: Vec<Component>, architectures: Vec<Architecture>) -> Self {
        Self {
            origin: None,
            label: None,
            codename: None,
            version: None,
            description: None,
            components,
            architectures,
            upgrades: Upgrades::Automatic,
            valid_for_seconds: None,
            chunks: ChunkRule::default(),
            demand: Demand::default(),
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
        }
        names.sort();
        names
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
        let texts = [
            ("Origin", &self.origin),
            ("Label", &self.label),
            ("Codename", &self.codename),
            ("Version", &self.version),
            ("Description", &self.description),
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
