//! Checks of what was built, before anybody gets it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::model::Finding;

/// A check that a build has to pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "gate", rename_all = "kebab-case")]
pub enum Gate {
    /// lintian(1), on the whole upload.
    Lintian {
        /// The mildest of its tags that fail the build.
        fail_on: LintianLevel,
    },
    /// autopkgtest(1): the tests of `debian/tests`, against what was built.
    Autopkgtest,
    /// What was built is installed, upgraded to, removed and purged.
    Piuparts {
        /// Published packages to upgrade from; what they are is no part of the
        /// check: tomorrow there are others.
        #[serde(skip)]
        published: Vec<PathBuf>,
    },
}

/// The weight of a tag of lintian's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintianLevel {
    /// `I:`
    Info,
    /// `W:`
    Warning,
    /// `E:`
    Error,
}

impl Gate {
    /// Returns its word, as the command line and the configuration have it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Lintian { .. } => "lintian",
            Self::Autopkgtest => "autopkgtest",
            Self::Piuparts { .. } => "piuparts",
        }
    }
}

/// What came of a check that was passed; part of the provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The check.
    #[serde(flatten)]
    pub gate: Gate,
    /// The tool and its version.
    pub tool: String,
    /// What it said and nobody minded, one line each.
    pub remarks: Vec<String>,
}

/// Reads what lintian says: one finding for each tag of a package, with all the
/// places that have it.
pub fn lintian_findings(said: &str, fail_on: LintianLevel) -> Vec<Finding> {
    type Places = Vec<String>;
    let mut found: BTreeMap<(std::cmp::Reverse<LintianLevel>, String, String), Places> =
        BTreeMap::new();
    for line in said.lines() {
        let Some((letter, rest)) = line.split_once(": ") else {
            continue;
        };
        let level = match letter {
            "E" => LintianLevel::Error,
            "W" => LintianLevel::Warning,
            "I" => LintianLevel::Info,
            _ => continue,
        };
        let Some((package, rest)) = rest.split_once(": ") else {
            continue;
        };
        let (tag, details) = rest.split_once(' ').unwrap_or((rest, ""));
        let key = (std::cmp::Reverse(level), package.to_owned(), tag.to_owned());
        let places = found.entry(key).or_default();
        if !details.is_empty() {
            places.push(details.to_owned());
        }
    }
    let finding = |((level, package, tag), places): ((std::cmp::Reverse<_>, _, _), Places)| {
        let message = match places.as_slice() {
            [] => tag,
            places => format!("{tag}: {}", places.join("; ")),
        };
        let package: String = package;
        let fix = "lintian-explain-tags tells what it is about; debian/NAME.lintian-overrides \
                   says why it is right as it is";
        match level.0 >= fail_on {
            true => Finding::error("lintian", package, message).fix(fix),
            false => Finding::warning("lintian", package, message),
        }
    };
    found.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "W: stamp: no-manual-page [usr/bin/a]\nE: stamp source: bad-thing\n\
                        W: stamp: no-manual-page [usr/bin/b]\nI: stamp: hint x\nN: a note\n\
                        X: stamp: classification\nrubbish\n";

    #[test]
    fn tags_are_findings_by_their_weight() {
        let shown = |level| {
            let found = lintian_findings(SAID, level);
            let show = |f: &Finding| {
                let word = if f.is_error() { "error" } else { "warning" };
                format!("{word} {}: {}", f.subject, f.message)
            };
            found.iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(LintianLevel::Error),
            [
                "error stamp source: bad-thing",
                "warning stamp: no-manual-page: [usr/bin/a]; [usr/bin/b]",
                "warning stamp: hint: x",
            ]
        );
        let errors = |level| {
            shown(level)
                .iter()
                .filter(|l| l.starts_with("error"))
                .count()
        };
        assert_eq!(errors(LintianLevel::Warning), 2);
        assert_eq!(errors(LintianLevel::Info), 3);
    }
}
