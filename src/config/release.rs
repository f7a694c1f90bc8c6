//! `[release]`, `[hooks]` and the packages' part of them → a [`Policy`].

mod edges;
mod groups;
mod hooks;
mod notes;
mod unit;

use std::collections::BTreeMap;

use toml::Spanned;

use super::forge::Forge;
use super::read::{ConfigError, Source};
use super::written::release as written;
use crate::build::Package;
use crate::model::{Suite, TagName};
use crate::release::Policy;
use crate::release::policy::{
    Bump, BumpRules, DebianPolicy, MESSAGE, Merges, Unconventional, UrgencyRules,
};

pub(super) use unit::{Part, version_file};

/// What the configuration leaves to the tree and the repository.
pub struct Surroundings<'a> {
    /// Tells whether the tree has a file, by its path from the top.
    pub has_file: &'a dyn Fn(&str) -> bool,
    /// The repository's tags.
    pub tags: &'a [TagName],
    /// The URL of the remote that releases are pushed to.
    pub remote: Option<&'a str>,
}

/// Lines are wrapped behind this column at the earliest: a bullet, a URL's host
/// and a bug's number have to fit.
const NARROWEST: usize = 40;

/// Reads the policy; `parts` are in the order of `packages`.
pub(super) fn policy(
    source: &Source<'_>,
    written: written::Release,
    hooks: written::Hooks,
    packages: &[Package],
    parts: &[Part],
) -> Result<Policy, ConfigError> {
    let several = packages.len() > 1;
    let of = |(package, part): (&Package, &Part)| part.unit(package, several);
    let mut policy = Policy::usual(packages.iter().zip(parts).map(of).collect());
    edges::connect(source, &mut policy.units, parts)?;
    policy.groups = groups::groups(source, &written.group, &policy.units, parts)?;
    policy.bumps = bumps(source, &written)?;
    policy.merges = match written.merges {
        None | Some(written::Merges::AllCommits) => Merges::AllCommits,
        Some(written::Merges::FirstParent) => Merges::FirstParent,
    };
    if let Some(branches) = &written.maintenance_branches {
        for branch in branches {
            exactly_once(source, branch, "{version}")?;
        }
        policy.maintenance = branches.iter().map(|b| b.get_ref().clone()).collect();
    }
    policy.message = match &written.message {
        None => MESSAGE.to_owned(),
        Some(message) => template(source, message)?,
    };
    if let Some(remote) = &written.remote {
        let name = remote.get_ref();
        if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
            return Err(source.refuse(&remote.span(), format!("“{name}” names no remote")));
        }
        policy.remote.clone_from(name);
    }
    policy.notes = notes::notes(source, written.notes)?;
    policy.debian = debian(source, &written.debian)?;
    policy.hooks = hooks::hooks(source, hooks)?;
    Ok(policy)
}

/// Decides what the configuration leaves open.
pub(super) fn settle(policy: &mut Policy, parts: &[Part], around: &Surroundings<'_>) {
    for (unit, part) in policy.units.iter_mut().zip(parts) {
        part.settle(unit, around);
    }
    if let Some(forge) = around.remote.and_then(Forge::of_remote) {
        let notes = &mut policy.notes;
        notes
            .pull_request
            .get_or_insert_with(|| forge.pull_request());
        notes.commit.get_or_insert_with(|| forge.commit());
        notes.compare.get_or_insert_with(|| forge.compare());
    }
}

fn bumps(source: &Source<'_>, written: &written::Release) -> Result<BumpRules, ConfigError> {
    let usual = BumpRules::default();
    let or = |written: Option<written::Bump>, usual| written.map_or(usual, bump);
    let mut types: BTreeMap<String, Bump> = usual.types;
    for (name, written) in &written.types {
        if !is_type(name) {
            let why = format!("“{name}” is no type of commits: expected feat or \"feat(scope)\"");
            return Err(source.refuse(&written.span(), why));
        }
        types.insert(name.to_lowercase(), bump(*written.get_ref()));
    }
    Ok(BumpRules {
        types,
        other: or(written.other, usual.other),
        unconventional: match written.unconventional {
            None | Some(written::Unconventional::Patch) => Unconventional::Patch,
            Some(written::Unconventional::Ignore) => Unconventional::Ignore,
            Some(written::Unconventional::Error) => Unconventional::Error,
        },
        breaking_below_one: or(written.breaking_below_one, usual.breaking_below_one),
        feature_below_one: or(written.feature_below_one, usual.feature_below_one),
    })
}

