//! `[announce]`, exactly as it is written.

use serde::Deserialize;
use toml::Spanned;

/// `[announce]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Announce {
    pub from: Option<Spanned<String>>,
    pub sendmail: Option<String>,
    pub channel: Vec<Spanned<Channel>>,
}

/// `[[announce.channel]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Channel {
    pub name: Option<Spanned<String>>,
    pub mail: Option<Spanned<Addresses>>,
    pub command: Option<String>,
    pub webhook: Option<Spanned<String>>,
    pub file: Option<String>,
    pub template: Option<String>,
}

/// `mail = "…"`, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Addresses {
    One(String),
    Several(Vec<String>),
}
