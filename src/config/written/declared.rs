//! What a declared package says beside its files: units, alternatives.

use serde::Deserialize;
use toml::Spanned;

/// An element of `units`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Unit {
    pub source: Option<String>,
    pub name: Option<String>,
    pub scope: Option<UnitScope>,
    pub enable: Option<bool>,
    pub start: Option<bool>,
    pub on_upgrade: Option<OnUpgrade>,
}

/// `scope = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitScope {
    System,
    User,
}

/// `on-upgrade = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUpgrade {
    Restart,
    Stop,
    Keep,
}

/// An element of `alternatives`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alternative {
    pub name: Option<String>,
    pub link: String,
    pub path: String,
    pub priority: i32,
    #[serde(default)]
    pub dependents: Vec<Spanned<Dependent>>,
}

/// An element of `dependents`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dependent {
    pub name: Option<String>,
    pub link: String,
    pub path: String,
}
