//! What was pushed to a mirror and when, kept in the archive: what the mirror's
//! readers may still need follows from it.

use serde::{Deserialize, Serialize};

use crate::model::{ArchivePath, Sha256, Suite, Timestamp};

/// How many pushes are remembered.
const KEPT: usize = 1000;

/// The pushes to one mirror, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Always `debcut/mirror/1`.
    pub schema: String,
    /// The mirror.
    pub place: String,
    /// What it got.
    pub pushes: Vec<Push>,
}

/// One push of one suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// The suite.
    pub suite: Suite,
    /// Its generation.
    pub generation: u64,
    /// The generation's manifest.
    pub manifest: Sha256,
    /// When its readers got it.
    pub at: Timestamp,
}

/// What a mirror's readers may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// These generations.
    Known(Vec<Sha256>),
    /// What was there before the first push may still be read, until then.
    TooEarly(Timestamp),
}

impl Record {
    /// Begins a record.
    pub fn new(place: String) -> Self {
        Self {
            schema: "debcut/mirror/1".to_owned(),
            place,
            pushes: Vec::new(),
        }
    }

    /// Returns where the record of a mirror is.
    pub fn path(place: &str) -> ArchivePath {
        let name = &Sha256::of(place.as_bytes()).hex()[..16];
        ArchivePath::new(format!(".debcut/mirrors/{name}.json")).expect("a path")
    }

    /// Notes a push; the same generation again changes nothing.
    pub fn note(&mut self, push: Push) -> bool {
        let mut of_suite = self.pushes.iter().rev().filter(|p| p.suite == push.suite);
        if of_suite
            .next()
            .is_some_and(|last| last.manifest == push.manifest)
        {
            return false;
        }
        self.pushes.push(push);
        let surplus = self.pushes.len().saturating_sub(KEPT);
        self.pushes.drain(..surplus);
        true
    }

    /// Returns the generations that were current in the last `grace` seconds,
    /// and those that are.
    pub fn live(&self, now: Timestamp, grace: u32) -> Live {
        let begins = now.plus_seconds(-i64::from(grace));
        let mut suites: Vec<&Suite> = self.pushes.iter().map(|push| &push.suite).collect();
        suites.sort();
        suites.dedup();
        let mut live = Vec::new();
        for suite in suites {
            let pushes: Vec<_> = self.pushes.iter().filter(|p| p.suite == *suite).collect();
            if pushes[0].at > begins {
                return Live::TooEarly(pushes[0].at.plus_seconds(i64::from(grace)));
            }
            for (at, push) in pushes.iter().enumerate() {
                let ended = pushes.get(at + 1).map(|next| next.at);
                if ended.is_none_or(|ended| ended > begins) {
                    live.push(push.manifest);
                }
            }
        }
        Live::Known(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(suite: &str, generation: u64, at: i64) -> Push {
        Push {
            suite: Suite::new(suite).expect("a suite"),
            generation,
            manifest: Sha256::of(format!("{suite}{generation}").as_bytes()),
            at: Timestamp::from_unix(at),
        }
    }

    #[test]
    fn what_was_current_within_the_grace_time_is_live() {
        let mut record = Record::new("/m".to_owned());
        for one in [
            push("a", 1, 10),
            push("a", 2, 100),
            push("b", 1, 20),
            push("a", 3, 200),
        ] {
            assert!(record.note(one.clone()));
            assert!(!record.note(one));
        }
        let name = |suite: &str, generation| push(suite, generation, 0).manifest;
        let live = |now, grace| record.live(Timestamp::from_unix(now), grace);
        let known = |names: &[(&str, u64)]| {
            Live::Known(
                names
                    .iter()
                    .map(|(suite, number)| name(suite, *number))
                    .collect(),
            )
        };
        assert_eq!(live(300, 50), known(&[("a", 3), ("b", 1)]));
        assert_eq!(live(300, 150), known(&[("a", 2), ("a", 3), ("b", 1)]));
        assert_eq!(
            live(300, 280),
            known(&[("a", 1), ("a", 2), ("a", 3), ("b", 1)])
        );
        assert_eq!(live(300, 281), Live::TooEarly(Timestamp::from_unix(301)));
    }
}