/// Tells whether it is a type, or a type with one scope.
fn is_type(text: &str) -> bool {
    let (name, scope) = match text.split_once('(') {
        None => (text, None),
        Some((name, rest)) => (name, Some(rest)),
    };
    let word = |text: &str| {
        let known = |c: char| c.is_alphanumeric() || "-_./ ".contains(c);
        !text.trim().is_empty() && text.chars().all(known)
    };
    let scope = scope.is_none_or(|rest| rest.strip_suffix(')').is_some_and(word));
    word(name) && !name.contains(' ') && scope
}

fn bump(written: written::Bump) -> Bump {
    match written {
        written::Bump::None => Bump::None,
        written::Bump::Patch => Bump::Patch,
        written::Bump::Minor => Bump::Minor,
        written::Bump::Major => Bump::Major,
    }
}

/// Takes a template that compiles.
fn template(source: &Source<'_>, written: &Spanned<String>) -> Result<String, ConfigError> {
    let text = written.get_ref();
    if text.trim().is_empty() {
        return Err(source.refuse(&written.span(), "a release commit needs a message"));
    }
    let compiled = minijinja::Environment::new()
        .template_from_str(text)
        .map(drop);
    compiled.map_err(|error| {
        let why = error
            .detail()
            .map_or(error.kind().to_string(), str::to_owned);
        source.refuse(&written.span(), format!("this is no template: {why}"))
    })?;
    Ok(text.clone())
}

/// Refuses a pattern in which the placeholder does not stand exactly once.
fn exactly_once(
    source: &Source<'_>,
    written: &Spanned<String>,
    placeholder: &str,
) -> Result<(), ConfigError> {
    let text = written.get_ref();
    if text.matches(placeholder).count() == 1 {
        return Ok(());
    }
    let why = format!("“{text}” must hold {placeholder} exactly once");
    Err(source.refuse(&written.span(), why))
}

fn debian(source: &Source<'_>, written: &written::Debian) -> Result<DebianPolicy, ConfigError> {
    let usual = DebianPolicy::default();
    let distribution = match &written.distribution {
        None => usual.distribution,
        Some(name) => {
            let suite = Suite::new(name.get_ref().as_str());
            Some(suite.map_err(|error| source.refuse(&name.span(), error.to_string()))?)
        }
    };
    let suites = written.suites.iter().map(|name| {
        let suite = Suite::new(name.get_ref().as_str());
        suite.map_err(|error| source.refuse(&name.span(), error.to_string()))
    });
    let suites = suites.collect::<Result<_, _>>()?;
    let width = match &written.width {
        None => usual.width,
        Some(width) if *width.get_ref() >= NARROWEST => *width.get_ref(),
        Some(width) => {
            let why = format!("width must be {NARROWEST} or more columns");
            return Err(source.refuse(&width.span(), why));
        }
    };
    let or = |written: Option<written::Urgency>, usual| written.map_or(usual, urgency);
    let rules = &written.urgency;
    Ok(DebianPolicy {
        suites,
        distribution,
        urgency: UrgencyRules {
            usual: or(rules.usual, usual.urgency.usual),
            security: or(rules.security, usual.urgency.security),
            exploited: or(rules.exploited, usual.urgency.exploited),
        },
        width,
        multi_maintainer: written.multi_maintainer.unwrap_or(usual.multi_maintainer),
    })
}

fn urgency(written: written::Urgency) -> crate::format::changelog::Urgency {
    use crate::format::changelog::Urgency;
    match written {
        written::Urgency::Low => Urgency::Low,
        written::Urgency::Medium => Urgency::Medium,
        written::Urgency::High => Urgency::High,
        written::Urgency::Emergency => Urgency::Emergency,
        written::Urgency::Critical => Urgency::Critical,
    }
}

#[cfg(test)]
mod tests;
