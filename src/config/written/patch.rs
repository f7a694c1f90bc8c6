//! `[patch]`, exactly as it is written.

use serde::Deserialize;
use toml::Spanned;

/// `[patch]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Patch {
    pub main: Option<Spanned<String>>,
    pub approvers: Vec<String>,
    pub approvals: Option<Spanned<i64>>,
    pub owners: Vec<String>,
    pub kinds: Option<Vec<Spanned<String>>>,
    pub note: Option<Note>,
    pub parents: Option<Parents>,
    pub require_green: Option<String>,
    pub interval: Option<Spanned<String>>,
}

/// `note = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    Required,
    Wanted,
}

/// `parents = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parents {
    Merged,
    Any,
}
