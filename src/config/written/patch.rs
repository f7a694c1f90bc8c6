//! `[patch]`, exactly as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Notify;

/// `[patch]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Patch {
    pub main: Option<Spanned<String>>,
    pub approvers: Vec<String>,
    pub approvals: Option<Spanned<i64>>,
    pub owners: Vec<String>,
    pub kinds: Option<Vec<Spanned<String>>>,
    pub unconventional: Option<Unconventional>,
    pub note: Option<Note>,
    pub parents: Option<Parents>,
    pub require_green: Option<String>,
    pub questions: Option<Vec<Question>>,
    pub template: Option<Spanned<String>>,
    pub sync: bool,
    pub interval: Option<Spanned<String>>,
    pub working_days: Option<Vec<Spanned<String>>>,
    pub closed: Vec<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub back_merge: Option<BackMerge>,
    pub back_merge_into: Vec<Spanned<String>>,
    pub notify: Vec<Spanned<Notify>>,
    pub forge: Option<Forge>,
}

/// `unconventional = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unconventional {
    Refuse,
    Allow,
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

/// `back-merge = "…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackMerge {
    Merge,
    Pick,
}

/// One of `questions = […]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    Bug,
    Affected,
    Severity,
    Verified,
}

/// `[patch.forge]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Forge {
    pub kind: Option<Spanned<String>>,
    pub url: Option<Spanned<String>>,
    pub project: Option<Spanned<String>>,
    pub open_pull_requests: Option<bool>,
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    pub decisions: BTreeMap<Spanned<String>, Spanned<String>>,
    pub people: BTreeMap<String, Spanned<String>>,
    pub backport: Option<Vec<String>>,
    pub body: Option<Spanned<String>>,
}
