//! An embargo: what a repository keeps to itself until it is lifted, and what is
//! released then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{BranchName, Sha256, Suite, TagName, Timestamp};
use crate::release::commit::Person;
use crate::sys::outward::Mark;

/// What the file of a mark says ([`Mark::FILE`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Embargo {
    /// What the gate reads.
    #[serde(flatten)]
    pub mark: Mark,
    /// What this clone is to it.
    #[serde(default)]
    pub part: Part,
    /// When it was set.
    pub since: Timestamp,
    /// By whom.
    pub by: Person,
    /// Until when it was agreed on.
    pub until: Option<Timestamp>,
    /// What happens on that day.
    pub on_date: OnDate,
    /// The branches that it is about, without `refs/heads/`.
    pub branches: Vec<BranchName>,
    /// Where everything goes when it is lifted.
    pub target: Target,
    /// What stood in the repository's own configuration as `core.hooksPath`.
    pub hooks_path: Option<String>,
    /// What is being released, once the lift has begun.
    pub lift: Option<Lift>,
}

/// What a clone is to an embargo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It was set there: there alone it can be dropped.
    #[default]
    Founding,
    /// It has taken part since the mark came along.
    Joined,
}

/// What happens on the day of an embargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDate {
    /// Somebody lifts it.
    Wait,
    /// `patch lift --if-due` lifts it, without a question.
    Lift,
}

/// Where an embargo's releases go when it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// The git remote, by its name or address.
    pub remote: String,
    /// The archive, by its location with directories made absolute; none:
    /// nothing is published.
    pub archive: Option<String>,
    /// The suite there that gets what no other one does.
    pub suite: Option<Suite>,
    /// The suites of branches that have their own.
    #[serde(default)]
    pub suites: BTreeMap<BranchName, Suite>,
}

impl Target {
    /// Returns the suite that the packages of a branch go to.
    pub fn suite_of(&self, branch: &BranchName) -> Option<&Suite> {
        self.suites.get(branch).or(self.suite.as_ref())
    }
}

/// What a lift releases: decided when it begins, and not again when it is
/// finished after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lift {
    /// When it began.
    pub at: Timestamp,
    /// Who lifts.
    pub by: Person,
    /// Why before its date.
    pub reason: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub stage: Stage,
    /// Why something of it is not on the main branch.
    #[serde(default)]
    pub not_on_main: Option<String>,
    /// Where the branches are.
    pub branches: BTreeMap<BranchName, String>,
    /// The tags.
    pub tags: Vec<TagName>,
    /// The uploads, as absolute paths.
    pub uploads: Vec<Upload>,
    /// The channels that are told.
    pub channels: Vec<String>,
}

/// How far a lift is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// What can be tried is tried; nothing is out.
    #[default]
    Trying,
    /// Something may be out: it goes on, and never back.
    Going,
}

impl Lift {
    /// Tells whether nothing of it can be out yet.
    pub fn can_go_back(&self) -> bool {
        self.stage == Stage::Trying
    }

    /// Lists the suites that get anything, each with its uploads.
    pub fn by_suite(&self) -> BTreeMap<&Suite, Vec<&Upload>> {
        let mut suites: BTreeMap<&Suite, Vec<&Upload>> = BTreeMap::new();
        for upload in &self.uploads {
            suites.entry(&upload.suite).or_default().push(upload);
        }
        suites
    }
}

/// An upload that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Upload {
    /// The release.
    pub tag: TagName,
    /// The suite that gets it.
    pub suite: Suite,
    /// The source package.
    pub source: String,
    /// Its Debian version.
    pub version: String,
    /// Its `.changes`.
    pub changes: std::path::PathBuf,
    /// The digest that it had.
    pub sha256: Sha256,
}

/// Whether an embargo's day has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It has, or none was agreed on.
    Now,
    /// Not before this.
    At(Timestamp),
}

impl Embargo {
    /// Tells whether its day has come.
    pub fn due(&self, now: Timestamp) -> Due {
        match self.until {
            Some(until) if now < until => Due::At(until),
            _ => Due::Now,
        }
    }

    /// Returns the text of its file.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an embargo is plain values");
        text.push('\n');
        text
    }
}

/// An embargo that is over: what is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// When it ended.
    pub at: Timestamp,
    /// By whom.
    pub by: Person,
    /// When it was set: where its mark still comes along, that counts no more.
    /// None: it ended elsewhere, and a mark that comes counts again.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// What it released; none: it was dropped.
    pub lift: Option<Lift>,
    /// Why it was dropped, or lifted before its date.
    pub reason: Option<String>,
}

/// Refuses a name that is no code word: it is seen in messages and on screens,
/// and must not say what it is about.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 40 || !name.chars().all(plain) || name.starts_with('-') {
        return Err("a name has up to 40 letters, digits, “-”, “_” and “.”");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::outward::{Phase, Places};

    #[test]
    fn the_gate_reads_what_is_written() {
        let embargo = Embargo {
            mark: Mark {
                name: "ORCHID".to_owned(),
                phase: Phase::Sealed,
                private: Places::default(),
                public: Places::default(),
            },
            part: Part::Founding,
            since: Timestamp::from_unix(0),
            by: Person {
                name: "Ada".to_owned(),
                email: "ada@example.org".to_owned(),
            },
            until: Some(Timestamp::from_unix(100)),
            on_date: OnDate::Wait,
            branches: Vec::new(),
            target: Target {
                remote: "origin".to_owned(),
                archive: None,
                suite: None,
                suites: BTreeMap::new(),
            },
            hooks_path: None,
            lift: None,
        };
        let mark: Mark = serde_json::from_str(&embargo.text()).expect("the mark");
        assert_eq!(mark, embargo.mark);
        let whole: Embargo = serde_json::from_str(&embargo.text()).expect("the whole");
        assert_eq!(whole, embargo);
        let at = |seconds| embargo.due(Timestamp::from_unix(seconds));
        assert_eq!(at(99), Due::At(Timestamp::from_unix(100)));
        assert_eq!(at(100), Due::Now);
    }

    #[test]
    fn a_branch_has_its_own_suite_or_the_one_for_all() {
        let suite = |name: &str| name.parse::<Suite>().expect("a suite");
        let branch = |name: &str| BranchName::new(name.to_owned()).expect("a branch");
        let mut target = Target {
            remote: "origin".to_owned(),
            archive: None,
            suite: None,
            suites: BTreeMap::from([(branch("release-1.2"), suite("oldstable"))]),
        };
        assert_eq!(target.suite_of(&branch("release-1.3")), None);
        target.suite = Some(suite("stable"));
        for (name, want) in [("release-1.3", "stable"), ("release-1.2", "oldstable")] {
            assert_eq!(target.suite_of(&branch(name)), Some(&suite(want)), "{name}");
        }
    }

    #[test]
    fn names_are_code_words() {
        for (name, want) in [
            ("ORCHID", true),
            ("2025-06.a_b", true),
            ("", false),
            ("buffer overflow in parser", false),
            ("-x", false),
            ("a/b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), want, "{name}");
        }
    }
}
