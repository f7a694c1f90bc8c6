//! The words of rollouts: lengths of time, shares, numbers, hosts, suites.

use std::ops::Range;

use toml::Spanned;

use super::written;
use super::{ConfigError, Destination, HostWord, HostsWanted, Source};
use crate::model::{HostName, Suite};
use crate::rollout::policy::{Approval, RingSuite, Share};
use crate::rollout::telling::Webhook;

/// Reads `90s`, `10m`, `24h`, `7d`, `2w`; `0` is no time.
pub fn seconds(text: &str) -> Option<u32> {
    if text == "0" {
        return Some(0);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u32 = match &text[digits.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    digits.parse::<u32>().ok()?.checked_mul(unit)
}

/// Takes a length of time.
pub fn time(
    source: &Source<'_>,
    written: &Option<Spanned<String>>,
    least: u32,
    usual: u32,
) -> Result<u32, ConfigError> {
    let Some(written) = written else {
        return Ok(usual);
    };
    let text = written.get_ref();
    let found = seconds(text).filter(|found| *found >= least);
    found.ok_or_else(|| {
        let more = match least {
            0 => "",
            _ => ", and not 0",
        };
        let why = format!("“{text}” is no length of time such as \"10m\" or \"24h\"{more}");
        source.refuse(&written.span(), why)
    })
}

/// Reads a number of hosts or `10%`.
pub fn share_of(text: &str) -> Option<Share> {
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent = percent.parse().ok().filter(|percent| *percent <= 100);
            percent.map(Share::Percent)
        }
        None => text.parse().ok().map(Share::Count),
    }
}

/// Takes a number of hosts or a part of them.
pub fn share(
    source: &Source<'_>,
    written: &Option<Spanned<written::Share>>,
    least: u32,
    usual: Share,
) -> Result<Share, ConfigError> {
    let Some(written) = written else {
        return Ok(usual);
    };
    let found = match written.get_ref() {
        written::Share::Number(number) => u32::try_from(*number).ok().map(Share::Count),
        written::Share::Text(text) => share_of(text),
    };
    let is_enough = |share: &Share| match share {
        Share::Count(count) => *count >= least,
        Share::Percent(percent) => u32::from(*percent) >= least,
    };
    found.filter(is_enough).ok_or_else(|| {
        let shown = match written.get_ref() {
            written::Share::Number(number) => number.to_string(),
            written::Share::Text(text) => format!("“{text}”"),
        };
        let why = format!(
            "{shown} is neither a number of hosts from {least} nor a part such as \"10%\", up to 100%"
        );
        source.refuse(&written.span(), why)
    })
}

/// Takes a whole number.
pub fn number(
    source: &Source<'_>,
    written: &Option<Spanned<i64>>,
    least: u32,
    usual: u32,
) -> Result<u32, ConfigError> {
    let Some(written) = written else {
        return Ok(usual);
    };
    let found = u32::try_from(*written.get_ref()).ok();
    found.filter(|found| *found >= least).ok_or_else(|| {
        let why = format!("{} is no whole number from {least}", written.get_ref());
        source.refuse(&written.span(), why)
    })
}

/// Takes hosts.
pub fn hosts(
    source: &Source<'_>,
    written: &Spanned<written::Hosts>,
) -> Result<HostsWanted, ConfigError> {
    match written.get_ref() {
        written::Hosts::Command(command) => Ok(HostsWanted::Command(command.clone())),
        written::Hosts::Texts(texts) if matches!(texts.as_slice(), [one] if one == "rest") => {
            Ok(HostsWanted::Rest)
        }
        written::Hosts::Texts(texts) => {
            let words = texts.iter().map(|text| match host_word(text) {
                Ok(word) => Ok(word),
                Err(why) => Err(source.refuse(&written.span(), why)),
            });
            Ok(HostsWanted::Named(words.collect::<Result<_, _>>()?))
        }
    }
}

/// Reads a host's name or `@GROUP`.
pub fn host_word(text: &str) -> Result<HostWord, String> {
    match text.strip_prefix('@') {
        Some(group) if !group.is_empty() && !group.starts_with('-') => {
            Ok(HostWord::Group(group.to_owned()))
        }
        Some(_) => Err(format!("“{text}” names no group")),
        None => HostName::new(text)
            .map(HostWord::Host)
            .map_err(|error| error.to_string()),
    }
}

/// Takes a suite, or one for each release.
pub fn suites(
    source: &Source<'_>,
    written: &Option<Spanned<written::Suites>>,
) -> Result<Vec<RingSuite>, ConfigError> {
    let Some(written) = written else {
        return Ok(Vec::new());
    };
    let named = |suite: &str| {
        Suite::new(suite).map_err(|error| source.refuse(&written.span(), error.to_string()))
    };
    match written.get_ref() {
        written::Suites::One(suite) => Ok(vec![RingSuite {
            release: None,
            suite: named(suite)?,
        }]),
        written::Suites::Each(table) if table.is_empty() => {
            Err(source.refuse(&written.span(), "at least one suite is needed"))
        }
        written::Suites::Each(table) => {
            let each = table.iter().map(|(release, suite)| {
                Ok(RingSuite {
                    release: Some(release.clone()),
                    suite: named(suite)?,
                })
            });
            each.collect()
        }
    }
}

/// Takes who must approve.
pub fn approval(
    source: &Source<'_>,
    written: &Option<Spanned<written::Approvals>>,
) -> Result<Option<Approval>, ConfigError> {
    let Some(written) = written else {
        return Ok(None);
    };
    let written::Approvals { count, keys } = written.get_ref();
    let fingerprints = crate::config::policy::fingerprints(source, keys)?;
    let number = u32::try_from(*count).ok();
    let number = number.filter(|n| fingerprints.is_empty() || *n as usize <= fingerprints.len());
    match number {
        Some(0) => Ok(Some(Approval::NotNeeded)),
        Some(count) => Ok(Some(Approval::Needed {
            count,
            keys: fingerprints,
        })),
        None => {
            let why = format!(
                "{count} approvals cannot come from {} keys",
                fingerprints.len()
            );
            Err(source.refuse(&written.span(), why))
        }
    }
}

/// Takes where a message goes: to a command, or to a URL.
pub fn destination(
    source: &Source<'_>,
    at: &Range<usize>,
    command: Option<String>,
    webhook: Option<Spanned<String>>,
) -> Result<Option<Destination>, ConfigError> {
    match (command, webhook) {
        (Some(_), Some(webhook)) => {
            Err(source.refuse(&webhook.span(), "name either command or webhook"))
        }
        (Some(command), None) if command.trim().is_empty() => {
            Err(source.refuse(at, "command must name one"))
        }
        (Some(command), None) => Ok(Some(Destination::Command(command))),
        (None, Some(webhook)) => {
            // What stands behind the host may be a secret, and is not repeated.
            let found = Webhook::new(webhook.get_ref());
            let found = found.map_err(|error| source.refuse(&webhook.span(), error.to_string()))?;
            Ok(Some(Destination::Webhook(found)))
        }
        (None, None) => Ok(None),
    }
}
