//! The tables of rollouts, exactly as they are written: `[rollout]` in
//! `debcut.toml`, or a file of their own.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Notify;

/// `[rollout]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rollout {
    pub archive: Option<String>,
    pub from: Option<Spanned<Suites>>,
    pub hosts: Option<Spanned<Hosts>>,
    pub engine: Option<Engine>,
    pub ssh_options: Vec<String>,
    pub r#become: Option<bool>,
    pub inventory: Option<String>,
    pub sources_file: Option<Spanned<String>>,
    pub supersede: Option<Supersede>,
    pub restart: Option<Restart>,
    pub rehearsal: Option<Spanned<Rehearsal>>,
    pub approvals: Option<Spanned<Approvals>>,
    pub start_days: Option<Vec<Spanned<String>>>,
    pub windows: Option<Vec<Spanned<String>>>,
    pub closed: Vec<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub job_time: Option<Spanned<String>>,
    pub lock_time: Option<Spanned<String>>,
    pub attempts: Option<Spanned<i64>>,
    pub retry_time: Option<Spanned<String>>,
    pub soak: Option<Spanned<String>>,
    pub batch: Option<Spanned<Share>>,
    pub concurrency: Option<Spanned<i64>>,
    pub check_time: Option<Spanned<String>>,
    pub max_failures: Option<Spanned<Share>>,
    pub max_unreachable: Option<Spanned<Share>>,
    pub min_sample: Option<Spanned<i64>>,
    pub ring: Vec<Spanned<Ring>>,
    pub check: Vec<Spanned<Check>>,
    pub notify: Vec<Spanned<Notify>>,
    pub request: Option<Spanned<Request>>,
    pub profile: BTreeMap<String, Spanned<Profile>>,
}

/// `[[rollout.ring]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ring {
    pub name: Option<Spanned<String>>,
    pub hosts: Option<Spanned<Hosts>>,
    pub pull: Option<Spanned<Pull>>,
    pub suite: Option<Spanned<Suites>>,
    pub suites: Option<Spanned<Suites>>,
    pub soak: Option<Spanned<String>>,
    pub batch: Option<Spanned<Share>>,
    pub concurrency: Option<Spanned<i64>>,
    pub checks: Option<Vec<Spanned<String>>>,
    pub check_time: Option<Spanned<String>>,
    pub max_failures: Option<Spanned<Share>>,
    pub max_unreachable: Option<Spanned<Share>>,
    pub min_sample: Option<Spanned<i64>>,
}

/// `pull = { … }`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pull {
    pub observe: String,
    pub limit: Option<Spanned<String>>,
    pub every: Option<Spanned<String>>,
    pub adoption: Option<Spanned<Share>>,
    #[serde(default)]
    pub phases: Vec<Spanned<i64>>,
    pub phase_time: Option<Spanned<String>>,
}

/// `[[rollout.check]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    pub name: Option<Spanned<String>>,
    pub host: Option<String>,
    pub controller: Option<String>,
    pub service: Option<String>,
    pub limit: Option<Spanned<String>>,
    pub failures: Option<Spanned<i64>>,
    pub rings: Option<Vec<Spanned<String>>>,
}

/// `[rollout.request]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    pub template: Option<String>,
    pub file: Option<String>,
    pub command: Option<String>,
    pub webhook: Option<Spanned<String>>,
}

/// `[rollout.profile.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    pub soak: Option<Spanned<String>>,
    pub batch: Option<Spanned<Share>>,
    pub concurrency: Option<Spanned<i64>>,
    pub max_failures: Option<Spanned<Share>>,
    pub max_unreachable: Option<Spanned<Share>>,
    pub min_sample: Option<Spanned<i64>>,
    pub rehearsal: Option<bool>,
    pub windows: Option<bool>,
    pub approvals: Option<Spanned<Approvals>>,
    pub reason: Option<bool>,
}

/// `engine = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    Ssh,
    Ansible,
}

/// `supersede = "…"`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Supersede {
    Refuse,
    Wait,
    Replace,
}

/// A suite, or one for each release of the system.
#[derive(Debug)]
pub enum Suites {
    One(String),
    Each(BTreeMap<String, String>),
}

/// Hosts: a text, a list of texts, or a command that prints them.
#[derive(Debug)]
pub enum Hosts {
    Texts(Vec<String>),
    Command(String),
}

/// A number of hosts, or a part of them.
#[derive(Debug)]
pub enum Share {
    Number(i64),
    Text(String),
}

/// `restart = …`.
#[derive(Debug)]
pub enum Restart {
    Nothing,
    Stale,
    Units(Vec<String>),
}

/// `rehearsal = …`.
#[derive(Debug)]
pub enum Rehearsal {
    Wanted(bool),
    Base(RehearsalBase),
    Skip(String),
}

/// `rehearsal = { base = "…" }`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RehearsalBase {
    Clean,
    Host,
}

/// `approvals = …`.
#[derive(Debug)]
pub struct Approvals {
    pub count: i64,
    pub keys: Vec<Spanned<String>>,
}

// By hand, all of them: an untagged enum's error names nothing that would be
// right.

impl<'de> Deserialize<'de> for Suites {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Suites;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a suite, or a table of suites by the codename of the hosts' release")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Suites, E> {
                Ok(Suites::One(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Suites, A::Error> {
                let table = BTreeMap::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Suites::Each(table))
            }
        }
        from.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            command: String,
        }
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Hosts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of hosts and @groups, \"rest\", or { command = \"…\" }")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Hosts, E> {
                Ok(Hosts::Texts(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Hosts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Hosts::Texts(texts))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Hosts, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Hosts::Command(table.command))
            }
        }
        from.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = Share;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of hosts, or a part of them such as \"10%\"")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Share, E> {
                Ok(Share::Number(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
                Ok(Share::Text(text.to_owned()))
            }
        }
        from.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Restart {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Restart;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"nothing\", \"stale\", or a list of units")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Restart, E> {
                match text {
                    "nothing" => Ok(Restart::Nothing),
                    "stale" => Ok(Restart::Stale),
                    _ => Err(E::unknown_variant(text, &["nothing", "stale"])),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Restart, A::Error> {
                let mut units = Vec::new();
                while let Some(unit) = list.next_element()? {
                    units.push(unit);
                }
                Ok(Restart::Units(units))
            }
        }
        from.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Rehearsal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            skip: Option<String>,
            base: Option<RehearsalBase>,
        }
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Rehearsal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, { skip = \"why\" } or { base = \"host\" }")
            }
            fn visit_bool<E: Error>(self, wanted: bool) -> Result<Rehearsal, E> {
                Ok(Rehearsal::Wanted(wanted))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rehearsal, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                match (table.skip, table.base) {
                    (Some(why), _) => Ok(Rehearsal::Skip(why)),
                    (None, Some(base)) => Ok(Rehearsal::Base(base)),
                    (None, None) => Err(A::Error::missing_field("skip")),
                }
            }
        }
        from.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Approvals {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            count: Option<i64>,
            #[serde(default)]
            keys: Vec<Spanned<String>>,
        }
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Approvals;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of approvals, or { count, keys }")
            }
            fn visit_i64<E: Error>(self, count: i64) -> Result<Approvals, E> {
                let keys = Vec::new();
                Ok(Approvals { count, keys })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Approvals, A::Error> {
                let Table { count, keys } = Table::deserialize(MapAccessDeserializer::new(map))?;
                let count = count.unwrap_or(1);
                Ok(Approvals { count, keys })
            }
        }
        from.deserialize_any(Form)
    }
}
